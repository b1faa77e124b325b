package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/match"
)

const (
	followed   = 256              // photos that are worked through at a time
	revised    = 256              // listing images that are decided upon at a time, so that they share commits
	followWait = 10 * time.Second // before trouble is tried again
)

// Follow works through photos as they are added or replaced, until ctx ends: listing images of the past that were made from
// them are decided upon anew, and photos that another brand has as well are put in quarantine. It goes on where it stopped, and
// tells the log of trouble, with which it tries again. Only one Follow may run at a time.
func (d *Desk) Follow(ctx context.Context) {
	for ctx.Err() == nil {
		err := d.follow(ctx)
		if ctx.Err() != nil || errors.Is(err, index.ErrClosed) {
			return
		}
		d.log.Error("photos could not be held against the listing images of the past; it is tried again", "error", err)
		select {
		case <-time.After(followWait):
		case <-ctx.Done():
		}
	}
}

// follow is Follow until trouble comes.
func (d *Desk) follow(ctx context.Context) error {
	done := d.book.Progress()
	for {
		last, err := d.photos.Await(ctx, done)
		if err != nil {
			return err
		}
		for done < last {
			if done, err = d.step(ctx, done); err != nil {
				return err
			}
		}
	}
}

// step works through the next photos that changed, and returns the revision up to which that was.
func (d *Desk) step(ctx context.Context, done uint64) (uint64, error) {
	changes, until, err := d.photos.Changes(ctx, done, followed)
	if err != nil {
		return done, err
	}
	// From here on checks see to these photos themselves, where they have matched against an earlier catalogue: what they
	// remember from here on is not looked at below, what they have remembered before is.
	d.following.Store(until)
	photos, err := d.present(ctx, changes)
	if err != nil {
		return done, err
	}
	if err := d.catchUp(ctx, photos); err != nil {
		return done, err
	}
	if err := d.quarantine(ctx, photos); err != nil {
		return done, err
	}
	return until, d.book.SetProgress(ctx, until)
}

// present are the photos whose pictures changed, as they are now.
func (d *Desk) present(ctx context.Context, changes []index.PhotoChange) (photos []index.Photo, err error) {
	seen := map[index.Key]bool{}
	for _, c := range changes {
		if c.Deleted || c.Metadata || seen[c.Key] {
			continue
		}
		seen[c.Key] = true
		p, err := d.photos.Get(ctx, c.Key)
		if errors.Is(err, index.ErrNotFound) {
			continue // deleted since
		}
		if err != nil {
			return nil, err
		}
		photos = append(photos, p)
	}
	return photos, nil
}

// catchUp finds the listing images of the past that were made from photos, and decides about them anew.
func (d *Desk) catchUp(ctx context.Context, photos []index.Photo) error {
	if len(photos) == 0 || d.book.Count() == 0 {
		return nil
	}
	began := time.Now()
	pairs, err := d.near(ctx, photos)
	if err != nil {
		return err
	}
	found, err := d.judge(ctx, pairs, listing.MostFalse)
	if err != nil {
		return err
	}
	g, each := errgroup.WithContext(ctx)
	g.SetLimit(revised)
	for _, j := range found {
		known := slices.ContainsFunc(j.listing.Hits, func(h listing.Hit) bool {
			return slices.ContainsFunc(photos, func(p index.Photo) bool { return p.Key == h.Photo })
		})
		if len(j.hits) == 0 && !known {
			continue
		}
		g.Go(func() error {
			_, err := d.revise(each, j.listing.Key, j.hits, photos)
			if gone(err) {
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	d.log.LogAttrs(ctx, slog.LevelDebug, "photos were held against the listing images of the past",
		slog.Int("photos", len(photos)), slog.Int("looked_at", len(pairs)), slog.Int("matched", len(found)), slog.Duration("took", time.Since(began)))
	return nil
}

// revise puts the hits with some photos in the place of those that were remembered with them.
func (d *Desk) revise(ctx context.Context, k listing.Key, hits []listing.Hit, photos []index.Photo) (listing.Listing, error) {
	return d.book.Revise(ctx, k, func(l *listing.Listing) {
		most := max(match.DefaultLimit, len(l.Hits))
		l.Hits = slices.DeleteFunc(l.Hits, func(h listing.Hit) bool {
			if hitWith(hits, h.Photo) != nil {
				return true
			}
			// A photo that was replaced by another picture is hit no more, but as far as it was found now.
			i := slices.IndexFunc(photos, func(p index.Photo) bool { return p.Key == h.Photo })
			return i >= 0 && photos[i].Revision > h.Revision
		})
		l.Hits = append(l.Hits, hits...)
		byScore(l.Hits)
		l.Hits = l.Hits[:min(len(l.Hits), most)]
		if l.Status != match.TooPlain {
			if l.Status = match.NothingFound; len(l.Hits) > 0 {
				l.Status = match.Found
			}
		}
		for i := range photos {
			l.Decision.Catalog = max(l.Decision.Catalog, photos[i].Revision)
		}
	})
}

// overtaken holds a listing image, whose check matched against the catalogue of one revision, against the photos that came up
// to another, and returns it as it stands then.
func (d *Desk) overtaken(ctx context.Context, lane match.Lane, l *listing.Listing, from, until uint64) (listing.Listing, error) {
	for from < until {
		changes, upTo, err := d.photos.Changes(ctx, from, followed)
		if err != nil {
			return *l, err
		}
		photos, err := d.present(ctx, changes)
		if err != nil {
			return *l, err
		}
		if len(photos) > 0 {
			searched, err := d.searched(ctx)
			if err != nil {
				return *l, err
			}
			hits, err := d.hits(ctx, lane, pair{l, photos}, searched, listing.MostFalse)
			if err != nil {
				return *l, err
			}
			if len(hits) > 0 {
				now, err := d.revise(ctx, l.Key, hits, photos)
				if err != nil {
					return *l, fmt.Errorf("hold against photos that came meanwhile: %w", err)
				}
				*l = now
			}
		}
		from = upTo
	}
	return *l, nil
}
