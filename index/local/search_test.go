package local_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
)

// crowd is so many photos that searches go through the tables, in families of near ones, and a source of more.
func crowd(seed uint64, n int) (photos []index.Photo, near func(fingerprint.Region, int) fingerprint.Region) {
	r := rand.New(rand.NewPCG(seed, 0))
	random := func() (g fingerprint.Region) {
		g.P = fingerprint.Hash64(r.Uint64())
		g.PDQ = fingerprint.Hash256{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
		return g
	}
	near = func(g fingerprint.Region, bits int) fingerprint.Region {
		for range bits {
			i := r.IntN(256)
			g.PDQ[i/64] ^= 1 << (i % 64)
		}
		for range bits / 4 {
			g.P ^= 1 << r.IntN(64)
		}
		return g
	}
	families := make([]fingerprint.Region, n/50)
	for i := range families {
		families[i] = random()
	}
	for i := range n {
		p := index.Photo{Key: index.Key{Brand: []string{"a", "b", "c"}[r.IntN(3)], ID: fmt.Sprint(i)}}
		p.Product = fmt.Sprint("product ", r.IntN(n/200))
		p.Original.SHA256[0], p.Original.SHA256[1] = byte(i), byte(i>>8)
		f := &p.Fingerprint
		f.Recipe, f.Box = fingerprint.Current, fingerprint.WholeBox()
		f.Whole = near(families[r.IntN(len(families))], r.IntN(120))
		f.Content = f.Whole
		if r.IntN(3) == 0 {
			f.Box.Right--
			f.Content = near(f.Whole, r.IntN(120))
		}
		photos = append(photos, p)
	}
	for i := range photos { // apart from the rest, which comes the same whatever is done here
		if i%3 != 0 {
			photos[i].Features = described(r, 8+r.IntN(8))
		}
	}
	return photos, near
}

// described is a set of so many features.
func described(r *rand.Rand, n int) *feature.Set {
	f := &feature.Set{Recipe: feature.Current, Width: 800, Height: 600, Features: make([]feature.Feature, n)}
	for i := range f.Features {
		g := &f.Features[i]
		g.X, g.Y, g.Size, g.Angle = uint16(r.Uint32()), uint16(r.Uint32()), uint8(r.Uint32()), uint8(r.Uint32())
		g.Descriptor = feature.Descriptor{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
	}
	f.Thumbnail = feature.Thumbnail{Width: 2, Height: 2, Y: make([]uint8, 4), Cb: make([]uint8, 1), Cr: make([]uint8, 1)}
	return f
}

// naive compares each photo with each probe.
func naive(photos []index.Photo, q index.Query) (keys []string) {
	type found struct {
		key    index.Key
		pdq, p int
	}
	var all []found
	for i := range photos {
		p := &photos[i]
		if len(q.Filter.Brands) > 0 && !slices.Contains(q.Filter.Brands, p.Brand) ||
			len(q.Filter.Products) > 0 && !slices.Contains(q.Filter.Products, p.Product) {
			continue
		}
		f := found{p.Key, 256, 64}
		for _, probe := range q.Probes {
			for _, g := range []fingerprint.Region{p.Fingerprint.Whole, p.Fingerprint.Content} {
				f.pdq, f.p = min(f.pdq, probe.PDQ.Distance(g.PDQ)), min(f.p, probe.P.Distance(g.P))
			}
		}
		if f.pdq <= q.RadiusPDQ || f.p <= q.RadiusP {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		if a.pdq != b.pdq {
			return a.pdq - b.pdq
		}
		if a.p != b.p {
			return a.p - b.p
		}
		return a.key.Compare(b.key)
	})
	for _, f := range all {
		keys = append(keys, fmt.Sprint(f))
	}
	return keys
}

// TestSearchAmongMany holds searches that go through the tables, and those that don't for their radii, against a naive
// search. The suite's sets are too small for tables.
func TestSearchAmongMany(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	photos, near := crowd(seed, 4000)
	f := file(filepath.Join(t.TempDir(), "index.db"))
	x := f.Open(t)
	for batch := range slices.Chunk(photos, 1500) {
		if _, err := x.Put(context.Background(), batch...); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(seed, 1))
	radiiPDQ, radiiP := []int{-1, 0, 10, 31, 64, 96, 112, 113, 140, 256}, []int{-1, 0, 6, 10, 16, 26, 27, 64}
	for n := range 120 {
		if n == 60 {
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			x = f.Open(t)
		}
		q := index.Query{Recipe: fingerprint.Current, RadiusPDQ: radiiPDQ[n%len(radiiPDQ)], RadiusP: radiiP[r.IntN(len(radiiP))], Limit: 1 << 20}
		if q.RadiusPDQ < 0 && q.RadiusP < 0 {
			q.RadiusP = 8
		}
		for range 1 + r.IntN(24) {
			g := near(photos[r.IntN(len(photos))].Fingerprint.Content, r.IntN(60))
			q.Probes = append(q.Probes, index.Probe{P: g.P, PDQ: g.PDQ})
		}
		switch r.IntN(4) {
		case 0:
			q.Filter.Brands = []string{"a", "c"}
		case 1:
			q.Filter = index.Filter{Brands: []string{"b"}, Products: []string{"product 1", "product 7"}}
		}
		want := naive(photos, q)
		q.Limit = 50
		got, err := x.Search(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, n := range got.Neighbors {
			keys = append(keys, fmt.Sprint(struct {
				key    index.Key
				pdq, p int
			}{n.Photo.Key, n.DistancePDQ, n.DistanceP}))
		}
		if diff := cmp.Diff(want[:min(50, len(want))], keys); diff != "" || got.Total != len(want) {
			t.Fatalf("within %d and %d of %d probes, filter %v: %d in total, want %d; the nearest (-want +got):\n%s",
				q.RadiusPDQ, q.RadiusP, len(q.Probes), q.Filter, got.Total, len(want), diff)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	q := index.Query{Recipe: fingerprint.Current, RadiusPDQ: 256, RadiusP: 64, Limit: 1, Probes: make([]index.Probe, 24)}
	if _, err := x.Search(ended, q); !errors.Is(err, context.Canceled) {
		t.Errorf("a search whose context has ended: %v", err)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	f.Check(t)
}
