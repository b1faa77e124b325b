// Package health examines the photos of a brand: which can hardly be told by their hashes, which equal each other or
// those of another brand, which match far more listings than others, and how many false matches are to be expected. It
// changes nothing: what follows from what it finds is its caller's.
//
// It promises that it looks at every photo that is there all the while, that it works in the lane of batches, and that what
// it keeps grows with what it finds and not with the brand. Photos that change meanwhile show as they were or as they are.
//
// The caveat that bites: whether two photos are equal is told from what is kept of them, hashes, features and a thumbnail of
// 64 pixels, and not from the pictures. Of photos without features only those are told whose hashes hardly differ.
package health

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/match"
)

// Listed is how many photos, or groups of them, a list of an Examination has at most; GroupListed is the same for one
// group.
const (
	Listed      = 1000
	GroupListed = 20
)

// Config is what an examination looks at, and who is told. Photos, Matcher and Rule are required.
type Config struct {
	Photos  index.Searcher
	Matcher *match.Matcher                  // on Photos
	Rule    func(brand string) listing.Rule // by which the brand's matches are judged

	// Hits returns what the photos of a brand match among the listings that are remembered, by photo ID; those without a
	// match may be missing. Nil: nothing is known, and no photo floods.
	Hits func(ctx context.Context, brand string) (map[string]Hits, error)

	// Conflict and Flood are told of each photo that is found so, beyond those that are listed as well, one at a time and in
	// the order of keys. Their errors end the examination. Nil: nobody is told.
	Conflict func(ctx context.Context, photo index.Key, others []index.Key) error
	Flood    func(ctx context.Context, f Flood) error
}

// Examination is what was found among a brand's photos. Counts are of all; lists have the first by key.
type Examination struct {
	Brand    string
	Photos   int    // examined
	Revision uint64 // of the catalogue; later changes may show

	Plain           int // too little structure to be told by hashes: found by features, if at all
	PlainPhotos     []index.Key
	SplitTone       int // two flat tones: hashes say where one ends, and little more
	SplitTonePhotos []index.Key
	Duplicates      int           // groups of photos that are the same picture, or nearly
	DuplicateGroups [][]index.Key // the first photo equals each of the others; a photo may be in two of them
	Conflicts       int           // photos that another brand has as well
	ConflictGroups  [][]index.Key // the brand's photo first, then those of others
	Floods          int           // photos that match far more listings than others of the brand
	FloodPhotos     []Flood       // the most listings first

	ExpectedFalse float64 // matches of a million unrelated subjects among the catalogue's photos, at the brand's rule
	AllowedFalse  float64 // by the rule
	Likelihood    float64 // see match.Matcher; 0: not surveyed
}

// page is how many photos are examined before progress is told.
const page = 64

// Examine looks at all photos of a brand, several at a time, in the lane of batches. progress, which may be nil, is told
// from time to time how many of how many photos are done; photos may come and go, so the last may differ. Errors:
// index.ErrUnknownBrand, the index's, those of Config's functions, the context's.
func Examine(ctx context.Context, c Config, brand string, progress func(done, total int)) (Examination, error) {
	e := Examination{Brand: brand}
	total, catalogue, err := c.count(ctx, brand)
	if err != nil {
		return e, err
	}
	if total == 0 {
		return e, fmt.Errorf("%w: %q", index.ErrUnknownBrand, brand)
	}
	if e.Revision, err = c.Photos.Await(ctx, 0); err != nil { // at once: there are photos
		return e, err
	}
	if progress == nil {
		progress = func(int, int) {}
	}
	groups := newGroups(brand)
	for after, more := (index.Key{}), true; more; {
		progress(e.Photos, max(total, e.Photos))
		photos, err := c.Photos.List(ctx, index.Filter{Brands: []string{brand}}, after, page)
		if errors.Is(err, index.ErrUnknownBrand) && e.Photos > 0 {
			break // the last ones were deleted meanwhile
		}
		if err != nil {
			return e, err
		}
		if more = len(photos) == page; len(photos) > 0 {
			after = photos[len(photos)-1].Key
		}
		found, err := c.look(ctx, photos)
		if err != nil {
			return e, err
		}
		for i := range photos {
			if err := e.take(ctx, &c, photos[i].Key, &found[i], groups); err != nil {
				return e, err
			}
		}
	}
	e.Duplicates, e.DuplicateGroups = groups.count, groups.listed
	if err := e.flooded(ctx, &c); err != nil {
		return e, err
	}
	likelihood, surveyed := c.Matcher.Likelihood(brand)
	e.AllowedFalse = c.Rule(brand).Infringing
	e.ExpectedFalse = match.FalseMatches(e.AllowedFalse, catalogue, likelihood)
	if surveyed {
		e.Likelihood = likelihood
	}
	progress(e.Photos, e.Photos)
	return e, ctx.Err()
}

// count tells how many photos the brand has, and all brands have.
func (c *Config) count(ctx context.Context, brand string) (own, all int, err error) {
	brands, err := c.Photos.Brands(ctx)
	for _, b := range brands {
		if all += b.Photos; b.Brand == brand {
			own = b.Photos
		}
	}
	return own, all, err
}

// found is what was found of a photo.
type found struct {
	plain, splitTone bool
	equal            relatives
}

// look examines photos, several at a time.
func (c *Config) look(ctx context.Context, photos []index.Photo) ([]found, error) {
	all := make([]found, len(photos))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range photos {
		g.Go(func() (err error) {
			s := c.sight(&photos[i])
			all[i].plain = s.plain()
			if all[i].splitTone, err = s.splitTone(ctx); err != nil {
				return err
			}
			all[i].equal, err = s.relatives(ctx, duplicates|conflicts)
			return err
		})
	}
	return all, g.Wait()
}

// take adds what was found of a photo. Photos are taken in the order of their keys.
func (e *Examination) take(ctx context.Context, c *Config, k index.Key, f *found, groups *groups) error {
	e.Photos++
	if f.plain {
		if e.Plain++; e.Plain <= Listed {
			e.PlainPhotos = append(e.PlainPhotos, k)
		}
	}
	if f.splitTone {
		if e.SplitTone++; e.SplitTone <= Listed {
			e.SplitTonePhotos = append(e.SplitTonePhotos, k)
		}
	}
	groups.add(k.ID, f.equal.own)
	if len(f.equal.others) == 0 {
		return nil
	}
	if e.Conflicts++; e.Conflicts <= Listed {
		e.ConflictGroups = append(e.ConflictGroups, append([]index.Key{k}, f.equal.others...))
	}
	if c.Conflict == nil {
		return nil
	}
	return c.Conflict(ctx, k, f.equal.others)
}

// Conflicts returns the photos of other brands that equal a photo, by key, GroupListed-1 at most. Errors:
// index.ErrNotFound, the index's, the context's.
func Conflicts(ctx context.Context, c Config, k index.Key) ([]index.Key, error) {
	p, err := c.Photos.Get(ctx, k)
	if err != nil {
		return nil, err
	}
	r, err := c.sight(&p).relatives(ctx, conflicts)
	return r.others, err
}
