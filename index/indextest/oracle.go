package indextest

import (
	"cmp"
	"context"
	"slices"

	"touchstone/index"
)

// naive answers a search by looking at every photo. It knows no revision.
func naive(photos []index.Photo, q index.Query) index.Result {
	var r index.Result
	for _, p := range photos {
		if !passes(q.Filter, p) {
			continue
		}
		r.Searched++
		n := index.Neighbor{Photo: p, DistancePDQ: 256, DistanceP: 64}
		for _, probe := range q.Probes {
			f := p.Fingerprint
			n.DistancePDQ = min(n.DistancePDQ, probe.PDQ.Distance(f.Whole.PDQ), probe.PDQ.Distance(f.Content.PDQ))
			n.DistanceP = min(n.DistanceP, probe.P.Distance(f.Whole.P), probe.P.Distance(f.Content.P))
		}
		if n.DistancePDQ <= q.RadiusPDQ || n.DistanceP <= q.RadiusP {
			r.Neighbors = append(r.Neighbors, n)
		}
	}
	slices.SortFunc(r.Neighbors, func(a, b index.Neighbor) int {
		return cmp.Or(cmp.Compare(a.DistancePDQ, b.DistancePDQ), cmp.Compare(a.DistanceP, b.DistanceP), a.Photo.Key.Compare(b.Photo.Key))
	})
	r.Total = len(r.Neighbors)
	r.Neighbors = r.Neighbors[:min(q.Limit, r.Total)]
	return r
}

// unknown is the error that a search deserves whose filter names what no photo has, or nil.
func unknown(photos []index.Photo, f index.Filter) error {
	for _, brand := range f.Brands {
		if !slices.ContainsFunc(photos, func(p index.Photo) bool { return p.Brand == brand }) {
			return index.ErrUnknownBrand
		}
	}
	for _, product := range f.Products {
		if !slices.ContainsFunc(photos, func(p index.Photo) bool { return p.Product == product }) {
			return index.ErrUnknownProduct
		}
	}
	return nil
}

func passes(f index.Filter, p index.Photo) bool {
	return (len(f.Brands) == 0 || slices.Contains(f.Brands, p.Brand)) &&
		(len(f.Products) == 0 || slices.Contains(f.Products, p.Product))
}

// page is what List answers, of photos in order of their keys.
func page(photos []index.Photo, f index.Filter, after index.Key, limit int) []index.Photo {
	var found []index.Photo
	for _, p := range photos {
		if passes(f, p) && p.Key.Compare(after) > 0 && len(found) < limit {
			found = append(found, p)
		}
	}
	return found
}

// brands counts what Brands answers.
func brands(photos []index.Photo) []index.BrandCount {
	type name struct{ brand, product string }
	photosOf, seen, productsOf := map[string]int{}, map[name]bool{}, map[string]int{}
	for _, p := range photos {
		photosOf[p.Brand]++
		if n := (name{p.Brand, p.Product}); p.Product != "" && !seen[n] {
			seen[n] = true
			productsOf[p.Brand]++
		}
	}
	var counts []index.BrandCount
	for brand, n := range photosOf {
		counts = append(counts, index.BrandCount{Brand: brand, Photos: n, Products: productsOf[brand]})
	}
	slices.SortFunc(counts, func(a, b index.BrandCount) int { return cmp.Compare(a.Brand, b.Brand) })
	return counts
}

// all lists every photo, page by page.
func all(ctx context.Context, t failing, x index.Index) []index.Photo {
	t.Helper()
	const limit = 7
	var photos []index.Photo
	for after := (index.Key{}); ; {
		got, err := x.List(ctx, index.Filter{}, after, limit)
		if err != nil {
			t.Fatalf("list after %v: %v", after, err)
		}
		for _, p := range got {
			if p.Key.Compare(after) <= 0 {
				t.Fatalf("list: %v comes after %v", p.Key, after)
			}
			after = p.Key
		}
		photos = append(photos, got...)
		if len(got) < limit {
			return photos
		}
	}
}

// consistent fails when what the index answers does not fit the photos that it lists.
func consistent(ctx context.Context, t failing, x index.Index, photos []index.Photo, s *source) {
	t.Helper()
	counts, err := x.Brands(ctx)
	if err != nil {
		t.Fatalf("brands: %v", err)
	}
	same(t, "brands", brands(photos), counts)
	last := uint64(0)
	for _, p := range photos {
		last = max(last, p.Revision)
		got, err := x.Get(ctx, p.Key)
		if err != nil {
			t.Fatalf("get %v: %v", p.Key, err)
		}
		same(t, "photo that is listed", p, got)
		if got, err = x.At(ctx, p.Key, p.Revision); err != nil {
			t.Fatalf("%v at its revision %d: %v", p.Key, p.Revision, err)
		}
		same(t, "photo at its revision", p, got)
	}
	queries := []index.Query{asking(s.regions(1), 256, -1), asking(s.regions(2), 100, 24)}
	for i := 0; i < len(photos); i += 1 + len(photos)/8 {
		queries = append(queries, s.around(photos[i], 31, 8))
		q := s.around(photos[i], 0, 64)
		q.Filter = index.Filter{Brands: []string{photos[i].Brand}, Products: []string{photos[i].Product}}
		queries = append(queries, q)
	}
	for _, q := range queries {
		if len(photos) > 0 {
			q.Recipe = photos[0].Fingerprint.Recipe
		}
		got, err := x.Search(ctx, q)
		if err != nil {
			t.Fatalf("search: %v", err)
		}
		agree(t, photos, q, got)
		if got.Revision < last {
			t.Errorf("search: an answer of revision %d, and a photo has %d", got.Revision, last)
		}
	}
}

// agree fails when an answer is not that of the naive search.
func agree(t failing, photos []index.Photo, q index.Query, got index.Result) {
	t.Helper()
	want := naive(photos, q)
	want.Revision = got.Revision
	same(t, "search", want, got)
}
