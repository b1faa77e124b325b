package indextest

import (
	"context"
	"errors"
	"sync"

	"touchstone/index"
)

func lives() []sentence {
	return []sentence{
		{"after close every call returns ErrClosed", testClosed},
		{"close waits for what is under way", testCloseWaits},
		{"what was acknowledged is there after opening", testReopen},
		{"revisions go on after opening", testRevisionsGoOn},
	}
}

func testClosed(b *bed) {
	p := b.put1(b.photo(b.key())).Photo
	x := b.x
	b.close()
	ctx := b.Context()
	for name, call := range map[string]func() error{
		"search":                  func() error { _, err := x.Search(ctx, b.around(p, 10, 10)); return err },
		"search of bad query":     func() error { _, err := x.Search(ctx, index.Query{}); return err },
		"get":                     func() error { _, err := x.Get(ctx, p.Key); return err },
		"get of nothing":          func() error { _, err := x.Get(ctx, b.key()); return err },
		"at":                      func() error { _, err := x.At(ctx, p.Key, p.Revision); return err },
		"list":                    func() error { _, err := x.List(ctx, index.Filter{}, index.Key{}, 10); return err },
		"brands":                  func() error { _, err := x.Brands(ctx); return err },
		"features":                func() error { _, err := x.Features(ctx, p.Key, 0); return err },
		"candidates":              func() error { _, err := x.Candidates(ctx, sharing(b.source.features(1))); return err },
		"candidates of bad query": func() error { _, err := x.Candidates(ctx, index.CandidateQuery{}); return err },
		"brand":                   func() error { _, err := x.Brand(ctx, p.Brand); return err },
		"changes":                 func() error { _, _, err := x.Changes(ctx, 0, 10); return err },
		"changes of bad query":    func() error { _, _, err := x.Changes(ctx, 0, 0); return err },
		"await of what is there":  func() error { _, err := x.Await(ctx, 0); return err },
		"set brand":               func() error { return x.SetBrand(ctx, p.Brand, index.BrandSettings{}) },
		"set brand to what it is": func() error { return x.SetBrand(ctx, p.Brand, index.BrandSettings{Partial: true}) },
		"put":                     func() error { _, err := x.Put(ctx, b.photo(b.key())); return err },
		"put of the same":         func() error { _, err := x.Put(ctx, p); return err },
		"put of nothing":          func() error { _, err := x.Put(ctx); return err },
		"update":                  func() error { _, err := x.Update(ctx, p.Key, index.Metadata{}, 0); return err },
		"delete":                  func() error { return x.Delete(ctx, p.Key) },
		"close":                   x.Close,
	} {
		if err := call(); !errors.Is(err, index.ErrClosed) {
			b.Errorf("%s after close: %v", name, err)
		}
	}
}

// Calls that overlap a close succeed wholly or return ErrClosed, and what was acknowledged is there.
func testCloseWaits(b *bed) {
	first := b.put1(b.photo(b.key())).Photo
	x, ctx := b.x, context.Background()
	var mu sync.Mutex
	acknowledged := []index.Photo{first}
	var calls, started sync.WaitGroup
	for range 4 {
		var photos []index.Photo
		for range 200 {
			photos = append(photos, b.photo(b.key()))
		}
		started.Add(1)
		calls.Go(func() {
			for i, p := range photos {
				stored, err := x.Put(ctx, p)
				if i == 0 {
					started.Done()
				}
				if errors.Is(err, index.ErrClosed) {
					return
				}
				if err != nil {
					b.Errorf("put during close: %v", err)
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, stored[0].Photo)
				mu.Unlock()
			}
		})
		q := b.around(first, 10, 10)
		calls.Go(func() {
			for range 2000 {
				r, err := x.Search(ctx, q)
				if errors.Is(err, index.ErrClosed) {
					return
				}
				if err != nil || r.Total != 1 {
					b.Errorf("search during close: %d found, %v", r.Total, err)
					return
				}
			}
		})
	}
	started.Wait()
	if err := x.Close(); err != nil {
		b.Errorf("close: %v", err)
	}
	calls.Wait()
	b.x = b.place.Open(b)
	for _, p := range acknowledged {
		same(b, "acknowledged photo", p, b.get(p.Key))
	}
}

func testReopen(b *bed) {
	photos := b.photos(6)
	for i := range photos {
		photos[i].Product = photos[i].ID
	}
	photos = b.put(photos...)
	b.reopen()
	same(b, "photos", photos, all(b.Context(), b, b.x))
	b.delete(photos[0].Key)
	updated, err := b.x.Update(b.Context(), photos[1].Key, index.Metadata{Product: "new"}, photos[1].Revision)
	if err != nil {
		b.Fatal(err)
	}
	replaced := b.put1(b.photo(photos[2].Key)).Photo
	b.reopen()
	b.reopen()
	want := append([]index.Photo{updated, replaced}, photos[3:]...)
	same(b, "photos", want, all(b.Context(), b, b.x))
	for _, old := range photos[:2] {
		q := b.around(old, 0, 0)
		q.Filter.Products = []string{old.Product}
		if _, err := b.x.Search(b.Context(), q); !errors.Is(err, index.ErrUnknownProduct) {
			b.Errorf("search in a product that has gone: %v", err)
		}
	}
	// Nothing that was there before is taken for new.
	for _, p := range want {
		if got := b.put1(p); got.Outcome != index.Unchanged {
			b.Errorf("put of what is there: %v", got.Outcome)
		}
	}
}

func testRevisionsGoOn(b *bed) {
	last := uint64(0)
	for range 3 {
		p := b.put1(b.photo(b.key())).Photo
		if p.Revision <= last {
			b.Errorf("revision %d follows %d", p.Revision, last)
		}
		b.delete(p.Key) // a deletion's revision is not used again either
		last = b.revision()
		if last <= p.Revision {
			b.Errorf("revision %d after a delete of revision %d", last, p.Revision)
		}
		b.reopen()
		if got := b.revision(); got != last {
			b.Errorf("revision %d before it was closed, %d after", last, got)
		}
	}
}
