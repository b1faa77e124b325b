package inverted

import (
	"math/bits"

	"touchstone/fingerprint/feature"
)

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

// nearestPlain puts into out for each of some descriptors, whose places are order, the four nearest of a node's centres:
// for each its distance, at most 255, times 256, and its place, in 16 bits; the least in the lowest.
func nearestPlain(out []uint64, centres *node, descriptors []feature.Descriptor, order []uint32) {
	var all [fan]uint64
	for i, n := range order {
		for c := range all {
			d := 0
			for w, q := range descriptors[n] {
				d += bits.OnesCount64(centres[w*fan+c] ^ q)
			}
			all[c] = uint64(d)
		}
		out[i] = least(&all)
	}
}

// least is the keys of the four nearest of a node's centres, by the distances of all.
func least(distances *[fan]uint64) uint64 {
	best := [4]uint64{1 << 16, 1 << 16, 1 << 16, 1 << 16}
	for i, d := range distances {
		key := min(d, 255)<<8 | uint64(i)
		if key >= best[3] {
			continue
		}
		at := 3
		for ; at > 0 && best[at-1] > key; at-- {
			best[at] = best[at-1]
		}
		best[at] = key
	}
	return best[0] | best[1]<<16 | best[2]<<32 | best[3]<<48
}

// kernelNearest is nearestPlain, faster.
func kernelNearest(out []uint64, centres *node, descriptors []feature.Descriptor, order []uint32) {
	if kernels == plain || len(order) == 0 {
		nearestPlain(out, centres, descriptors, order)
		return
	}
	_ = out[len(order)-1]
	nearest(out, centres, descriptors, order)
}

// signaturePlain is the bits of d that masks have, put together, lowest first.
func signaturePlain(masks, d *[4]uint64) uint64 {
	s, n := uint64(0), 0
	for w, m := range masks {
		for ; m != 0; m &= m - 1 {
			s |= d[w] >> bits.TrailingZeros64(m) & 1 << n
			n++
		}
	}
	return s
}

// kernelSignature is signaturePlain, faster. Masks have 64 bits at most.
func kernelSignature(masks, d *[4]uint64) uint64 {
	if kernels == plain {
		return signaturePlain(masks, d)
	}
	return signature(masks, d)
}
