package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"touchstone/store"
)

// filled makes a file of a few hundred values, some of them replaced and deleted, and returns its bytes.
func filled(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	s, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var changes []store.Change
	for i := range 300 {
		changes = append(changes, set("photos", fmt.Sprintf("key %03d", i), fmt.Sprintf("value %d of some length, so that pages fill", i)))
	}
	commit(t, s, changes...)
	commit(t, s, remove("photos", "key 007"), set("photos", "key 008", "another value"))
	for i := range blobs {
		commit(t, s, blobbed(fmt.Sprint(i), blob(i)))
	}
	commit(t, s, set("photos", gone, "a value that is erased"), remove("photos", "key 009"))
	commit(t, s, set("photos", gone, "another one"), erase("photos", gone), set("photos", "key 009", "value 9 of some length, so that pages fill"))
	dense := path + ".copy" // has no more pages than it needs
	if err := errors.Join(s.Backup(context.Background(), dense), s.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(dense)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// gone is what filled erased.
const gone = "gone"

// What blobs filled attaches, from the revision on that is behind those of its other changes; every other takes pages of
// its own.
const (
	blobs     = 12
	firstBlob = 303
)

func blob(i int) string { return strings.Repeat(fmt.Sprintf("blob %d ", i), 10+600*(i%2)) }

func write(t *testing.T, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "damaged.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDamagedMetaPages(t *testing.T) {
	sound := filled(t)
	page := os.Getpagesize()
	for name, at := range map[string][]int{"first": {0}, "second": {page}, "both": {0, page}} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(sound)
			for _, at := range at {
				clear(b[at : at+page])
			}
			path := write(t, b)
			_, err := store.Open(path, store.Options{})
			if !errors.Is(err, store.ErrMeta) || errors.Is(err, store.ErrCorrupt) != (len(at) == 2) {
				t.Fatalf("open: %v", err)
			}
			faults, err := store.Check(context.Background(), path, nil)
			if err != nil || len(faults) == 0 || faults[0].Where != "meta page" {
				t.Errorf("check: %v, %v", faults, err)
			}
			after, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(b, after) {
				t.Errorf("the file was changed, %v", err)
			}
			s, err := store.Open(path, store.Options{AcceptRollback: true})
			if (err == nil) != (len(at) == 1) {
				t.Fatalf("open that accepts a rollback: %v", err)
			}
			if err == nil {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestBitFlips damages one bit at a time: what is read afterwards is right, or an error, and the check sees each
// damage that makes an answer differ. A key that is damaged itself can't be found; that is for the check to tell.
func TestBitFlips(t *testing.T) {
	sound := filled(t)
	ctx := context.Background()
	want := map[string]string{}
	{
		s := openAt(t, write(t, sound), store.Options{ReadOnly: true})
		page, _, err := s.Scan(ctx, "photos", store.Range{}, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			want[string(r.Key)] = string(r.Value)
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	rounds := 150
	if os.Getenv("TOUCHSTONE_LONG") != "" {
		rounds = 3000
	}
	for range rounds {
		at, bit := r.IntN(len(sound)), r.IntN(8)
		b := bytes.Clone(sound)
		b[at] ^= 1 << bit
		path := write(t, b)
		faults, err := store.Check(ctx, path, nil)
		told := err != nil || len(faults) > 0
		s, err := store.Open(path, store.Options{AcceptRollback: true})
		if err != nil {
			continue
		}
		for key, value := range want {
			got, err := s.Get("photos", []byte(key))
			switch {
			case err == nil && string(got.Value) != value:
				t.Errorf("byte %d bit %d: %q has value %q, want %q", at, bit, key, got.Value, value)
			case err != nil && !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrNotFound):
				t.Errorf("byte %d bit %d: get %q: %v", at, bit, key, err)
			case err != nil && !told:
				t.Errorf("byte %d bit %d: get %q: %v, though the check saw nothing", at, bit, key, err)
			}
		}
		for i := range blobs {
			got, err := s.Blob(uint64(firstBlob + i))
			switch {
			case err == nil && string(got) != blob(i):
				t.Errorf("byte %d bit %d: blob %d is another", at, bit, i)
			case err != nil && !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrNotFound):
				t.Errorf("byte %d bit %d: blob %d: %v", at, bit, i, err)
			case err != nil && !told:
				t.Errorf("byte %d bit %d: blob %d: %v, though the check saw nothing", at, bit, i, err)
			}
		}
		if _, err := s.Get("photos", []byte(gone)); !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("byte %d bit %d: get of what was erased: %v", at, bit, err)
		}
		if past, err := s.History(ctx, "photos", []byte(gone)); err != nil && !errors.Is(err, store.ErrCorrupt) || len(past) > 0 {
			t.Errorf("byte %d bit %d: history of what was erased: %d, %v", at, bit, past, err)
		}
		for after := uint64(0); ; {
			events, err := s.Log(ctx, after, 100)
			if err != nil && !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("byte %d bit %d: log: %v", at, bit, err)
			}
			for _, e := range events {
				if e.Erased != (e.Revision == firstBlob+blobs || e.Revision == firstBlob+blobs+2) || (e.Erases != nil) != (e.Revision == firstBlob+blobs+3) {
					t.Errorf("byte %d bit %d: log: %+v", at, bit, e)
				}
			}
			if len(events) == 0 {
				break
			}
			after = events[len(events)-1].Revision
		}
		if err := s.Close(); err != nil && !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("byte %d bit %d: close: %v", at, bit, err)
		}
	}
}

// TestCheckListsEach holds that the check tells every fault there is, and none that is not.
func TestCheckListsEach(t *testing.T) {
	path := write(t, filled(t))
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	state := func(tx *bolt.Tx) *bolt.Bucket { return tx.Bucket([]byte("state")).Bucket([]byte("photos")) }
	log := func(tx *bolt.Tx) *bolt.Bucket { return tx.Bucket([]byte("log")) }
	attached := func(tx *bolt.Tx) *bolt.Bucket { return tx.Bucket([]byte("blobs")) }
	revision := func(r uint64) []byte { return binary.BigEndian.AppendUint64(nil, r) }
	flip := func(b *bolt.Bucket, key []byte) error {
		v := bytes.Clone(b.Get(key))
		v[len(v)-1] ^= 1
		return b.Put(key, v)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		return errors.Join(
			flip(state(tx), []byte("key 010")),
			state(tx).Put([]byte("key 020"), bytes.Clone(state(tx).Get([]byte("key 021")))),
			state(tx).Delete([]byte("key 030")),
			flip(log(tx), revision(1)), // of key 000
			log(tx).Delete(revision(50)),
			flip(attached(tx), revision(firstBlob)),
			attached(tx).Put(revision(firstBlob+1), bytes.Clone(attached(tx).Get(revision(firstBlob+2)))),
			attached(tx).Delete(revision(firstBlob+3)),
		)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	faults, err := store.Check(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.Where+" "+string(f.Key))
	}
	want := []string{
		"log " + string(revision(1)), "log " + string(revision(51)), // 51 follows 49
		"history key 000", "history key 049", "history ", // the events of both, and their number
		"state key 030", "state key 010", "state key 020",
		"blobs " + string(revision(firstBlob)), "blobs " + string(revision(firstBlob+1)), "blobs ", // and their number
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s\n%v", diff, faults)
	}
}

// TestCutShort cuts a file at many lengths: it is refused, or what is read is right, or an error that the check foretold.
func TestCutShort(t *testing.T) {
	sound := filled(t)
	for size := 0; size < len(sound); size += 1000 {
		path := write(t, sound[:size])
		faults, err := store.Check(context.Background(), path, nil)
		told := err != nil || len(faults) > 0
		s, err := store.Open(path, store.Options{ReadOnly: true})
		if err != nil {
			continue
		}
		for i := range 300 {
			key := fmt.Sprintf("key %03d", i)
			r, err := s.Get("photos", []byte(key))
			switch {
			case err == nil && i != 8 && string(r.Value) != fmt.Sprintf("value %d of some length, so that pages fill", i):
				t.Errorf("%d of %d bytes: %q has value %q", size, len(sound), key, r.Value)
			case err != nil && i != 7 && (!told || !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrNotFound)):
				t.Errorf("%d of %d bytes: get %q: %v, check told: %v", size, len(sound), key, err, told)
			}
		}
		if err := s.Close(); err != nil {
			t.Errorf("%d of %d bytes: close: %v", size, len(sound), err)
		}
	}
}

func TestForeignFiles(t *testing.T) {
	dir := t.TempDir()
	foreign := filepath.Join(dir, "foreign.db")
	db, err := bolt.Open(foreign, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(foreign, store.Options{}); !errors.Is(err, store.ErrVersion) {
		t.Errorf("a bbolt file that is no store: %v, want ErrVersion", err)
	}
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, bytes.Repeat([]byte("text "), 10_000), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(text, store.Options{}); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("a text: %v, want ErrCorrupt", err)
	}
	empty := filepath.Join(dir, "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(empty, store.Options{}); err == nil {
		t.Error("an empty file is opened as a store")
	}
	if _, err := store.Open(filepath.Join(dir, "nowhere", "x.db"), store.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v, want ErrNotExist", err)
	}
	if _, err := store.Open(filepath.Join(dir, "none.db"), store.Options{ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file for reading: %v, want ErrNotExist", err)
	}
	if _, err := store.Check(context.Background(), filepath.Join(dir, "none.db"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("check of a missing file: %v, want ErrNotExist", err)
	}
}

func TestNewerFormat(t *testing.T) {
	path := write(t, filled(t))
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("format")).Put([]byte("format"), binary.BigEndian.AppendUint32(nil, 4))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(path, store.Options{}); !errors.Is(err, store.ErrVersion) {
		t.Errorf("open: %v, want ErrVersion", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed, %v", err)
	}
}

// TestFormat1 opens a file that the first version of the format was written to.
func TestFormat1(t *testing.T) {
	const golden = "testdata/format/1.db"
	b, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, b)
	s := openAt(t, path, store.Options{})
	for revision, want := range map[uint64]string{1: "one", 2: "one", 3: "two", 4: ""} {
		r, err := s.At("room", []byte("k\x00ey"), revision)
		if want == "" && errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil || string(r.Value) != want {
			t.Errorf("at %d: %q, %v, want %q", revision, r.Value, err, want)
		}
	}
	if r, err := s.Get("room", []byte("other")); err != nil || len(r.Value) != 0 || r.Revision != 2 {
		t.Errorf("the empty value: %+v, %v", r, err)
	}
	commit(t, s, set("room", "k\x00ey", "three"))
	if _, err := s.Blob(1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a blob of a file that has none: %v, want ErrNotFound", err)
	}
	span := commit(t, s, blobbed("k", "first"), blobbed("l", "second"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path, store.Options{})
	if b, err := s.Blob(span.Last); err != nil || string(b) != "second" {
		t.Errorf("blob after the file was opened again: %q, %v", b, err)
	}
	if r, err := s.At("room", []byte("k\x00ey"), 3); err != nil || string(r.Value) != "two" {
		t.Errorf("what was there before the first blob: %q, %v", r.Value, err)
	}
}

// TestFormat2 opens a file that the second version of the format was written to.
func TestFormat2(t *testing.T) {
	b, err := os.ReadFile("testdata/format/2.db")
	if err != nil {
		t.Fatal(err)
	}
	s := openAt(t, write(t, b), store.Options{})
	if r, err := s.Get("room", []byte("blobbed")); err != nil || string(r.Value) != "shorter" || r.Revision != 6 {
		t.Errorf("the value: %+v, %v", r, err)
	}
	if b, err := s.Blob(5); err != nil || string(b) != goldenBlob {
		t.Errorf("the blob: %d bytes, %v, want %d", len(b), err, len(goldenBlob))
	}
	events, err := s.Log(context.Background(), 4, 10)
	if err != nil || len(events) != 2 || !events[0].Blob || events[1].Blob {
		t.Errorf("the log: %+v, %v", events, err)
	}
}

// TestFormat3 opens a file that the third version of the format was written to.
func TestFormat3(t *testing.T) {
	ctx := context.Background()
	b, err := os.ReadFile("testdata/format/3.db")
	if err != nil {
		t.Fatal(err)
	}
	s := openAt(t, write(t, b), store.Options{})
	if r, err := s.Get("room", []byte("other")); err != nil || len(r.Value) != 0 || r.Revision != 2 {
		t.Errorf("what was left: %+v, %v", r, err)
	}
	events, err := s.Log(ctx, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		got = append(got, fmt.Sprintf("%d %q %q %d %v %d", e.Kind, e.Room, e.Key, len(e.Value), e.Erased, e.Erases))
	}
	if diff := cmp.Diff([]string{
		`0 "" "" 0 true []`, `1 "room" "other" 0 false []`, `0 "" "" 0 true []`, `0 "" "" 0 true []`,
		`0 "" "" 0 true []`, `0 "" "" 0 true []`, `5 "room" "" 0 false [5 6]`, `5 "room" "" 0 false [1 3 4]`, `5 "nowhere" "" 0 false []`,
	}, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestFull(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "test.db"), store.Options{MaxSize: 1 << 20})
	ctx := context.Background()
	var err error
	n := 0
	for ; n < 100 && err == nil; n++ {
		_, err = s.Commit(ctx, func(*store.View) ([]store.Change, error) {
			return []store.Change{set("r", fmt.Sprintf("%02d", n), string(make([]byte, 40_000)))}, nil
		})
	}
	if !errors.Is(err, store.ErrFull) {
		t.Fatalf("after %d values: %v, want ErrFull", n, err)
	}
	if err := s.Err(); err != nil {
		t.Errorf("a full store has latched: %v", err)
	}
	if _, err := s.Get("r", []byte("00")); err != nil {
		t.Errorf("get from a full store: %v", err)
	}
}

func TestReadOnly(t *testing.T) {
	s := openAt(t, write(t, filled(t)), store.Options{ReadOnly: true})
	_, err := s.Commit(context.Background(), func(*store.View) ([]store.Change, error) { return []store.Change{set("r", "k", "v")}, nil })
	if !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("commit: %v, want ErrReadOnly", err)
	}
}
