package hamming

import "math/bits"

// probe appends to passed the entries, in the groups of the values chunk^flips[i], whose next chunk differs from next in
// at most ring bits.
func probe(passed []uint32, t *table, chunk uint16, flips []uint16, next uint16, ring int) []uint32 {
	for _, flip := range flips {
		v := int(chunk ^ flip)
		start, end := t.starts[v], t.starts[v+1]
		for i, x := range t.next[start:end] {
			if bits.OnesCount16(x^next) <= ring {
				passed = append(passed, start+uint32(i))
			}
		}
	}
	return passed
}
