package indextest

import (
	"errors"
	"slices"

	"touchstone/index"
)

func lists() []sentence {
	return []sentence{
		{"list pages through all photos in order of their keys", testListPages},
		{"list keeps to its filter", testListFilter},
		{"list refuses a filter of what no photo has", testListUnknown},
		{"list refuses a limit below 1", testListLimit},
		{"list goes on while photos change", testListChanging},
	}
}

// catalogue puts photos of several brands and products, and returns them in order of their keys.
func (b *bed) catalogue() []index.Photo {
	b.Helper()
	var photos []index.Photo
	for _, brand := range []string{"a", "a b", "aa", "b", "ä"} {
		for i, id := range names {
			p := b.photo(index.Key{Brand: brand, ID: id})
			product := b.r.IntN(4)
			if i < 4 {
				product = i // each is there, whatever the seed
			}
			p.Product = []string{"", "hat", "bag", brand + " only"}[product]
			photos = append(photos, p)
		}
	}
	b.r.Shuffle(len(photos), func(i, j int) { photos[i], photos[j] = photos[j], photos[i] })
	photos = b.put(photos...)
	slices.SortFunc(photos, func(p, q index.Photo) int { return p.Key.Compare(q.Key) })
	return photos
}

// pages lists page by page and returns the pages together.
func (b *bed) pages(f index.Filter, limit int) []index.Photo {
	b.Helper()
	var photos []index.Photo
	for after := (index.Key{}); ; {
		got, err := b.x.List(b.Context(), f, after, limit)
		if err != nil {
			b.Fatalf("list: %v", err)
		}
		if len(got) > limit {
			b.Fatalf("list: %d photos, %d at most were asked for", len(got), limit)
		}
		photos = append(photos, got...)
		if len(got) < limit {
			return photos
		}
		after = got[len(got)-1].Key
	}
}

func testListPages(b *bed) {
	photos := b.catalogue()
	for _, limit := range []int{1, 2, 19, len(photos) - 1, len(photos), 1 << 30} {
		same(b, "photos", photos, b.pages(index.Filter{}, limit))
	}
	for _, after := range []index.Key{
		{Brand: "a", ID: "a"}, {Brand: "a", ID: "nothing"}, {Brand: "a"}, {Brand: "a a"}, {Brand: "a b", ID: "𝄞"}, {Brand: "zzz"}, {ID: "x"},
		{Brand: "ä", ID: "\xff\xff"},
	} {
		got, err := b.x.List(b.Context(), index.Filter{}, after, 5)
		if err != nil {
			b.Fatal(err)
		}
		same(b, "photos after "+after.String(), page(photos, index.Filter{}, after, 5), got)
	}
}

func testListFilter(b *bed) {
	photos := b.catalogue()
	for _, f := range filters() {
		for _, limit := range []int{1, 4, 1000} {
			same(b, "photos", page(photos, f, index.Key{}, 1<<30), b.pages(f, limit))
		}
		after := photos[b.r.IntN(len(photos))].Key
		got, err := b.x.List(b.Context(), f, after, 3)
		if err != nil {
			b.Fatal(err)
		}
		same(b, "photos after "+after.String(), page(photos, f, after, 3), got)
	}
}

// filters are of names that the catalogue has.
func filters() []index.Filter {
	return []index.Filter{
		{},
		{Brands: []string{"a"}},
		{Brands: []string{"b", "a"}},
		{Brands: []string{"ä", "ä", "a b"}},
		{Products: []string{"hat"}},
		{Products: []string{"bag", "", "hat", "bag"}},
		{Products: []string{""}},
		{Brands: []string{"aa", "b"}, Products: []string{"hat", "b only"}},
		{Brands: []string{"a"}, Products: []string{"b only"}}, // each is known, nothing has both
	}
}

func testListUnknown(b *bed) {
	b.catalogue()
	for name, c := range unknowns() {
		if _, err := b.x.List(b.Context(), c.filter, index.Key{}, 10); !errors.Is(err, c.want) {
			b.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := b.x.List(b.Context(), index.Filter{Brands: []string{"nobody"}}, index.Key{}, 0); !errors.Is(err, index.ErrQuery) {
		b.Errorf("unknown and a limit of 0: %v", err)
	}
}

func testListLimit(b *bed) {
	b.put(b.photos(1)...)
	for _, limit := range []int{0, -1, -1 << 62} {
		if _, err := b.x.List(b.Context(), index.Filter{}, index.Key{}, limit); !errors.Is(err, index.ErrQuery) {
			b.Errorf("limit %d: %v", limit, err)
		}
	}
}

func testListChanging(b *bed) {
	photos := b.put(b.photos(12)...)
	got, err := b.x.List(b.Context(), index.Filter{}, index.Key{}, 4)
	if err != nil {
		b.Fatal(err)
	}
	same(b, "first page", photos[:4], got)
	b.delete(photos[3].Key) // where the next page starts
	b.delete(photos[5].Key)
	replaced := b.put1(b.photo(photos[6].Key)).Photo
	between := b.photo(photos[8].Key)
	between.ID += "+"
	fresh := b.put1(between).Photo
	got, err = b.x.List(b.Context(), index.Filter{}, photos[3].Key, 100)
	if err != nil {
		b.Fatal(err)
	}
	want := []index.Photo{photos[4], replaced, photos[7], photos[8], fresh, photos[9], photos[10], photos[11]}
	same(b, "second page", want, got)
}
