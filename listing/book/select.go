package book

import (
	"bytes"
	"context"
	"encoding/binary"
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
	Aged                 time.Time // seen before, or not changed since, for those who say to have been seen in the future; zero: no bound
}

// Passes tells whether a listing image of the marketplace and listing is meant.
func (f *Filter) Passes(l *listing.Listing) bool {
	return (f.Image == "" || l.Image == f.Image) && (f.Seller == "" || l.Seller == f.Seller) &&
		(f.Brand == "" || l.Decision.Photo.Brand == f.Brand) &&
		(len(f.Outcomes) == 0 || slices.Contains(f.Outcomes, l.Decision.Outcome)) &&
		(f.From.IsZero() || !l.Seen.Before(f.From)) && (f.Before.IsZero() || l.Seen.Before(f.Before)) &&
		(f.Aged.IsZero() || l.Seen.Before(f.Aged) || l.Updated.Before(f.Aged))
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
			if f.Passes(&l.Listing) {
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
// file as well, as does what an Erase that was broken off has left there. It returns how many there were. Errors: the context's,
// with some of them erased; index.ErrReadOnly.
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
		n, err := b.erase(ctx, &f, keys)
		if erased += n; err != nil {
			return erased, err
		}
		if next == nil {
			break
		}
		after = *next
	}
	return erased, b.Wipe(ctx)
}

// erase forgets listing images by name; names of what is not there, or does not pass the filter any more, are passed over.
func (b *Book) erase(ctx context.Context, f *Filter, keys []listing.Key) (int, error) {
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
			if !f.Passes(&l.Listing) {
				continue // it was checked again since
			}
			shown, hits = append(shown, l.shown), append(hits, l.Hits)
			changes = append(changes, store.Change{Kind: kindErased, Room: roomListings, Key: keyOf(k), Erase: true})
		}
		if len(changes) > 0 { // known to who comes after a crash
			changes = append(changes, store.Change{Kind: kindPut, Room: roomProgress, Key: keyUnwiped, Value: binary.AppendUvarint(nil, v.Next())})
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

// Wipe overwrites what erased listing images have left in the file, unless that was done since the last of them was erased.
// Errors: the context's, index.ErrReadOnly.
func (b *Book) Wipe(ctx context.Context) error {
	select {
	case b.wiping <- struct{}{}:
		defer func() { <-b.wiping }()
	case <-ctx.Done():
		return ctx.Err()
	}
	left, err := b.store.Get(roomProgress, keyUnwiped)
	if errors.Is(err, store.ErrNotFound) {
		return nil // by another one, maybe, that was waited for
	}
	if err != nil {
		return translate(err)
	}
	if err := b.store.Wipe(ctx); err != nil {
		return translate(err)
	}
	_, err = b.commit(ctx, func(v *store.View) ([]store.Change, error) {
		switch now, err := v.Get(roomProgress, keyUnwiped); {
		case err != nil:
			return nil, err
		case now.Revision != left.Revision:
			return nil, nil // more was erased meanwhile, by one that waits for its turn
		}
		return []store.Change{{Kind: kindTaken, Room: roomProgress, Key: keyUnwiped}}, nil
	}, func(store.Span) {})
	return err
}

// photoKey names a photo in the store.
func photoKey(k index.Key) []byte { return pairKey(k.Brand, k.ID) }
