package hamming

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// BenchmarkNear looks at spans at random places, of a size around that which the entries have in groups; ns/span is for
// one of them.
func BenchmarkNear(b *testing.B) {
	for _, c := range []struct{ entries, size int }{
		{10_000_000, 153}, {100_000_000, 24}, {100_000_000, 1500}, {100_000, 153},
	} {
		r := rand.New(rand.NewPCG(1, 0))
		entries := make([]uint16, c.entries)
		for i := range entries {
			entries[i] = uint16(r.Uint32())
		}
		const count = 1000
		// So many that what they touch doesn't stay in the caches from one turn to the next.
		rounds := make([][]span, 1+40_000/(32+c.size))
		longest := 0
		for i := range rounds {
			total := 0
			for range count {
				size := c.size/2 + r.IntN(c.size)
				start := uint32(r.IntN(c.entries - size))
				// Of random entries 0.2 and 1.1 percent pass.
				rounds[i] = append(rounds[i], span{start: start, end: start + uint32(size), bound: 2 + int32(r.IntN(2))})
				total += size
			}
			longest = max(longest, total)
			rounds[i] = append(rounds[i], make([]span, spanPad)...)
		}
		out := make([]uint64, longest+outPad)
		b.Run(fmt.Sprintf("n=%d/span=%d", c.entries, c.size), func(b *testing.B) {
			spans, found := 0, 0
			for i := 0; b.Loop(); i++ {
				found += kernelNear(out, entries, rounds[i%len(rounds)], count, uint16(i))
				spans += count
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(spans), "ns/span")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(spans*c.size), "ns/entry")
			b.ReportMetric(float64(found)/float64(spans), "hits/span")
		})
	}
}

// beside times f and the sums of as many bytes by turns, and reports how much longer f takes.
func beside(b *testing.B, f func() int, sums ...[]uint64) {
	var kernel, plain []time.Duration
	for b.Loop() {
		start := time.Now()
		keep = uint64(f())
		kernel = append(kernel, time.Since(start))
		start = time.Now()
		for _, s := range sums {
			keep += kernelSum(s)
		}
		plain = append(plain, time.Since(start))
	}
	slices.Sort(kernel)
	slices.Sort(plain)
	bytes := 0
	for _, s := range sums {
		bytes += 8 * len(s)
	}
	k, p := kernel[len(kernel)/2], plain[len(plain)/2]
	b.ReportMetric(float64(k)/float64(p), "of-sum")
	b.ReportMetric(float64(bytes)/float64(k), "GB/s")
	b.ReportMetric(float64(bytes)/float64(p), "sum-GB/s")
}

// keep is where sums go, so that they are done.
var keep uint64

// consecutive spans of a size cover n entries.
func consecutive(n, size int, bound int32) []span {
	var spans []span
	for at := 0; at < n; at += size {
		spans = append(spans, span{start: uint32(at), end: uint32(min(at+size, n)), bound: bound})
	}
	return append(spans, make([]span, spanPad)...)
}

func BenchmarkFull(b *testing.B) {
	const n = 10_000_000
	r := rand.New(rand.NewPCG(1, 0))
	first, second := make([]uint16, n), make([]uint32, n)
	for i := range second {
		x := r.Uint64()
		first[i], second[i] = uint16(x), uint32(x>>32)
	}
	out := make([]uint64, n+outPad)
	other := randomWords(r, 6*n/8)
	for _, size := range []int{500, 1111, 4096} {
		spans := consecutive(n, size, 8)
		b.Run(fmt.Sprintf("span=%d", size), func(b *testing.B) {
			beside(b, func() int { return kernelFull(out, first, second, spans, len(spans)-spanPad, 0x1234, 0x12345678) }, other)
		})
	}
}

func BenchmarkWide(b *testing.B) {
	const n = 10_000_000
	r := rand.New(rand.NewPCG(1, 0))
	codes := randomWords(r, 4*n)
	out := make([]uint64, n+outPad)
	query := [4]uint64{1, 2, 3, 4}
	for _, size := range []int{500, 4096} {
		spans := consecutive(n, size, 80)
		b.Run(fmt.Sprintf("span=%d", size), func(b *testing.B) {
			beside(b, func() int { return kernelWide(out, codes, spans, len(spans)-spanPad, &query) }, codes)
		})
	}
	for _, size := range []int{1, 2, 6, 20} {
		var spans []span
		for range 1 << 16 {
			start := uint32(r.IntN(n - 2*size))
			spans = append(spans, span{start: start, end: start + 1 + uint32(r.IntN(2*size-1)), bound: 80})
		}
		count := len(spans)
		spans = append(spans, make([]span, spanPad)...)
		b.Run(fmt.Sprintf("scattered=%d", size), func(b *testing.B) {
			for b.Loop() {
				kernelWide(out, codes, spans, count, &query)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/span")
		})
	}
}

func BenchmarkTile(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 0))
	for _, words := range []int{1, 4} {
		for _, n := range []int{1024 / words, 4096} {
			const count = 1024
			planes, queries := randomWords(r, words*n), randomWords(r, words*count)
			out := make([]uint64, n*count+outPad)
			for _, bound := range map[int][]int{1: {4, 7, 8, 12, 16, 20}, 4: {20, 31, 40, 43, 44, 64, 71, 72, 80, 100}}[words] {
				b.Run(fmt.Sprintf("words=%d/n=%d/bound=%d", words, n, bound), func(b *testing.B) {
					found := 0
					for b.Loop() {
						found = kernelTile(out, planes, words, n, queries, count, bound)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n*count), "ns/pair")
					b.ReportMetric(float64(found)/float64(n*count), "hits/pair")
				})
			}
		}
	}
}
