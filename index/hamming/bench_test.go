package hamming_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"touchstone/index/hamming"
)

// BenchmarkSearch searches sets by size (the two smaller ones are all fresh part; 10 million with HAMMING_BENCH_LARGE=1),
// radius (at the largest every code is read) and kind of query: hit (a stored code with a few bits turned), miss (a fresh
// one), crowded (in a cluster of a thousandth of the set). "x16" asks 16 queries at once; its ns/query is for one of
// them. Each answer is checked against a scan by hand.
func BenchmarkSearch(b *testing.B) {
	b.Run("64", func(b *testing.B) { benchmarkSearch[code64](b, []int{4, 8, 10, 12, 20}) })
	b.Run("256", func(b *testing.B) { benchmarkSearch[code256](b, []int{10, 31, 45, 80}) })
}

func benchmarkSearch[C hamming.Code](b *testing.B, radii []int) {
	sizes := []int{10_000, 32_000, 1_000_000, 2_000_000}
	if os.Getenv("HAMMING_BENCH_LARGE") != "" {
		sizes = append(sizes, 10_000_000)
	}
	for _, n := range sizes {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(11, 0))
			codes := lifelike[C](r, n)
			rows := make([]uint32, n)
			for i := range rows {
				rows[i] = uint32(i)
			}
			s := hamming.NewSet(hamming.Options{}, rows, codes)
			// So many that their groups don't stay in the caches from one round to the next.
			const asked = 4096
			hits, misses, crowded := make([]C, asked), lifelike[C](r, asked), make([]C, asked)
			for i := range hits {
				hits[i] = flip(r, codes[r.IntN(n)], r.IntN(codeBits[C]()/16))
				crowded[i] = flip(r, codes[0], r.IntN(codeBits[C]()/16))
			}
			for _, radius := range radii {
				for _, kind := range []struct {
					name    string
					queries []C
				}{{"hit", hits}, {"miss", misses}, {"crowded", crowded}} {
					for _, at := range []int{1, 16} {
						b.Run(fmt.Sprintf("r=%d/%s/x%d", radius, kind.name, at), func(b *testing.B) {
							benchmarkQueries(b, s, codes, kind.queries, radius, at)
						})
					}
				}
			}
		})
	}
}

func benchmarkQueries[C hamming.Code](b *testing.B, s *hamming.Set[C], codes, queries []C, radius, at int) {
	ctx := context.Background()
	got, err := s.SearchBatch(ctx, nil, queries[:at], radius, nil)
	if err != nil {
		b.Fatal(err)
	}
	var want []hamming.Hit
	for row, code := range codes {
		for i, q := range queries[:at] {
			if d := distance(q, code); d <= radius {
				want = append(want, hamming.Hit{Row: uint32(row), Distance: uint16(d), Query: uint16(i)})
			}
		}
	}
	if !slices.Equal(sorted(got), sorted(want)) {
		b.Fatalf("%d hits, a scan has %d", len(got), len(want))
	}
	b.ReportAllocs()
	found, i := 0, 0
	for b.Loop() {
		if got, err = s.SearchBatch(ctx, got[:0], queries[i:i+at], radius, nil); err != nil {
			b.Fatal(err)
		}
		found += len(got)
		i = (i + at) % len(queries)
	}
	asked := float64(b.N * at)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/asked, "ns/query")
	b.ReportMetric(float64(found)/asked, "hits/query")
	b.ReportMetric(float64(s.Bytes())/float64(s.Len()), "B/code")
}

// lifelike returns codes with the skew of real perceptual hashes. On 7,298 photos (2026-11) bits were set with
// probabilities of 0.26 to 0.65, neighbours in the grid of frequencies correlated by up to 0.54, and the distance of two
// random codes spread as if they had 48 bits of 64, or 151 of 256: here a Gaussian field over the grid, cut at uneven
// levels, gives the same. A tenth are copies or near copies of earlier codes; a thousandth lie around codes[0].
func lifelike[C hamming.Code](r *rand.Rand, n int) []C {
	side, pull := 8, 0.37
	if codeBits[C]() == 256 {
		side, pull = 16, 0.5
	}
	rest := math.Sqrt(1 - pull*pull)
	level := rand.New(rand.NewPCG(1, 0))
	cut := make([]float64, side*side)
	for i := range cut {
		cut[i] = 0.25 * level.NormFloat64()
	}
	field := make([]float64, side*side)
	codes := make([]C, n)
	for i := range codes {
		switch {
		case i > 0 && i%1000 == 0:
			codes[i] = flip(r, codes[0], r.IntN(side))
			continue
		case i%10 == 9:
			codes[i] = flip(r, codes[r.IntN(i)], r.IntN(side))
			continue
		}
		for at := range field {
			field[at] = r.NormFloat64()
			if at%side > 0 {
				field[at] = pull*field[at-1] + rest*field[at]
			}
		}
		for at := range field {
			if at >= side {
				field[at] = pull*field[at-side] + rest*field[at]
			}
			if field[at] > cut[at] {
				codes[i][at/64] |= 1 << (at % 64)
			}
		}
	}
	return codes
}

// BenchmarkNewSet indexes a million codes.
func BenchmarkNewSet(b *testing.B) {
	b.Run("64", benchmarkNewSet[code64])
	b.Run("256", benchmarkNewSet[code256])
}

func benchmarkNewSet[C hamming.Code](b *testing.B) {
	const n = 1_000_000
	codes, rows := lifelike[C](rand.New(rand.NewPCG(11, 0)), n), make([]uint32, n)
	for i := range rows {
		rows[i] = uint32(i)
	}
	b.ReportAllocs()
	for b.Loop() {
		if s := hamming.NewSet(hamming.Options{}, rows, codes); s.Len() != n {
			b.Fatalf("%d rows, want %d", s.Len(), n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/code")
}

// BenchmarkPut replaces codes of a set of a million in small steps, merges included.
func BenchmarkPut(b *testing.B) {
	b.Run("64", benchmarkPut[code64])
	b.Run("256", benchmarkPut[code256])
}

func benchmarkPut[C hamming.Code](b *testing.B) {
	const n, step = 1_000_000, 16
	r := rand.New(rand.NewPCG(11, 0))
	codes, rows := lifelike[C](r, n), make([]uint32, n)
	for i := range rows {
		rows[i] = uint32(i)
	}
	s := hamming.NewSet(hamming.Options{}, rows, codes)
	b.ReportAllocs()
	for b.Loop() {
		i := r.IntN(n - step)
		s.Put(rows[i:i+step], codes[i:i+step])
	}
	s.Wait()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*step), "ns/code")
	if s.Len() != n {
		b.Fatalf("%d rows, want %d", s.Len(), n)
	}
}
