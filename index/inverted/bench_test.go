package inverted_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"touchstone/fingerprint/feature"
	"touchstone/index/inverted"
)

// pool is features to make photos of: of real ones where TOUCHSTONE_DATA names a folder, else around words.
func pool(b *testing.B, r *rand.Rand) (all []feature.Feature) {
	if os.Getenv("TOUCHSTONE_DATA") == "" {
		for range 300_000 {
			all = append(all, spot(r))
		}
		return all
	}
	return load(b).Pool
}

// BenchmarkSearch looks for a photo by a query of 1,000 features, of which 60 are the photo's, and for its mirror image,
// on one core. cpu-ms/op is the time that the processor has spent, which other work beside does not count towards.
func BenchmarkSearch(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 0))
	features := pool(b, r)
	photos := make([][]feature.Feature, 500)
	rows := make([]uint32, len(photos))
	queries := make([][]feature.Feature, len(photos))
	for i := range photos {
		rows[i] = uint32(i)
		for range 200 {
			photos[i] = append(photos[i], again(r, features[r.IntN(len(features))], 40, r.IntN(256)))
		}
		turn := r.IntN(256)
		for _, f := range photos[i][:60] {
			queries[i] = append(queries[i], again(r, f, 36, turn))
		}
		for len(queries[i]) < 1000 {
			queries[i] = append(queries[i], again(r, features[r.IntN(len(features))], 40, r.IntN(256)))
		}
	}
	s := inverted.NewSet()
	s.Put(rows, photos)
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		if more := n - s.Len(); more > 0 {
			s.PutMade(5, uint32(s.Len()), more, 200, features)
		}
		snap := s.Snapshot()
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			found := 0
			b.ReportAllocs()
			start := processor()
			for i := 0; b.Loop(); i++ {
				hits, err := snap.Search(context.Background(), inverted.Query{Features: queries[i%len(queries)], Mirrored: true, Limit: 50})
				if err != nil {
					b.Fatal(err)
				}
				if len(hits) > 0 && hits[0].Row == uint32(i%len(queries)) {
					found++
				}
			}
			b.ReportMetric(float64((processor()-start).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(found)/float64(b.N), "first/op")
			b.ReportMetric(float64(s.Bytes())/float64(s.Len()), "B/photo")
		})
	}
}

// BenchmarkPut takes photos of 200 features, so many at a time.
func BenchmarkPut(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("photos=%d", n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 0))
			rows, photos := make([]uint32, n), make([][]feature.Feature, n)
			for i := range photos {
				for range 200 {
					photos[i] = append(photos[i], spot(r))
				}
			}
			s := inverted.NewSet()
			b.ReportAllocs()
			start := processor()
			for i := 0; b.Loop(); i++ {
				for j := range rows {
					rows[j] = uint32((i*n + j) % 100_000)
				}
				s.Put(rows, photos)
			}
			s.Wait()
			b.ReportMetric(float64((processor()-start).Microseconds())/1000/float64(b.N*n), "cpu-ms/photo")
		})
	}
}
