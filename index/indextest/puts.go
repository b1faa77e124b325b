package indextest

import (
	"errors"
	"strings"
	"time"

	"touchstone/fingerprint"
	"touchstone/index"
)

func puts() []sentence {
	return []sentence{
		{"put adds a photo and says so", testPutAdds},
		{"put ignores what the index sets by itself", testPutIgnores},
		{"put of the same original writes nothing, metadata included", testPutUnchanged},
		{"put of another original replaces, metadata included", testPutReplaces},
		{"put answers for each photo in order", testPutAnswersInOrder},
		{"put stores all photos or none", testPutAllOrNone},
		{"put of no photos does nothing", testPutNothing},
		{"put refuses what is invalid", testPutInvalid},
		{"put refuses two photos of one key", testPutTwice},
		{"put refuses another recipe", testPutRecipe},
		{"put takes another recipe where no photo of the first is left", testPutRecipeAnew},
		{"put shows at once in every answer", testPutShows},
		{"a replaced photo is no longer found by what it was", testReplacedIsGone},
		{"names may be anything that the rules allow", testNames},
		{"a photo comes back as it was given", testRoundTrip},
	}
}

func testPutAdds(b *bed) {
	since := time.Now()
	p := b.photo(b.key())
	got := b.put1(p)
	if got.Outcome != index.Added {
		b.Errorf("outcome %v, want %v", got.Outcome, index.Added)
	}
	same(b, "stored photo", stamped(b, p, got.Photo, since), got.Photo)
	if !got.Photo.Added.Equal(got.Photo.Updated) {
		b.Errorf("a fresh photo was added at %v and updated at %v", got.Photo.Added, got.Photo.Updated)
	}
	same(b, "photo", got.Photo, b.get(p.Key))
	next := b.put1(b.photo(b.key()))
	if next.Photo.Revision <= got.Photo.Revision {
		b.Errorf("revision %d follows %d", next.Photo.Revision, got.Photo.Revision)
	}
}

func testPutIgnores(b *bed) {
	since := time.Now()
	p := b.photo(b.key())
	p.Revision, p.Added, p.Updated = 1<<40, time.Unix(1, 0), time.Unix(2, 0)
	got := b.put1(p)
	same(b, "stored photo", stamped(b, p, got.Photo, since), got.Photo)
	if got.Photo.Revision == p.Revision || got.Photo.Added.Equal(p.Added) {
		b.Errorf("stored with the given revision %d, added %v", got.Photo.Revision, got.Photo.Added)
	}
}

func testPutUnchanged(b *bed) {
	first := b.put1(b.photo(b.key())).Photo
	again := b.photo(first.Key)
	again.Original.SHA256 = first.Original.SHA256
	got := b.put1(again)
	same(b, "answer", index.Stored{Outcome: index.Unchanged, Photo: first}, got)
	same(b, "photo", first, b.get(first.Key))
	if n := b.search(b.around(again, 20, -1)).Total; n != 0 {
		b.Errorf("%d photos found by the fingerprint that was not written", n)
	}
}

func testPutReplaces(b *bed) {
	since := time.Now()
	first := b.put1(b.photo(b.key())).Photo
	p := b.photo(first.Key)
	p.Labels = nil
	got := b.put1(p)
	if got.Outcome != index.Replaced {
		b.Errorf("outcome %v, want %v", got.Outcome, index.Replaced)
	}
	same(b, "stored photo", stamped(b, p, got.Photo, since), got.Photo)
	if !got.Photo.Added.Equal(first.Added) {
		b.Errorf("added %v before it was replaced and %v after", first.Added, got.Photo.Added)
	}
	if got.Photo.Revision <= first.Revision {
		b.Errorf("revision %d follows %d", got.Photo.Revision, first.Revision)
	}
	same(b, "photo", got.Photo, b.get(p.Key))
	if n := b.search(b.around(p, 256, -1)).Searched; n != 1 {
		b.Errorf("%d photos after one was replaced", n)
	}
}

func testPutAnswersInOrder(b *bed) {
	kept, replaced := b.put1(b.photo(b.key())).Photo, b.put1(b.photo(b.key())).Photo
	again := b.photo(kept.Key)
	again.Original.SHA256 = kept.Original.SHA256
	photos := []index.Photo{b.photo(b.key()), b.photo(replaced.Key), again, b.photo(b.key())}
	stored, err := b.x.Put(b.Context(), photos...)
	if err != nil {
		b.Fatal(err)
	}
	want := []index.Outcome{index.Added, index.Replaced, index.Unchanged, index.Added}
	if len(stored) != len(want) {
		b.Fatalf("%d answers for %d photos", len(stored), len(want))
	}
	for i, s := range stored {
		if s.Outcome != want[i] || s.Photo.Key != photos[i].Key {
			b.Errorf("answer %d: %v %v, want %v %v", i, s.Outcome, s.Photo.Key, want[i], photos[i].Key)
		}
		same(b, "photo", s.Photo, b.get(s.Photo.Key))
	}
}

func testPutAllOrNone(b *bed) {
	there := b.put(b.photos(2)...)
	photos := b.photos(3)
	photos = append(photos, b.photo(there[0].Key), b.photo(b.key()))
	photos[4].Product = "\x00"
	before := b.revision()
	if _, err := b.x.Put(b.Context(), photos...); !errors.Is(err, index.ErrInvalid) {
		b.Errorf("put of a valid and an invalid photo: %v", err)
	}
	same(b, "photos", there, all(b.Context(), b, b.x))
	if after := b.revision(); after != before {
		b.Errorf("revision %d before, %d after", before, after)
	}
}

func testPutNothing(b *bed) {
	if stored, err := b.x.Put(b.Context()); len(stored) != 0 || err != nil {
		b.Errorf("put of nothing: %v, %v", stored, err)
	}
}

func testPutInvalid(b *bed) {
	for name, c := range map[string]struct {
		field string
		spoil func(*index.Photo)
	}{
		"no brand":           {"brand", func(p *index.Photo) { p.Brand = "" }},
		"no ID":              {"photo_id", func(p *index.Photo) { p.ID = "" }},
		"long ID":            {"photo_id", func(p *index.Photo) { p.ID = strings.Repeat("x", index.MaxName+1) }},
		"ID with a zero":     {"photo_id", func(p *index.Photo) { p.ID = "a\x00b" }},
		"brand of bad UTF-8": {"brand", func(p *index.Photo) { p.Brand = "\xff" }},
		"product with a tab": {"product", func(p *index.Photo) { p.Product = "a\tb" }},
		"label without name": {"labels", func(p *index.Photo) { p.Labels = map[string]string{"": "x"} }},
		"negative price":     {"list_price.units", func(p *index.Photo) { p.ListPrice.Units = -1 }},
		"no fingerprint":     {"fingerprint", func(p *index.Photo) { p.Fingerprint = fingerprint.Fingerprint{} }},
		"negative bytes":     {"original.size_bytes", func(p *index.Photo) { p.Original.Bytes = -1 }},
	} {
		p := b.photo(b.key())
		c.spoil(&p)
		_, err := b.x.Put(b.Context(), p)
		var f *index.FieldError
		if !errors.Is(err, index.ErrInvalid) || !errors.As(err, &f) || f.Field != c.field {
			b.Errorf("%s: %v, want an ErrInvalid of %s", name, err, c.field)
		}
	}
}

func testPutTwice(b *bed) {
	p := b.photo(b.key())
	for name, q := range map[string]index.Photo{"the same photo": p, "another photo": b.photo(p.Key)} {
		_, err := b.x.Put(b.Context(), p, b.photo(b.key()), q)
		var f *index.FieldError
		if !errors.Is(err, index.ErrInvalid) || !errors.As(err, &f) {
			b.Errorf("%s twice: %v, want an ErrInvalid that names the field", name, err)
		}
	}
	same(b, "photos", []index.Photo(nil), all(b.Context(), b, b.x))
}

func testPutRecipe(b *bed) {
	there := b.put(b.photos(2)...)
	fresh := b.photo(b.key())
	fresh.Fingerprint.Recipe = other
	same1 := b.photo(there[0].Key)
	same1.Fingerprint.Recipe = other
	for name, photos := range map[string][]index.Photo{
		"a fresh photo":            {fresh},
		"in place of one of two":   {same1},
		"beside one of the recipe": {b.photo(b.key()), fresh},
	} {
		if _, err := b.x.Put(b.Context(), photos...); !errors.Is(err, index.ErrRecipe) {
			b.Errorf("%s: %v, want %v", name, err, index.ErrRecipe)
		}
	}
	same(b, "photos", there, all(b.Context(), b, b.x))
}

func testPutRecipeAnew(b *bed) {
	mixed := b.photos(2)
	mixed[1].Fingerprint.Recipe = other
	if _, err := b.x.Put(b.Context(), mixed...); !errors.Is(err, index.ErrRecipe) {
		b.Errorf("two recipes at once: %v, want %v", err, index.ErrRecipe)
	}
	first := b.put1(b.photo(b.key())).Photo
	p := b.photo(first.Key)
	p.Fingerprint, p.Original = first.Fingerprint, first.Original
	p.Fingerprint.Recipe = other
	// The same original by another recipe replaces, since all photos are then of that recipe.
	got := b.put1(p)
	if got.Outcome != index.Replaced || got.Photo.Fingerprint.Recipe != other {
		b.Errorf("the only photo, by another recipe: %v, recipe %d", got.Outcome, got.Photo.Fingerprint.Recipe)
	}
	if _, err := b.x.Search(b.Context(), b.around(p, 10, 10)); !errors.Is(err, index.ErrRecipe) {
		b.Errorf("search by the first recipe: %v, want %v", err, index.ErrRecipe)
	}
	b.delete(p.Key)
	b.reopen()
	b.put(b.photos(1)...)
}

func testPutShows(b *bed) {
	for range 5 {
		p := b.photo(b.key())
		p.Product = p.ID
		got := b.put1(p).Photo
		q := b.around(p, 0, 0)
		q.Filter = index.Filter{Brands: []string{p.Brand}, Products: []string{p.ID}}
		r := b.search(q)
		want := index.Result{Neighbors: []index.Neighbor{{Photo: got}}, Total: 1, Searched: 1, Revision: r.Revision}
		same(b, "search right after put", want, r)
		if r.Revision < got.Revision {
			b.Errorf("an answer of revision %d after a put of %d", r.Revision, got.Revision)
		}
	}
}

func testReplacedIsGone(b *bed) {
	was := b.photo(b.key())
	was.Brand, was.Product = "old brand", "old product"
	now := b.photo(was.Key)
	now.Product = "new product"
	b.put(was)
	b.put(now)
	if n := b.search(b.around(was, 20, 0)).Total; n != 0 {
		b.Errorf("%d photos found by a fingerprint that was replaced", n)
	}
	q := b.around(now, 0, 0)
	q.Filter.Products = []string{was.Product}
	if _, err := b.x.Search(b.Context(), q); !errors.Is(err, index.ErrUnknownProduct) {
		b.Errorf("search in a product that was replaced: %v", err)
	}
}

// names are valid and have tempted encodings before.
var names = []string{
	"a", "a ", "a!", "aa", "a/b", "a/", "/", "A", "ä", "ab", "b", "~", ".", "..", "%00", "\\", "日本", "𝄞", strings.Repeat("x", index.MaxName),
}

func testNames(b *bed) {
	var photos []index.Photo
	for _, brand := range names {
		for i, id := range names {
			if i%4 == len(brand)%4 {
				photos = append(photos, b.photo(index.Key{Brand: brand, ID: id}))
			}
		}
	}
	for i, s := range b.put(photos...) {
		same(b, "photo", s, b.get(photos[i].Key))
	}
}

func testRoundTrip(b *bed) {
	bare := b.photo(b.key())
	bare.Metadata = index.Metadata{}
	bare.Original = index.Original{}
	full := b.photo(b.key())
	long := func(n int) string { return strings.Repeat("é", n/2) }
	full.Metadata = index.Metadata{
		Product: long(index.MaxName), Variant: long(index.MaxName), SourceURI: long(index.MaxURI),
		Labels:    map[string]string{},
		ListPrice: index.Price{Currency: "XXX", Units: 1<<63 - 1, Nanos: index.MaxNanos},
	}
	for i := range index.MaxLabels {
		full.Labels[long(index.MaxLabelKey-2)+string(rune('À'+i))] = long(index.MaxLabelValue)
	}
	full.Original.Bytes, full.Original.Format = 1<<63-1, strings.Repeat("f", index.MaxFormat)
	full.Fingerprint.Quality = 100
	since := time.Now()
	for _, p := range []index.Photo{bare, full} {
		got := b.put1(clone(p)).Photo
		same(b, "photo", stamped(b, p, got, since), got)
		b.reopen()
		same(b, "photo after opening", got, b.get(p.Key))
	}
}
