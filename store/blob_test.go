package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"touchstone/store"
)

// TestBlobs attaches blobs, and reads them one by one, many at once, and after opening.
func TestBlobs(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "test.db")
	s := openAt(t, path, store.Options{})
	empty := set("r", "empty", "v")
	empty.Blob = []byte{}
	given := []byte("given")
	c := set("r", "given", "v")
	c.Blob = given
	span := commit(t, s, c, set("r", "none", "v"), empty, blobbed("long", blob(1)))
	given[0] = 'x' // what was stored is a copy
	look := func() {
		for i, want := range []string{"given", "", "", blob(1)} {
			b, err := s.Blob(span.First + uint64(i))
			if i == 1 {
				if !errors.Is(err, store.ErrNotFound) {
					t.Errorf("of a change without one: %q, %v", b, err)
				}
				continue
			}
			if err != nil || b == nil || string(b) != want {
				t.Errorf("blob %d: %q, %v, want %q", i, b, err, want)
			}
			for j := range b {
				b[j] = 0 // which the store does not see
			}
		}
	}
	look()
	look()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Blob(span.First); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
	s = openAt(t, path, store.Options{})
	look()

	order := []uint64{span.Last, span.First, span.Last}
	var got []string
	err := s.Blobs(ctx, order, func(i int, b []byte) error {
		if i != len(got) {
			t.Errorf("blob %d follows %d", i, len(got)-1)
		}
		got = append(got, string(b))
		return nil
	})
	if want := []string{blob(1), "given", blob(1)}; err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("many at once: %q, %v", got, err)
	}
	enough, looked := errors.New("enough"), 0
	if err := s.Blobs(ctx, order, func(int, []byte) error { looked++; return enough }); !errors.Is(err, enough) || looked != 1 {
		t.Errorf("a look that fails: %v, called %d times", err, looked)
	}
	if err := s.Blobs(ctx, []uint64{span.First, span.Last + 1}, func(int, []byte) error { return nil }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("one that is not there: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Blobs(ended, order, func(int, []byte) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

// TestBlobIsStoredOnce holds that a blob is in the file once, and is not written again when its key changes.
func TestBlobIsStoredOnce(t *testing.T) {
	s := open(t)
	text := append(make([]byte, 10_000), "what can be found in the file"...) // and has pages of its own
	commit(t, s, blobbed("k", string(text)))
	for i := range 20 {
		commit(t, s, set("r", "k", fmt.Sprint(i)))
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Backup(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(b, text); n != 1 {
		t.Errorf("the blob is in the file %d times", n)
	}
	copied := openAt(t, path, store.Options{})
	if b, err := copied.Blob(1); err != nil || !bytes.Equal(b, text) {
		t.Errorf("in the copy: %q, %v", b, err)
	}
}
