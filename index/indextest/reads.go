package indextest

import (
	"context"
	"errors"
	"testing"

	"touchstone/index"
)

func reads() []sentence {
	return []sentence{
		{"at returns a photo as it stood", testAt},
		{"at refuses a revision that is not there yet", testAtFuture},
		{"brands counts photos and products by name", testBrands},
	}
}

func testAt(b *bed) {
	k := b.key()
	var stages []index.Photo // of the photo, in order
	stages = append(stages, b.put1(b.photo(k)).Photo)
	between := b.put1(b.photo(b.key())).Photo
	updated, err := b.x.Update(b.Context(), k, index.Metadata{Variant: "updated"}, 0)
	if err != nil {
		b.Fatal(err)
	}
	stages = append(stages, updated, b.put1(b.photo(k)).Photo)
	b.delete(k)
	gone := []uint64{b.revision(), b.put1(b.photo(b.key())).Photo.Revision}
	stages = append(stages, b.put1(b.photo(k)).Photo)

	look := func(t testing.TB) {
		for i, want := range stages {
			got, err := b.x.At(b.Context(), k, want.Revision)
			if err != nil {
				t.Fatalf("stage %d at revision %d: %v", i, want.Revision, err)
			}
			same(t, "photo at the revision of its change", want, got)
		}
		got, err := b.x.At(b.Context(), k, between.Revision)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "photo at a revision of another's", stages[0], got)
		if got, err = b.x.At(b.Context(), k, stages[3].Revision-1); !errors.Is(err, index.ErrNotFound) {
			t.Errorf("just before it was added again: %v, %v", got.Key, err)
		}
		for _, revision := range append([]uint64{0, stages[0].Revision - 1}, gone...) {
			if got, err := b.x.At(b.Context(), k, revision); !errors.Is(err, index.ErrNotFound) {
				t.Errorf("at revision %d, when it did not exist: %v, %v", revision, got.Key, err)
			}
		}
	}
	look(b)
	b.reopen()
	look(b)
}

func testAtFuture(b *bed) {
	p := b.put1(b.photo(b.key())).Photo
	for _, revision := range []uint64{b.revision() + 1, 1<<64 - 1} {
		for _, k := range []index.Key{p.Key, b.key()} {
			if _, err := b.x.At(b.Context(), k, revision); !errors.Is(err, index.ErrQuery) {
				b.Errorf("revision %d of %d: %v", revision, p.Revision, err)
			}
		}
	}
}

func testBrands(b *bed) {
	want := func(want ...index.BrandCount) {
		b.Helper()
		got, err := b.x.Brands(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		same(b, "brands", want, got)
	}
	want()
	put := func(brand, id, product string) {
		p := b.photo(index.Key{Brand: brand, ID: id})
		p.Product = product
		b.put(p)
	}
	put("b", "1", "x")
	put("b", "2", "x")
	put("b", "3", "")
	put("a", "1", "y")
	put("a", "2", "x")
	put("ab", "1", "")
	want(index.BrandCount{Brand: "a", Photos: 2, Products: 2}, index.BrandCount{Brand: "ab", Photos: 1}, index.BrandCount{Brand: "b", Photos: 3, Products: 1})
	put("a", "2", "y")
	b.delete(index.Key{Brand: "ab", ID: "1"})
	b.delete(index.Key{Brand: "b", ID: "1"})
	if _, err := b.x.Update(b.Context(), index.Key{Brand: "b", ID: "3"}, index.Metadata{Product: "z"}, 0); err != nil {
		b.Fatal(err)
	}
	want(index.BrandCount{Brand: "a", Photos: 2, Products: 1}, index.BrandCount{Brand: "b", Photos: 2, Products: 2})
}

// ended is a context that has ended.
func ended(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}
