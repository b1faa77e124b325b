package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"touchstone/store"
)

// TestErase erases a key with all that may have happened to one, and looks everywhere.
func TestErase(t *testing.T) {
	ctx := context.Background()
	s := open(t)
	commit(t, s, blobbed("k", "one"))    // 1
	commit(t, s, set("r", "k", "two"))   // 2
	commit(t, s, blobbed("kk", "stays")) // 3
	commit(t, s, remove("r", "k"))       // 4
	commit(t, s, blobbed("k", blob(1)))  // 5
	before, err := s.Log(ctx, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if past, err := s.History(ctx, "r", []byte("k")); err != nil || cmp.Diff([]uint64{1, 2, 4, 5}, past) != "" {
		t.Errorf("history: %d, %v", past, err)
	}
	span := commit(t, s, set("r", "k", "three"), erase("r", "k"), set("r", "l", "v")) // 6 to 8
	if span != (store.Span{First: 6, Last: 8}) {
		t.Fatalf("span %v", span)
	}
	for at := range uint64(9) {
		if _, err := s.At("r", []byte("k"), at); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("at %d: %v, want ErrNotFound", at, err)
		}
		if b, err := s.Blob(at); at != 3 && !errors.Is(err, store.ErrNotFound) || at == 3 && string(b) != "stays" {
			t.Errorf("blob %d: %d bytes, %v", at, len(b), err)
		}
		if page, _, err := s.Scan(ctx, "r", store.Range{At: at}, 10); at > 0 && (err != nil || len(page) > 0 && string(page[0].Key) != "kk") {
			t.Errorf("scan at %d: %v, %v", at, page, err)
		}
	}
	if _, err := s.Get("r", []byte("k")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get: %v, want ErrNotFound", err)
	}
	if past, err := s.History(ctx, "r", []byte("k")); err != nil || len(past) > 0 {
		t.Errorf("history: %d, %v", past, err)
	}
	if past, err := s.History(ctx, "r", []byte("kk")); err != nil || cmp.Diff([]uint64{3}, past) != "" {
		t.Errorf("history of another key: %d, %v", past, err)
	}
	log, err := s.Log(ctx, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]store.Event, 8)
	for i := range want {
		want[i] = store.Event{Erased: true, Record: store.Record{Revision: uint64(i + 1), Time: log[i].Time}}
	}
	want[2] = before[2]
	want[6] = store.Event{Room: "r", Erases: []uint64{1, 2, 4, 5, 6}, Record: store.Record{Kind: 3, Revision: 7, Time: log[6].Time}}
	want[7] = store.Event{Room: "r", Record: store.Record{Kind: 1, Key: []byte("l"), Value: []byte("v"), Revision: 8, Time: log[7].Time}}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	for i, e := range log {
		if i < len(before) && !e.Time.Equal(before[i].Time) {
			t.Errorf("revision %d is of %v, was of %v", e.Revision, e.Time, before[i].Time)
		}
		if one, err := s.Event(e.Revision); err != nil || cmp.Diff(e, one) != "" {
			t.Errorf("event %d: %+v, %v", e.Revision, one, err)
		}
	}
	for _, revision := range []uint64{0, 9} {
		if _, err := s.Event(revision); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("event %d: %v, want ErrNotFound", revision, err)
		}
	}

	// The key can come again, as one that had never been.
	commit(t, s, set("r", "k", "new"))
	if r, err := s.Get("r", []byte("k")); err != nil || string(r.Value) != "new" {
		t.Errorf("put again: %q, %v", r.Value, err)
	}
	span = commit(t, s, erase("r", "k"), erase("r", "k"), erase("another room", "k"))
	for i, want := range [][]uint64{{9}, {}, {}} {
		e, err := s.Event(span.First + uint64(i))
		if err != nil || cmp.Diff(want, e.Erases) != "" || e.Key != nil || e.Value != nil || e.Erased {
			t.Errorf("erasure %d: %+v, %v, want of %d", i, e, err, want)
		}
	}
	if _, err := s.History(ctx, "", []byte("k")); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("history in no room: %v, want ErrInvalid", err)
	}
}

// TestEraseOldFormats erases in files of the formats that have no erasures: they become files of the one that has, and
// not before.
func TestEraseOldFormats(t *testing.T) {
	for _, name := range []string{"1", "2"} {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile("testdata/format/" + name + ".db")
			if err != nil {
				t.Fatal(err)
			}
			path := write(t, b)
			for _, c := range []struct {
				change store.Change
				want   byte
			}{{set("room", "new", "v"), name[0] - '0'}, {erase("room", "k\x00ey"), 3}, {set("room", "new", "w"), 3}} {
				s := openAt(t, path, store.Options{})
				commit(t, s, c.change)
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if got := formatOf(t, path); got != c.want {
					t.Errorf("%+v: the file is of format %d, want %d", c.change, got, c.want)
				}
			}
			s := openAt(t, path, store.Options{})
			if _, err := s.At("room", []byte("k\x00ey"), 1); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("what was erased: %v, want ErrNotFound", err)
			}
			if _, err := s.Get("room", []byte("other")); err != nil {
				t.Errorf("what was not: %v", err)
			}
			commit(t, s, blobbed("k", "blob"))
		})
	}
	path := filepath.Join(t.TempDir(), "new.db")
	if err := openAt(t, path, store.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	if got := formatOf(t, path); got != 2 {
		t.Errorf("a new file is of format %d, want 2, which programs can read that know no erasures", got)
	}
}

func formatOf(t *testing.T, path string) (format byte) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(func(tx *bolt.Tx) error {
		format = tx.Bucket([]byte("format")).Get([]byte("format"))[3]
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return format
}

// TestEraseDamaged holds that a damaged past refuses its erasure, does no harm to others, and leaves the store writable.
func TestEraseDamaged(t *testing.T) {
	ctx := context.Background()
	path := write(t, filled(t))
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		k := []byte{0, 0, 0, 0, 0, 0, 0, 1} // of key 000
		v := append([]byte{}, tx.Bucket([]byte("log")).Get(k)...)
		v[len(v)-1] ^= 1
		return tx.Bucket([]byte("log")).Put(k, v)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	last := s.Revision()
	for _, key := range []string{"key 000", "key 001"} {
		_, err := s.Commit(ctx, func(*store.View) ([]store.Change, error) {
			return []store.Change{set("photos", "key 002", "v"), erase("photos", key)}, nil
		})
		if errors.Is(err, store.ErrCorrupt) != (key == "key 000") {
			t.Errorf("%s: %v", key, err)
		}
	}
	if s.Err() != nil || s.Revision() != last+2 {
		t.Errorf("revision %d after %d, %v", s.Revision(), last, s.Err())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// BenchmarkErase erases one of many keys that has many events, beside as many of others.
func BenchmarkErase(b *testing.B) {
	for _, events := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("events=%d", events), func(b *testing.B) {
			s := open(b)
			for range events {
				var changes []store.Change
				for i := range 2000 {
					changes = append(changes, set("r", fmt.Sprintf("%04d", i), "some value"))
				}
				commit(b, s, changes...)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				span := commit(b, s, erase("r", fmt.Sprintf("%04d", i%2000)))
				if e, err := s.Event(span.First); err != nil || i < 2000 && len(e.Erases) != events {
					b.Fatalf("%d events erased, %v, want %d", len(e.Erases), err, events)
				}
				i++
			}
		})
	}
}
