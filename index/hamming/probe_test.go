package hamming

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The kernel of this machine finds what the plain one finds, in groups of every size around those that it takes at once,
// at the end of a table too.
func TestProbeFindsWhatPlainFinds(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for _, size := range []int{0, 1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1000} {
		// A group of that size at value 40, others at its neighbours and at the last value.
		var codes []uint64
		for value, n := range map[uint64]int{40: size, 41: 3, 42: 17, 56: 1, 65535: size} {
			for range n {
				codes = append(codes, value|r.Uint64()<<16)
			}
		}
		tab := newTable(1, codes, 0)
		for range 200 {
			chunk, next := uint16([]int{40, 42, 65535, r.IntN(65536)}[r.IntN(4)]), uint16(r.Uint32())
			near, ring := flips()[:ball(r.IntN(maxShell+1))], r.IntN(18)
			room := len(codes) + 1
			plain := probePlain(make([]uint32, 0, room), &tab, chunk, near, next, ring)
			fast := probe(make([]uint32, 0, room), &tab, chunk, near, next, ring)
			if !slices.Equal(plain, fast) {
				t.Fatalf("groups of %d, chunk %d, next %04x, %d flips, ring %d: plain finds %v, probe %v", size, chunk, next, len(near), ring, plain, fast)
			}
		}
	}
}

// A code is found through some chunk whenever it lies within the radius: the ring's argument, put to the test.
func TestFinderFindsAllWithinRadius(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for _, words := range []int{1, 4} {
		found := 0
		for range 40_000 {
			radius := r.IntN(64*words + 1)
			if deepest(radius, words*wordChunks) > maxShell {
				radius %= 20 * words
			}
			var sizes [maxChunks]uint32
			for c := range sizes {
				sizes[c] = r.Uint32N(5)
			}
			var t8 radii
			t8.spread(radius, sizes[:words*wordChunks])
			sum := 0
			for _, n := range t8[:words*wordChunks] {
				sum += int(n) + 1
			}
			if sum != radius+1 {
				t.Fatalf("radius %d was spread to %v", radius, t8[:words*wordChunks])
			}
			// Bits crowd in one place as often as not.
			x := make([]uint64, words)
			width := 1 + r.IntN(64*words)
			for range r.IntN(radius + 1) {
				b := r.IntN(width)
				x[b/64] |= 1 << (b % 64)
			}
			if t8.finder(x) < 0 {
				t.Fatalf("radius %d, radii %v: difference %x is not found", radius, t8, x)
			}
			found++
		}
		if found == 0 {
			t.Fatal("nothing was tried")
		}
	}
}
