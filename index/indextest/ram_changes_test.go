package indextest

import (
	"context"
	"slices"

	"touchstone/index"
)

// note keeps a change for Changes.
func (x *ram) note(c index.PhotoChange) {
	switch {
	case c.Deleted && x.has("tells no deletions"):
		return
	case x.has("tells metadata for pictures"):
		c.Metadata = false
	case x.has("tells each photo's last change alone"):
		x.changes = slices.DeleteFunc(x.changes, func(o index.PhotoChange) bool { return o.Key == c.Key })
	}
	x.changes = append(x.changes, c)
}

// wake wakes those that await a change.
func (x *ram) wake() {
	close(x.awake)
	x.awake = make(chan struct{})
}

func (x *ram) Changes(ctx context.Context, after uint64, limit int) ([]index.PhotoChange, uint64, error) {
	if err := x.enter(); err != nil {
		return nil, 0, err
	}
	defer x.mu.Unlock()
	if err := index.CheckLimit(limit); err != nil {
		return nil, 0, err
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	if after > x.revision && !x.has("takes any revision for changes") {
		return nil, 0, index.ErrQuery
	}
	var found []index.PhotoChange
	for _, c := range x.changes {
		if c.Revision <= after {
			continue
		}
		if len(found) == limit && !x.has("looks at too much") {
			return found, found[limit-1].Revision, nil
		}
		found = append(found, c)
	}
	if x.has("tells settings for nothing") {
		if len(found) == 0 {
			return nil, after, nil
		}
		return found, found[len(found)-1].Revision, nil
	}
	return found, max(after, x.revision), nil
}

func (x *ram) Await(ctx context.Context, after uint64) (uint64, error) {
	for {
		if err := x.enter(); err != nil {
			return 0, err
		}
		revision, awake := x.revision, x.awake
		if x.has("awaits photos alone") {
			revision = 0
			for _, c := range x.changes {
				revision = max(revision, c.Revision)
			}
		}
		x.mu.Unlock()
		if err := ctx.Err(); err != nil && !x.has("ignores the context while it awaits") {
			return 0, err
		}
		if x.has("awaits what is there already") {
			after = max(after, revision)
		}
		if revision > after {
			return revision, nil
		}
		done := ctx.Done()
		if x.has("ignores the context while it awaits") {
			done = nil
		}
		select {
		case <-awake:
		case <-done:
			return 0, ctx.Err()
		}
	}
}
