// Package local is the embedded engine: photos live in a file of package store, which is the truth, and memory holds
// what finds them, built from the file when it is opened. It promises what package index asks for.
//
// A change is committed to the file first, then shown in memory, then acknowledged; a crash in between is healed by
// Open. Searches hold changes to memory up, and a change that waits holds up further searches: as a rule for milliseconds,
// but a search within a large radius among a million photos takes a second.
//
// The caveat that bites: one process may have a file open at a time.
package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"sync"
	"time"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/store"
)

// Options of Open; the zero value is the default.
type Options struct {
	AcceptRollback bool         // open although the last commits may be lost, see ErrMeta
	MaxSize        int64        // bytes that the file may have; 0: as far as the disk goes
	Log            *slog.Logger // told of loading and of trouble; nil: nobody is
}

// Index is an open index. It implements index.Index.
type Index struct {
	store *store.Store

	mu      sync.RWMutex // protects the fields below
	turn    *sync.Cond   // on mu: applied has grown
	views   *views
	applied uint64 // revision up to which views shows the store
	closed  bool
	calls   sync.WaitGroup // under way; none begins once closed is set

	plan plan
}

var _ index.Index = (*Index)(nil)

// Open opens the index in a file, or makes it where there is none. Errors: ErrLocked, ErrVersion, ErrMeta,
// index.ErrCorrupt, the context's, the system's.
func Open(ctx context.Context, path string, o Options) (*Index, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := store.Open(path, store.Options{AcceptRollback: o.AcceptRollback, MaxSize: o.MaxSize, Log: o.Log})
	if err != nil {
		return nil, translate(err)
	}
	x := &Index{store: s, views: newViews()}
	x.turn = sync.NewCond(&x.mu)
	if err := x.load(ctx, o.Log); err != nil {
		return nil, errors.Join(fmt.Errorf("load %s: %w", path, err), s.Close())
	}
	return x, nil
}

// load builds memory from the store.
func (x *Index) load(ctx context.Context, log *slog.Logger) error {
	began := time.Now()
	said := began
	x.applied = x.store.Revision()
	var c codes
	for r, more := (store.Range{}), true; more; {
		var records []store.Record
		var err error
		if records, more, err = x.store.Scan(ctx, room, r, 10_000); err != nil {
			return translate(err)
		}
		for _, rec := range records {
			r.After = rec.Key
			p, err := photoOf(rec)
			if err != nil {
				return err
			}
			if x.views.recipe != 0 && p.Fingerprint.Recipe != x.views.recipe {
				return fmt.Errorf("%w: photo %q: %w", index.ErrCorrupt, p.Key, recipeError(p.Fingerprint.Recipe, x.views.recipe))
			}
			x.views.enter(&p, &c)
		}
		if now := time.Now(); now.Sub(said) > 5*time.Second {
			log.Info("loading photos", "photos", len(x.views.byKey))
			said = now
		}
	}
	x.views.p.Put(c.rows, c.p)
	x.views.pdq.Put(c.rows, c.pdq)
	x.plan.confirm(moment{x.applied, len(x.views.byKey), x.views.recipe})
	log.Info("photos loaded", "photos", len(x.views.byKey), "revision", x.applied, "seconds", time.Since(began).Seconds())
	return nil
}

// Put implements index.Index.
func (x *Index) Put(ctx context.Context, photos ...index.Photo) ([]index.Stored, error) {
	if err := x.enter(ctx); err != nil {
		return nil, err
	}
	defer x.calls.Done()
	seen := make(map[index.Key]bool, len(photos))
	for i := range photos {
		p := &photos[i]
		if err := p.Validate(); err != nil {
			return nil, err
		}
		if seen[p.Key] {
			return nil, &index.FieldError{Field: "photo_id", Want: "one photo of each name, got " + quoted(p.Key.String()) + " twice", Err: index.ErrInvalid}
		}
		seen[p.Key] = true
	}
	var stored []index.Stored
	span, err := x.store.Commit(ctx, func(v *store.View) ([]store.Change, error) {
		stored = make([]index.Stored, len(photos))
		return x.putting(v, photos, stored)
	})
	if err != nil {
		return nil, translate(err)
	}
	x.apply(span, func() {
		for i := range stored {
			if stored[i].Outcome != index.Unchanged {
				x.views.put(&stored[i].Photo)
			}
		}
	})
	return stored, nil
}

// putting decides what a Put changes, and fills in its answer.
func (x *Index) putting(v *store.View, photos []index.Photo, stored []index.Stored) ([]store.Change, error) {
	var changes []store.Change
	at := x.plan.at(v.Next() - 1)
	kept := at.photos // photos that stay as they are
	var recipe fingerprint.Recipe
	for i := range photos {
		p := photos[i]
		p.Labels = maps.Clone(p.Labels)
		p.Revision, p.Added, p.Updated = v.Next()+uint64(len(changes)), v.Time(), v.Time()
		outcome, kind := index.Added, kindAdded
		old, err := photoIn(v, p.Key)
		switch {
		case err == nil && old.Original.SHA256 == p.Original.SHA256 && old.Fingerprint.Recipe == p.Fingerprint.Recipe:
			stored[i] = index.Stored{Outcome: index.Unchanged, Photo: old}
			if recipe == 0 {
				recipe = p.Fingerprint.Recipe
			}
			if recipe != p.Fingerprint.Recipe {
				return nil, recipeError(p.Fingerprint.Recipe, recipe)
			}
			continue
		case err == nil:
			outcome, kind = index.Replaced, kindReplaced
			p.Added = old.Added
			kept--
		case !errors.Is(err, index.ErrNotFound):
			return nil, err
		}
		if recipe == 0 {
			recipe = p.Fingerprint.Recipe
		}
		if recipe != p.Fingerprint.Recipe {
			return nil, recipeError(p.Fingerprint.Recipe, recipe)
		}
		stored[i] = index.Stored{Outcome: outcome, Photo: p}
		changes = append(changes, store.Change{Kind: kind, Room: room, Key: keyOf(p.Key), Value: encode(&p)})
	}
	if recipe != 0 && kept > 0 && recipe != at.recipe {
		return nil, recipeError(recipe, at.recipe)
	}
	if len(changes) > 0 {
		after := moment{v.Next() - 1 + uint64(len(changes)), kept + len(changes), recipe}
		x.plan.add(after)
	}
	return changes, nil
}

// Update implements index.Index.
func (x *Index) Update(ctx context.Context, k index.Key, m index.Metadata, revision uint64) (index.Photo, error) {
	if err := x.enter(ctx); err != nil {
		return index.Photo{}, err
	}
	defer x.calls.Done()
	if err := m.Validate(); err != nil {
		return index.Photo{}, err
	}
	if k.Validate() != nil {
		return index.Photo{}, index.ErrNotFound
	}
	var p index.Photo
	span, err := x.store.Commit(ctx, func(v *store.View) (changes []store.Change, err error) {
		if p, err = photoIn(v, k); err != nil {
			return nil, err
		}
		if revision != 0 && revision != p.Revision {
			return nil, fmt.Errorf("%w: photo %q has revision %d, not %d", index.ErrConflict, k, p.Revision, revision)
		}
		if equal(p.Metadata, m) {
			return nil, nil
		}
		p.Metadata = m
		p.Labels = maps.Clone(m.Labels)
		p.Revision, p.Updated = v.Next(), v.Time()
		at := x.plan.at(v.Next() - 1)
		at.revision = v.Next()
		x.plan.add(at)
		return []store.Change{{Kind: kindUpdated, Room: room, Key: keyOf(k), Value: encode(&p)}}, nil
	})
	if err != nil {
		return index.Photo{}, translate(err)
	}
	x.apply(span, func() { x.views.update(&p) })
	return p, nil
}

// Delete implements index.Index.
func (x *Index) Delete(ctx context.Context, k index.Key) error {
	if err := x.enter(ctx); err != nil {
		return err
	}
	defer x.calls.Done()
	if k.Validate() != nil {
		return index.ErrNotFound
	}
	span, err := x.store.Commit(ctx, func(v *store.View) ([]store.Change, error) {
		if _, err := v.Get(room, keyOf(k)); err != nil {
			return nil, err
		}
		at := x.plan.at(v.Next() - 1)
		x.plan.add(moment{v.Next(), at.photos - 1, at.recipe})
		return []store.Change{{Kind: kindDeleted, Room: room, Key: keyOf(k)}}, nil
	})
	if err != nil {
		return translate(err)
	}
	x.apply(span, func() { x.views.remove(k) })
	return nil
}

// enter begins a call, which calls.Done ends, or reports what keeps it from being answered at all.
func (x *Index) enter(ctx context.Context) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.closed {
		return index.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	x.calls.Add(1)
	return nil
}

// apply shows committed changes in memory, in the order of their revisions.
func (x *Index) apply(span store.Span, change func()) {
	if span == (store.Span{}) {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.applied != span.First-1 {
		x.turn.Wait()
	}
	change()
	x.applied = span.Last
	x.turn.Broadcast()
}

// Close implements index.Index.
func (x *Index) Close() error {
	x.mu.Lock()
	if x.closed {
		x.mu.Unlock()
		return index.ErrClosed
	}
	x.closed = true
	x.mu.Unlock()
	x.calls.Wait()
	err := translate(x.store.Close())
	x.views.p.Wait()
	x.views.pdq.Wait()
	return err
}

// Backup writes the index, as it is at one revision, to a new file, which is there whole or not at all.
func (x *Index) Backup(ctx context.Context, path string) error {
	return translate(x.store.Backup(ctx, path))
}

func photoIn(v *store.View, k index.Key) (index.Photo, error) {
	r, err := v.Get(room, keyOf(k))
	if err != nil {
		return index.Photo{}, translate(err)
	}
	return photoOf(r)
}

func equal(a, b index.Metadata) bool {
	return a.Product == b.Product && a.Variant == b.Variant && a.SourceURI == b.SourceURI && a.ListPrice == b.ListPrice &&
		maps.Equal(a.Labels, b.Labels)
}

func recipeError(got, want fingerprint.Recipe) error {
	return fmt.Errorf("%w: recipe %d, want %d", index.ErrRecipe, got, want)
}

// quoted is a name for a message, whatever it holds.
func quoted(s string) string {
	const most = 60
	if len(s) > most {
		s = s[:most]
	}
	return strconv.Quote(s)
}
