package local

import (
	"context"
	"errors"
	"time"
)

// limits are the sizes at which memory is put in order; tests make them small.
type limits struct {
	least   int          // photos from which there are checkpoints: fewer are read from the store in no time
	changes int          // changes after which a checkpoint is made, and part of all photos, 1/share, where that is more
	share   int          //
	closing int          // changes after which Close makes one: fewer are repeated in no time
	hook    func(string) // told of each step of a checkpoint
}

// To write a checkpoint costs about as much as reading it, and what comes after it is repeated at Open at 100,000 changes
// a second or so. So one is made every 100,000 changes, or for each sixteenth of the photos; and Close leaves no more
// than a tenth of a second to be repeated.
var defaultLimits = limits{least: 20_000, changes: 100_000, share: 16, closing: 10_000}

func (l *limits) at(step string) {
	if l.hook != nil {
		l.hook(step)
	}
}

// due tells whether there is enough that no checkpoint has.
func (x *Index) due(v *view, changes int) bool {
	saved := x.saved.Load()
	return v.photos >= x.limits.least && (saved == 0 || v.applied-saved >= uint64(changes))
}

// tend puts memory in order beside everything else, whenever something has changed, until ctx ends.
func (x *Index) tend(ctx context.Context) {
	defer close(x.tended)
	for {
		select {
		case <-x.stirred:
		case <-ctx.Done():
			return
		}
		if x.refresh(ctx) != nil {
			return
		}
		v := x.now.Load()
		if time.Now().Before(x.retry) || !x.due(v, max(x.limits.changes, v.photos/x.limits.share)) {
			continue
		}
		if err := x.settle(ctx); err != nil {
			if ctx.Err() != nil {
				return
			}
			x.retry = time.Now().Add(time.Minute)
			x.log.Warn("memory could not be written to files; the next start may take longer", "files", x.dir, "error", err)
		}
	}
}

// stir has tend look.
func (x *Index) stir() {
	select {
	case x.stirred <- struct{}{}:
	default:
	}
}

// refresh has the view go over to what the sets have merged, step by step, so that what was merged is let go. Where
// something is merged all the time, it returns after some steps. Errors: the context's.
func (x *Index) refresh(ctx context.Context) error {
	for range 50 {
		merging, err := x.memory.sets.step(ctx)
		if err != nil {
			return err
		}
		x.renew()
		if !merging {
			break
		}
	}
	return nil
}

// renew has the view show the sets as they lie in memory now.
func (x *Index) renew() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.memory.snapshot()
	x.now.Store(x.memory.view())
}

// settle makes a base of all there is, writes a checkpoint, and goes over to the base as the file has it. Changes and
// searches go on meanwhile.
func (x *Index) settle(ctx context.Context) error {
	x.mu.Lock()
	if x.memory.warming != nil { // spots has what it may have to let go again; x is stirred once that is settled
		x.mu.Unlock()
		return nil
	}
	x.memory.recording, x.memory.record = true, nil
	v := x.memory.view()
	x.mu.Unlock()
	began := time.Now()
	b := v.base
	if v.rows.root != nil {
		b = v.fold()
	}
	about, err := x.save(ctx, v, b)
	if err == nil && b.mapped == nil {
		var mapped *base
		if mapped, err = x.openBase(about.Base); err == nil {
			b = mapped
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.memory.rebase(b)
	x.now.Store(x.memory.view())
	v.keep()
	if err == nil {
		x.log.Debug("memory written to files", "revision", v.applied, "photos", v.photos, "seconds", time.Since(began).Seconds())
	}
	return err
}

// parting makes a checkpoint as the index is closed, where that spares the next start more than it takes now.
func (x *Index) parting() {
	v := x.now.Load()
	defer v.keep()
	if !x.due(v, x.limits.closing) || x.store.Err() != nil {
		return
	}
	b := v.base
	if v.rows.root != nil {
		b = v.fold()
	}
	if _, err := x.save(context.Background(), v, b); err != nil && !errors.Is(err, context.Canceled) {
		x.log.Warn("memory could not be written to files; the next start may take longer", "files", x.dir, "error", err)
	}
}
