package align

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"touchstone/fingerprint/feature"
)

// TestKernels holds each kernel that the machine has against the plain one.
func TestKernels(t *testing.T) {
	defer func(k int) { kernels = k }(kernels)
	r := rand.New(rand.NewPCG(1, 7))
	for _, n := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 200, 1003, feature.MaxFeatures} {
		fs := make([]feature.Feature, n)
		for i := range fs {
			for w := range fs[i].Descriptor {
				fs[i].Descriptor[w] = r.Uint64()
			}
			if i > 0 && r.IntN(4) == 0 {
				fs[i].Descriptor = fs[r.IntN(i)].Descriptor // ties
			}
		}
		c := columnsOf(fs)
		for range 50 {
			var d feature.Descriptor
			for w := range d {
				d[w] = r.Uint64()
			}
			if n > 0 && r.IntN(2) == 0 {
				d = fs[r.IntN(n)].Descriptor
				d[r.IntN(4)] ^= 1 << r.IntN(64)
			}
			want := c.nearestPlain(d)
			for k := bestKernel(); k > plain; k-- {
				kernels = k
				if got := c.nearest(d); got != want {
					t.Fatalf("kernel %d, %d descriptors: got %v, want %v", k, n, got, want)
				}
			}
		}
	}
}

func BenchmarkNearest(b *testing.B) {
	defer func(k int) { kernels = k }(kernels)
	r := rand.New(rand.NewPCG(1, 7))
	fs := make([]feature.Feature, 1000)
	for i := range fs {
		for w := range fs[i].Descriptor {
			fs[i].Descriptor[w] = r.Uint64()
		}
	}
	c := columnsOf(fs)
	for k := bestKernel(); k >= plain; k-- {
		b.Run(fmt.Sprintf("level=%d", k), func(b *testing.B) {
			kernels = k
			for b.Loop() {
				c.nearest(fs[3].Descriptor)
			}
		})
	}
}
