package indextest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"touchstone/fingerprint/feature"
	"touchstone/index"
)

// testSequences makes random sequences of calls and holds each answer against a map's.
func testSequences(t *testing.T, place func(t testing.TB) Place) {
	rapid.Check(t, func(rt *rapid.T) {
		p := place(t)
		m := &machine{
			T: rt, outer: t, place: p, x: p.Open(t),
			source: &source{r: rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))},
			photos: map[index.Key]index.Photo{}, features: map[index.Key]*feature.Set{}, off: map[string]bool{},
		}
		// Of a run that failed; otherwise it is closed by then.
		rt.Cleanup(func() { _ = m.x.Close() })
		for i := range 4 {
			m.originals = append(m.originals, m.photo(index.Key{}))
			if i%2 == 0 {
				m.originals[i] = m.withFeatures(m.originals[i], 10*i+5)
			}
		}
		m.moments = []moment{{0, nil}}
		rt.Repeat(map[string]func(*rapid.T){
			"put": m.put, "put again": m.put, "refused put": m.refusedPut, "update": m.update, "delete": m.delete,
			"search": m.search, "at": m.at, "list": m.list, "settle": m.settle, "candidates": m.candidates, "reopen": m.reopen, "": m.check,
		})
		consistent(t.Context(), m, m.x, m.sorted(), m.source)
		if err := m.x.Close(); err != nil {
			m.Fatalf("close: %v", err)
		}
		m.place.Check(t)
	})
}

// machine is an index and what it should hold.
type machine struct {
	*rapid.T
	*source
	outer     *testing.T
	place     Place
	x         index.Index
	originals []index.Photo // few, so that the same one is put again
	photos    map[index.Key]index.Photo
	features  map[index.Key]*feature.Set // of the photos that have some
	off       map[string]bool            // brands
	moments   []moment                   // by revision; the first is before all
	deleted   bool                       // since the last moment, or a brand was settled
}

// moment is what was there at a revision.
type moment struct {
	revision uint64
	photos   map[index.Key]index.Photo
}

func (m *machine) sorted() []index.Photo {
	return slices.SortedFunc(maps.Values(m.photos), func(a, b index.Photo) int { return a.Key.Compare(b.Key) })
}

func (m *machine) last() uint64 { return m.moments[len(m.moments)-1].revision }

// changed notes the state after a change of that revision.
func (m *machine) changed(revision uint64) {
	if revision <= m.last() {
		m.Fatalf("revision %d follows %d", revision, m.last())
	}
	m.moments = append(m.moments, moment{revision, maps.Clone(m.photos)})
	m.deleted = false
}

func (m *machine) drawKey(t *rapid.T) index.Key {
	return index.Key{
		Brand: rapid.SampledFrom([]string{"a", "a b", "b"}).Draw(t, "brand"),
		ID:    rapid.SampledFrom([]string{"1", "2", "/"}).Draw(t, "ID"),
	}
}

func (m *machine) drawMetadata(t *rapid.T) index.Metadata {
	d := index.Metadata{
		Product: rapid.SampledFrom([]string{"", "hat", "bag"}).Draw(t, "product"),
		Variant: rapid.SampledFrom([]string{"", "red"}).Draw(t, "variant"),
	}
	if rapid.Bool().Draw(t, "labelled") {
		d.Labels = map[string]string{"season": "1"}
	}
	return d
}

func (m *machine) put(t *rapid.T) {
	keys := rapid.SliceOfNDistinct(rapid.Custom(m.drawKey), 1, 4, rapid.ID[index.Key]).Draw(t, "keys")
	var photos []index.Photo
	for _, k := range keys {
		p := clone(rapid.SampledFrom(m.originals).Draw(t, "original"))
		p.Key, p.Metadata = k, m.drawMetadata(t)
		switch rapid.IntRange(0, 4).Draw(t, "described") {
		case 0:
			p.Features = nil
		case 1:
			p.Features = m.originals[0].Features
		}
		photos = append(photos, p)
	}
	since := time.Now()
	stored, err := m.x.Put(m.outer.Context(), photos...)
	if err != nil || len(stored) != len(photos) {
		t.Fatalf("put: %d answers for %d photos, %v", len(stored), len(photos), err)
	}
	revision := uint64(0)
	for i, s := range stored {
		p := photos[i]
		was, there := m.photos[p.Key]
		want := index.Added
		switch {
		case there && was.Original.SHA256 == p.Original.SHA256 && (p.Features == nil || m.features[p.Key] != nil):
			same(t, "put", index.Stored{Outcome: index.Unchanged, Photo: was}, s)
			continue
		case there:
			want = index.Replaced
		}
		if m.features[p.Key] = p.Features; p.Features == nil {
			delete(m.features, p.Key)
		}
		same(t, "put", index.Stored{Outcome: want, Photo: stamped(t, bare(p), s.Photo, since)}, s)
		if there && !s.Photo.Added.Equal(was.Added) {
			t.Fatalf("replaced %v, added %v before and %v after", p.Key, was.Added, s.Photo.Added)
		}
		if s.Photo.Revision <= m.last() {
			t.Fatalf("put: revision %d follows %d", s.Photo.Revision, m.last())
		}
		revision = max(revision, s.Photo.Revision)
		m.photos[p.Key] = s.Photo
	}
	if revision > 0 {
		m.changed(revision)
	}
}

func (m *machine) refusedPut(t *rapid.T) {
	good, bad := clone(m.originals[0]), clone(m.originals[1])
	good.Key, bad.Key = m.drawKey(t), index.Key{Brand: "z", ID: "z"}
	want := index.ErrInvalid
	switch rapid.SampledFrom([]string{"invalid", "twice", "recipe"}).Draw(t, "kind") {
	case "invalid":
		bad.Variant = "\n"
	case "twice":
		bad.Key = good.Key
	case "recipe":
		bad.Fingerprint.Recipe = other
		want = index.ErrRecipe
	}
	if _, err := m.x.Put(m.outer.Context(), good, bad); !errors.Is(err, want) {
		t.Fatalf("put: %v, want %v", err, want)
	}
}

func (m *machine) update(t *rapid.T) {
	k, d := m.drawKey(t), m.drawMetadata(t)
	was, there := m.photos[k]
	expected := rapid.SampledFrom([]uint64{0, was.Revision, was.Revision + 1}).Draw(t, "revision")
	since := time.Now()
	got, err := m.x.Update(m.outer.Context(), k, d, expected)
	switch {
	case !there:
		if !errors.Is(err, index.ErrNotFound) {
			t.Fatalf("update of nothing: %v", err)
		}
	case expected != 0 && expected != was.Revision:
		if !errors.Is(err, index.ErrConflict) {
			t.Fatalf("update of revision %d, expected %d: %v", was.Revision, expected, err)
		}
	case err != nil:
		t.Fatalf("update: %v", err)
	case d.Product == was.Product && d.Variant == was.Variant && maps.Equal(d.Labels, was.Labels):
		same(t, "update to what is there", was, got)
	default:
		was.Metadata = d
		added := was.Added
		same(t, "update", stamped(t, was, got, since), got)
		if !got.Added.Equal(added) {
			t.Fatalf("update: added %v before and %v after", added, got.Added)
		}
		m.photos[k] = got
		m.changed(got.Revision)
	}
}

func (m *machine) delete(t *rapid.T) {
	k := m.drawKey(t)
	_, there := m.photos[k]
	err := m.x.Delete(m.outer.Context(), k)
	if !there {
		if !errors.Is(err, index.ErrNotFound) {
			t.Fatalf("delete of nothing: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatalf("delete: %v", err)
	}
	delete(m.photos, k)
	delete(m.features, k)
	m.deleted = true
}

func (m *machine) settle(t *rapid.T) {
	brand := m.drawKey(t).Brand
	partial := rapid.Bool().Draw(t, "partial")
	if err := m.x.SetBrand(m.outer.Context(), brand, index.BrandSettings{Partial: partial}); err != nil {
		t.Fatalf("settings of %q: %v", brand, err)
	}
	m.deleted = m.deleted || m.off[brand] == partial
	m.off[brand] = !partial
}

func (m *machine) candidates(t *rapid.T) {
	asked := m.originals[rapid.SampledFrom([]int{0, 2}).Draw(t, "features of")].Features
	q := sharing(asked.Features)
	q.Filter.Brands = rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), 0, 2).Draw(t, "brands")
	q.Filter.Products = rapid.SliceOfN(rapid.SampledFrom([]string{"", "hat"}), 0, 2).Draw(t, "products")
	r, err := m.x.Candidates(m.outer.Context(), q)
	if want := unknown(m.sorted(), q.Filter); !errors.Is(err, want) {
		t.Fatalf("candidates: %v, want %v", err, want)
	}
	if err != nil {
		return
	}
	var own []index.Key // that must come before all others
	searched := 0
	for _, p := range m.sorted() {
		f := m.features[p.Key]
		if f == nil || m.off[p.Brand] || !passes(q.Filter, p) {
			continue
		}
		if searched++; slices.Equal(f.Features, asked.Features) {
			own = append(own, p.Key)
		}
	}
	if r.Searched != searched {
		t.Fatalf("candidates: %d photos searched, want %d", r.Searched, searched)
	}
	if len(r.Candidates) < len(own) {
		t.Fatalf("candidates: %d, and %d photos have these features", len(r.Candidates), len(own))
	}
	for i, k := range own {
		c := r.Candidates[i]
		if c.Photo.Key != k {
			t.Fatalf("candidate %d is %v, want %v", i, c.Photo.Key, k)
		}
		same(t, "candidate", m.photos[k], bare(c.Photo))
		same(t, "features of a candidate", m.features[k], c.Photo.Features)
	}
	if r.Revision < m.last() {
		t.Fatalf("candidates: revision %d after %d", r.Revision, m.last())
	}
}

func (m *machine) search(t *rapid.T) {
	photos := m.sorted()
	q := m.around(rapid.SampledFrom(m.originals).Draw(t, "around"), rapid.SampledFrom([]int{-1, 0, 31, 128, 256}).Draw(t, "radius"), 8)
	q.Limit = rapid.IntRange(1, 10).Draw(t, "limit")
	some := func(name string, of ...string) []string {
		return rapid.SliceOfN(rapid.SampledFrom(of), 0, 2).Draw(t, name)
	}
	q.Filter = index.Filter{Brands: some("brands", "a", "a b", "b"), Products: some("products", "", "hat", "bag")}
	got, err := m.x.Search(m.outer.Context(), q)
	if want := unknown(photos, q.Filter); !errors.Is(err, want) {
		t.Fatalf("search: %v, want %v", err, want)
	}
	if err != nil {
		return
	}
	agree(t, photos, q, got)
	if got.Revision < m.last() {
		t.Fatalf("search: revision %d after %d", got.Revision, m.last())
	}
	if m.deleted {
		m.changed(got.Revision)
	}
}

func (m *machine) at(t *rapid.T) {
	k, then := m.drawKey(t), rapid.SampledFrom(m.moments).Draw(t, "moment")
	got, err := m.x.At(m.outer.Context(), k, then.revision)
	want, there := then.photos[k]
	if !there {
		if !errors.Is(err, index.ErrNotFound) {
			t.Fatalf("%v at revision %d, when it did not exist: %v", k, then.revision, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%v at revision %d: %v", k, then.revision, err)
	}
	same(t, fmt.Sprintf("%v at revision %d", k, then.revision), want, got)
}

func (m *machine) list(t *rapid.T) {
	after, limit := m.drawKey(t), rapid.IntRange(1, 10).Draw(t, "limit")
	f := index.Filter{Brands: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "nobody"}), 0, 2).Draw(t, "brands")}
	got, err := m.x.List(m.outer.Context(), f, after, limit)
	if want := unknown(m.sorted(), f); !errors.Is(err, want) {
		t.Fatalf("list: %v, want %v", err, want)
	}
	if err == nil {
		same(t, "list", page(m.sorted(), f, after, limit), got)
	}
}

func (m *machine) reopen(t *rapid.T) {
	if err := m.x.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	m.place.Check(m.outer)
	m.x = m.place.Open(m.outer)
}

func (m *machine) check(t *rapid.T) {
	same(t, "photos", m.sorted(), all(m.outer.Context(), t, m.x))
	counts, err := m.x.Brands(m.outer.Context())
	if err != nil {
		t.Fatalf("brands: %v", err)
	}
	same(t, "brands", brands(m.sorted()), counts)
	for k := range m.photos {
		f, err := m.x.Features(m.outer.Context(), k, 0)
		if want := m.features[k]; want != nil && err == nil {
			same(t, "features", *want, f)
		} else if want != nil || !errors.Is(err, index.ErrNotFound) {
			t.Fatalf("features of %v: %v, there: %v", k, err, want != nil)
		}
	}
	for brand, off := range m.off {
		if got, err := m.x.Brand(m.outer.Context(), brand); err != nil || got.Partial == off {
			t.Fatalf("settings of %q: %+v, %v, off: %v", brand, got, err, off)
		}
	}
}
