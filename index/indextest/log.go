package indextest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"touchstone/index"
)

func changeLog() []sentence {
	return []sentence{
		{"changes are told in their order, each by itself", testChanges},
		{"changes come in pages", testChangesPages},
		{"changes go back to the start, whatever was closed since", testChangesReopen},
		{"settings move until and are no changes of photos", testChangesSettings},
		{"changes refuse queries that break the rules", testChangesErrors},
		{"await returns once there is a revision after the given one", testAwait},
		{"await gives its context's error", testAwaitContext},
		{"await ends when the index is closed", testAwaitClose},
	}
}

// patience is how long a call that should return may take, and pause how long one is watched that should not.
const (
	patience = 5 * time.Second
	pause    = 20 * time.Millisecond
)

// told reads all changes after a revision, limit at a time, and fails when a page breaks a rule.
func (b *bed) told(after uint64, limit int) (all []index.PhotoChange, until uint64) {
	b.Helper()
	for until = after; ; {
		page, to, err := b.x.Changes(b.Context(), until, limit)
		if err != nil {
			b.Fatalf("changes after %d: %v", until, err)
		}
		if len(page) > limit {
			b.Fatalf("changes after %d: %d, wanted %d at most", until, len(page), limit)
		}
		last := until
		for _, c := range page {
			if c.Revision <= last || c.Revision > to {
				b.Fatalf("changes after %d up to %d: revision %d follows %d", until, to, c.Revision, last)
			}
			last = c.Revision
		}
		all = append(all, page...)
		if to == until {
			return all, until
		}
		if to < until {
			b.Fatalf("changes after %d: looked up to %d", until, to)
		}
		until = to
	}
}

// history makes one change of each kind, and returns what is to be told of them.
func (b *bed) history() []index.PhotoChange {
	b.Helper()
	photos := b.put(b.photos(3)...)
	var want []index.PhotoChange
	for _, p := range photos {
		want = append(want, index.PhotoChange{Key: p.Key, Revision: p.Revision})
	}
	first, second := photos[0].Key, photos[1].Key
	updated, err := b.x.Update(b.Context(), first, index.Metadata{Variant: "other"}, 0)
	if err != nil {
		b.Fatalf("update: %v", err)
	}
	b.put1(photos[2]) // is there already, and makes no revision
	replaced := b.put1(b.photo(second)).Photo
	b.delete(first)
	deleted := b.revision()
	added := b.put1(b.photo(first)).Photo
	return append(want,
		index.PhotoChange{Key: first, Revision: updated.Revision, Metadata: true},
		index.PhotoChange{Key: second, Revision: replaced.Revision},
		index.PhotoChange{Key: first, Revision: deleted, Deleted: true},
		index.PhotoChange{Key: first, Revision: added.Revision},
	)
}

func testChanges(b *bed) {
	if got, until := b.told(0, 10); len(got) != 0 || until != 0 {
		b.Fatalf("changes of an empty index: %v up to %d", got, until)
	}
	want := b.history()
	for i := range want {
		after := uint64(0)
		if i > 0 {
			after = want[i-1].Revision
		}
		got, until := b.told(after, 100)
		same(b, fmt.Sprintf("changes after %d", after), want[i:], got)
		if until != b.revision() {
			b.Errorf("changes after %d: looked up to %d, the last one is %d", after, until, b.revision())
		}
	}
	if got, until := b.told(b.revision(), 100); len(got) != 0 || until != b.revision() {
		b.Errorf("changes after the last: %v up to %d", got, until)
	}
}

func testChangesPages(b *bed) {
	want := b.history()
	for limit := 1; limit <= len(want)+1; limit++ {
		got, _ := b.told(0, limit)
		same(b, fmt.Sprintf("changes, %d at a time", limit), want, got)
	}
}

func testChangesReopen(b *bed) {
	want := b.history()
	b.reopen()
	got, _ := b.told(0, 3)
	same(b, "changes after the index was opened again", want, got)
	p := b.put1(b.photo(b.key())).Photo
	got, _ = b.told(want[len(want)-1].Revision, 3)
	same(b, "changes since then", []index.PhotoChange{{Key: p.Key, Revision: p.Revision}}, got)
}

func testChangesSettings(b *bed) {
	b.settle("brand", false)
	first := b.put1(b.photo(b.key())).Photo
	b.settle("brand", true)
	b.settle("another", false)
	last := b.revision()
	second := b.put1(b.photo(b.key())).Photo
	b.settle("brand", false)
	want := []index.PhotoChange{{Key: first.Key, Revision: first.Revision}, {Key: second.Key, Revision: second.Revision}}
	for limit := 1; limit <= 5; limit++ {
		got, until := b.told(0, limit)
		same(b, fmt.Sprintf("changes, %d at a time", limit), want, got)
		if until != b.revision() {
			b.Errorf("changes, %d at a time: looked up to %d, the last one is %d", limit, until, b.revision())
		}
		if got, _ = b.told(last, limit); len(got) != 1 {
			b.Errorf("changes after %d: %v", last, got)
		}
	}
}

func testChangesErrors(b *bed) {
	b.history()
	last := b.revision()
	for name, q := range map[string]struct {
		after uint64
		limit int
	}{
		"no limit": {0, 0}, "negative limit": {0, -1}, "a revision that is not there yet": {last + 1, 1}, "the last of all": {1<<64 - 1, 1},
	} {
		if got, _, err := b.x.Changes(b.Context(), q.after, q.limit); !errors.Is(err, index.ErrQuery) {
			b.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, _, err := b.x.Changes(ended(b.Context()), 0, 1); !errors.Is(err, context.Canceled) {
		b.Errorf("context that has ended: %v", err)
	}
}

// awaited is what Await returned.
type awaited struct {
	revision uint64
	err      error
}

// await calls Await beside the test.
func (b *bed) await(ctx context.Context, after uint64) <-chan awaited {
	done := make(chan awaited, 1)
	x := b.x
	go func() {
		revision, err := x.Await(ctx, after)
		done <- awaited{revision, err}
	}()
	return done
}

// answer returns what Await returned, which must be soon.
func (b *bed) answer(done <-chan awaited) awaited {
	b.Helper()
	select {
	case a := <-done:
		return a
	case <-time.After(patience):
		b.Fatalf("await does not return")
		return awaited{}
	}
}

// sleeps fails when Await has returned, or does so for nothing.
func (b *bed) sleeps(done <-chan awaited) {
	b.Helper()
	select {
	case a := <-done:
		b.Fatalf("await for nothing: revision %d, %v", a.revision, a.err)
	case <-time.After(pause):
	}
}

func testAwait(b *bed) {
	p := b.put1(b.photo(b.key())).Photo
	if a := b.answer(b.await(b.Context(), 0)); a.err != nil || a.revision != p.Revision {
		b.Errorf("await of what is there: %d, %v", a.revision, a.err)
	}
	last := p.Revision
	for _, change := range []func(){
		func() { b.put1(b.photo(b.key())) },
		func() { b.settle("brand", false) },
		func() { b.delete(p.Key) },
	} {
		one, other := b.await(b.Context(), last), b.await(b.Context(), last)
		b.sleeps(one)
		b.sleeps(other)
		change()
		last = b.revision()
		for _, done := range []<-chan awaited{one, other} {
			if a := b.answer(done); a.err != nil || a.revision != last {
				b.Errorf("await: revision %d, %v, want %d", a.revision, a.err, last)
			}
		}
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	later := b.await(ctx, last+1)
	b.put1(b.photo(b.key()))
	b.sleeps(later) // one more is not enough
	b.put1(b.photo(b.key()))
	if a := b.answer(later); a.err != nil || a.revision != b.revision() {
		b.Errorf("await of the change after the next: revision %d, %v", a.revision, a.err)
	}
}

func testAwaitContext(b *bed) {
	if a := b.answer(b.await(ended(b.Context()), 0)); !errors.Is(a.err, context.Canceled) {
		b.Errorf("context that has ended: %d, %v", a.revision, a.err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := b.await(ctx, 0)
	b.sleeps(done)
	cancel()
	if a := b.answer(done); !errors.Is(a.err, context.Canceled) {
		b.Errorf("context that ends: %d, %v", a.revision, a.err)
	}
}

func testAwaitClose(b *bed) {
	p := b.put1(b.photo(b.key())).Photo
	done := b.await(b.Context(), p.Revision)
	b.sleeps(done)
	b.close()
	if a := b.answer(done); !errors.Is(a.err, index.ErrClosed) {
		b.Errorf("await while the index is closed: %d, %v", a.revision, a.err)
	}
}
