package local

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/store"
)

// BenchmarkOpen opens an index of random photos, by what memory is taken from. TOUCHSTONE_LONG adds a million photos, and ten
// million, for which it wants 20 GB of disk.
func BenchmarkOpen(b *testing.B) {
	sizes := []int{100_000}
	if os.Getenv("TOUCHSTONE_LONG") != "" {
		sizes = append(sizes, 1_000_000, 10_000_000)
	}
	for _, n := range sizes {
		path := filepath.Join(b.TempDir(), "index.db")
		many(b, path, n)
		for _, source := range []string{sourceStore, sourceFiles} {
			b.Run(fmt.Sprintf("%s/%d", source, n), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					if source == sourceStore {
						if err := os.RemoveAll(path + memorySuffix); err != nil {
							b.Fatal(err)
						}
					}
					b.StartTimer()
					x, err := Open(context.Background(), path, Options{})
					if err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					if v := x.now.Load(); v.photos != n || x.source != source {
						b.Fatalf("%d photos from %s, want %d from %s", v.photos, x.source, n, source)
					}
					if err := x.Close(); err != nil { // leaves files
						b.Fatal(err)
					}
					b.StartTimer()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/photo")
			})
		}
	}
}

// many puts random photos straight into a store: of a thousand brands, three of a product, three in ten with a border.
func many(b *testing.B, path string, n int) {
	b.Helper()
	s, err := store.Open(path, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 0))
	for first := 0; first < n; first += 50_000 {
		var changes []store.Change
		for i := first; i < min(n, first+50_000); i++ {
			var p index.Photo
			p.Key = index.Key{Brand: fmt.Sprintf("brand %04d", i*1000/n), ID: fmt.Sprintf("catalogue/%08d.jpg", i)}
			p.Product, p.SourceURI = fmt.Sprintf("product %08d", i/3), "https://shop.example/"+p.ID
			f := &p.Fingerprint
			f.Recipe, f.Box = fingerprint.Current, fingerprint.WholeBox()
			f.Whole.P, f.Whole.PDQ = fingerprint.Hash64(r.Uint64()), fingerprint.Hash256{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
			if f.Content = f.Whole; r.IntN(10) < 3 {
				f.Box.Right--
				f.Content.P, f.Content.PDQ = ^f.Whole.P, fingerprint.Hash256{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
			}
			changes = append(changes, store.Change{Kind: kindAdded, Room: room, Key: keyOf(p.Key), Value: encode(&p, reference{})})
		}
		if _, err := s.Commit(context.Background(), func(*store.View) ([]store.Change, error) { return changes, nil }); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
