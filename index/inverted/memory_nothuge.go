//go:build unix && !linux

package inverted

func adviseHuge([]byte) {}
