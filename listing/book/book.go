// Package book remembers listing images and what decisions about them rest upon: grants, rules and the standings of photos. It
// promises what package store does (what was acknowledged is there after a crash), that a deleted listing image is gone from
// the past as well and from the bytes of the file, that policy is read as it was at any revision, and that every listing image
// whose whole picture, or content within a border, lies within a radius of a photo's is found in memory, without reading the
// store.
//
// It keeps some 70 to 90 bytes of memory a listing image, twice that for one with a border; features are on the disk alone.
//
// The caveat that bites: what is looked for is in memory, what is listed is not. List reads records one by one, and a filter
// by anything but marketplace and listing costs a walk through all of them.
package book

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/store"
)

// What a caller may have got wrong. Trouble with the disk is package index's errors.
var (
	// ErrNotFound is returned when no listing image has the name, or had it at that revision.
	ErrNotFound = errors.New("no such listing image")
	// ErrGrantNotFound is returned when the brand has no grant of that ID.
	ErrGrantNotFound = errors.New("no such grant")
	// ErrRulesChanged is returned when the rules have another revision than the caller knew.
	ErrRulesChanged = errors.New("rules have changed in the meantime")
	// ErrRevision is returned when a revision is asked for that is not there yet.
	ErrRevision = store.ErrRevision
)

// Options of Open; the zero value is the default.
type Options struct {
	AcceptRollback bool         // open although the last commits may be lost
	MaxSize        int64        // bytes that the file may have; 0: as far as the disk goes
	Log            *slog.Logger // told of loading and of trouble; nil: nobody is
}

// Book is an open book. All methods may be called at once from many goroutines; after Close they return index.ErrClosed.
type Book struct {
	store *store.Store
	log   *slog.Logger

	wiping   chan struct{} // holds one through a wipe
	settling sync.Mutex    // held through changes of grants, which are decided by what memory shows of the others

	mu      sync.Mutex // protects what follows, for whoever applies a change
	turn    *sync.Cond // on mu: applied has grown
	applied uint64     // revision that memory shows
	memory  memory
	policy  policy
}

// Open opens the book in a file, or makes it where there is none, and reads into memory what finds listing images.
// Errors: store's ErrLocked, ErrVersion and ErrMeta, index.ErrCorrupt, the context's, the system's.
func Open(ctx context.Context, path string, o Options) (*Book, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := store.Open(path, store.Options{AcceptRollback: o.AcceptRollback, MaxSize: o.MaxSize, Later: true, Log: o.Log})
	if err != nil {
		return nil, translate(err)
	}
	b := &Book{store: s, log: o.Log, wiping: make(chan struct{}, 1)}
	b.turn = sync.NewCond(&b.mu)
	b.applied = s.Revision()
	err = b.loadPolicy(ctx)
	if err == nil {
		err = b.load(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("load %s: %w", path, err), s.Close())
	}
	s.Survey() // now that it does not hold loading up
	return b, nil
}

// Close waits for what is under way and lets go of the file.
func (b *Book) Close() error {
	if err := b.store.Close(); err != nil {
		return translate(err)
	}
	b.memory.set.Wait()
	return nil
}

// Revision is that of the last change, 0 before the first.
func (b *Book) Revision() uint64 { return b.store.Revision() }

// Await waits until there is a revision after the given one and returns the last one. Errors: index.ErrClosed, the context's.
func (b *Book) Await(ctx context.Context, after uint64) (uint64, error) {
	revision, err := b.store.Wait(ctx, after)
	return revision, translate(err)
}

// Backup writes the book, as it is at one revision, to a new file, which is there whole or not at all.
func (b *Book) Backup(ctx context.Context, path string) error {
	return translate(b.store.Backup(ctx, path))
}

// commit makes changes in the store, then shows them in memory, in the order of their revisions. apply runs with mu held.
func (b *Book) commit(ctx context.Context, decide func(*store.View) ([]store.Change, error), apply func(store.Span)) (store.Span, error) {
	span, err := b.store.Commit(ctx, decide)
	if err != nil || span == (store.Span{}) {
		return span, translate(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.applied != span.First-1 {
		b.turn.Wait()
	}
	apply(span)
	b.applied = span.Last
	b.turn.Broadcast()
	return span, nil
}

// translate puts the store's errors into the words of packages index and book.
func translate(err error) error {
	for _, pair := range [...][2]error{
		{store.ErrClosed, index.ErrClosed},
		{store.ErrFull, index.ErrFull},
		{store.ErrReadOnly, index.ErrReadOnly},
		{store.ErrCorrupt, index.ErrCorrupt},
		{store.ErrNotFound, ErrNotFound},
	} {
		if errors.Is(err, pair[0]) {
			return fmt.Errorf("%w: %w", pair[1], err)
		}
	}
	return err
}

// Check lists each inconsistency of the file of a book that nobody has open, a sentence each. Errors: as Open; damage is a
// fault and not an error, as far as the file can be read at all.
func Check(ctx context.Context, path string) (faults []string, err error) {
	found, err := store.Check(ctx, path, look)
	if err != nil {
		return nil, translate(err)
	}
	for _, f := range found {
		faults = append(faults, f.String())
	}
	return faults, nil
}

// look holds a record of the store against what this package writes.
func look(room string, r store.Record, blob func(uint64) ([]byte, error)) (err error) {
	switch room {
	case roomListings:
		var l remembered
		if l, err = recordOf(r); err == nil && l.Features != 0 {
			_, err = blob(l.Features)
		}
	case roomGrants:
		_, err = grantOf(r)
	case roomStandings:
		_, err = standingOf(r)
	case roomRules:
		_, err = listing.ParseRules(r.Value)
	case roomProgress:
		_, err = progressOf(r.Value)
	case roomSurvey:
		_, err = surveyOf(r.Value)
	default:
		err = fmt.Errorf("%w: room %q is none of a book", index.ErrCorrupt, room)
	}
	return err
}
