package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// filled makes a store of some hundred values and some blobs, with free pages in its file.
func filled(t *testing.T) (path string) {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(filepath.Join(dir, "live.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		for i := range 20 {
			c := Change{Kind: 1, Room: "r", Key: fmt.Appendf(nil, "%03d", i), Value: make([]byte, 500+round)}
			if i%5 == 0 {
				c.Blob = make([]byte, 5000+1000*i) // of pages of its own
			}
			mustCommit(t, s, c)
		}
	}
	path = filepath.Join(dir, "test.db") // of no more pages than it needs
	if err := errors.Join(s.Backup(t.Context(), path), s.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func written(t *testing.T, b []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "damaged.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustCommit(t *testing.T, s *Store, changes ...Change) {
	t.Helper()
	if _, err := s.Commit(t.Context(), func(*View) ([]Change, error) { return changes, nil }); err != nil {
		t.Fatal(err)
	}
}

// TestNothingBeforeItIsSynced holds that a commit which bbolt's transactions see, but of which it is not known whether it
// is on the disk, is not told to anyone: its caller would take it for stored.
func TestNothingBeforeItIsSynced(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "test.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	value := func(key string) string {
		r, err := s.Get("r", []byte(key))
		if err != nil && !errors.Is(err, ErrNotFound) {
			t.Errorf("get %q: %v", key, err)
		}
		return string(r.Value)
	}
	unsynced := func(revision uint64, key, value string) {
		e := Event{Room: "r", Record: Record{Key: []byte(key), Value: []byte(value), Revision: revision, Time: time.Now()}}
		e.Blob = true
		if err := s.db.Update(func(tx *bolt.Tx) error { return errors.Join(put(tx, e), attach(tx, revision, []byte(value))) }); err != nil {
			t.Fatal(err)
		}
		if b, err := s.Blob(revision); !errors.Is(err, ErrNotFound) {
			t.Errorf("blob %d, unsynced: %q, %v", revision, b, err)
		}
	}
	unsynced(1, "a", "unsynced")
	if page, _, err := s.Scan(t.Context(), "r", Range{}, 10); value("a") != "" || len(page) != 0 || err != nil {
		t.Errorf("of the first commit, unsynced: get %q, scan %v, %v", value("a"), page, err)
	}
	s.revision = 1 // now it is
	if value("a") != "unsynced" {
		t.Errorf("of a commit that was synced: %q", value("a"))
	}
	mustCommit(t, s, Change{Room: "r", Key: []byte("b"), Value: []byte("one")})
	unsynced(3, "a", "two")
	unsynced(4, "c", "three")
	if value("a") != "unsynced" || value("b") != "one" || value("c") != "" {
		t.Errorf("values %q, %q, %q", value("a"), value("b"), value("c"))
	}
	page, more, err := s.Scan(t.Context(), "r", Range{}, 10)
	if err != nil || more || len(page) != 2 || string(page[0].Value) != "unsynced" {
		t.Errorf("scan: %v, more %v, %v", page, more, err)
	}
	if _, err := s.At("r", []byte("a"), 3); !errors.Is(err, ErrRevision) {
		t.Errorf("at a revision that is not synced: %v, want ErrRevision", err)
	}
	if _, _, err := s.Scan(t.Context(), "r", Range{At: 3}, 10); !errors.Is(err, ErrRevision) {
		t.Errorf("scan at a revision that is not synced: %v, want ErrRevision", err)
	}
	if events, err := s.Log(t.Context(), 0, 10); err != nil || len(events) != 2 {
		t.Errorf("log: %d events, %v, want 2", len(events), err)
	}

	// A disk that is full only when the commit shows already leaves its outcome unknown; before, it leaves nothing.
	if err := s.writeFailed(syscall.ENOSPC, 4); !errors.Is(err, ErrFull) || s.Err() != nil {
		t.Errorf("no space, nothing shown: %v, latched: %v", err, s.Err())
	}
	if err := s.writeFailed(syscall.ENOSPC, 2); !errors.Is(err, ErrReadOnly) || s.Err() == nil {
		t.Errorf("no space, with the commit shown: %v, latched: %v", err, s.Err())
	}
}

// TestDamagedFreelist damages the list of free pages, which bbolt trusts: writing by it would destroy what is stored. So
// nothing is written, whether or not there is a note of when the list was sound.
func TestDamagedFreelist(t *testing.T) {
	path := filled(t)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pageSize := os.Getpagesize()
	var at int
	{
		db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		err = db.View(func(tx *bolt.Tx) error {
			id, ok := freelistOf(bytes.NewReader(sound), int64(pageSize), uint64(tx.ID()))
			if at = int(id) * pageSize; !ok {
				t.Error("the file has no freelist")
			}
			return nil
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	count := int(binary.NativeEndian.Uint16(sound[at+10:]))
	if count < 3 {
		t.Fatalf("%d free pages, want some", count)
	}
	noted, ok := readAnchor(bytes.NewReader(sound), int64(pageSize))
	if !ok {
		t.Fatal("the file has no anchor")
	}
	refused := func(name string, damage func(page []byte)) {
		t.Helper()
		b := bytes.Clone(sound)
		damage(b[at : at+pageSize])
		damaged := written(t, b)
		if err := writeClosed(damaged, noted); err != nil {
			t.Fatal(err)
		}
		if faults, err := Check(t.Context(), damaged, nil); err != nil || len(faults) == 0 {
			t.Errorf("%s: check: %v, %v", name, faults, err)
		}
		s, err := Open(damaged, Options{})
		if err == nil {
			if _, err := s.Get("r", []byte("001")); err != nil { // reads go on
				t.Errorf("%s: get: %v", name, err)
			}
			changes := []Change{{Room: "r", Key: []byte("k")}}
			_, err = s.Commit(t.Context(), func(*View) ([]Change, error) { return changes, nil })
			if !errors.Is(err, ErrReadOnly) || s.Err() == nil {
				t.Errorf("%s: commit: %v, want ErrReadOnly", name, err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("%s: close: %v", name, err)
			}
			if _, there := readClosed(damaged); there {
				t.Errorf("%s: it is noted as closed", name)
			}
		}
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v, want ErrCorrupt", name, err)
		}
		if after, err := os.ReadFile(damaged); err != nil || !bytes.Equal(after, b) {
			t.Errorf("%s: the file was changed, %v", name, err)
		}
	}
	for i := range count {
		for bit := range 12 { // far beyond, and that one bit of a large file may be
			refused(fmt.Sprintf("entry %d bit %d", i, bit), func(page []byte) { page[pageHeader+8*i+bit/8] ^= 1 << (bit % 8) })
		}
	}
	for bit := range 16 {
		refused(fmt.Sprintf("count bit %d", bit), func(page []byte) { page[10+bit/8] ^= 1 << (bit % 8) })
		refused(fmt.Sprintf("flags bit %d", bit), func(page []byte) { page[8+bit/8] ^= 1 << (bit % 8) })
		refused(fmt.Sprintf("overflow bit %d", bit), func(page []byte) { page[12+bit/8] ^= 1 << (bit % 8) })
	}
}

// TestDamageUnderWrites damages a page of a store that is open: the next commits fail or succeed, nothing panics, and the
// store can be closed.
func TestDamageUnderWrites(t *testing.T) {
	path := filled(t)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pageSize := os.Getpagesize()
	latched := 0
	for page := 2; page < len(sound)/pageSize; page++ {
		damaged := written(t, sound)
		s, err := Open(damaged, Options{})
		if err != nil {
			t.Fatal(err)
		}
		<-s.surveyed // what comes later is for the writes to meet
		f, err := os.OpenFile(damaged, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		zeros := make([]byte, pageSize-8) // all but the number of the page
		if _, err := f.WriteAt(zeros, int64(page*pageSize+8)); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			_, err := s.Commit(t.Context(), func(v *View) ([]Change, error) {
				if _, err := v.Get("r", fmt.Appendf(nil, "%03d", i)); err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNotFound) {
					t.Errorf("page %d: get in a commit: %v", page, err)
				}
				return []Change{{Kind: 1, Room: "r", Key: fmt.Appendf(nil, "%03d", i)}}, nil
			})
			if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrReadOnly) {
				t.Errorf("page %d: commit: %v", page, err)
			}
		}
		if s.Err() != nil {
			latched++
		}
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		select {
		case err := <-closed:
			if err != nil && !errors.Is(err, ErrCorrupt) {
				t.Errorf("page %d: close: %v", page, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("page %d: close hangs", page)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if latched == 0 {
		t.Error("no damage was met by a write")
	}
}
