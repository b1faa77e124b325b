//go:build !(amd64 || arm64) || noasm

package inverted

import "unsafe"

func prefetch(unsafe.Pointer, uint64, []uint32) {}
