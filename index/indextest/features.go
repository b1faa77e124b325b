package indextest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"touchstone/fingerprint/feature"
	"touchstone/index"
)

func features() []sentence {
	return []sentence{
		{"features come back as they were given", testFeatures},
		{"photos come without their features", testFeaturesApart},
		{"features are told as they stood", testFeaturesAt},
		{"put with features replaces a photo that has none", testPutDescribes},
		{"put refuses features of another recipe", testPutFeaturesRecipe},
		{"put takes features of another recipe where none of the first are left", testPutFeaturesAnew},
		{"put refuses features that no recipe makes", testPutFeaturesInvalid},
		{"update keeps features", testUpdateKeepsFeatures},
		{"features share no memory with the index", testFeaturesCopied},
		{"candidates find what shares features", testCandidates},
		{"candidates find what is mirrored when asked to", testCandidatesMirrored},
		{"candidates come by votes, then by key", testCandidatesOrder},
		{"candidates keep to their filter", testCandidatesFilter},
		{"candidates refuse queries that break the rules", testCandidatesInvalid},
		{"candidates refuse another recipe", testCandidatesRecipe},
		{"candidates give their context's error", testCandidatesContext},
		{"candidates show what has changed at once", testCandidatesShow},
	}
}

// wear is how many bits of its features a copy has turned: few, since engines are made for those of pictures, and random
// ones have no near neighbours among those.
const wear = 4

// described are n photos of one brand with some features each, keys ascending.
func (s *source) described(n int) []index.Photo {
	photos := s.photos(n)
	for i := range photos {
		photos[i] = s.withFeatures(photos[i], 40+s.r.IntN(40))
	}
	return photos
}

// bare is a photo as the index returns it.
func bare(p index.Photo) index.Photo {
	p.Features = nil
	return p
}

func (b *bed) candidates(q index.CandidateQuery) index.CandidateResult {
	b.Helper()
	r, err := b.x.Candidates(b.Context(), q)
	if err != nil {
		b.Fatalf("candidates: %v", err)
	}
	return r
}

// first fails unless a photo comes first of the candidates, as it stands, with these features.
func (b *bed) first(q index.CandidateQuery, k index.Key, want *feature.Set) index.Candidate {
	b.Helper()
	r := b.candidates(q)
	if len(r.Candidates) == 0 || r.Candidates[0].Photo.Key != k {
		b.Fatalf("%d candidates of %d photos, without %v before all others", len(r.Candidates), r.Searched, k)
	}
	c := r.Candidates[0]
	same(b, "features of a candidate", want, c.Photo.Features)
	same(b, "candidate", b.get(k), bare(c.Photo))
	if c.Votes <= 0 {
		b.Errorf("candidate %v with %v votes", k, c.Votes)
	}
	return c
}

// found tells whether a photo is among the candidates for features.
func (b *bed) found(features []feature.Feature, k index.Key) bool {
	b.Helper()
	return slices.ContainsFunc(b.candidates(sharing(features)).Candidates, func(c index.Candidate) bool { return c.Photo.Key == k })
}

// hasNoFeatures fails when there are features of a key.
func (b *bed) hasNoFeatures(k index.Key) {
	b.Helper()
	if f, err := b.x.Features(b.Context(), k, 0); !errors.Is(err, index.ErrNotFound) {
		b.Errorf("features of %v: %d, %v, want ErrNotFound", k, len(f.Features), err)
	}
}

func (b *bed) hasFeatures(k index.Key, want *feature.Set) {
	b.Helper()
	f, err := b.x.Features(b.Context(), k, 0)
	if err != nil {
		b.Fatalf("features of %v: %v", k, err)
	}
	same(b, "features", *want, f)
}

func testFeatures(b *bed) {
	photos := append(b.described(3), b.withFeatures(b.photo(b.key()), 0), b.withFeatures(b.photo(b.key()), feature.MaxFeatures))
	plain := b.photo(b.key())
	b.put(append(photos, plain)...)
	look := func() {
		for _, p := range photos {
			b.hasFeatures(p.Key, p.Features)
		}
		b.hasNoFeatures(plain.Key)
		b.hasNoFeatures(index.Key{Brand: "brand", ID: "nothing"})
		b.hasNoFeatures(index.Key{})
		if n := b.candidates(sharing(photos[0].Features.Features)).Searched; n != len(photos) {
			b.Errorf("%d photos searched, want %d that have features", n, len(photos))
		}
	}
	look()
	b.reopen()
	look()
	b.delete(photos[0].Key)
	b.hasNoFeatures(photos[0].Key)
}

func testFeaturesApart(b *bed) {
	p := b.described(1)[0]
	stored := b.put1(p)
	same(b, "put", bare(p).Features, stored.Photo.Features)
	again := b.put1(p)
	if again.Outcome != index.Unchanged {
		b.Errorf("outcome %v of the same photo with the same features", again.Outcome)
	}
	got, err := b.x.At(b.Context(), p.Key, stored.Photo.Revision)
	if err != nil {
		b.Fatal(err)
	}
	updated, err := b.x.Update(b.Context(), p.Key, index.Metadata{Variant: "updated"}, 0)
	if err != nil {
		b.Fatal(err)
	}
	for call, q := range map[string]index.Photo{
		"put": stored.Photo, "put again": again.Photo, "get": b.get(p.Key), "at": got, "update": updated,
		"list": all(b.Context(), b, b.x)[0], "search": b.search(b.around(p, 0, 0)).Neighbors[0].Photo,
	} {
		if q.Features != nil {
			b.Errorf("%s returns features", call)
		}
	}
}

func testFeaturesAt(b *bed) {
	with := b.described(1)[0]
	others := with
	others.Original, others.Features = b.photo(b.key()).Original, b.described(1)[0].Features
	without := b.photo(with.Key)
	var revisions []uint64
	for _, p := range []index.Photo{with, others, without} {
		revisions = append(revisions, b.put1(p).Photo.Revision)
	}
	updated, err := b.x.Update(b.Context(), with.Key, index.Metadata{Variant: "updated"}, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.delete(with.Key)
	gone := updated.Revision + 1
	revisions = append(revisions, b.put1(with).Photo.Revision)
	look := func() {
		for _, at := range []struct {
			revision uint64
			want     *feature.Set
		}{
			{revisions[0], with.Features},
			{revisions[1], others.Features},
			{revisions[2], nil},
			{updated.Revision, nil},
			{gone, nil},
			{revisions[3], with.Features},
			{0, with.Features},
		} {
			f, err := b.x.Features(b.Context(), with.Key, at.revision)
			switch {
			case at.want == nil && !errors.Is(err, index.ErrNotFound):
				b.Errorf("at %d: %d features, %v, want ErrNotFound", at.revision, len(f.Features), err)
			case at.want != nil && err != nil:
				b.Errorf("at %d: %v", at.revision, err)
			case at.want != nil:
				same(b, fmt.Sprintf("features at %d", at.revision), *at.want, f)
			}
		}
		if _, err := b.x.Features(b.Context(), with.Key, revisions[3]+1); !errors.Is(err, index.ErrQuery) {
			b.Errorf("at a revision that is not there yet: %v", err)
		}
	}
	look()
	b.reopen()
	look()
}

func testPutDescribes(b *bed) {
	p := b.photo(b.key())
	b.put(b.described(3)...)
	first := b.put1(p).Photo
	q := b.withFeatures(p, 30)
	q.Variant = "described"
	got := b.put1(q)
	if got.Outcome != index.Replaced || got.Photo.Revision <= first.Revision || !got.Photo.Added.Equal(first.Added) || got.Photo.Variant != q.Variant {
		b.Errorf("put with features: %v, %+v", got.Outcome, got.Photo)
	}
	b.hasFeatures(p.Key, q.Features)
	b.first(sharing(q.Features.Features), p.Key, q.Features)

	// Without features, or with others of the recipe, it is the same photo.
	for name, again := range map[string]index.Photo{"none": p, "others": b.withFeatures(p, 10)} {
		if s := b.put1(again); s.Outcome != index.Unchanged {
			b.Errorf("put again with %s: %v", name, s.Outcome)
		}
		b.hasFeatures(p.Key, q.Features)
	}
	// Another original without features has none.
	p.Original.SHA256 = b.sum()
	if s := b.put1(p); s.Outcome != index.Replaced {
		b.Errorf("put of another original: %v", s.Outcome)
	}
	b.hasNoFeatures(p.Key)
	if b.found(q.Features.Features, p.Key) {
		b.Errorf("%v is found by features of what was replaced", p.Key)
	}
}

func testPutFeaturesRecipe(b *bed) {
	there := b.described(2)
	b.put(there...)
	fresh := b.described(1)[0]
	fresh.Features.Recipe = otherFeatures
	instead := b.withFeatures(there[0], 10)
	instead.Features.Recipe = otherFeatures
	for name, photos := range map[string][]index.Photo{
		"a fresh photo":            {fresh},
		"in place of one of two":   {instead},
		"beside one of the recipe": {b.described(1)[0], fresh},
		"beside one that stays":    {bare(there[1]), instead},
	} {
		if _, err := b.x.Put(b.Context(), photos...); !errors.Is(err, index.ErrRecipe) {
			b.Errorf("%s: %v, want %v", name, err, index.ErrRecipe)
		}
	}
	for _, p := range there {
		b.hasFeatures(p.Key, p.Features)
	}
	b.hasNoFeatures(fresh.Key)
}

func testPutFeaturesAnew(b *bed) {
	plain := b.photo(b.key())
	p := b.described(1)[0]
	b.put(plain, p)
	q := b.withFeatures(p, 30)
	q.Features.Recipe = otherFeatures
	if got := b.put1(q); got.Outcome != index.Replaced {
		b.Errorf("the only photo with features, by another recipe: %v", got.Outcome)
	}
	asked := sharing(q.Features.Features)
	asked.Recipe = otherFeatures
	b.first(asked, p.Key, q.Features)
	b.reopen()
	b.first(asked, p.Key, q.Features)
	b.delete(p.Key)
	b.put(b.described(1)...)
	b.reopen()
	b.put(b.described(1)...)
}

func testPutFeaturesInvalid(b *bed) {
	for name, spoil := range map[string]func(*feature.Set){
		"no recipe":           func(f *feature.Set) { f.Recipe = 0 },
		"no width":            func(f *feature.Set) { f.Width = 0 },
		"too many":            func(f *feature.Set) { f.Features = make([]feature.Feature, feature.MaxFeatures+1) },
		"a thumbnail cut off": func(f *feature.Set) { f.Thumbnail.Y = f.Thumbnail.Y[1:] },
	} {
		p := b.described(1)[0]
		spoil(p.Features)
		_, err := b.x.Put(b.Context(), b.photo(b.key()), p)
		var f *index.FieldError
		if !errors.Is(err, index.ErrInvalid) || !errors.As(err, &f) || f.Field != "features" {
			b.Errorf("%s: %v, want an ErrInvalid of features", name, err)
		}
	}
	same(b, "photos", []index.Photo(nil), all(b.Context(), b, b.x))
}

func testUpdateKeepsFeatures(b *bed) {
	p := b.described(1)[0]
	b.put(p)
	for i := range 3 {
		if _, err := b.x.Update(b.Context(), p.Key, index.Metadata{Product: fmt.Sprint(i)}, 0); err != nil {
			b.Fatal(err)
		}
		b.hasFeatures(p.Key, p.Features)
		q := sharing(p.Features.Features)
		q.Filter.Products = []string{fmt.Sprint(i)}
		b.first(q, p.Key, p.Features)
		if i == 1 {
			b.reopen()
		}
	}
}

func testFeaturesCopied(b *bed) {
	p := b.described(1)[0]
	given := cloneSet(*p.Features)
	q := p
	q.Features = &given
	b.put(q)
	spoil := func(f *feature.Set) {
		clear(f.Features)
		clear(f.Thumbnail.Y)
		clear(f.Thumbnail.Cb)
	}
	spoil(&given)
	b.hasFeatures(p.Key, p.Features)
	f, err := b.x.Features(b.Context(), p.Key, 0)
	if err != nil {
		b.Fatal(err)
	}
	spoil(&f)
	spoil(b.first(sharing(p.Features.Features), p.Key, p.Features).Photo.Features)
	b.hasFeatures(p.Key, p.Features)
	b.first(sharing(p.Features.Features), p.Key, p.Features)
}

func testCandidates(b *bed) {
	photos := b.described(40)
	b.put(photos...)
	b.put(b.photos(5)...)
	look := func() {
		for _, p := range photos[:10] {
			own := b.first(sharing(p.Features.Features), p.Key, p.Features)
			if own.Mirrored {
				b.Errorf("%v is mirrored", p.Key)
			}
			// Half of them, worn, among as many of other things.
			n := len(p.Features.Features) / 2
			part := append(b.worn(p.Features.Features[:n], wear), b.source.features(n)...)
			if c := b.first(sharing(part), p.Key, p.Features); c.Votes >= own.Votes {
				b.Errorf("%v has %v votes by all its features, %v by half of them", p.Key, own.Votes, c.Votes)
			}
		}
		r := b.candidates(sharing(b.source.features(50)))
		if r.Searched != len(photos) {
			b.Errorf("%d photos searched, want %d", r.Searched, len(photos))
		}
	}
	look()
	b.reopen()
	look()
}

func testCandidatesMirrored(b *bed) {
	photos := b.described(10)
	b.put(photos...)
	p := photos[3]
	var turned []feature.Feature
	for _, f := range p.Features.Features {
		turned = append(turned, f.Mirrored())
	}
	if b.found(turned, p.Key) {
		b.Errorf("%v is found by what is mirrored, unasked", p.Key)
	}
	q := sharing(b.worn(turned, wear))
	q.Mirrored = true
	if c := b.first(q, p.Key, p.Features); !c.Mirrored {
		b.Errorf("%v is not told to be mirrored", p.Key)
	}
	q.Features = b.worn(p.Features.Features, wear)
	if c := b.first(q, p.Key, p.Features); c.Mirrored {
		b.Errorf("%v is told to be mirrored", p.Key)
	}
}

func testCandidatesOrder(b *bed) {
	whole := b.source.features(60)
	var photos []index.Photo
	for i := range 12 { // those that were put first have most features, and later keys
		p := b.withFeatures(b.photo(index.Key{Brand: "brand", ID: fmt.Sprintf("%02d", 50-i)}), 0)
		p.Features.Features = slices.Concat(whole[:60-5*(i/2)], b.source.features(5*(i/2)))
		photos = append(photos, p)
		b.put(p)
	}
	b.put(b.described(20)...)
	r := b.candidates(sharing(whole))
	if len(r.Candidates) < len(photos) {
		b.Fatalf("%d candidates, want %d", len(r.Candidates), len(photos))
	}
	for i, c := range r.Candidates {
		if i == 0 {
			continue
		}
		if was := r.Candidates[i-1]; was.Votes < c.Votes || was.Votes == c.Votes && was.Photo.Key.Compare(c.Photo.Key) >= 0 {
			b.Errorf("candidate %d, %v with %v votes, follows %v with %v", i, c.Photo.Key, c.Votes, was.Photo.Key, was.Votes)
		}
	}
	for i, p := range photos {
		if k := photos[i^1].Key; r.Candidates[i].Photo.Key != k { // of two with as many votes the later has the lesser key
			b.Errorf("candidate %d is %v, want %v; %v follows", i, r.Candidates[i].Photo.Key, k, p.Key)
		}
	}
	for limit := 1; limit < len(photos); limit++ {
		q := sharing(whole)
		q.Limit = limit
		same(b, "fewer candidates", r.Candidates[:limit], b.candidates(q).Candidates)
	}
	same(b, "the same query", r, b.candidates(sharing(whole)))
}

func testCandidatesFilter(b *bed) {
	shared := b.source.features(40)
	var photos []index.Photo
	for i, brand := range []string{"a", "b", "c"} {
		for j, product := range []string{"x", "y", ""} {
			p := b.withFeatures(b.photo(index.Key{Brand: brand, ID: fmt.Sprint(j)}), 0)
			p.Product, p.Features.Features = product, b.worn(shared, i+j)
			if i == 2 && j == 2 {
				p.Features = nil
			}
			photos = append(photos, p)
		}
	}
	b.put(photos...)
	look := func() {
		for _, f := range []index.Filter{
			{}, {Brands: []string{"a"}}, {Brands: []string{"c", "a", "c"}}, {Products: []string{"x"}}, {Products: []string{"", "y"}},
			{Brands: []string{"b"}, Products: []string{"x"}}, {Brands: []string{"a", "c"}, Products: []string{"", "x"}},
		} {
			q := sharing(shared)
			q.Filter = f
			var want, got []string
			for _, p := range photos {
				if passes(f, p) && p.Features != nil {
					want = append(want, p.String())
				}
			}
			r := b.candidates(q)
			for _, c := range r.Candidates {
				got = append(got, c.Photo.String())
			}
			slices.Sort(got)
			same(b, fmt.Sprintf("candidates that pass %v", f), want, got)
			if r.Searched != len(want) {
				b.Errorf("filter %v: %d photos searched, want %d", f, r.Searched, len(want))
			}
		}
		for name, c := range map[string]struct {
			f    index.Filter
			want error
		}{
			"brand": {index.Filter{Brands: []string{"a", "nobody"}}, index.ErrUnknownBrand}, "product": {index.Filter{Products: []string{"nothing"}}, index.ErrUnknownProduct},
		} {
			q := sharing(shared)
			q.Filter = c.f
			if _, err := b.x.Candidates(b.Context(), q); !errors.Is(err, c.want) {
				b.Errorf("a filter of an unknown %s: %v, want %v", name, err, c.want)
			}
		}
	}
	look()
	b.reopen()
	look()
}

func testCandidatesInvalid(b *bed) {
	b.put(b.described(1)...)
	for name, c := range map[string]struct {
		field string
		spoil func(*index.CandidateQuery)
	}{
		"no features":       {"features", func(q *index.CandidateQuery) { q.Features = nil }},
		"too many features": {"features", func(q *index.CandidateQuery) { q.Features = make([]feature.Feature, feature.MaxFeatures+1) }},
		"no limit":          {"limit", func(q *index.CandidateQuery) { q.Limit = 0 }},
		"negative limit":    {"limit", func(q *index.CandidateQuery) { q.Limit = -1 }},
		"large limit":       {"limit", func(q *index.CandidateQuery) { q.Limit = index.MaxCandidates + 1 }},
	} {
		q := sharing(b.source.features(3))
		c.spoil(&q)
		_, err := b.x.Candidates(b.Context(), q)
		var f *index.FieldError
		if !errors.Is(err, index.ErrQuery) || !errors.As(err, &f) || f.Field != c.field {
			b.Errorf("%s: %v, want an ErrQuery of %s", name, err, c.field)
		}
	}
	q := sharing(b.source.features(feature.MaxFeatures))
	q.Limit = index.MaxCandidates
	b.candidates(q)
}

func testCandidatesRecipe(b *bed) {
	q := sharing(b.source.features(5))
	q.Recipe = otherFeatures
	b.candidates(q) // where there is nothing to compare it to
	b.put(b.photo(b.key()))
	b.candidates(q)
	p := b.put(b.described(1)...)[0]
	for range 2 {
		if _, err := b.x.Candidates(b.Context(), q); !errors.Is(err, index.ErrRecipe) {
			b.Errorf("features of another recipe: %v, want %v", err, index.ErrRecipe)
		}
		b.reopen()
	}
	b.delete(p.Key)
	b.candidates(q)
}

func testCandidatesContext(b *bed) {
	photos := b.described(3)
	b.put(photos...)
	if _, err := b.x.Candidates(ended(b.Context()), sharing(photos[0].Features.Features)); !errors.Is(err, context.Canceled) {
		b.Errorf("candidates with a context that has ended: %v", err)
	}
}

func testCandidatesShow(b *bed) {
	b.put(b.described(10)...)
	for i := range 8 {
		p := b.described(1)[0]
		stored := b.put1(p).Photo
		b.first(sharing(p.Features.Features), p.Key, p.Features)
		if r := b.candidates(sharing(p.Features.Features)); r.Revision < stored.Revision || r.Searched != 11 {
			b.Errorf("an answer of revision %d after a put of %d, %d photos searched", r.Revision, stored.Revision, r.Searched)
		}
		q := b.withFeatures(b.photo(p.Key), 25)
		b.put(q)
		if b.found(p.Features.Features, p.Key) {
			b.Errorf("%v is found by features that were replaced", p.Key)
		}
		b.first(sharing(q.Features.Features), p.Key, q.Features)
		if i%4 == 3 {
			b.reopen()
			b.first(sharing(q.Features.Features), p.Key, q.Features)
		}
		b.delete(p.Key)
		if b.found(q.Features.Features, p.Key) {
			b.Errorf("%v is found, though it was deleted", p.Key)
		}
	}
}
