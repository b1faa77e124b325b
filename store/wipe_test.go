package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"touchstone/store"
)

// marker is in all that a test erases, whichever case it was written in, and in nothing else.
func marker(r *rand.Rand) string { return fmt.Sprintf("<%016x>", r.Uint64()) }

func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// marked fills a store with keys that stay and with keys, values and blobs that have the marker, in among each other, many
// of them changed and deleted, and erases the latter.
func marked(t *testing.T, s *store.Store, r *rand.Rand, marker string, keys int) (kept map[string]string) {
	t.Helper()
	kept = map[string]string{}
	var doomed []string
	for range 3 * keys {
		key := fmt.Sprintf("%03d", r.IntN(keys))
		if r.IntN(3) == 0 {
			key += marker + strings.Repeat("k", r.IntN(30))
			doomed = append(doomed, key)
		}
		value := strings.Repeat("v", r.IntN(500))
		if strings.Contains(key, marker) {
			value += marker
		}
		c := set("r", key, value)
		switch r.IntN(6) {
		case 0:
			c = remove("r", key)
			delete(kept, key)
		case 1:
			c.Blob = bytes.Repeat([]byte(key), 1+r.IntN(2000))
			fallthrough
		default:
			if !strings.Contains(key, marker) {
				kept[key] = value
			}
		}
		commit(t, s, c)
	}
	var changes []store.Change
	for _, key := range doomed { // some of them twice
		changes = append(changes, erase("r", key))
	}
	commit(t, s, changes...)
	return kept
}

func intact(t *testing.T, s *store.Store, kept map[string]string) {
	t.Helper()
	page, more, err := s.Scan(context.Background(), "r", store.Range{}, 10_000)
	if err != nil || more || len(page) != len(kept) {
		t.Errorf("%d records, want %d, more: %v, %v", len(page), len(kept), more, err)
	}
	for _, rec := range page {
		if want, ok := kept[string(rec.Key)]; !ok || want != string(rec.Value) {
			t.Errorf("%q is %q, want %q, there: %v", rec.Key, rec.Value, want, ok)
		}
	}
}

func sound(t *testing.T, path string) {
	t.Helper()
	faults, err := store.Check(context.Background(), path, nil)
	if err != nil || len(faults) > 0 {
		t.Errorf("check of %s: %v, %v", filepath.Base(path), faults, err)
	}
}

func contains(t *testing.T, path, marker string) int {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(b, []byte(marker))
}

// TestWipe looks for what was erased in the bytes of the file.
func TestWipe(t *testing.T) {
	ctx, r := context.Background(), seeded(t)
	mark := marker(r)
	path := filepath.Join(t.TempDir(), "test.db")
	s := openAt(t, path, store.Options{})
	kept := marked(t, s, r, mark, 300)
	copied := func(name string) string {
		to := path + name
		if err := s.Backup(ctx, to); err != nil {
			t.Fatal(err)
		}
		return to
	}
	if n := contains(t, path, mark); n < 100 {
		t.Fatalf("the file has the marker %d times before it is wiped: this shows nothing", n)
	}
	if n := contains(t, copied(".before"), mark); n < 10 {
		t.Fatalf("a copy has the marker %d times before it is wiped: this shows nothing", n)
	}
	last := s.Revision()
	if err := s.Wipe(ctx); err != nil {
		t.Fatal(err)
	}
	if s.Revision() != last {
		t.Errorf("revision %d after wiping, was %d", s.Revision(), last)
	}
	if n := contains(t, path, mark); n > 0 {
		t.Errorf("the file has the marker %d times while it is open", n)
	}
	if n := contains(t, copied(".after"), mark); n > 0 {
		t.Errorf("a copy has the marker %d times", n)
	}
	intact(t, s, kept)
	if faults, err := s.Check(ctx, nil); err != nil || len(faults) > 0 {
		t.Errorf("check: %v, %v", faults, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := contains(t, path, mark); n > 0 {
		t.Errorf("the file has the marker %d times once it is closed", n)
	}
	sound(t, path)
	sound(t, path+".after")

	// The older meta page is for when the newest is torn: it must know a state that is whole as well.
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	newest := 0
	if at := 16 + 48; binary.NativeEndian.Uint64(b[page+at:]) > binary.NativeEndian.Uint64(b[at:]) {
		newest = page
	}
	clear(b[newest : newest+page])
	older := write(t, b)
	o := openAt(t, older, store.Options{AcceptRollback: true})
	intact(t, o, kept)
	if faults, err := o.Check(ctx, nil); err != nil || len(faults) > 0 {
		t.Errorf("check of what the older meta page knows: %v, %v", faults, err)
	}
	commit(t, o, set("r", "goes on", "v"))

	// The store goes on as well, and is wiped again.
	s = openAt(t, path, store.Options{})
	commit(t, s, set("r", "x"+mark, "v"))
	commit(t, s, erase("r", "x"+mark))
	if err := s.Wipe(ctx); err != nil {
		t.Error(err)
	}
	if n := contains(t, path, mark); n > 0 {
		t.Errorf("the file has the marker %d times after it was wiped again", n)
	}
	intact(t, s, kept)
}

// TestWipeAmongOthers wipes while others read, write, erase and back up: nobody sees anything that is not right, and what
// was erased before the last one is gone.
func TestWipeAmongOthers(t *testing.T) {
	ctx, r := context.Background(), seeded(t)
	mark := marker(r)
	dir := t.TempDir()
	path := filepath.Join(dir, "test.db")
	s := openAt(t, path, store.Options{})
	kept := marked(t, s, r, mark, 100)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	again := func(f func(i int)) {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					f(i)
				}
			}
		})
	}
	var before sync.RWMutex // so that no erasure comes after the last wiping has begun
	again(func(i int) {
		before.RLock()
		defer before.RUnlock()
		key := fmt.Sprint(mark, i%10)
		c := set("s", key, strings.Repeat(mark, i%300))
		c.Blob = []byte(strings.Repeat(mark, i%700))
		commit(t, s, c)
		commit(t, s, erase("s", key))
	})
	again(func(i int) { commit(t, s, set("t", fmt.Sprint(i%50), strings.Repeat("t", i%2000))) })
	again(func(int) { intact(t, s, kept) })
	again(func(int) {
		revision := s.Revision()
		for after := uint64(0); after < revision; {
			events, err := s.Log(ctx, after, 100)
			if err != nil || len(events) == 0 {
				t.Errorf("log after %d: %d events, %v", after, len(events), err)
				return
			}
			after = events[len(events)-1].Revision
		}
	})
	again(func(i int) {
		if faults, err := s.Check(ctx, nil); err != nil || len(faults) > 0 {
			t.Errorf("check: %v, %v", faults, err)
		}
		to := filepath.Join(dir, fmt.Sprint("copy", i))
		if err := s.Backup(ctx, to); err != nil {
			t.Error(err)
			return
		}
		sound(t, to)
		if err := os.Remove(to); err != nil {
			t.Error(err)
		}
	})
	for range 2 {
		again(func(int) {
			if err := s.Wipe(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	time.Sleep(2 * time.Second)
	before.Lock()
	if err := s.Wipe(ctx); err != nil {
		t.Error(err)
	}
	if n := contains(t, path, mark); n > 0 {
		t.Errorf("the file has the marker %d times", n)
	}
	before.Unlock()
	close(stop)
	wg.Wait()
	intact(t, s, kept)
}

// TestWipeWaitsForReaders holds that a reader who began before goes on seeing what he saw, and that others need not wait.
func TestWipeWaitsForReaders(t *testing.T) {
	ctx, r := context.Background(), seeded(t)
	mark := marker(r)
	path := filepath.Join(t.TempDir(), "test.db")
	s := openAt(t, path, store.Options{})
	text := strings.Repeat(mark, 5000)
	span := commit(t, s, blobbed("k", text), blobbed("l", text))
	reading, goOn, read := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		read <- s.Blobs(ctx, []uint64{span.First, span.Last}, func(i int, b []byte) error {
			if i == 0 {
				close(reading)
				<-goOn
			}
			if string(b) != text {
				return errors.New("it reads something else")
			}
			return nil
		})
	}()
	<-reading
	commit(t, s, erase("r", "k"), erase("r", "l"))
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := s.Wipe(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("wiping does not wait for a reader: %v", err)
	}
	var wiped error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		wiped = s.Wipe(ctx)
	}()
	for i := range 20 {
		commit(t, s, set("r", "m", strings.Repeat("v", 1000*i)))
		if _, err := s.Get("r", []byte("m")); err != nil {
			t.Error(err)
		}
	}
	select {
	case <-ended:
		t.Errorf("wiping has ended beside an earlier reader: %v", wiped)
	default:
	}
	close(goOn)
	if err := <-read; err != nil {
		t.Errorf("a reader who began before: %v", err)
	}
	if <-ended; wiped != nil {
		t.Error(wiped)
	}
	if n := contains(t, path, mark); n > 0 {
		t.Errorf("the file has the marker %d times", n)
	}
}

func TestWipeIsRefused(t *testing.T) {
	ctx := context.Background()
	path := write(t, filled(t))
	s := openAt(t, path, store.Options{})
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Wipe(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Wipe(ctx); !errors.Is(err, store.ErrClosed) {
		t.Errorf("of a closed store: %v, want ErrClosed", err)
	}
	if err := openAt(t, path, store.Options{ReadOnly: true}).Wipe(ctx); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("of one that was opened for reading: %v, want ErrReadOnly", err)
	}
}
