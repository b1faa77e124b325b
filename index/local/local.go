// Package local is the embedded engine: photos live in a file of package store, which is the truth, and memory holds
// what finds them. It promises what package index asks for.
//
// A change is committed to the file first, then shown in memory, then acknowledged; a crash in between is healed by
// Open. Searches and changes don't wait for each other: each change leaves another view, and a search uses the one that
// was the newest when it began.
//
// What memory has is written to files beside the store now and then, and when the index is closed, so that Open need only
// map them and repeat what has changed since. Files that don't fit the store, for whatever reason, are thrown away and
// memory is built from the store, which takes some two seconds for a million photos, and for those with features about
// half a millisecond of a processor each (2026-11, random features, 200 a photo).
//
// Features of photos are in the file and, unless their brand has partial matching switched off, in a set in memory as
// well; candidates are read from the file.
//
// The caveat that bites: one process may have a file open at a time.
package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

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
	store  *store.Store
	dir    string // of checkpoints
	log    *slog.Logger
	limits limits
	source string // what memory was taken from

	now atomic.Pointer[view] // what the changes so far left

	mu     sync.Mutex // protects memory, for whoever changes it
	turn   *sync.Cond // on mu: now has gone on, or the index is being closed
	memory *memory

	life   sync.RWMutex // protects closed
	closed bool
	calls  sync.WaitGroup // under way; none begins once closed is set

	settling chan struct{} // holds one for the SetBrand under way

	stirred chan struct{} // something has changed
	rest    context.CancelFunc
	tended  chan struct{} // closed when tend has ended
	saved   atomic.Uint64 // revision of the last checkpoint, 0: there is none
	retry   time.Time     // tend's: no checkpoint before, since one failed

	plan plan
}

var _ index.Index = (*Index)(nil)

// Open opens the index in a file, or makes it where there is none. Errors: ErrLocked, ErrVersion, ErrMeta,
// index.ErrCorrupt, the context's, the system's.
func Open(ctx context.Context, path string, o Options) (*Index, error) {
	return open(ctx, path, o, defaultLimits)
}

func open(ctx context.Context, path string, o Options, l limits) (*Index, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := store.Open(path, store.Options{AcceptRollback: o.AcceptRollback, MaxSize: o.MaxSize, Later: true, Log: o.Log})
	if err != nil {
		return nil, translate(err)
	}
	x := &Index{
		store: s, dir: path + memorySuffix, log: o.Log, limits: l,
		settling: make(chan struct{}, 1), stirred: make(chan struct{}, 1), tended: make(chan struct{}),
	}
	x.turn = sync.NewCond(&x.mu)
	if err := x.load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("load %s: %w", path, err), s.Close())
	}
	s.Survey() // now that it does not hold loading up
	ctx, x.rest = context.WithCancel(context.WithoutCancel(ctx))
	go x.tend(ctx)
	x.stir()
	return x, nil
}

// enter begins a call, which calls.Done ends, or reports what keeps it from being answered at all.
func (x *Index) enter(ctx context.Context) error {
	x.life.RLock()
	defer x.life.RUnlock()
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
func (x *Index) apply(span store.Span, change func(m *memory, c *codes)) {
	if span == (store.Span{}) {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for x.memory.now.applied != span.First-1 {
		x.turn.Wait()
	}
	x.memory.change(span.Last, func(c *codes) { change(x.memory, c) })
	x.now.Store(x.memory.view())
	x.turn.Broadcast()
	x.stir()
}

// Close implements index.Index. Where much has changed it writes what memory has to files first.
func (x *Index) Close() error {
	x.life.Lock()
	if x.closed {
		x.life.Unlock()
		return index.ErrClosed
	}
	x.closed = true
	x.life.Unlock()
	x.mu.Lock()
	x.turn.Broadcast() // to those that await a change
	x.mu.Unlock()
	x.calls.Wait()
	x.rest()
	<-x.tended
	x.memory.sets.wait()
	x.renew()
	x.parting()
	return translate(x.store.Close())
}

// Backup writes the index, as it is at one revision, to a new file, which is there whole or not at all.
func (x *Index) Backup(ctx context.Context, path string) error {
	return translate(x.store.Backup(ctx, path))
}

// quoted is a name for a message, whatever it holds.
func quoted(s string) string {
	const most = 60
	if len(s) > most {
		s = s[:most]
	}
	return strconv.Quote(s)
}
