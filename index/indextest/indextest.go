// Package indextest holds an engine to the contract of package index: Run has a subtest for each sentence that the
// comments of index.Searcher and index.Index say. It promises that an engine which breaks one of them fails (the
// package's own test breaks a simple engine in many ways and sees each found); it does not look at speed, nor at what
// only a crash would show, which engines test beside their code.
//
// The caveat that bites: a subtest ends with a full comparison of all that the index answers, before and after it was
// closed and opened again, so an engine must be able to do that in each of them.
package indextest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"touchstone/index"
)

// Place is where the engine under test keeps one index.
type Place interface {
	// Open opens the index: empty at first, and then as it was when it was last closed. The suite closes it, and never
	// opens it twice at once. A failure ends the test by t.Fatal.
	Open(t testing.TB) index.Index
	// Check reports each inconsistency of what is kept by t.Error. It is called while the index is closed.
	Check(t testing.TB)
}

// Run holds an engine to the contract. place makes a new, empty place; it is called once or more in each subtest, and
// subtests run in parallel. What is random in them follows from a seed that is logged.
func Run(t *testing.T, place func(t testing.TB) Place) {
	t.Helper()
	for _, s := range sentences() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, place)
			s.test(b)
			b.finish()
		})
	}
	t.Run("any sequence of calls does what it does to a map", func(t *testing.T) {
		t.Parallel()
		testSequences(t, place)
	})
}

// sentence is one of the contract's, and its test.
type sentence struct {
	name string
	test func(*bed)
}

func sentences() []sentence {
	var all []sentence
	for _, group := range [][]sentence{puts(), changes(), reads(), lists(), searches(), features(), settings(), changeLog(), lives(), crowds()} {
		all = append(all, group...)
	}
	return all
}

// bed is what a subtest lies on: an open index, and ways to ask it that fail the test when they must not fail.
type bed struct {
	*testing.T
	*source
	place Place
	x     index.Index // nil while closed
}

func newBed(t *testing.T, place func(t testing.TB) Place) *bed {
	b := &bed{T: t, source: newSource(t), place: place(t)}
	b.x = b.place.Open(t)
	return b
}

// put stores photos and returns how they stand then.
func (b *bed) put(photos ...index.Photo) []index.Photo {
	b.Helper()
	stored, err := b.x.Put(b.Context(), photos...)
	if err != nil {
		b.Fatalf("put: %v", err)
	}
	if len(stored) != len(photos) {
		b.Fatalf("put: %d answers for %d photos", len(stored), len(photos))
	}
	now := make([]index.Photo, len(stored))
	for i, s := range stored {
		now[i] = s.Photo
	}
	return now
}

// put1 stores one photo and returns the answer.
func (b *bed) put1(p index.Photo) index.Stored {
	b.Helper()
	stored, err := b.x.Put(b.Context(), p)
	if err != nil || len(stored) != 1 {
		b.Fatalf("put %v: %d answers, %v", p.Key, len(stored), err)
	}
	return stored[0]
}

func (b *bed) get(k index.Key) index.Photo {
	b.Helper()
	p, err := b.x.Get(b.Context(), k)
	if err != nil {
		b.Fatalf("get %v: %v", k, err)
	}
	return p
}

func (b *bed) delete(k index.Key) {
	b.Helper()
	if err := b.x.Delete(b.Context(), k); err != nil {
		b.Fatalf("delete %v: %v", k, err)
	}
}

func (b *bed) search(q index.Query) index.Result {
	b.Helper()
	r, err := b.x.Search(b.Context(), q)
	if err != nil {
		b.Fatalf("search: %v", err)
	}
	return r
}

// revision is one that holds every change acknowledged so far.
func (b *bed) revision() uint64 {
	b.Helper()
	return b.search(b.around(b.photo(b.key()), 0, 0)).Revision
}

// reopen closes the index, has what is kept checked, and opens it again.
func (b *bed) reopen() {
	b.Helper()
	b.close()
	b.place.Check(b)
	b.x = b.place.Open(b)
}

func (b *bed) close() {
	b.Helper()
	if err := b.x.Close(); err != nil {
		b.Fatalf("close: %v", err)
	}
	b.x = nil
}

// finish compares all answers with each other, before and after the index was closed and opened again.
func (b *bed) finish() {
	b.Helper()
	if b.x == nil {
		b.x = b.place.Open(b)
	}
	ctx := context.Background()
	before := all(ctx, b, b.x)
	consistent(ctx, b, b.x, before, b.source)
	b.reopen()
	same(b, "photos after the index was opened again", before, all(ctx, b, b.x))
	consistent(ctx, b, b.x, before, b.source)
	b.close()
	b.place.Check(b)
}

// failing is what of a test the comparisons need; *testing.T and *rapid.T have it.
type failing interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// same fails when got is not want.
func same(t failing, what string, want, got any) {
	t.Helper()
	if reflect.DeepEqual(want, got) {
		return // nearly always, and in a hundredth of the time that a diff takes
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// stamped returns p as it must stand once it was stored: as given, with what the index sets taken from got, which is
// held against when it may have been set.
func stamped(t failing, p, got index.Photo, since time.Time) index.Photo {
	t.Helper()
	p.Revision, p.Added, p.Updated = got.Revision, got.Added, got.Updated
	if got.Revision == 0 {
		t.Errorf("%v has revision 0", got.Key)
	}
	for name, at := range map[string]time.Time{"Added": got.Added, "Updated": got.Updated} {
		if at.Location() != time.UTC {
			t.Errorf("%v: %s is in %v, want UTC", got.Key, name, at.Location())
		}
	}
	// Engines may keep less than nanoseconds.
	if got.Updated.Before(since.Add(-time.Second)) || got.Updated.After(time.Now().Add(time.Second)) {
		t.Errorf("%v: Updated is %v, want between %v and now", got.Key, got.Updated, since)
	}
	return p
}
