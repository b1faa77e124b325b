package hamming

import "math/bits"

// The kernels look at many entries and name the few that pass. Each has a plain version, which defines what it does and
// serves where there is no faster one, and versions in assembly; kernels says which of them runs.

// span is a run of entries to look at, and how many bits of each may differ; nothing passes where bound is negative.
// The kernels don't look at tag.
type span struct {
	start, end uint32
	bound      int32
	tag        uint32
}

// What the kernels in assembly touch beyond what they are given. Entries they read by whole lines of the cache at most.
const (
	// outPad is by how much out must be longer than all the entries of the spans: the place behind the last found is
	// written to.
	outPad = 1
	// spanPad is how many spans may be read behind the last, to fetch their entries early. What they say has no effect.
	spanPad = 64
)

// The levels of kernels, of which a machine has some.
const (
	plain = iota
	avx2
	avx512
	neon
)

// kernels is the level of the kernels that run; but for tests it is the best that the machine has.
var kernels = best()

// nearPlain puts into out, for each entry of each of the first count spans that differs from query in bound bits at
// most, the span's number in the upper half and the entry's in the lower, in that order. It returns how many those are.
func nearPlain(out []uint64, near []uint16, spans []span, count int, query uint16) int {
	n := 0
	for i, s := range spans[:count] {
		for at := s.start; at < s.end; at++ {
			if bits.OnesCount16(near[at]^query) <= int(s.bound) {
				out[n] = uint64(i)<<32 | uint64(at)
				n++
			}
		}
	}
	return n
}

// fullPlain is nearPlain for entries that lie in two arrays, near and far: their bits are counted together.
func fullPlain(out []uint64, near []uint16, far []uint32, spans []span, count int,
	nearQuery uint16, farQuery uint32) int {
	n := 0
	for i, s := range spans[:count] {
		for at := s.start; at < s.end; at++ {
			if bits.OnesCount16(near[at]^nearQuery)+bits.OnesCount32(far[at]^farQuery) <= int(s.bound) {
				out[n] = uint64(i)<<32 | uint64(at)
				n++
			}
		}
	}
	return n
}

// widePlain is nearPlain for entries of four words each.
func widePlain(out []uint64, codes []uint64, spans []span, count int, query *[4]uint64) int {
	n := 0
	for i, s := range spans[:count] {
		for at := s.start; at < s.end; at++ {
			c := codes[4*uint64(at):][:4]
			d := bits.OnesCount64(c[0]^query[0]) + bits.OnesCount64(c[1]^query[1]) +
				bits.OnesCount64(c[2]^query[2]) + bits.OnesCount64(c[3]^query[3])
			if d <= int(s.bound) {
				out[n] = uint64(i)<<32 | uint64(at)
				n++
			}
		}
	}
	return n
}

// tilePlain compares each of count queries with each of n codes, and puts into out, for each pair that differs in bound
// bits at most, the query's number in the upper half and the code's in the lower, in any order. It returns how many
// those are. A query is so many words on end; word w of code j is planes[w*n+j]. The kernels want n to be a multiple of
// eight.
func tilePlain(out []uint64, planes []uint64, words, n int, queries []uint64, count int, bound int) int {
	found := 0
	for q := range count {
		for j := range n {
			d := 0
			for w := range words {
				d += bits.OnesCount64(planes[w*n+j] ^ queries[q*words+w])
			}
			if d <= bound {
				out[found] = uint64(q)<<32 | uint64(j)
				found++
			}
		}
	}
	return found
}

// sumPlain adds up words. It is there to tell how fast the others could be, at best.
func sumPlain(words []uint64) uint64 {
	s := uint64(0)
	for _, w := range words {
		s += w
	}
	return s
}
