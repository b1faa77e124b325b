package align

import "touchstone/fingerprint/feature"

// The levels of kernels, of which a machine has some. The plain one defines what they do.
const (
	plain = iota
	avx2
	avx512
)

// kernels is the level of the kernels that run; but for tests it is the best that the machine has.
var kernels = bestKernel()

// lanes is how many descriptors a kernel takes at once, at the most.
const lanes = 8

// columns are descriptors by word: all first words, all second ones and so on. What a kernel can't take whole is the rest.
type columns struct {
	words []uint64
	each  int // descriptors in words, a multiple of lanes
	rest  []feature.Descriptor
}

func columnsOf(fs []feature.Feature) *columns {
	each := len(fs) &^ (lanes - 1)
	c := &columns{words: make([]uint64, 4*each), each: each}
	for i := range fs {
		if i >= each {
			c.rest = append(c.rest, fs[i].Descriptor)
			continue
		}
		for w, v := range fs[i].Descriptor {
			c.words[w*each+i] = v
		}
	}
	return c
}

// near is a descriptor by its distance, in bits.
type near struct{ at, distance int }

// none is no descriptor: farther than any.
var none = near{-1, 257}

// two are the nearest and the nearest but one, of equally near ones the first.
type two struct{ first, second near }

func (t *two) take(n near) {
	switch {
	case n.distance < t.first.distance || n.distance == t.first.distance && n.at < t.first.at:
		t.first, t.second = n, t.first
	case n.distance < t.second.distance || n.distance == t.second.distance && n.at < t.second.at:
		t.second = n
	}
}

// nearestPlain are the two descriptors nearest to d; none where there are not so many.
func (c *columns) nearestPlain(d feature.Descriptor) two {
	t := two{none, none}
	for i := range c.each {
		t.take(near{i, d.Distance(feature.Descriptor{c.words[i], c.words[c.each+i], c.words[2*c.each+i], c.words[3*c.each+i]})})
	}
	c.nearestRest(d, &t)
	return t
}

func (c *columns) nearestRest(d feature.Descriptor, t *two) {
	for i, o := range c.rest {
		t.take(near{c.each + i, d.Distance(o)})
	}
}

// nearest is nearestPlain, faster.
func (c *columns) nearest(d feature.Descriptor) two {
	if kernels == plain || c.each == 0 {
		return c.nearestPlain(d)
	}
	// The least by lane, the least but one, and the places of the next: numbers made of a distance and a place.
	const far = 257 << 16
	best := [3 * lanes]uint64{16: 0, 17: 1, 18: 2, 19: 3, 20: 4, 21: 5, 22: 6, 23: 7}
	for i := range 2 * lanes {
		best[i] = far
	}
	words := [4]uint64(d)
	nearestFast(&best, &c.words[0], c.each, &words)
	t := two{none, none}
	for _, v := range best[:2*lanes] {
		if v < far {
			t.take(near{int(v & 0xffff), int(v >> 16)})
		}
	}
	c.nearestRest(d, &t)
	return t
}
