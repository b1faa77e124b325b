//go:build unix && !linux

package hamming

func adviseHuge([]byte) {}
