package local

import (
	"context"
	"fmt"

	"touchstone/index"
)

// logPage is how many revisions one call of Changes looks at, at most: some megabytes, which the store reads anyway.
const logPage = 1000

// Changes implements index.Searcher.
func (x *Index) Changes(ctx context.Context, after uint64, limit int) (changes []index.PhotoChange, until uint64, err error) {
	if err := x.enter(ctx); err != nil {
		return nil, 0, err
	}
	defer x.calls.Done()
	if err := index.CheckLimit(limit); err != nil {
		return nil, 0, err
	}
	last := x.now.Load().applied // what is told of changes, searches show
	if after > last {
		return nil, 0, &index.FieldError{Field: "after_revision", Want: fmt.Sprintf("%d at most, got %d", last, after), Err: index.ErrQuery}
	}
	events, err := x.store.Log(ctx, after, min(limit, logPage))
	if err != nil {
		return nil, 0, translate(err)
	}
	until = after
	for _, e := range events {
		if e.Revision > last {
			break
		}
		until = e.Revision
		if e.Room != room {
			continue
		}
		k, err := parseKey(e.Key)
		if err != nil {
			return nil, 0, fmt.Errorf("revision %d: %w", e.Revision, err)
		}
		changes = append(changes, index.PhotoChange{Key: k, Revision: e.Revision, Deleted: e.Value == nil, Metadata: e.Kind == kindUpdated})
	}
	return changes, until, nil
}

// Await implements index.Searcher. A revision counts once memory shows it, which is a little later than the store has it.
func (x *Index) Await(ctx context.Context, after uint64) (uint64, error) {
	if err := x.enter(ctx); err != nil {
		return 0, err
	}
	defer x.calls.Done()
	defer context.AfterFunc(ctx, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.turn.Broadcast()
	})()
	x.mu.Lock()
	defer x.mu.Unlock()
	for {
		switch last := x.now.Load().applied; {
		case last > after:
			return last, nil
		case x.closing():
			return 0, index.ErrClosed
		case ctx.Err() != nil:
			return 0, ctx.Err()
		}
		x.turn.Wait()
	}
}

// closing tells whether Close was called.
func (x *Index) closing() bool {
	x.life.RLock()
	defer x.life.RUnlock()
	return x.closed
}
