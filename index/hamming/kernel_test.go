package hamming

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// sizes are the spans that the kernels are tried with: around every number of entries that one of them takes at once.
var sizes = []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 1000, 4096}

// untouched is what out holds before a kernel runs.
const untouched = 0xdeaddeaddeaddead

// levels are those that this machine has.
func levels() []int {
	if l := best(); l != neon {
		return []int{plain, avx2, avx512}[:l+1]
	}
	return []int{plain, neon}
}

// eachLevel runs f at each of them.
func eachLevel(t *testing.T, f func(t *testing.T)) {
	defer func(l int) { kernels = l }(kernels)
	for _, l := range levels() {
		kernels = l
		t.Run([]string{"plain", "avx2", "avx512", "neon"}[l], f)
	}
}

func testRand(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// spansOf draws spans of all sizes among n entries, in any order, the last of them at the very end, with bounds of
// which the greatest lets all entries of width bits pass. It returns those, what is to be read behind them, and their
// entries.
func spansOf(r *rand.Rand, n, width int) (spans []span, count, total int) {
	for _, size := range slices.Concat(sizes, sizes) {
		if size > n {
			continue
		}
		start := r.IntN(n - size + 1)
		spans = append(spans, span{uint32(start), uint32(start + size), int32(r.IntN(width+2) - 1), r.Uint32()})
		total += size
	}
	r.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
	spans = append(spans, span{uint32(n - min(n, 37)), uint32(n), int32(width / 2), 0})
	total += min(n, 37)
	switch r.IntN(6) {
	case 0:
		for i := range spans {
			spans[i].bound = -1 - r.Int32N(1<<20)
		}
	case 1:
		for i := range spans {
			spans[i].bound = int32(width) + r.Int32N(1<<20)
		}
	case 2:
		for i := range spans {
			spans[i].bound = int32(width / 5)
		}
	}
	count = len(spans)
	for range spanPad {
		spans = append(spans, span{r.Uint32(), r.Uint32(), r.Int32(), r.Uint32()})
	}
	return spans, count, total
}

// compare runs a kernel and its plain version, with room for total, and tells how what they find differs.
func compare(total int, plain, kernel func(out []uint64) int) error {
	want, got := make([]uint64, total+outPad), make([]uint64, total+outPad+8)
	for i := range got {
		got[i] = untouched
	}
	n, m := plain(want), kernel(got[:total+outPad])
	if n != m {
		return fmt.Errorf("plain finds %d, the kernel %d", n, m)
	}
	for i := range n {
		if want[i] != got[i] {
			return fmt.Errorf("plain finds %x at %d, the kernel %x", want[i], i, got[i])
		}
	}
	for i, x := range got[total+outPad:] {
		if x != untouched {
			return fmt.Errorf("%x was written %d behind the end of out", x, i)
		}
	}
	return nil
}

// The kernel finds what the plain version finds, in that order, wherever spans begin and end.
func TestNearFindsWhatPlainFinds(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := testRand(t)
		for range 100 {
			n := 4096 + r.IntN(100)
			entries := make([]uint16, 1+n)
			for i := range entries {
				entries[i] = uint16(r.Uint32())
			}
			entries = entries[r.IntN(2):]
			spans, count, total := spansOf(r, n, 16)
			query := uint16(r.Uint32())
			if err := compare(total,
				func(out []uint64) int { return nearPlain(out, entries, spans, count, query) },
				func(out []uint64) int { return kernelNear(out, entries, spans, count, query) }); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestFullFindsWhatPlainFinds(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := testRand(t)
		for range 100 {
			n := 4096 + r.IntN(100)
			first, second := make([]uint16, 1+n), make([]uint32, 1+n)
			for i := range first {
				first[i] = uint16(r.Uint32())
			}
			for i := range second {
				second[i] = r.Uint32()
			}
			first, second = first[r.IntN(2):], second[1-r.IntN(2):]
			spans, count, total := spansOf(r, n-1, 48)
			x, y := uint16(r.Uint32()), r.Uint32()
			if err := compare(total,
				func(out []uint64) int { return fullPlain(out, first, second, spans, count, x, y) },
				func(out []uint64) int { return kernelFull(out, first, second, spans, count, x, y) }); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestWideFindsWhatPlainFinds(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := testRand(t)
		for range 50 {
			n := 4096 + r.IntN(100)
			codes := randomWords(r, 4*n)
			spans, count, total := spansOf(r, n, 256)
			query := [4]uint64(randomWords(r, 4))
			if err := compare(total,
				func(out []uint64) int { return widePlain(out, codes, spans, count, &query) },
				func(out []uint64) int { return kernelWide(out, codes, spans, count, &query) }); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func randomWords(r *rand.Rand, n int) []uint64 {
	w := make([]uint64, n)
	for i := range w {
		w[i] = r.Uint64()
	}
	return w
}

// Bounds are tried from that which nothing passes to that which all do.
func TestTileFindsWhatPlainFinds(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := testRand(t)
		for _, words := range []int{1, 4} {
			for _, n := range []int{0, 8, 16, 24, 32, 40, 64, 72, 512, 4096} {
				for count := range 20 {
					planes := randomWords(r, words*n)
					queries := randomWords(r, words*count)
					// Some codes lie close to a query, in some words or in all.
					for range n / 4 * min(count, 1) {
						j, q := r.IntN(n), r.IntN(count)
						for w := range words {
							if r.IntN(5) > 0 {
								planes[w*n+j] = queries[q*words+w] ^ 1<<r.IntN(64)&^r.Uint64()
							}
						}
					}
					bound := []int{-1, 0, 64 * words, 1 << 40, r.IntN(64*words + 1), 8 * words, 20 * words, 7, 12, 46}[r.IntN(10)]
					if err := compare(n*count,
						func(out []uint64) int {
							found := tilePlain(out, planes, words, n, queries, count, bound)
							slices.Sort(out[:found])
							return found
						},
						func(out []uint64) int {
							found := kernelTile(out, planes, words, n, queries, count, bound)
							slices.Sort(out[:found])
							return found
						}); err != nil {
						t.Fatalf("%d words, %d codes, %d queries, bound %d: %v", words, n, count, bound, err)
					}
				}
			}
		}
	})
}

func TestSumIsPlainSum(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		r := testRand(t)
		for _, n := range sizes {
			words := randomWords(r, n)
			if got, want := kernelSum(words), sumPlain(words); got != want {
				t.Fatalf("%d words: %x, want %x", n, got, want)
			}
		}
	})
}

// Spans are laid out as the kernels in assembly read them.
func TestSpanIsLaidOutAsRead(t *testing.T) {
	var s span
	if unsafe.Sizeof(s) != 16 ||
		unsafe.Offsetof(s.start) != 0 || unsafe.Offsetof(s.end) != 4 || unsafe.Offsetof(s.bound) != 8 {
		t.Fatal("span has changed")
	}
}
