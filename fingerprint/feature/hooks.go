//go:build !lab

package feature

func detectAt(l *level, i int) []spot                   { return detect(&l.smooth, i, nil) }
func angleAt(l *level, x, y int) uint8                  { return angleOf(&l.smooth, x, y) }
func describeAt(l *level, x, y int, a uint8) Descriptor { return describe(l, x, y, a) }
