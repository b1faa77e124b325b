package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"touchstone/store"
)

// open opens a store in a new folder, and checks and closes it when the test ends.
func open(t testing.TB) *store.Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "test.db"), store.Options{})
}

func openAt(t testing.TB, path string, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		faults, err := s.Check(context.Background(), nil)
		if errors.Is(err, store.ErrClosed) {
			return
		}
		if err != nil {
			t.Error(err)
		}
		for _, f := range faults {
			t.Error(f)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func set(room, key, value string) store.Change {
	return store.Change{Kind: 1, Room: room, Key: []byte(key), Value: []byte(value)}
}

// blobbed sets a key of room "r" and attaches a blob.
func blobbed(key, blob string) store.Change {
	c := set("r", key, "v")
	c.Blob = []byte(blob)
	return c
}

func remove(room, key string) store.Change {
	return store.Change{Kind: 2, Room: room, Key: []byte(key)}
}

// erase deletes a key and its past.
func erase(room, key string) store.Change {
	return store.Change{Kind: 3, Room: room, Key: []byte(key), Erase: true}
}

func commit(t testing.TB, s *store.Store, changes ...store.Change) store.Span {
	t.Helper()
	span, err := s.Commit(context.Background(), func(*store.View) ([]store.Change, error) { return changes, nil })
	if err != nil {
		t.Fatal(err)
	}
	return span
}

func TestCommitGetAndPast(t *testing.T) {
	s := open(t)
	if span := commit(t, s, set("r", "k", "one"), set("r", "l", "two")); span != (store.Span{First: 1, Last: 2}) {
		t.Fatalf("span %v, want 1 to 2", span)
	}
	commit(t, s, set("r", "k", "three"))
	commit(t, s, remove("r", "k"))
	if _, err := s.Get("r", []byte("k")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get of what was deleted: %v", err)
	}
	for revision, want := range map[uint64]string{1: "one", 2: "one", 3: "three", 4: ""} {
		r, err := s.At("r", []byte("k"), revision)
		if want == "" {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("at %d: %q, %v, want ErrNotFound", revision, r.Value, err)
			}
			continue
		}
		if err != nil || string(r.Value) != want {
			t.Errorf("at %d: %q, %v, want %q", revision, r.Value, err, want)
		}
	}
	if _, err := s.At("r", []byte("k"), 5); !errors.Is(err, store.ErrRevision) {
		t.Errorf("at 5: %v, want ErrRevision", err)
	}
	events, err := s.Log(context.Background(), 1, 10)
	if err != nil || len(events) != 3 || events[2].Value != nil || string(events[1].Value) != "three" {
		t.Errorf("log after 1: %v, %v", events, err)
	}
}

func TestManyCommitsAtOnce(t *testing.T) {
	s := open(t)
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for j := range 8 {
				_, err := s.Commit(context.Background(), func(v *store.View) ([]store.Change, error) {
					if j == 3 {
						return nil, fmt.Errorf("changed my mind")
					}
					return []store.Change{set("r", fmt.Sprintf("%d/%d", i, j), "v")}, nil
				})
				if (err != nil) != (j == 3) {
					t.Errorf("%d/%d: %v", i, j, err)
				}
			}
		})
	}
	wg.Wait()
	page, more, err := s.Scan(context.Background(), "r", store.Range{}, 1000)
	if err != nil || more || len(page) != 64*7 || s.Revision() != 64*7 {
		t.Errorf("%d records, more %v, revision %d, %v", len(page), more, s.Revision(), err)
	}
}

// TestCommitsShareSyncs holds that Commits which wait at the same time are one transaction: the writer is kept busy until
// all are queued, and what a transaction changes has one time.
func TestCommitsShareSyncs(t *testing.T) {
	s := open(t)
	const commits = 200
	var wg sync.WaitGroup
	busy, goOn := make(chan struct{}), make(chan struct{})
	wg.Go(func() {
		if _, err := s.Commit(context.Background(), func(*store.View) ([]store.Change, error) {
			close(busy)
			<-goOn
			return []store.Change{set("r", "first", "v")}, nil
		}); err != nil {
			t.Error(err)
		}
	})
	<-busy
	for i := range commits {
		wg.Go(func() {
			if _, err := s.Commit(context.Background(), func(*store.View) ([]store.Change, error) {
				return []store.Change{set("r", fmt.Sprint(i), "v")}, nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	for s.Queued() < commits {
		time.Sleep(time.Millisecond)
	}
	close(goOn)
	wg.Wait()
	events, err := s.Log(context.Background(), 1, commits+1)
	if err != nil || len(events) != commits {
		t.Fatalf("%d events, %v, want %d", len(events), err, commits)
	}
	for _, e := range events {
		if e.Time != events[0].Time {
			t.Fatalf("revision %d was committed by another transaction than revision %d", e.Revision, events[0].Revision)
		}
	}
}

func TestSecondOpenIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	openAt(t, path, store.Options{})
	_, err := store.Open(path, store.Options{LockTimeout: 50e6})
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("second open: %v, want ErrLocked with the file's name and the process that has it", err)
	}
	if _, err := store.Check(context.Background(), path, nil); !errors.Is(err, store.ErrLocked) {
		t.Errorf("check of an open file: %v, want ErrLocked", err)
	}
}
