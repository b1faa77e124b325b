package inverted

import "math/bits"

// The kernels do what a search does most: they compare. Each has a plain version, which defines what it does and serves
// where there is no faster one, and versions in assembly; kernels says which of them runs.

// The levels of kernels, of which a machine has some.
const (
	plain = iota
	avx2
	avx512
	neon
)

// kernels is the level of the kernels that run; but for tests it is the best that the machine has.
var kernels = best()

// lane is how many signatures the kernels in assembly take at once, and by how many places out must be longer than what
// they are given.
const lane = 16

// nearPlain puts into out the places of the signatures that differ from query in bound bits at most, in their order, and
// returns how many those are.
func nearPlain(out, signatures []uint32, query, bound uint32) int {
	n := 0
	for i, s := range signatures {
		if uint32(bits.OnesCount32(s^query)) <= bound {
			out[n] = uint32(i)
			n++
		}
	}
	return n
}

// kernelNear is nearPlain, faster. It wants out to be longer than signatures by lane.
func kernelNear(out, signatures []uint32, query, bound uint32) int {
	whole := len(signatures) &^ (lane - 1)
	if kernels == plain || whole == 0 {
		return nearPlain(out, signatures, query, bound)
	}
	_ = out[len(signatures)+lane-1]
	n := near(out, signatures[:whole], query, bound)
	for i := whole; i < len(signatures); i++ {
		if uint32(bits.OnesCount32(signatures[i]^query)) <= bound {
			out[n] = uint32(i)
			n++
		}
	}
	return n
}

// distancesPlain puts into out the number of bits in which each of a node's centres differs from query.
func distancesPlain(out *[fan]uint64, centres *node, query *[4]uint64) {
	for i := range out {
		d := 0
		for w, q := range query {
			d += bits.OnesCount64(centres[w*fan+i] ^ q)
		}
		out[i] = uint64(d)
	}
}

// kernelDistances is distancesPlain, faster.
func kernelDistances(out *[fan]uint64, centres *node, query *[4]uint64) {
	if kernels == plain {
		distancesPlain(out, centres, query)
		return
	}
	distances(out, centres, query)
}
