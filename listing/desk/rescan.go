package desk

import (
	"context"
	"errors"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/listing/book"
	"touchstone/match"
)

// Changed is a decision that has changed, or would.
type Changed struct {
	Listing listing.Listing // as it is now; of what would change, with the decision that it would have
	Before  listing.Decision
	Gained  []listing.Hit // photos that did not match before
	Lost    []index.Key   // photos that match no more
}

// changed tells what has changed from one state of a listing image to another; not ok: nothing that matters.
func changed(before, now *listing.Listing) (c Changed, ok bool) {
	c = Changed{Listing: *now, Before: before.Decision, Gained: book.Gained(before.Hits, now.Hits)}
	for _, h := range book.Gained(now.Hits, before.Hits) {
		c.Lost = append(c.Lost, h.Photo)
	}
	return c, len(c.Gained) > 0 || len(c.Lost) > 0 || !book.SameDecision(&before.Decision, &now.Decision)
}

// Place is how far a Rescan has come: what came before it was done. The zero Place is the start.
type Place struct {
	Since uint64      // revision at which the first call began: changes are those since then
	After listing.Key // the last listing image that was gone through
}

// Step is what a Rescan tells of one listing image.
type Step struct {
	Place  Place // to go on after it
	meant  bool
	Change *Changed
	Err    error // the listing image could not be matched
}

// pageSize is how many listing images are gone through at a time.
const pageSize = 64

// Rescan matches remembered listing images against the catalogue as it is now, and decides anew, in order of their names, and
// tells yield of each. Hits with photos that have not changed stay as they were found. dry leaves everything as it is. An error
// of yield ends it and is returned. Where it is broken off it goes on from a Place, and tells of all changes since the Rescan
// began that were not told of by then, those included that it had made already. Errors: the context's, the store's; index.ErrRecipe.
func (d *Desk) Rescan(ctx context.Context, f book.Filter, from Place, dry bool, yield func(Step) error) error {
	if from.Since == 0 {
		from.Since = d.book.Revision()
	}
	// Whether a listing image is meant goes by what it was before the Rescan as well: some of what was found and could not be told
	// of any more has changed the decision that it is meant by.
	named := book.Filter{Marketplace: f.Marketplace, Listing: f.Listing, Image: f.Image}
	for {
		page, next, err := d.book.List(ctx, named, from.After, pageSize)
		if err != nil {
			return err
		}
		steps := make([]Step, len(page))
		g, pageCtx := errgroup.WithContext(ctx)
		g.SetLimit(2 * runtime.GOMAXPROCS(0))
		for i := range page {
			g.Go(func() (err error) {
				steps[i], err = d.again(pageCtx, &f, &page[i], from.Since, dry)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for i := range steps {
			if !steps[i].meant {
				continue
			}
			if err := yield(steps[i]); err != nil {
				return err
			}
		}
		if next == nil {
			return nil
		}
		from.After = *next
	}
}

// again matches one listing image again, where it passes a filter, or did.
func (d *Desk) again(ctx context.Context, f *book.Filter, l *listing.Listing, since uint64, dry bool) (Step, error) {
	step := Step{Place: Place{since, l.Key}}
	before := *l
	if l.Revision > since {
		// It has changed since the Rescan began, and maybe by it.
		switch then, err := d.book.At(ctx, l.Key, since); {
		case err == nil:
			before = then
		case !gone(err):
			return step, err
		}
	}
	if step.meant = f.Passes(l) || f.Passes(&before); !step.meant {
		return step, nil
	}
	now := *l
	s, ok, err := d.subjectOf(ctx, l)
	if gone(err) {
		return step, nil
	}
	if err != nil {
		return step, err
	}
	if ok {
		r, err := d.matcher.Match(ctx, match.Batch, s, match.Options{
			MaxFalsePerMillion: listing.MostFalse, Limit: max(match.DefaultLimit, len(l.Hits)),
		})
		if err != nil {
			if ctx.Err() != nil {
				return step, err
			}
			step.Err = err
			return step, nil
		}
		now.Status, now.Decision.Catalog = r.Status, max(l.Decision.Catalog, r.Revision)
		if now.Hits, err = d.keep(ctx, l.Hits, hitsOf(&r)); err != nil {
			return step, err
		}
		if len(now.Hits) > 0 {
			now.Status = match.Found
		}
	}
	if dry {
		now.Decision = d.book.Policy().Decide(now.Facts, now.Status, now.Hits, now.Decision.Catalog)
	} else {
		found := now
		now, err = d.book.Revise(ctx, l.Key, func(r *listing.Listing) {
			if !samePicture(r, l) {
				return // it was checked again with another image, which was matched then
			}
			// Photos that came after this match were held against the listing image by others.
			later := slices.DeleteFunc(r.Hits, func(h listing.Hit) bool { return h.Revision <= found.Decision.Catalog })
			r.Status, r.Hits = found.Status, slices.Clone(found.Hits)
			if len(later) > 0 {
				r.Hits = slices.DeleteFunc(r.Hits, func(h listing.Hit) bool { return hitWith(later, h.Photo) != nil })
				r.Status, r.Hits = match.Found, append(r.Hits, later...)
				byScore(r.Hits)
				r.Hits = r.Hits[:min(len(r.Hits), match.MaxLimit)]
			}
			r.Decision.Catalog = max(r.Decision.Catalog, found.Decision.Catalog)
		})
		if err == nil && ok && found.Status != match.TooPlain {
			// What was replaced after this match may have been taken away before it was put back here.
			now, err = d.overtaken(ctx, match.Batch, &now, found.Decision.Catalog)
		}
		if gone(err) {
			return step, nil
		}
		if err != nil {
			return step, err
		}
	}
	if c, ok := changed(&before, &now); ok {
		step.Change = &c
	}
	return step, nil
}

// keep puts the hits with photos that are what they were in the place of what was found of these now: whoever found them had the
// pixels, of which only features are left.
func (d *Desk) keep(ctx context.Context, before, found []listing.Hit) ([]listing.Hit, error) {
	hits := slices.Clone(found)
	for _, h := range before {
		p, err := d.photos.Get(ctx, h.Photo)
		if gone(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if p.Revision != h.Revision {
			then, err := d.photos.At(ctx, h.Photo, h.Revision)
			if err != nil && !gone(err) && !errors.Is(err, index.ErrQuery) {
				return nil, err
			}
			if err != nil || then.Original != p.Original {
				continue // another picture, or another catalogue
			}
		}
		h.Product, h.Variant, h.ListPrice, h.Revision = p.Product, p.Variant, p.ListPrice, p.Revision
		if known := hitWith(hits, h.Photo); known != nil {
			*known = h
		} else {
			hits = append(hits, h)
		}
	}
	byScore(hits)
	return hits[:min(len(hits), max(match.DefaultLimit, len(before)))], nil
}

// Replay tells what decisions about remembered listing images would be by other rules, with the matches, grants and standings
// that there are: yield is told how many were gone through since it was last called, and of each outcome that would flip. It
// changes nothing. Errors: the context's, the store's, yield's.
func (d *Desk) Replay(ctx context.Context, f book.Filter, rules listing.Rules, yield func(done int, flip *Changed) error) error {
	present := d.book.Policy()
	tried := present.With(rules) // and the same grants and standings, whatever changes meanwhile
	var after listing.Key
	for {
		page, next, err := d.book.List(ctx, f, after, 1000)
		if err != nil {
			return err
		}
		done := 0
		for i := range page {
			l := &page[i]
			done++
			before := present.Decide(l.Facts, l.Status, l.Hits, l.Decision.Catalog)
			would := tried.Decide(l.Facts, l.Status, l.Hits, l.Decision.Catalog)
			if before.Outcome == would.Outcome {
				continue
			}
			l.Decision = would
			if err := yield(done, &Changed{Listing: *l, Before: before}); err != nil {
				return err
			}
			done = 0
		}
		if err := yield(done, nil); err != nil || next == nil {
			return err
		}
		after = *next
	}
}

// watched is how many revisions are looked at before a watcher is told how far that was.
const watched = 1000

// Watch tells of each new match of a listing image with a photo after a revision, of one of some brands (none: of any), and goes
// on until ctx ends or yield fails, whose error it returns. Where there was nothing for a while yield is told the revision up to
// which that is, without a change.
func (d *Desk) Watch(ctx context.Context, after uint64, brands []string, yield func(until uint64, c *book.Change) error) error {
	wanted := map[string]bool{}
	for _, b := range brands {
		wanted[b] = true
	}
	for {
		if _, err := d.book.Await(ctx, after); err != nil {
			return err
		}
		changes, until, err := d.book.Changes(ctx, after, watched)
		if err != nil {
			return err
		}
		told := after
		for i := range changes {
			c := &changes[i]
			var gained []listing.Hit
			for _, h := range c.Gained {
				if len(wanted) == 0 || wanted[h.Photo.Brand] {
					gained = append(gained, h)
				}
			}
			if c.Gained = gained; len(gained) == 0 {
				continue
			}
			if err := yield(c.Listing.Revision, c); err != nil {
				return err
			}
			told = c.Listing.Revision
		}
		if after = until; told < until {
			if err := yield(until, nil); err != nil {
				return err
			}
		}
	}
}
