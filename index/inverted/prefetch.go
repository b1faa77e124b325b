//go:build (amd64 || arm64) && !noasm

package inverted

import "unsafe"

// prefetch asks for what lies at base + stride times each place. Memory takes a few hundred nanoseconds
// to answer, but it answers many questions at once: so a search first asks for all that it will need, then looks.
//
//go:noescape
func prefetch(base unsafe.Pointer, stride uint64, places []uint32)
