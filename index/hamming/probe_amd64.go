//go:build !noasm

package hamming

import "golang.org/x/sys/cpu"

// probeAVX2 is probe for a machine with AVX2, BMI1, BMI2 and POPCNT. It writes to passed without looking, and may read
// flipPad flips and nextPad entries more than it is given.
//
//go:noescape
func probeAVX2(passed, starts *uint32, next, flips *uint16, count int, chunk, query, ring uint64) int

var hasAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT

func probe(passed []uint32, t *table, chunk uint16, flips []uint16, next uint16, ring int) []uint32 {
	if !hasAVX2 || len(flips) == 0 {
		return probePlain(passed, t, chunk, flips, next, ring)
	}
	n := probeAVX2(&passed[:1][0], &t.starts[0], &t.next[0], &flips[0], len(flips), uint64(chunk), uint64(next), uint64(ring))
	return passed[:n]
}
