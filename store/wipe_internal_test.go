package store

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const secret = "what must not be found"

// erased makes a store with much that was erased, and with keys beside that were not.
func erased(t *testing.T) (s *Store, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "test.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		mustCommit(t, s,
			Change{Room: "r", Key: fmt.Appendf(nil, "%02d %s", i, secret), Value: bytes.Repeat([]byte(secret), 5*i), Blob: bytes.Repeat([]byte(secret), 10*i)},
			Change{Room: "r", Key: fmt.Appendf(nil, "%02d", i), Value: make([]byte, 200)},
		)
	}
	for i := range 60 {
		mustCommit(t, s, Change{Room: "r", Key: fmt.Appendf(nil, "%02d %s", i, secret), Erase: true})
	}
	return s, path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestWipeCrash takes the file as a crash would leave it between the steps of a Wipe and within one, when any of its pages
// may have reached the disk, with commits between the steps: it is sound, by either of its meta pages.
func TestWipeCrash(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	s, path := erased(t)
	pageSize := os.Getpagesize()
	sound := func(name string, b []byte) {
		t.Helper()
		for _, damaged := range []int{-1, 0, 1} {
			b := bytes.Clone(b)
			if damaged >= 0 {
				clear(b[damaged*pageSize:][:pageSize])
			}
			copied := written(t, b)
			s, err := Open(copied, Options{AcceptRollback: true})
			if err != nil {
				t.Fatalf("%s, without meta page %d: %v", name, damaged, err)
			}
			if r, err := s.Get("r", []byte("59")); err != nil || len(r.Value) != 200 {
				t.Errorf("%s, without meta page %d: get: %v", name, damaged, err)
			}
			mustCommit(t, s, Change{Room: "r", Key: []byte("k"), Value: make([]byte, 10_000)})
			mustClose(t, s)
			if faults, err := Check(t.Context(), copied, nil); err != nil || len(faults) > 0 && damaged < 0 {
				t.Errorf("%s, without meta page %d: %v, %v", name, damaged, faults, err)
			}
		}
	}
	if err := s.inWriter(t.Context(), s.beginWipe); err != nil {
		t.Fatal(err)
	}
	before := read(t, path)
	sound("before the first step", before)
	if !bytes.Contains(before, []byte(secret)) {
		t.Fatal("there is nothing to wipe")
	}
	steps := 0
	for more := true; more; steps++ {
		pages := 10
		if steps > 12 { // most of the rest is the tail, where nothing was
			pages = stepPages
		}
		if err := s.inWriter(t.Context(), func() (err error) {
			more, err = s.wipe(pages)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		after := read(t, path)
		if len(after) != len(before) {
			t.Fatalf("the file has %d bytes after step %d, had %d", len(after), steps, len(before))
		}
		if steps%4 == 0 {
			sound(fmt.Sprintf("after step %d", steps), after)
			torn := bytes.Clone(before)
			for at := 0; at < len(torn); at += 512 {
				if r.IntN(2) == 0 {
					copy(torn[at:at+512], after[at:])
				}
			}
			sound(fmt.Sprintf("within step %d", steps), torn)
		}
		if steps%3 == 0 { // twice the same key: what the first put to use is free again after the second
			for range 2 {
				mustCommit(t, s, Change{Room: "r", Key: []byte("k"), Value: make([]byte, 1000*(steps%20)), Blob: make([]byte, 3000)}, Change{Room: "r", Key: []byte("k"), Erase: true})
			}
		}
		before = read(t, path)
	}
	if steps < 10 {
		t.Errorf("%d steps show little", steps)
	}
	if n := bytes.Count(before, []byte(secret)); n > 0 {
		t.Errorf("the file has it %d times", n)
	}
	mustClose(t, s)
}

// TestWipeLeavesWhatWasPutToUse holds that a page which a commit has used since is not wiped once it is free again: who
// began to read in between sees it.
func TestWipeLeavesWhatWasPutToUse(t *testing.T) {
	s, _ := erased(t)
	text := bytes.Repeat([]byte("text "), 10_000)
	if err := s.inWriter(t.Context(), s.beginWipe); err != nil {
		t.Fatal(err)
	}
	<-s.readers.earlier()
	span, err := s.Commit(t.Context(), func(*View) ([]Change, error) {
		return []Change{{Room: "r", Key: []byte("k"), Value: text, Blob: text}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Blobs(t.Context(), []uint64{span.First}, func(_ int, b []byte) error {
		mustCommit(t, s, Change{Room: "r", Key: []byte("k"), Erase: true})
		mustCommit(t, s, Change{Room: "r", Key: []byte("l"), Value: []byte("v")})
		mustCommit(t, s, Change{Room: "r", Key: []byte("l"), Value: []byte("w")})
		if err := s.inWriter(t.Context(), func() error {
			_, err := s.wipe(1 << 20)
			return err
		}); err != nil {
			return err
		}
		if !bytes.Equal(b, text) {
			t.Error("a reader sees pages wiped that are in use for him")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	mustClose(t, s)
}

// TestWipeReachesTheTail writes behind the last page in use, as a commit does that a crash ends before it is one.
func TestWipeReachesTheTail(t *testing.T) {
	s, path := erased(t)
	before := read(t, path)
	at := int64(len(before)) - int64(len(secret))
	if _, err := s.file.WriteAt([]byte(secret), at); err != nil {
		t.Fatal(err)
	}
	// And behind the last whole page, where nothing of bbolt's is.
	if _, err := s.file.WriteAt([]byte(secret), at+100); err != nil {
		t.Fatal(err)
	}
	if err := s.Wipe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b := read(t, path); len(b) != len(before)+100 || bytes.Contains(b, []byte(secret)) {
		t.Errorf("the file has %d bytes, had %d, with what was to be wiped: %v", len(b), len(before)+100, bytes.Contains(b, []byte(secret)))
	}
	mustClose(t, s)
}

// TestWipeThatFails: when it is not known whether a page was wiped, nothing more is written. Reads of the random device are
// never of zeros, and it can be written to but not synced.
func TestWipeThatFails(t *testing.T) {
	for name, open := range map[string]func(path string) (*os.File, error){
		"write": os.Open, // for reading alone
		"sync":  func(string) (*os.File, error) { return os.OpenFile("/dev/urandom", os.O_RDWR, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			s, path := erased(t)
			if err := s.inWriter(t.Context(), s.beginWipe); err != nil {
				t.Fatal(err)
			}
			sound := s.file
			failing, err := open(path)
			if err != nil {
				t.Skip(err)
			}
			s.file = failing
			err = s.inWriter(t.Context(), func() error {
				_, err := s.wipe(stepPages)
				return err
			})
			if s.file = sound; !errors.Is(err, ErrReadOnly) || !errors.Is(s.Err(), ErrReadOnly) {
				t.Errorf("wipe: %v, and Err is %v", err, s.Err())
			}
			if err := s.Wipe(t.Context()); !errors.Is(err, ErrReadOnly) {
				t.Errorf("wipe afterwards: %v", err)
			}
			if _, err := s.Commit(t.Context(), func(*View) ([]Change, error) { return nil, nil }); !errors.Is(err, ErrReadOnly) {
				t.Errorf("commit afterwards: %v", err)
			}
			if _, err := s.Get("r", []byte("59")); err != nil {
				t.Errorf("get afterwards: %v", err)
			}
			if err := failing.Close(); err != nil {
				t.Error(err)
			}
			mustClose(t, s)
			if faults, err := Check(t.Context(), path, nil); err != nil || len(faults) > 0 {
				t.Errorf("check: %v, %v", faults, err)
			}
		})
	}
}

// TestWipeWritesOnce holds that pages which are zero are not written again: it can be told from a file that is open for
// reading alone.
func TestWipeWritesOnce(t *testing.T) {
	s, path := erased(t)
	if err := s.inWriter(t.Context(), s.beginWipe); err != nil {
		t.Fatal(err)
	}
	pages := s.wiping.pages
	writable := s.file
	for range 2 {
		s.wiping.pages = pages
		if err := s.inWriter(t.Context(), func() error {
			_, err := s.wipe(len(pages))
			return err
		}); err != nil {
			t.Error(err)
		}
		var err error
		if s.file, err = os.Open(path); err != nil {
			t.Fatal(err)
		}
	}
	if err := writable.Close(); err != nil {
		t.Error(err)
	}
	mustClose(t, s)
}
