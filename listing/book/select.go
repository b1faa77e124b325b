package book

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/store"
)

// Filter says which listing images are meant. The zero Filter is all of them.
type Filter struct {
	Marketplace, Listing string // Listing only with Marketplace
	Image                string // only with Listing
	Seller               string
	Brand                string // of the deciding photo
	Outcomes             []listing.Outcome
	From, Before         time.Time // seen from, and before; zero: no bound
}

func (f *Filter) passes(l *listing.Listing) bool {
	return (f.Image == "" || l.Image == f.Image) && (f.Seller == "" || l.Seller == f.Seller) &&
		(f.Brand == "" || l.Decision.Photo.Brand == f.Brand) &&
		(len(f.Outcomes) == 0 || slices.Contains(f.Outcomes, l.Decision.Outcome)) &&
		(f.From.IsZero() || !l.Seen.Before(f.From)) && (f.Before.IsZero() || l.Seen.Before(f.Before))
}

func (f *Filter) prefix() []byte {
	switch {
	case f.Marketplace == "":
		return nil
	case f.Listing == "":
		return append([]byte(f.Marketplace), 0)
	}
	return append(append(append([]byte(f.Marketplace), 0), f.Listing...), 0)
}

// examined bounds how many records a List goes through.
const examined = 10_000

// List returns listing images that pass a filter, with keys after the given one (the zero Key: from the start), in order of
// their keys: limit at most, and the key to go on after, nil where there are no more. A page may hold fewer than limit, or
// none, and not be the last. Errors: the context's.
func (b *Book) List(ctx context.Context, f Filter, after listing.Key, limit int) (page []listing.Listing, next *listing.Key, err error) {
	r := store.Range{Prefix: f.prefix()}
	if after != (listing.Key{}) {
		r.After = keyOf(after)
	}
	for read := 0; read < examined; {
		records, more, err := b.store.Scan(ctx, roomListings, r, min(limit, 1000))
		if err != nil {
			return nil, nil, translate(err)
		}
		for i := range records {
			l, err := recordOf(records[i])
			if err != nil {
				return nil, nil, err
			}
			if f.passes(&l.Listing) {
				page = append(page, l.Listing)
			}
			if len(page) == limit && (more || i < len(records)-1) {
				return page, &l.Key, nil
			}
			if read++; i == len(records)-1 {
				next, r.After = &l.Key, bytes.Clone(records[i].Key)
			}
		}
		if !more {
			return page, nil, nil
		}
	}
	return page, next, nil
}

// eraseBatch is how many listing images are erased by one commit.
const eraseBatch = 500

// Erase forgets the listing images that pass a filter: they leave the state and the past, and once it returns the bytes of the
// file as well. It returns how many there were. Errors: the context's, with some of them erased; index.ErrReadOnly.
func (b *Book) Erase(ctx context.Context, f Filter) (erased int, err error) {
	var after listing.Key
	for {
		page, next, err := b.List(ctx, f, after, eraseBatch)
		if err != nil {
			return erased, err
		}
		var keys []listing.Key
		for i := range page {
			keys = append(keys, page[i].Key)
		}
		n, err := b.erase(ctx, keys)
		if erased += n; err != nil {
			return erased, err
		}
		if next == nil {
			break
		}
		after = *next
	}
	if erased == 0 {
		return 0, nil
	}
	return erased, b.wipe(ctx)
}

// erase forgets listing images by name; names of what is not there are passed over.
func (b *Book) erase(ctx context.Context, keys []listing.Key) (int, error) {
	if len(keys) == 0 {
		return 0, nil
	}
	var shown []uint64
	var hits [][]listing.Hit
	_, err := b.commit(ctx, func(v *store.View) (changes []store.Change, err error) {
		shown, hits = shown[:0], hits[:0]
		for _, k := range keys {
			l, err := rememberedIn(v, k)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			shown, hits = append(shown, l.shown), append(hits, l.Hits)
			changes = append(changes, store.Change{Kind: kindErased, Room: roomListings, Key: keyOf(k), Erase: true})
		}
		return changes, nil
	}, func(store.Span) {
		b.memory.remove(shown...)
		b.memory.count -= len(shown)
		for i := range shown {
			b.memory.hit(shown[i], hits[i], 0, nil)
		}
	})
	if err != nil {
		return 0, err
	}
	return len(shown), nil
}

// wipe overwrites what erased listing images have left in the file.
func (b *Book) wipe(ctx context.Context) error {
	b.wiping.Lock()
	defer b.wiping.Unlock()
	return translate(b.store.Wipe(ctx))
}

// photoKey names a photo in the store.
func photoKey(k index.Key) []byte { return pairKey(k.Brand, k.ID) }
