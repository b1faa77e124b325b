package book

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/listing"
	"touchstone/match"
	"touchstone/store"
)

// Seen is what a check has learned of a listing image.
type Seen struct {
	listing.Facts
	Original    index.Original
	Fingerprint fingerprint.Fingerprint // zero: too plain to have one
	Features    *feature.Set            // nil: it has none
	Status      match.Status
	Hits        []listing.Hit // by score, highest first
	Catalog     uint64        // revision of the catalogue that was matched against
}

// Remember keeps a listing image, decides about it, and returns it as it stands then. Where it is there already, facts and
// hits are replaced; if all of it is as it was, decision included, nothing is written. Errors: listing.ErrInvalid,
// index.ErrFull, index.ErrReadOnly.
func (b *Book) Remember(ctx context.Context, s Seen) (listing.Listing, error) {
	if err := s.Facts.Validate(true); err != nil {
		return listing.Listing{}, err
	}
	var blob []byte
	if s.Features != nil {
		var err error
		if blob, err = s.Features.MarshalBinary(); err != nil {
			return listing.Listing{}, err
		}
	}
	return b.change(ctx, s.Key, kindChecked, func(old *remembered) (remembered, []byte, error) {
		l := remembered{Listing: listing.Listing{
			Facts: s.Facts, Original: s.Original, Fingerprint: s.Fingerprint,
			Status: s.Status, Hits: s.Hits, Decision: listing.Decision{Catalog: s.Catalog},
		}}
		if old != nil && old.Original == l.Original && old.Fingerprint == l.Fingerprint && (old.Features != 0) == (blob != nil) {
			l.shown, l.Features = old.shown, old.Features // the same image: its features are there
			return l, nil, nil
		}
		return l, blob, nil
	})
}

// Revise changes what is found in a listing image, decides anew, and returns it as it stands then; revised is told what is
// remembered, and changes Status, Hits and Decision.Catalog alone. Where nothing changes by that, nothing is written.
// Errors: ErrNotFound; as Remember.
func (b *Book) Revise(ctx context.Context, k listing.Key, revised func(*listing.Listing)) (listing.Listing, error) {
	return b.change(ctx, k, kindRevised, func(old *remembered) (remembered, []byte, error) {
		if old == nil {
			return remembered{}, nil, ErrNotFound
		}
		l := *old
		l.Hits = slices.Clone(l.Hits)
		revised(&l.Listing)
		return l, nil, nil
	})
}

// change replaces what is remembered of a listing image, old (nil: nothing), by what becomes of it. shown of 0 is a new
// fingerprint, with a blob of features where it has some.
func (b *Book) change(ctx context.Context, k listing.Key, kind byte, become func(old *remembered) (remembered, []byte, error)) (listing.Listing, error) {
	var l remembered
	var was *remembered
	_, err := b.commit(ctx, func(v *store.View) ([]store.Change, error) {
		was = nil
		old, err := rememberedIn(v, k)
		switch {
		case err == nil:
			was = &old
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
		var blob []byte
		if l, blob, err = become(was); err != nil {
			return nil, err
		}
		l.Decision = b.decide(&l.Listing)
		l.Revision, l.Added, l.Updated = v.Next(), v.Time(), v.Time()
		if was != nil {
			l.Added = was.Added
			if l.shown != 0 && same(&l.Listing, &was.Listing) {
				l = *was
				return nil, nil
			}
		}
		if l.shown == 0 {
			if l.shown = v.Next(); blob != nil {
				l.Features = v.Next()
			}
		}
		value := encode(&l)
		if _, err := decode(value); err != nil { // one that can't be read would keep the book from being opened
			return nil, fmt.Errorf("%w: what is to be remembered of a listing image: %w", listing.ErrInvalid, err)
		}
		return []store.Change{{Kind: kind, Room: roomListings, Key: keyOf(k), Value: value, Blob: blob}}, nil
	}, func(store.Span) {
		m := &b.memory
		if was == nil {
			m.count++
			m.hit(0, nil, l.shown, l.Hits)
		} else {
			m.hit(was.shown, was.Hits, l.shown, l.Hits)
			if was.shown == l.shown {
				return
			}
			m.remove(was.shown)
		}
		m.add(l.shown, &l.Fingerprint)
	})
	return l.Listing, err
}

// decide decides about a listing image by the policy of now, but for changes that nobody was told of yet. It runs in the writer.
func (b *Book) decide(l *listing.Listing) listing.Decision {
	return b.policy.last.Load().Decide(l.Facts, l.Status, l.Hits, l.Decision.Catalog)
}

// same tells whether two states of a listing image differ in nothing but when they were reached.
func same(a, b *listing.Listing) bool {
	return a.Seller == b.Seller && a.Region == b.Region && a.URL == b.URL && a.Price == b.Price && a.Seen.Equal(b.Seen) &&
		a.Status == b.Status && slices.EqualFunc(a.Hits, b.Hits, sameHit) && SameDecision(&a.Decision, &b.Decision)
}

func sameHit(a, b listing.Hit) bool {
	edits := slices.Equal(a.Edits, b.Edits)
	a.Edits, b.Edits = nil, nil
	// How much chance does changes with each photo that is added, and with each survey: on its own it is no news.
	a.ExpectedFalse, b.ExpectedFalse = 0, 0
	return edits && equalHit(&a, &b)
}

func equalHit(a, b *listing.Hit) bool {
	return a.Photo == b.Photo && a.Product == b.Product && a.Variant == b.Variant && a.ListPrice == b.ListPrice &&
		a.Revision == b.Revision && a.Verdict == b.Verdict && a.Score == b.Score && a.Box == b.Box && a.Distance == b.Distance
}

// SameDecision tells whether two decisions say the same, by whatever revisions.
func SameDecision(a, b *listing.Decision) bool {
	return a.Outcome == b.Outcome && slices.Equal(a.Reasons, b.Reasons) && a.Photo == b.Photo && a.Grant == b.Grant &&
		a.PriceRatio == b.PriceRatio
}

func rememberedIn(v *store.View, k listing.Key) (remembered, error) {
	r, err := v.Get(roomListings, keyOf(k))
	if err != nil {
		return remembered{}, err
	}
	return recordOf(r)
}

// recordOf reads a record of the room of listings.
func recordOf(r store.Record) (remembered, error) {
	k, err := parseKey(r.Key)
	if err != nil {
		return remembered{}, err
	}
	l, err := decode(r.Value)
	if err != nil {
		return remembered{}, fmt.Errorf("listing image %q: %w", r.Key, err)
	}
	l.Key, l.Revision, l.Updated = k, r.Revision, r.Time
	return l, nil
}

// Get returns what is remembered of a listing image. Errors: ErrNotFound.
func (b *Book) Get(_ context.Context, k listing.Key) (listing.Listing, error) {
	l, err := b.get(k)
	return l.Listing, err
}

func (b *Book) get(k listing.Key) (remembered, error) {
	r, err := b.store.Get(roomListings, keyOf(k))
	if err != nil {
		return remembered{}, translate(err)
	}
	return recordOf(r)
}

// At returns what was remembered of a listing image at a revision, with the decision of then. Errors: ErrNotFound (nothing
// was, or it has been deleted since), ErrRevision.
func (b *Book) At(_ context.Context, k listing.Key, revision uint64) (listing.Listing, error) {
	r, err := b.store.At(roomListings, keyOf(k), revision)
	if err != nil {
		return listing.Listing{}, translate(err)
	}
	l, err := recordOf(r)
	return l.Listing, err
}

// Shown returns the listing image whose fingerprint a revision set. Errors: ErrNotFound (it is no longer remembered, or has
// another fingerprint since).
func (b *Book) Shown(_ context.Context, revision uint64) (listing.Listing, error) {
	e, err := b.store.Event(revision)
	if err != nil {
		return listing.Listing{}, translate(err)
	}
	if e.Erased || e.Room != roomListings {
		return listing.Listing{}, ErrNotFound
	}
	k, err := parseKey(e.Key)
	if err != nil {
		return listing.Listing{}, err
	}
	l, err := b.get(k)
	if err == nil && l.shown != revision {
		err = ErrNotFound
	}
	return l.Listing, err
}

// Features returns the features of a listing image, nil where it has none. Errors: ErrNotFound (it was deleted since).
func (b *Book) Features(_ context.Context, l *listing.Listing) (*feature.Set, error) {
	if l.Features == 0 {
		return nil, nil
	}
	blob, err := b.store.Blob(l.Features)
	if err != nil {
		return nil, translate(err)
	}
	s := new(feature.Set)
	if err := s.UnmarshalBinary(blob); err != nil {
		return nil, fmt.Errorf("%w: features of a listing image: %w", index.ErrCorrupt, err)
	}
	return s, nil
}

// Change is what a revision did to a listing image.
type Change struct {
	Listing listing.Listing // as the revision left it
	Gained  []listing.Hit   // photos that did not match it before
}

// Changes returns what happened to listing images after a revision, in order, of limit revisions at most, and the revision up
// to which that is. What has been deleted since is left out. Errors: the context's.
func (b *Book) Changes(ctx context.Context, after uint64, limit int) (changes []Change, until uint64, err error) {
	events, err := b.store.Log(ctx, after, limit)
	if err != nil {
		return nil, after, translate(err)
	}
	until = after
	for i := range events {
		e := &events[i]
		until = e.Revision
		if e.Erased || e.Room != roomListings || e.Value == nil {
			continue
		}
		l, err := recordOf(e.Record)
		if err != nil {
			return nil, after, err
		}
		c := Change{Listing: l.Listing}
		var had []listing.Hit
		if e.Revision > 1 {
			switch before, err := b.At(ctx, l.Key, e.Revision-1); {
			case err == nil:
				had = before.Hits
			case !errors.Is(err, ErrNotFound):
				return nil, after, err
			}
		}
		c.Gained = Gained(had, l.Hits)
		changes = append(changes, c)
	}
	return changes, until, nil
}

// Gained are the hits with photos that were not hit before.
func Gained(before, now []listing.Hit) (gained []listing.Hit) {
	for i := range now {
		if !slices.ContainsFunc(before, func(h listing.Hit) bool { return h.Photo == now[i].Photo }) {
			gained = append(gained, now[i])
		}
	}
	return gained
}
