package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"touchstone/store"
)

// model is what a store of one room should hold, at each revision.
type model []map[string]string

func (m model) now() map[string]string { return m[len(m)-1] }

// past is what the log should tell of keys: the revisions of each, and what each erasure took away.
type past struct {
	of     map[string][]uint64
	erased map[uint64][]uint64
}

// erase takes a key out of all that there is, as the last revision of the model.
func (p past) erase(key string, m model, blobs map[uint64]string) {
	for _, then := range m {
		delete(then, key)
	}
	for _, r := range p.of[key] {
		delete(blobs, r)
	}
	p.erased[uint64(len(m)-1)] = append([]uint64{}, p.of[key]...)
	delete(p.of, key)
}

// TestAgainstModel makes random sequences of commits, of failing ones among them, of wipings and of openings, and holds every answer
// about the present and the past against plain maps.
func TestAgainstModel(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(t.TempDir(), "test.db")
		s, err := store.Open(path, store.Options{})
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = s.Close() }() // of a run that failed; otherwise it is closed by then
		m, blobs, p := model{{}}, map[uint64]string{}, past{map[string][]uint64{}, map[uint64][]uint64{}}
		key := rapid.SampledFrom([]string{"a", "a\x00", "a\x00b", "a\x00\xff", "b", "ab", "\x00", "\xff"})
		for range rapid.IntRange(1, 15).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"commit", "commit", "commit", "fail", "wipe", "reopen"}).Draw(rt, "step") {
			case "commit":
				var changes []store.Change
				for range rapid.IntRange(0, 4).Draw(rt, "changes") {
					k := key.Draw(rt, "key")
					next, revision := maps.Clone(m.now()), uint64(len(m))
					if rapid.IntRange(0, 7).Draw(rt, "erase") == 0 {
						changes = append(changes, erase("r", k))
						m = append(m, next)
						p.erase(k, m, blobs)
						continue
					}
					p.of[k] = append(p.of[k], revision)
					if rapid.IntRange(0, 3).Draw(rt, "delete") == 0 {
						changes = append(changes, remove("r", k))
						delete(next, k)
					} else {
						v := strings.Repeat(k, rapid.IntRange(0, 30).Draw(rt, "length"))
						c := set("r", k, v)
						if size := rapid.SampledFrom([]int{-1, -1, 0, 10, 3000, 20_000}).Draw(rt, "blob"); size >= 0 {
							blobs[revision] = strings.Repeat("b", size)
							c.Blob = []byte(blobs[revision])
						}
						changes = append(changes, c)
						next[k] = v
					}
					m = append(m, next)
				}
				if _, err := s.Commit(ctx, func(*store.View) ([]store.Change, error) { return changes, nil }); err != nil {
					rt.Fatal(err)
				}
			case "fail":
				want := errors.New("no")
				_, err := s.Commit(ctx, func(v *store.View) ([]store.Change, error) {
					if v.Next() != uint64(len(m)) {
						rt.Errorf("next is %d, want %d", v.Next(), len(m))
					}
					return []store.Change{set("r", "a", "x")}, want
				})
				if !errors.Is(err, want) {
					rt.Fatalf("commit that fails: %v", err)
				}
			case "wipe":
				if err := s.Wipe(ctx); err != nil {
					rt.Fatal(err)
				}
			case "reopen":
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				if s, err = store.Open(path, store.Options{}); err != nil {
					rt.Fatal(err)
				}
			}
		}
		if s.Revision() != uint64(len(m)-1) {
			rt.Fatalf("revision %d, want %d", s.Revision(), len(m)-1)
		}
		for at := range uint64(len(m)) {
			compare(rt, s, m[at], at)
		}
		compare(rt, s, m.now(), 0)
		follow(rt, s, m, p)
		for _, k := range []string{"a", "a\x00", "a\x00b", "a\x00\xff", "b", "ab", "\x00", "\xff"} {
			if revisions, err := s.History(ctx, "r", []byte(k)); err != nil || !slices.Equal(revisions, p.of[k]) {
				rt.Fatalf("history of %q: %d, %v, want %d", k, revisions, err, p.of[k])
			}
		}
		for revision := range uint64(len(m) + 1) {
			b, err := s.Blob(revision)
			if want, ok := blobs[revision]; ok && (err != nil || string(b) != want) || !ok && !errors.Is(err, store.ErrNotFound) {
				rt.Fatalf("blob %d: %d bytes, %v; want %d, there: %v", revision, len(b), err, len(want), ok)
			}
		}
		if err := s.Close(); err != nil {
			rt.Fatal(err)
		}
		faults, err := store.Check(ctx, path, nil)
		if err != nil || len(faults) > 0 {
			rt.Fatalf("check: %v, %v", faults, err)
		}
	})
}

// compare scans a room in small pages, and asks for each key, at a revision; 0: now.
func compare(t *rapid.T, s *store.Store, want map[string]string, at uint64) {
	got := map[string]string{}
	var keys []string
	for r, more := (store.Range{At: at}), true; more; {
		page, m, err := s.Scan(context.Background(), "r", r, 2)
		if err != nil {
			t.Fatal(err)
		}
		more = m
		for _, rec := range page {
			got[string(rec.Key)] = string(rec.Value)
			keys = append(keys, string(rec.Key))
			r.After = rec.Key
		}
	}
	if at == 0 && len(want) == 0 && s.Revision() > 0 {
		return // revision 0 can't be asked for by Scan: 0 is now
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("scan at %d (-want +got):\n%s", at, diff)
	}
	if !slices.IsSorted(keys) {
		t.Fatalf("scan at %d gives keys %q", at, keys)
	}
	for k, v := range want {
		rec, err := s.At("r", []byte(k), max(at, 1))
		if at == 0 {
			rec, err = s.Get("r", []byte(k))
		}
		if err != nil || string(rec.Value) != v {
			t.Fatalf("%q at %d: %q, %v, want %q", k, at, rec.Value, err, v)
		}
	}
}

// follow replays the log.
func follow(t *rapid.T, s *store.Store, m model, p past) {
	now, erased := map[string]string{}, map[uint64]bool{}
	for _, revisions := range p.erased {
		for _, r := range revisions {
			erased[r] = true
		}
	}
	after, last := uint64(0), time.Time{}
	for {
		events, err := s.Log(context.Background(), after, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			if e.Revision != after+1 || e.Time.Before(last) || e.Erased == (e.Room == "r") || e.Erased != erased[e.Revision] {
				t.Fatalf("event %+v follows revision %d, time %v", e, after, last)
			}
			if want := p.erased[e.Revision]; !slices.Equal(e.Erases, want) || (e.Erases == nil) != (want == nil) {
				t.Fatalf("event %+v erases %d, want %d", e, e.Erases, want)
			}
			after, last = e.Revision, e.Time
			if e.Value == nil {
				delete(now, string(e.Key))
			} else {
				now[string(e.Key)] = string(e.Value)
			}
			if diff := cmp.Diff(m[after], now); diff != "" {
				t.Fatalf("log up to %d (-want +got):\n%s", after, diff)
			}
		}
	}
	if after != uint64(len(m)-1) {
		t.Fatalf("the log ends at %d, want %d", after, len(m)-1)
	}
}

func TestInvalidChanges(t *testing.T) {
	s := open(t)
	long := strings.Repeat("x", 2000)
	for name, c := range map[string]store.Change{
		"no room": set("", "k", "v"), "long room": set(long, "k", "v"), "no key": set("r", "", "v"), "long key": set("r", long, "v"),
		"long value": set("r", "k", string(make([]byte, store.MaxValue+1))), "long blob": blobbed("k", string(make([]byte, store.MaxBlob+1))),
		"deletion with a blob": {Room: "r", Key: []byte("k"), Blob: []byte{}},
		"erasure with a value": {Room: "r", Key: []byte("k"), Value: []byte{}, Erase: true}, "erasure with a blob": {Room: "r", Key: []byte("k"), Blob: []byte{}, Erase: true},
		"erasure of no key": erase("r", ""),
	} {
		_, err := s.Commit(context.Background(), func(*store.View) ([]store.Change, error) { return []store.Change{set("r", "fine", "v"), c}, nil })
		if !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	if s.Revision() != 0 {
		t.Errorf("revision %d after refused changes only", s.Revision())
	}
	if _, _, err := s.Scan(context.Background(), "r", store.Range{}, 0); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("scan with limit 0: %v", err)
	}
	if _, err := s.Log(context.Background(), 0, 0); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("log with limit 0: %v", err)
	}
}

func TestPanicInDecide(t *testing.T) {
	s := open(t)
	_, err := s.Commit(context.Background(), func(*store.View) ([]store.Change, error) { panic("oops") })
	if err == nil || !strings.Contains(err.Error(), "oops") {
		t.Errorf("commit: %v", err)
	}
	commit(t, s, set("r", "k", "v"))
}

func TestCancelledCommit(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var ran atomic.Bool
	_, err := s.Commit(ctx, func(*store.View) ([]store.Change, error) {
		ran.Store(true)
		return []store.Change{set("r", "k", "v")}, nil
	})
	if !errors.Is(err, context.Canceled) || s.Revision() != 0 {
		t.Errorf("commit: %v, revision %d, decided %v", err, s.Revision(), ran.Load())
	}
}

// TestCloseFinishesCommits closes a store while many commit: each is there, or was told that it is not.
func TestCloseFinishesCommits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var acknowledged sync.Map
	for i := range 50 {
		wg.Go(func() {
			key := fmt.Sprint(i)
			_, err := s.Commit(context.Background(), func(*store.View) ([]store.Change, error) { return []store.Change{set("r", key, "v")}, nil })
			switch {
			case err == nil:
				acknowledged.Store(key, true)
			case !errors.Is(err, store.ErrClosed):
				t.Errorf("commit: %v", err)
			}
		})
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := s.Close(); !errors.Is(err, store.ErrClosed) {
		t.Errorf("second close: %v", err)
	}
	if _, err := s.Get("r", []byte("1")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("get after close: %v", err)
	}
	if _, err := s.Wait(context.Background(), 1000); !errors.Is(err, store.ErrClosed) {
		t.Errorf("wait after close: %v", err)
	}
	s = openAt(t, path, store.Options{})
	acknowledged.Range(func(key, _ any) bool {
		if _, err := s.Get("r", []byte(key.(string))); err != nil {
			t.Errorf("acknowledged %q: %v", key, err)
		}
		return true
	})
}

func TestWait(t *testing.T) {
	s := open(t)
	got := make(chan uint64)
	go func() {
		r, err := s.Wait(context.Background(), 1)
		if err != nil {
			t.Error(err)
		}
		got <- r
	}()
	commit(t, s, set("r", "a", "1"))
	commit(t, s, set("r", "b", "2"))
	if r := <-got; r < 2 {
		t.Errorf("wait returned at revision %d", r)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := s.Wait(ctx, 2); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("wait for what does not come: %v", err)
	}
}

// TestBackup backs a store up, and checks it, while it is written to: the copy is the store as it was at one revision.
func TestBackup(t *testing.T) {
	s := open(t)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			commit(t, s, set("r", fmt.Sprint(i), "v"))
		}
	})
	for i := range 5 {
		if faults, err := s.Check(context.Background(), nil); err != nil || len(faults) > 0 {
			t.Errorf("check: %v, %v", faults, err)
		}
		before := s.Revision()
		path := filepath.Join(t.TempDir(), fmt.Sprint(i))
		if err := s.Backup(context.Background(), path); err != nil {
			t.Fatal(err)
		}
		after := s.Revision()
		faults, err := store.Check(context.Background(), path, nil)
		if err != nil || len(faults) > 0 {
			t.Errorf("check of the copy: %v, %v", faults, err)
		}
		c := openAt(t, path, store.Options{})
		if r := c.Revision(); r < before || r > after+1 { // the commit under way, too, may be in the copy
			t.Errorf("the copy is of revision %d, want %d to %d", r, before, after+1)
		}
		if err := s.Backup(context.Background(), path); err == nil {
			t.Error("a backup overwrites a file")
		}
	}
	close(stop)
	wg.Wait()
}

func BenchmarkCommit(b *testing.B) {
	for _, callers := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := open(b)
			value := string(make([]byte, 400))
			b.ReportAllocs()
			b.SetParallelism(callers)
			var n atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					key := fmt.Sprint(n.Add(1))
					if _, err := s.Commit(context.Background(), func(*store.View) ([]store.Change, error) {
						return []store.Change{set("r", key, value)}, nil
					}); err != nil {
						b.Error(err)
					}
				}
			})
			if s.Revision() != uint64(n.Load()) {
				b.Fatalf("revision %d after %d commits", s.Revision(), n.Load())
			}
			b.ReportMetric(float64(n.Load())/b.Elapsed().Seconds(), "commits/s")
		})
	}
}
