//go:build !linux

package main

// spareMemory is how many bytes of memory programs can still take; not ok where the system doesn't tell.
func spareMemory() (spare float64, ok bool) { return 0, false }
