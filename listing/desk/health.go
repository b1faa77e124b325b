package desk

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/listing/health"
)

// health is how photos are examined.
func (d *Desk) health() health.Config {
	return health.Config{Photos: d.photos, Matcher: d.matcher, Rule: d.book.Policy().Rules().Of}
}

// quarantine puts photos in quarantine that another brand has as well, together with those.
func (d *Desk) quarantine(ctx context.Context, photos ...index.Key) error {
	if brands, err := d.photos.Brands(ctx); err != nil || len(brands) < 2 {
		return err // who comes second is looked at, and finds the first
	}
	c := d.health()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, k := range photos {
		g.Go(func() error {
			others, err := health.Conflicts(ctx, c, k)
			switch {
			case gone(err):
				return nil
			case unfit(err):
				d.log.Warn("it can't be told whether another brand has a photo as well", "photo", k.String(), "error", err)
				return nil
			case err != nil:
				return fmt.Errorf("look whether another brand has photo %v: %w", k, err)
			}
			return d.conflict(ctx, k, others)
		})
	}
	return g.Wait()
}

// conflict puts a photo and the photos of other brands that equal it in quarantine, as far as nobody has settled otherwise.
func (d *Desk) conflict(ctx context.Context, k index.Key, others []index.Key) error {
	if len(others) == 0 {
		return nil
	}
	all := append([]index.Key{k}, others...)
	standings := make([]listing.Standing, len(all))
	for i, photo := range all {
		rest := slices.DeleteFunc(slices.Clone(all), func(o index.Key) bool { return o.Brand == photo.Brand })
		slices.SortFunc(rest, index.Key.Compare)
		standings[i] = listing.Standing{Photo: photo, State: listing.Quarantined, Note: "another brand has it as well", Others: rest}
	}
	return d.settle(ctx, standings...)
}

// settle sets standings, and decides anew about the listing images that match the photos whose standing is another one by that.
func (d *Desk) settle(ctx context.Context, standings ...listing.Standing) error {
	before := d.book.Revision()
	now, err := d.book.SetStandings(ctx, standings...)
	if err != nil {
		return err
	}
	g, each := errgroup.WithContext(ctx)
	g.SetLimit(revised)
	for i := range now {
		if now[i].Revision <= before {
			continue // it was so already
		}
		for _, shown := range d.book.Hitting(now[i].Photo) {
			g.Go(func() error {
				l, err := d.book.Shown(each, shown)
				if err == nil {
					_, err = d.book.Revise(each, l.Key, func(*listing.Listing) {})
				}
				if gone(err) {
					return nil
				}
				return err
			})
		}
	}
	return g.Wait()
}

// Examine examines a brand's photos, puts those in quarantine that another brand has as well and mutes those that flood,
// unless dry. progress is told how many of how many photos are done. Errors: index.ErrUnknownBrand, those of package health,
// the context's.
func (d *Desk) Examine(ctx context.Context, brand string, dry bool, progress func(done, total int) error) (health.Examination, error) {
	c := d.health()
	c.Hits = func(ctx context.Context, brand string) (map[string]health.Hits, error) {
		counts, err := d.book.HitCounts(ctx, brand)
		hits := make(map[string]health.Hits, len(counts))
		for id, n := range counts {
			hits[id] = health.Hits(n)
		}
		return hits, err
	}
	if !dry {
		c.Conflict = d.conflict
		c.Flood = func(ctx context.Context, f health.Flood) error {
			return d.settle(ctx, listing.Standing{
				Photo: f.Photo, State: listing.Muted, Note: fmt.Sprintf("it matches %d listing images of %d sellers", f.Listings, f.Sellers),
			})
		}
	}
	// Whoever can't be told any more does not want it done.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e, err := health.Examine(ctx, c, brand, func(done, total int) {
		if err := progress(done, total); err != nil {
			cancel(err)
		}
	})
	if cause := context.Cause(ctx); err != nil && cause != nil && errors.Is(err, context.Canceled) {
		err = cause
	}
	return e, err
}
