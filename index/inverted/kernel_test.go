package inverted

import (
	"math/rand/v2"
	"slices"
	"testing"

	"touchstone/fingerprint/feature"
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

// The kernel finds the centres that the plain version finds, among equals and at every distance.
func TestNearestFindsWhatPlainFinds(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := testRand(t)
		for n := range 100 {
			descriptors := make([]feature.Descriptor, 1+r.IntN(20))
			for i := range descriptors {
				descriptors[i] = feature.Descriptor{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
			}
			var centres node
			for i := range fan {
				// Many that are near one of the descriptors, and equal to others; or all of them far away.
				d, other := descriptors[r.IntN(len(descriptors))], r.IntN(i+1)
				for w := range 4 {
					switch n % 4 {
					case 0:
						centres[w*fan+i] = r.Uint64()
					case 1:
						centres[w*fan+i] = d[w] ^ 1<<r.IntN(64)
					case 2:
						centres[w*fan+i] = ^descriptors[0][w]
					default:
						centres[w*fan+i] = d[w] ^ r.Uint64()&r.Uint64()&r.Uint64()
						if i%2 == 1 {
							centres[w*fan+i] = centres[w*fan+other]
						}
					}
				}
			}
			order := make([]uint32, r.IntN(50))
			for i := range order {
				order[i] = uint32(r.IntN(len(descriptors)))
			}
			want, got := make([]uint64, len(order)+1), make([]uint64, len(order)+1)
			nearestPlain(want, &centres, descriptors, order)
			kernelNearest(got, &centres, descriptors, order)
			if !slices.Equal(want, got) {
				t.Fatalf("nearest of %d descriptors are %x, want %x", len(order), got, want)
			}
		}
	})
}

// The plain version finds what sorting finds.
func TestNearestPlainSorts(t *testing.T) {
	r := testRand(t)
	for range 100 {
		d := []feature.Descriptor{{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}}
		var centres node
		for i := range centres {
			centres[i] = r.Uint64()
		}
		var keys []uint64
		for i := range fan {
			c := feature.Descriptor{centres[i], centres[fan+i], centres[2*fan+i], centres[3*fan+i]}
			keys = append(keys, uint64(c.Distance(d[0]))<<8|uint64(i))
		}
		slices.Sort(keys)
		var got [1]uint64
		nearestPlain(got[:], &centres, d, []uint32{0})
		if want := keys[0] | keys[1]<<16 | keys[2]<<32 | keys[3]<<48; got[0] != want {
			t.Fatalf("nearest are %x, want %x", got[0], want)
		}
	}
}

func TestSignaturesAreAsPlain(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := testRand(t)
		for n := range 65 {
			var masks [4]uint64
			for _, b := range r.Perm(256)[:n] {
				masks[b/64] |= 1 << (b % 64)
			}
			if n > 0 && n%8 == 0 {
				masks = [4]uint64{3: 1<<(n-1) | (1<<(n-1) - 1)} // all in one word
			}
			d := [4]uint64{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
			if got, want := kernelSignature(&masks, &d), signaturePlain(&masks, &d); got != want {
				t.Fatalf("signature of %x by %x is %x, want %x", d, masks, got, want)
			}
		}
	})
}
