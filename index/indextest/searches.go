package indextest

import (
	"context"
	"errors"

	"touchstone/fingerprint"
	"touchstone/index"
)

func searches() []sentence {
	return []sentence{
		{"search finds what a naive search finds", testSearchOracle},
		{"search finds photos by either region and any probe", testSearchRegions},
		{"search counts a photo within either radius, with both distances", testSearchRadii},
		{"search keeps the nearest and counts all", testSearchLimit},
		{"search breaks ties by the other distance, then by key", testSearchTies},
		{"search keeps to its filter", testSearchFilter},
		{"search refuses a filter of what no photo has", testSearchUnknown},
		{"search refuses queries that break the rules", testSearchInvalid},
		{"search refuses another recipe", testSearchRecipe},
		{"search of an empty index finds nothing to search", testSearchEmpty},
		{"search gives its context's error", testSearchContext},
	}
}

// planted puts n photos, a third of them near others, and returns them.
func (b *bed) planted(n int) []index.Photo {
	b.Helper()
	photos := b.photos(n)
	for i := range photos {
		f := &photos[i].Fingerprint
		if i > 0 && b.r.IntN(3) == 0 {
			near := photos[b.r.IntN(i)].Fingerprint
			f.Whole = b.nearby(near.Whole, b.r.IntN(50), b.r.IntN(16))
			if !f.Trimmed() {
				f.Content = f.Whole
			}
		}
		photos[i].Brand = []string{"a", "b", "c"}[b.r.IntN(3)]
	}
	return b.put(photos...)
}

func testSearchOracle(b *bed) {
	photos := b.planted(300)
	look := func() {
		for range 60 {
			f := photos[b.r.IntN(len(photos))].Fingerprint
			var probes []fingerprint.Region
			for range 1 + b.r.IntN(24) {
				probes = append(probes, b.region())
			}
			probes[b.r.IntN(len(probes))] = b.nearby(f.Whole, b.r.IntN(40), b.r.IntN(12))
			probes[b.r.IntN(len(probes))] = b.nearby(f.Content, b.r.IntN(40), b.r.IntN(12))
			q := asking(probes, b.r.IntN(110)-1, b.r.IntN(20))
			if b.r.IntN(2) == 0 {
				q.Limit = 1 + b.r.IntN(5)
			}
			if b.r.IntN(2) == 0 {
				q.Filter.Brands = []string{"a", "c"}
			}
			agree(b, photos, q, b.search(q))
		}
	}
	look()
	b.reopen()
	look()
}

func testSearchRegions(b *bed) {
	p := b.photo(b.key())
	p.Fingerprint.Content = b.region()
	p.Fingerprint.Box = fingerprint.Box{Left: 1, Top: 2, Right: 3, Bottom: 4}
	p = b.put1(p).Photo
	b.put(b.photos(10)...)
	for name, g := range map[string]fingerprint.Region{"whole": p.Fingerprint.Whole, "content": p.Fingerprint.Content} {
		for at := range 3 {
			probes := []fingerprint.Region{b.region(), b.region(), b.region()}
			probes[at] = g
			r := b.search(asking(probes, 5, 0))
			want := index.Result{Neighbors: []index.Neighbor{{Photo: p}}, Total: 1, Searched: 11, Revision: r.Revision}
			same(b, "search by the "+name, want, r)
		}
	}
}

func testSearchRadii(b *bed) {
	p := b.put1(b.photo(b.key())).Photo
	f := p.Fingerprint
	// Least distances are taken over all pairs for each hash on its own: here from different probes.
	nearPDQ, nearP := b.nearby(f.Whole, 20, 0), b.nearby(f.Whole, 0, 6)
	nearPDQ.P, nearP.PDQ = b.region().P, b.region().PDQ
	for name, c := range map[string]struct {
		radiusPDQ, radiusP, want int
	}{
		"both": {20, 6, 1}, "PDQ alone": {20, 5, 1}, "P alone": {19, 6, 1}, "neither": {19, 5, 0},
		"no P": {20, -1, 1}, "no PDQ": {-1, 6, 1}, "no P, PDQ too far": {19, -1, 0}, "no PDQ, P too far": {-1, 5, 0},
		"everything": {256, 64, 1}, "P exact": {-5, 0, 0}, "PDQ exact": {0, -5, 0},
	} {
		r := b.search(asking([]fingerprint.Region{nearPDQ, nearP}, c.radiusPDQ, c.radiusP))
		if r.Total != c.want || len(r.Neighbors) != c.want {
			b.Errorf("%s: %d neighbours of %d, want %d", name, len(r.Neighbors), r.Total, c.want)
			continue
		}
		if c.want == 1 {
			same(b, name, index.Neighbor{Photo: p, DistancePDQ: 20, DistanceP: 6}, r.Neighbors[0])
		}
	}
}

func testSearchLimit(b *bed) {
	centre := b.region()
	photos := b.photos(40)
	for i := range photos {
		f := &photos[i].Fingerprint
		f.Whole, f.Box = b.nearby(centre, b.r.IntN(30), b.r.IntN(8)), fingerprint.WholeBox()
		f.Content = f.Whole
	}
	photos = b.put(photos...)
	for _, limit := range []int{1, 2, 3, 39, 40, 41, 1 << 30} {
		q := asking([]fingerprint.Region{centre}, 31, 8)
		q.Limit = limit
		agree(b, photos, q, b.search(q))
	}
}

func testSearchTies(b *bed) {
	centre := b.region()
	var photos []index.Photo
	for _, brand := range []string{"b", "a", "a b", "c"} {
		for range 4 {
			p := b.photo(b.key())
			p.Brand = brand
			f := &p.Fingerprint
			f.Whole, f.Box = b.nearby(centre, 4+2*b.r.IntN(2), b.r.IntN(2)), fingerprint.WholeBox()
			f.Content = f.Whole
			photos = append(photos, p)
		}
	}
	b.r.Shuffle(len(photos), func(i, j int) { photos[i], photos[j] = photos[j], photos[i] })
	photos = b.put(photos...)
	for limit := 1; limit <= len(photos); limit++ {
		q := asking([]fingerprint.Region{centre}, 10, 10)
		q.Limit = limit
		agree(b, photos, q, b.search(q))
	}
}

func testSearchFilter(b *bed) {
	photos := b.catalogue()
	for _, f := range filters() {
		for _, q := range []index.Query{b.around(photos[0], 256, -1), b.around(photos[1], 110, 20), b.around(photos[2], 31, 8), b.around(photos[3], -1, 0)} {
			q.Filter, q.Limit = f, 7
			agree(b, photos, q, b.search(q))
		}
	}
}

// unknowns are filters that name what no photo of the catalogue has.
func unknowns() map[string]struct {
	filter index.Filter
	want   error
} {
	return map[string]struct {
		filter index.Filter
		want   error
	}{
		"brand":              {index.Filter{Brands: []string{"nobody"}}, index.ErrUnknownBrand},
		"one brand of two":   {index.Filter{Brands: []string{"a", "nobody"}}, index.ErrUnknownBrand},
		"product":            {index.Filter{Products: []string{"nothing"}}, index.ErrUnknownProduct},
		"one product of two": {index.Filter{Products: []string{"hat", "nothing"}}, index.ErrUnknownProduct},
		"product in a brand": {index.Filter{Brands: []string{"a"}, Products: []string{"nothing"}}, index.ErrUnknownProduct},
		"start of a brand":   {index.Filter{Brands: []string{"a "}}, index.ErrUnknownBrand},
		"no brand":           {index.Filter{Brands: []string{""}}, index.ErrUnknownBrand},
	}
}

func testSearchUnknown(b *bed) {
	photos := b.catalogue()
	for name, c := range unknowns() {
		q := b.around(photos[0], 31, 8)
		q.Filter = c.filter
		if _, err := b.x.Search(b.Context(), q); !errors.Is(err, c.want) {
			b.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	b.reopen()
	q := b.around(photos[0], 31, 8)
	q.Filter.Brands = []string{"nobody"}
	if _, err := b.x.Search(b.Context(), q); !errors.Is(err, index.ErrUnknownBrand) {
		b.Errorf("brand, after opening: %v", err)
	}
}

func testSearchInvalid(b *bed) {
	p := b.put1(b.photo(b.key())).Photo
	for name, c := range map[string]struct {
		field string
		spoil func(*index.Query)
	}{
		"no probes":         {"probes", func(q *index.Query) { q.Probes = nil }},
		"too many probes":   {"probes", func(q *index.Query) { q.Probes = make([]index.Probe, index.MaxProbes+1) }},
		"PDQ beyond bits":   {"radius_bits", func(q *index.Query) { q.RadiusPDQ = 257 }},
		"P beyond bits":     {"radius64_bits", func(q *index.Query) { q.RadiusP = 65 }},
		"both left out":     {"radius_bits", func(q *index.Query) { q.RadiusPDQ, q.RadiusP = -1, -1 }},
		"limit 0":           {"limit", func(q *index.Query) { q.Limit = 0 }},
		"limit below 0":     {"limit", func(q *index.Query) { q.Limit = -10 }},
		"P beyond, no PDQ":  {"radius64_bits", func(q *index.Query) { q.RadiusPDQ, q.RadiusP = -1, 1000 }},
		"unknown and wrong": {"limit", func(q *index.Query) { q.Filter.Brands, q.Limit = []string{"nobody"}, 0 }},
	} {
		q := b.around(p, 10, 10)
		c.spoil(&q)
		_, err := b.x.Search(b.Context(), q)
		var f *index.FieldError
		if !errors.Is(err, index.ErrQuery) || !errors.As(err, &f) || f.Field != c.field {
			b.Errorf("%s: %v, want an ErrQuery of %s", name, err, c.field)
		}
	}
	q := b.around(p, 10, 10)
	for len(q.Probes) < index.MaxProbes {
		q.Probes = append(q.Probes, q.Probes[0])
	}
	if r := b.search(q); r.Total != 1 {
		b.Errorf("%d found by the most probes that are allowed", r.Total)
	}
}

func testSearchRecipe(b *bed) {
	p := b.put1(b.photo(b.key())).Photo
	for _, wrong := range []fingerprint.Recipe{0, other} {
		q := b.around(p, 10, 10)
		q.Recipe = wrong
		if _, err := b.x.Search(b.Context(), q); !errors.Is(err, index.ErrRecipe) {
			b.Errorf("recipe %d: %v", wrong, err)
		}
	}
	b.reopen()
	q := b.around(p, 10, 10)
	q.Recipe = other
	if _, err := b.x.Search(b.Context(), q); !errors.Is(err, index.ErrRecipe) {
		b.Errorf("after opening: %v", err)
	}
}

func testSearchEmpty(b *bed) {
	q := b.around(b.photo(b.key()), 256, 64)
	r := b.search(q)
	same(b, "search", index.Result{Revision: r.Revision}, r)
	q.Filter.Brands = []string{"nobody"}
	if _, err := b.x.Search(b.Context(), q); !errors.Is(err, index.ErrUnknownBrand) {
		b.Errorf("in an unknown brand: %v", err)
	}
	p := b.put1(b.photo(b.key())).Photo
	b.delete(p.Key)
	r = b.search(b.around(p, 256, 64))
	same(b, "search after all was deleted", index.Result{Revision: r.Revision}, r)
}

func testSearchContext(b *bed) {
	p := b.put1(b.photo(b.key())).Photo
	if _, err := b.x.Search(ended(b.Context()), b.around(p, 10, 10)); !errors.Is(err, context.Canceled) {
		b.Errorf("cancelled search: %v", err)
	}
}
