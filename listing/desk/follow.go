package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/listing/book"
	"touchstone/match"
)

const (
	followed   = 256              // photos that are worked through at a time
	revised    = 256              // listing images that are decided upon at a time, so that they share commits
	followWait = 10 * time.Second // before trouble is tried again
)

// Follow works through photos as they are added or replaced, until ctx ends: listing images of the past that were made from
// them are decided upon anew, and, beside that, photos that another brand has as well are put in quarantine. It goes on where it
// stopped, and tells the log of trouble, with which it tries again. Only one Follow may run at a time.
func (d *Desk) Follow(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { d.keepOn(ctx, book.Past, d.pastStep) })
	both.Go(func() { d.keepOn(ctx, book.Conflicts, d.conflictStep) })
	both.Wait()
}

// keepOn does a task with each photo until ctx ends.
func (d *Desk) keepOn(ctx context.Context, t book.Task, do step) {
	for ctx.Err() == nil {
		err := d.guarded(ctx, t, do)
		if ctx.Err() != nil || errors.Is(err, index.ErrClosed) {
			return
		}
		d.log.Error("photos that came could not be worked through; it is tried again", "task", string(t), "error", err)
		select {
		case <-time.After(followWait):
		case <-ctx.Done():
		}
	}
}

// errPanic is returned for a task that panicked.
var errPanic = errors.New("panic")

// guarded keeps a panic from ending the process.
func (d *Desk) guarded(ctx context.Context, t book.Task, do step) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, r, debug.Stack())
		}
	}()
	return d.follow(ctx, t, do)
}

// step does a task with the photos that came, all those up to a revision of the catalogue. Listing images that were held against
// a revision up to known were held against the photos until then.
type step func(ctx context.Context, changes []index.PhotoChange, until, known uint64) error

// follow does a task until trouble comes.
func (d *Desk) follow(ctx context.Context, t book.Task, do step) error {
	done, err := d.book.Progress(t)
	if err != nil {
		return err
	}
	last, err := d.photos.Await(ctx, 0)
	if err != nil {
		return err
	}
	restarted := uint64(0)
	if done > last {
		d.log.Warn("the catalogue is behind what was worked through of it, it was rolled back or replaced: all photos are worked through again",
			"task", string(t), "worked_through", done, "revision", last)
		done, restarted = 0, last
	}
	for {
		if last, err = d.photos.Await(ctx, done); err != nil {
			return err
		}
		for done < last {
			// Of a listing image that says to have been held against what is not there, or against what was there before, nothing
			// is known.
			known := last
			if done < restarted {
				known = 0
			}
			changes, until, err := d.photos.Changes(ctx, done, followed)
			if err == nil {
				err = do(ctx, changes, until, known)
			}
			if err == nil {
				err = d.book.SetProgress(ctx, t, until)
			}
			if err != nil {
				return err
			}
			done = until
		}
	}
}

// pastStep holds photos against the listing images of the past.
func (d *Desk) pastStep(ctx context.Context, changes []index.PhotoChange, until, known uint64) error {
	// From here on checks see to these photos themselves, where they have matched against an earlier catalogue: what they
	// remember from here on is not looked at below, what they have remembered before is.
	d.following.Store(until)
	came, err := d.present(ctx, changes)
	if err != nil {
		return err
	}
	return d.catchUp(ctx, came, known)
}

// conflictStep holds photos against those of other brands.
func (d *Desk) conflictStep(ctx context.Context, changes []index.PhotoChange, _, _ uint64) error {
	keys, _ := pictured(changes)
	return d.quarantine(ctx, keys...)
}

// arrivals are photos that came, as they are now, and at which revision each got its picture, as far as changes were looked at.
type arrivals struct {
	photos []index.Photo
	at     map[index.Key]uint64
}

// stale tells whether a hit is with the picture that a photo had before.
func (a *arrivals) stale(h *listing.Hit) bool { return h.Revision < a.at[h.Photo] }

// pictured names the photos whose pictures changed, in order, and at which revision each did last.
func pictured(changes []index.PhotoChange) (keys []index.Key, at map[index.Key]uint64) {
	at = map[index.Key]uint64{}
	for _, c := range changes {
		if c.Deleted || c.Metadata {
			continue
		}
		if at[c.Key] == 0 {
			keys = append(keys, c.Key)
		}
		at[c.Key] = c.Revision
	}
	return keys, at
}

// present are the photos whose pictures changed.
func (d *Desk) present(ctx context.Context, changes []index.PhotoChange) (arrivals, error) {
	keys, at := pictured(changes)
	came := arrivals{at: at}
	for _, k := range keys {
		p, err := d.photos.Get(ctx, k)
		switch {
		case errors.Is(err, index.ErrNotFound):
			delete(came.at, k) // deleted since
		case unfit(err):
			d.log.Warn("a photo can't be held against listing images", "photo", k.String(), "error", err)
			delete(came.at, k)
		case err != nil:
			return arrivals{}, err
		default:
			came.photos = append(came.photos, p)
		}
	}
	return came, nil
}

// catchUp finds the listing images of the past that were made from photos, and decides about them anew. Those that were checked
// when a photo was there already are left as the check found them: it had the pixels.
func (d *Desk) catchUp(ctx context.Context, came arrivals, known uint64) error {
	if len(came.photos) == 0 || d.book.Count() == 0 {
		return nil
	}
	began := time.Now()
	looked, matched := 0, 0
	examined := map[index.Key]bool{}
	g, each := errgroup.WithContext(ctx)
	g.SetLimit(revised)
	err := d.near(ctx, came.photos, func(l *listing.Listing, p *index.Photo) bool {
		catalog := l.Decision.Catalog
		return catalog > known || catalog < came.at[p.Key]
	}, listing.MostFalse, func(j judged) error {
		looked++
		if len(j.hits) == 0 && !slices.ContainsFunc(j.listing.Hits, func(h listing.Hit) bool { return came.stale(&h) }) {
			return nil
		}
		matched++
		for i := range j.hits {
			// What another brand has as well must not be decided upon before it is in quarantine.
			if k := j.hits[i].Photo; !examined[k] {
				examined[k] = true
				if err := d.quarantine(ctx, k); err != nil {
					return err
				}
			}
		}
		g.Go(func() error {
			_, err := d.revise(each, j.listing, j.hits, came)
			if unfit(err) {
				d.log.Warn("what was found in a listing image of the past can't be remembered", "revision", j.listing.Revision, "error", err)
				return nil
			}
			if gone(err) {
				return nil
			}
			return err
		})
		return nil
	})
	if err := errors.Join(err, g.Wait()); err != nil {
		return err
	}
	d.log.LogAttrs(ctx, slog.LevelDebug, "photos were held against the listing images of the past",
		slog.Int("photos", len(came.photos)), slog.Int("looked_at", looked), slog.Int("matched", matched), slog.Duration("took", time.Since(began)))
	return nil
}

// revise adds hits with photos that came to those that are remembered of a listing image, and takes away those with the pictures
// that these photos had before. Where the listing has another image by now nothing changes: its check has seen to the photos.
func (d *Desk) revise(ctx context.Context, seen *listing.Listing, hits []listing.Hit, came arrivals) (listing.Listing, error) {
	return d.book.Revise(ctx, seen.Key, func(l *listing.Listing) {
		if !samePicture(l, seen) {
			return
		}
		most := min(max(match.DefaultLimit, len(l.Hits)), match.MaxLimit)
		l.Hits = slices.DeleteFunc(l.Hits, func(h listing.Hit) bool { return came.stale(&h) })
		for i := range hits {
			// What is there with the same picture was found by more than is known now.
			if hitWith(l.Hits, hits[i].Photo) == nil {
				l.Hits = append(l.Hits, hits[i])
			}
		}
		byScore(l.Hits)
		l.Hits = l.Hits[:min(len(l.Hits), most)]
		if l.Status != match.TooPlain {
			if l.Status = match.NothingFound; len(l.Hits) > 0 {
				l.Status = match.Found
			}
		}
		for _, at := range came.at {
			l.Decision.Catalog = max(l.Decision.Catalog, at)
		}
	})
}

// overtaken holds a listing image, which was matched against the catalogue of one revision, against the photos that came since
// and that Follow may have held against what was remembered before it was. It returns the listing image as it stands then.
func (d *Desk) overtaken(ctx context.Context, lane match.Lane, l *listing.Listing, from uint64) (listing.Listing, error) {
	for until := d.following.Load(); from < until; {
		changes, upTo, err := d.photos.Changes(ctx, from, followed)
		if err != nil {
			return *l, err
		}
		if upTo <= from {
			break // the catalogue is behind what was worked through of it: follow sees to that
		}
		from = upTo
		came, err := d.present(ctx, changes)
		if err != nil {
			return *l, err
		}
		if len(came.photos) == 0 {
			continue
		}
		searched, err := d.searched(ctx)
		if err != nil {
			return *l, err
		}
		hits, err := d.hits(ctx, lane, pair{l, came.photos}, searched, listing.MostFalse)
		if unfit(err) {
			continue
		}
		if err != nil {
			return *l, err
		}
		if len(hits) == 0 && !slices.ContainsFunc(l.Hits, func(h listing.Hit) bool { return came.stale(&h) }) {
			continue
		}
		now, err := d.revise(ctx, l, hits, came)
		if gone(err) {
			return *l, nil // forgotten since
		}
		if err != nil {
			return *l, fmt.Errorf("hold against photos that came meanwhile: %w", err)
		}
		*l = now
	}
	return *l, nil
}
