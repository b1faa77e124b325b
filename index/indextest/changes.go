package indextest

import (
	"errors"
	"time"

	"touchstone/index"
)

func changes() []sentence {
	return []sentence{
		{"update replaces metadata and nothing else", testUpdate},
		{"update expects the revision that it is told", testUpdateConflict},
		{"update of equal metadata changes nothing", testUpdateEqual},
		{"update refuses what is invalid or not there", testUpdateErrors},
		{"update shows at once in every answer", testUpdateShows},
		{"delete removes a photo", testDelete},
		{"delete shows at once in every answer", testDeleteShows},
		{"a deleted photo may be added again", testDeleteAdd},
		{"nothing returned or given shares memory with the index", testNoSharedMemory},
	}
}

func testUpdate(b *bed) {
	for _, expected := range []bool{true, false} {
		since := time.Now()
		was := b.put1(b.photo(b.key())).Photo
		m := b.photo(was.Key).Metadata
		m.Variant, m.Labels = "other", map[string]string{"only": "this"}
		revision := was.Revision
		if !expected {
			revision = 0
		}
		got, err := b.x.Update(b.Context(), was.Key, m, revision)
		if err != nil {
			b.Fatal(err)
		}
		want := was
		want.Metadata = m
		same(b, "updated photo", stamped(b, want, got, since), got)
		same(b, "photo", got, b.get(was.Key))
		if got.Revision <= was.Revision {
			b.Errorf("revision %d follows %d", got.Revision, was.Revision)
		}
		if !got.Added.Equal(was.Added) || got.Updated.Before(was.Updated) {
			b.Errorf("added %v, updated %v; before: %v, %v", got.Added, got.Updated, was.Added, was.Updated)
		}
	}
}

func testUpdateConflict(b *bed) {
	was := b.put1(b.photo(b.key())).Photo
	now, err := b.x.Update(b.Context(), was.Key, index.Metadata{Variant: "1"}, was.Revision)
	if err != nil {
		b.Fatal(err)
	}
	for _, revision := range []uint64{was.Revision, now.Revision + 1, now.Revision - 1, 1 << 63} {
		if _, err := b.x.Update(b.Context(), was.Key, index.Metadata{Variant: "2"}, revision); !errors.Is(err, index.ErrConflict) {
			b.Errorf("update of revision %d, expected %d: %v", now.Revision, revision, err)
		}
	}
	// Even where it would change nothing.
	if _, err := b.x.Update(b.Context(), was.Key, now.Metadata, was.Revision); !errors.Is(err, index.ErrConflict) {
		b.Errorf("equal metadata for a revision that has passed: %v", err)
	}
	same(b, "photo", now, b.get(was.Key))
}

func testUpdateEqual(b *bed) {
	p := b.photo(b.key())
	p.Labels = nil
	was := b.put1(p).Photo
	before := b.revision()
	for _, labels := range []map[string]string{nil, {}} {
		m := was.Metadata
		m.Labels = labels
		got, err := b.x.Update(b.Context(), was.Key, m, was.Revision)
		if err != nil {
			b.Fatal(err)
		}
		same(b, "photo", was, got)
	}
	if after := b.revision(); after != before {
		b.Errorf("revision %d before, %d after", before, after)
	}
}

func testUpdateErrors(b *bed) {
	was := b.put1(b.photo(b.key())).Photo
	_, err := b.x.Update(b.Context(), was.Key, index.Metadata{Product: "\n"}, 0)
	if f := (*index.FieldError)(nil); !errors.Is(err, index.ErrInvalid) || !errors.As(err, &f) || f.Field != "product" {
		b.Errorf("a product of one line break: %v", err)
	}
	for name, k := range map[string]index.Key{
		"unknown ID": b.key(), "unknown brand": {Brand: "nobody", ID: was.ID}, "no key": {}, "no ID": {Brand: was.Brand},
		"start of a key": {Brand: was.Brand, ID: was.ID[:3]}, "invalid": {Brand: was.Brand, ID: "\x00"},
	} {
		if _, err := b.x.Update(b.Context(), k, index.Metadata{}, 0); !errors.Is(err, index.ErrNotFound) {
			b.Errorf("%s: update: %v", name, err)
		}
		if err := b.x.Delete(b.Context(), k); !errors.Is(err, index.ErrNotFound) {
			b.Errorf("%s: delete: %v", name, err)
		}
		if _, err := b.x.Get(b.Context(), k); !errors.Is(err, index.ErrNotFound) {
			b.Errorf("%s: get: %v", name, err)
		}
		if _, err := b.x.At(b.Context(), k, was.Revision); !errors.Is(err, index.ErrNotFound) {
			b.Errorf("%s: at: %v", name, err)
		}
	}
	same(b, "photo", was, b.get(was.Key))
}

func testUpdateShows(b *bed) {
	p := b.put1(b.photo(b.key())).Photo
	for _, product := range []string{"first", "second", "", "first"} {
		now, err := b.x.Update(b.Context(), p.Key, index.Metadata{Product: product}, 0)
		if err != nil {
			b.Fatal(err)
		}
		q := b.around(p, 0, 0)
		q.Filter.Products = []string{product}
		agree(b, []index.Photo{now}, q, b.search(q))
		q.Filter.Products = []string{p.Product}
		if _, err := b.x.Search(b.Context(), q); !errors.Is(err, index.ErrUnknownProduct) {
			b.Errorf("search in the product that it was of: %v", err)
		}
	}
}

func testDelete(b *bed) {
	there := b.put(b.photos(3)...)
	b.delete(there[1].Key)
	if _, err := b.x.Get(b.Context(), there[1].Key); !errors.Is(err, index.ErrNotFound) {
		b.Errorf("get after delete: %v", err)
	}
	if err := b.x.Delete(b.Context(), there[1].Key); !errors.Is(err, index.ErrNotFound) {
		b.Errorf("delete after delete: %v", err)
	}
	same(b, "photos", []index.Photo{there[0], there[2]}, all(b.Context(), b, b.x))
}

func testDeleteShows(b *bed) {
	lone := b.photo(index.Key{Brand: "lone", ID: "1"})
	lone.Product = "lone product"
	there := b.put(lone, b.photo(b.key()))
	before := b.revision()
	b.delete(lone.Key)
	q := b.around(lone, 256, 64)
	agree(b, there[1:], q, b.search(q))
	if b.revision() <= before {
		b.Errorf("a search's revision is %d after a delete, and was %d before", b.revision(), before)
	}
	q.Filter = index.Filter{Brands: []string{lone.Brand}}
	if _, err := b.x.Search(b.Context(), q); !errors.Is(err, index.ErrUnknownBrand) {
		b.Errorf("search in a brand whose last photo was deleted: %v", err)
	}
	q.Filter = index.Filter{Products: []string{lone.Product}}
	if _, err := b.x.Search(b.Context(), q); !errors.Is(err, index.ErrUnknownProduct) {
		b.Errorf("search in a product whose last photo was deleted: %v", err)
	}
}

func testDeleteAdd(b *bed) {
	first := b.put1(b.photo(b.key())).Photo
	b.delete(first.Key)
	since := time.Now()
	p := b.photo(first.Key)
	p.Original, p.Fingerprint = first.Original, first.Fingerprint
	got := b.put1(p)
	if got.Outcome != index.Added {
		b.Errorf("outcome %v, want %v", got.Outcome, index.Added)
	}
	same(b, "photo", stamped(b, p, got.Photo, since), got.Photo)
	if !got.Photo.Added.After(first.Added) {
		b.Errorf("added %v at first, %v after it was deleted", first.Added, got.Photo.Added)
	}
	if got.Photo.Revision <= first.Revision {
		b.Errorf("revision %d follows %d", got.Photo.Revision, first.Revision)
	}
}

func testNoSharedMemory(b *bed) {
	given := b.photo(b.key())
	stored := b.put1(given).Photo
	want := clone(stored)
	// spoil changes what a caller may change of what it holds, and looks whether the index has changed by it.
	spoil := func(what string, labels map[string]string) {
		b.Helper()
		for k := range labels {
			labels[k] = "spoiled"
		}
		labels["new"] = "spoiled"
		same(b, "after a change of "+what, want, b.get(want.Key))
		same(b, "after a change of "+what, want, b.search(b.around(want, 0, 0)).Neighbors[0].Photo)
	}
	spoil("put's argument", given.Labels)
	spoil("put's answer", stored.Labels)
	spoil("get's answer", b.get(want.Key).Labels)
	spoil("list's answer", all(b.Context(), b, b.x)[0].Labels)
	spoil("search's answer", b.search(b.around(want, 0, 0)).Neighbors[0].Photo.Labels)
	at, err := b.x.At(b.Context(), want.Key, want.Revision)
	if err != nil {
		b.Fatal(err)
	}
	spoil("at's answer", at.Labels)
	m := clone(want).Metadata
	m.Variant = "updated"
	updated, err := b.x.Update(b.Context(), want.Key, m, 0)
	if err != nil {
		b.Fatal(err)
	}
	want = clone(updated)
	spoil("update's argument", m.Labels)
	spoil("update's answer", updated.Labels)
}
