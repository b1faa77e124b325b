package indextest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"touchstone/fingerprint"
	"touchstone/index"
)

func crowds() []sentence {
	return []sentence{
		{"what is acknowledged shows at once, whatever others do", testAcknowledgedShows},
		{"answers are right while photos change", testAnswersDuringChanges},
		{"of many who expect one revision one succeeds", testOneSucceeds},
		{"changes of one photo take effect in order of their revisions", testOneOrder},
	}
}

// testAcknowledgedShows has writers that each look for their own changes, by all methods, right after each.
func testAcknowledgedShows(b *bed) {
	ctx := context.Background()
	const writers, rounds = 8, 12
	var calls sync.WaitGroup
	for w := range writers {
		own := &source{r: rand.New(rand.NewPCG(b.r.Uint64(), 0))}
		brand := fmt.Sprintf("brand %d", w)
		calls.Go(func() {
			for i := range rounds {
				p := own.photo(index.Key{Brand: brand, ID: fmt.Sprint(i % 3)})
				p.Product = fmt.Sprintf("%s product %d", brand, i)
				stored, err := b.x.Put(ctx, p)
				if err != nil {
					b.Errorf("put: %v", err)
					return
				}
				now := stored[0].Photo
				if i%4 == 3 {
					if now, err = b.x.Update(ctx, now.Key, index.Metadata{Product: p.Product + "+"}, now.Revision); err != nil {
						b.Errorf("update: %v", err)
						return
					}
				}
				q := own.around(now, 0, 0)
				q.Filter = index.Filter{Brands: []string{brand}, Products: []string{now.Product}}
				r, err := b.x.Search(ctx, q)
				if err != nil || r.Total != 1 || r.Searched != 1 || r.Neighbors[0].Photo.Revision != now.Revision || r.Revision < now.Revision {
					b.Errorf("search right after a change of revision %d: %+v, %v", now.Revision, r, err)
					return
				}
				if got, err := b.x.Get(ctx, now.Key); err != nil || got.Revision != now.Revision {
					b.Errorf("get right after a change of revision %d: %d, %v", now.Revision, got.Revision, err)
				}
				if i%4 != 1 {
					continue
				}
				if err := b.x.Delete(ctx, now.Key); err != nil {
					b.Errorf("delete: %v", err)
				}
				q.Filter = index.Filter{}
				if r, err := b.x.Search(ctx, q); err != nil || r.Total != 0 {
					b.Errorf("search right after a delete: %d found, %v", r.Total, err)
				}
				if _, err := b.x.Get(ctx, now.Key); !errors.Is(err, index.ErrNotFound) {
					b.Errorf("get right after a delete: %v", err)
				}
			}
		})
	}
	calls.Wait()
}

// testAnswersDuringChanges holds answers against what can be told from each alone, while the photos in it change.
func testAnswersDuringChanges(b *bed) {
	ctx := context.Background()
	centre := b.region()
	steady := b.photo(index.Key{Brand: "steady", ID: "1"})
	steady.Fingerprint.Whole = b.nearby(centre, 40, 10)
	steady.Fingerprint.Content, steady.Fingerprint.Box = steady.Fingerprint.Whole, fingerprint.WholeBox()
	steady = b.put1(steady).Photo
	keys := make([]index.Key, 12)
	for i := range keys {
		keys[i] = b.key()
	}
	var writing, searching sync.WaitGroup
	var done atomic.Bool
	for range 4 {
		own := &source{r: rand.New(rand.NewPCG(b.r.Uint64(), 0))}
		writing.Go(func() {
			for range 25 {
				k := keys[own.r.IntN(len(keys))]
				var err error
				switch own.r.IntN(4) {
				case 0:
					err = b.x.Delete(ctx, k)
				case 1:
					_, err = b.x.Update(ctx, k, index.Metadata{Product: fmt.Sprint(own.r.IntN(4))}, 0)
				default:
					p := own.photo(k)
					p.Fingerprint.Whole = own.nearby(centre, own.r.IntN(60), own.r.IntN(20))
					p.Fingerprint.Content, p.Fingerprint.Box = p.Fingerprint.Whole, fingerprint.WholeBox()
					_, err = b.x.Put(ctx, p)
				}
				if err != nil && !errors.Is(err, index.ErrNotFound) {
					b.Errorf("change of %v: %v", k, err)
				}
			}
		})
	}
	for range 2 {
		own := &source{r: rand.New(rand.NewPCG(b.r.Uint64(), 0))}
		searching.Go(func() {
			revision := uint64(0)
			for !done.Load() {
				q := asking([]fingerprint.Region{centre}, 40, 10)
				q.Limit = 1 + own.r.IntN(14)
				r, err := b.x.Search(ctx, q)
				if err != nil {
					b.Errorf("search: %v", err)
					return
				}
				if r.Revision < revision {
					b.Errorf("an answer of revision %d follows one of %d", r.Revision, revision)
				}
				revision = r.Revision
				sound(b, q, r)
				q.Limit, q.Filter.Brands = 100, []string{steady.Brand}
				if r, err = b.x.Search(ctx, q); err != nil || r.Total != 1 || r.Searched != 1 {
					b.Errorf("the photo that does not change: %d found, %v", r.Total, err)
				}
			}
		})
	}
	writing.Wait()
	done.Store(true)
	searching.Wait()
}

// sound fails when an answer contradicts itself.
func sound(t failing, q index.Query, r index.Result) {
	t.Helper()
	photos := make([]index.Photo, len(r.Neighbors))
	seen := map[index.Key]bool{}
	for i, n := range r.Neighbors {
		photos[i] = n.Photo
		if seen[n.Photo.Key] {
			t.Errorf("%v is found twice", n.Photo.Key)
		}
		seen[n.Photo.Key] = true
		if n.Photo.Revision > r.Revision {
			t.Errorf("%v has revision %d in an answer of %d", n.Photo.Key, n.Photo.Revision, r.Revision)
		}
	}
	if r.Total < len(photos) || r.Searched < r.Total || (len(photos) < q.Limit && r.Total != len(photos)) {
		t.Errorf("%d neighbours, %d in total, %d searched, %d asked for", len(photos), r.Total, r.Searched, q.Limit)
	}
	same(t, "neighbours against a naive search among them", naive(photos, q).Neighbors, r.Neighbors)
}

func testOneSucceeds(b *bed) {
	ctx := context.Background()
	p := b.put1(b.photo(b.key())).Photo
	const callers, rounds = 8, 6
	for round := range rounds {
		var won atomic.Int64
		var calls sync.WaitGroup
		next := make([]index.Photo, callers)
		for c := range callers {
			calls.Go(func() {
				got, err := b.x.Update(ctx, p.Key, index.Metadata{Variant: fmt.Sprintf("%d of %d", c, round)}, p.Revision)
				switch {
				case err == nil:
					won.Add(1)
					next[c] = got
				case !errors.Is(err, index.ErrConflict):
					b.Errorf("update: %v", err)
				}
			})
		}
		calls.Wait()
		if won.Load() != 1 {
			b.Fatalf("%d of %d succeeded", won.Load(), callers)
		}
		for _, got := range next {
			if got.Revision != 0 {
				p = got
			}
		}
		same(b, "photo", p, b.get(p.Key))
	}
}

// testOneOrder has many change one photo in all ways at once; the highest acknowledged revision must be what stands.
func testOneOrder(b *bed) {
	ctx := context.Background()
	k := b.key()
	for range 6 {
		var mu sync.Mutex
		var last index.Photo
		saw := func(p index.Photo) {
			mu.Lock()
			defer mu.Unlock()
			if p.Revision > last.Revision {
				last = p
			}
		}
		var calls sync.WaitGroup
		for c := range 10 {
			fresh := b.photo(k)
			calls.Go(func() {
				if c%3 == 0 {
					if p, err := b.x.Update(ctx, k, fresh.Metadata, 0); err == nil {
						saw(p)
					} else if !errors.Is(err, index.ErrNotFound) {
						b.Errorf("update: %v", err)
					}
					return
				}
				stored, err := b.x.Put(ctx, fresh)
				if err != nil {
					b.Errorf("put: %v", err)
					return
				}
				saw(stored[0].Photo)
			})
		}
		calls.Wait()
		same(b, "the photo of the highest revision", last, b.get(k))
		r := b.search(b.around(last, 0, 0))
		want := index.Result{Neighbors: []index.Neighbor{{Photo: last}}, Total: 1, Searched: 1, Revision: r.Revision}
		same(b, "search for the photo of the highest revision", want, r)
	}
}
