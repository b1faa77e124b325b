package hamming

import "math/bits"

// probePlain returns the entries, in the groups of the values chunk^flips[i], whose next chunk differs from next in so
// few bits that with those of the flip they are ring at most. It puts them into passed, which must be empty and have
// room for all entries of those groups and one more. probe is the same, as fast as the machine allows.
func probePlain(passed []uint32, t *table, chunk uint16, flips []uint16, next uint16, ring int) []uint32 {
	for _, flip := range flips {
		v := int(chunk ^ flip)
		start, end := t.starts[v], t.starts[v+1]
		most := ring - bits.OnesCount16(flip)
		for i, x := range t.next[start:end] {
			if bits.OnesCount16(x^next) <= most {
				passed = append(passed, start+uint32(i))
			}
		}
	}
	return passed
}
