package inverted

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// eachLevel runs f at each level of kernels that this machine has.
func eachLevel(t *testing.T, f func(t *testing.T)) {
	defer func(l int) { kernels = l }(kernels)
	levels := []int{plain, neon}
	if l := best(); l != neon {
		levels = []int{plain, avx2, avx512}[:l+1]
	}
	for _, l := range levels {
		kernels = l
		t.Run([]string{"plain", "avx2", "avx512", "neon"}[l], f)
	}
}

func testRand(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// The kernel finds what the plain version finds, in that order, and writes no further than it may.
func TestNearFindsWhatPlainFinds(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := testRand(t)
		for n := range 200 {
			signatures := make([]uint32, n+1)
			for i := range signatures {
				signatures[i] = r.Uint32()
			}
			signatures = signatures[r.IntN(2):][:n]
			query := r.Uint32()
			for bound := range uint32(34) {
				want, got := make([]uint32, n), make([]uint32, n+lane+1)
				got[n+lane] = 77
				want = want[:nearPlain(want, signatures, query, bound)]
				found := kernelNear(got[:n+lane], signatures, query, bound)
				if !slices.Equal(want, got[:found]) || got[n+lane] != 77 {
					t.Fatalf("%d signatures, bound %d: found %v, want %v", n, bound, got[:found], want)
				}
			}
		}
	})
}

func TestDistancesAreAsPlain(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := testRand(t)
		for range 100 {
			var centres node
			query := [4]uint64{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
			for i := range centres {
				centres[i] = r.Uint64()
			}
			for w := range 4 {
				centres[w*fan], centres[w*fan+fan-1] = query[w], ^query[w]
			}
			var want, got [fan]uint64
			distancesPlain(&want, &centres, &query)
			kernelDistances(&got, &centres, &query)
			if want != got {
				t.Fatalf("distances are %v, want %v", got, want)
			}
		}
	})
}
