package hamming_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"touchstone/index/hamming"
)

func TestFilesBringTheSetBack(t *testing.T) {
	t.Run("64", testFilesBringTheSetBack[code64])
	t.Run("256", testFilesBringTheSetBack[code256])
}

func testFilesBringTheSetBack[C hamming.Code](t *testing.T) {
	r := seeded(t)
	for kind, generate := range kinds[C]() {
		for _, n := range []int{0, 1, hamming.SmallTail, hamming.SmallTable + 1, 1200} {
			dir := t.TempDir()
			codes, rows, want := generate(r, n), sparseRows(r, n), naive[C]{}
			for i, row := range rows {
				want[row] = codes[i]
			}
			s := hamming.Small(rows[:n/2], codes[:n/2])
			s.Put(rows[n/2:], codes[n/2:])
			// What is saved in the middle of a merge may be written again.
			waited := r.IntN(2) == 0
			if waited {
				s.Wait()
			}
			for round := range 3 {
				before := files(t, dir)
				description, names, err := s.Snapshot().Save(context.Background(), dir, "x")
				if err != nil {
					t.Fatal(err)
				}
				if round == 1 && waited {
					// Nothing but the state was written again.
					if after := files(t, dir); len(after) != len(before)+1 {
						t.Errorf("%s/%d: %d files after saving the same set twice, want one more than %d", kind, n, len(after), len(before))
					}
				}
				if s, err = hamming.OpenSmall[C](dir, description); err != nil {
					t.Fatalf("%s/%d: %v", kind, n, err)
				}
				for _, name := range files(t, dir) {
					if !slices.Contains(names, name) {
						if err := os.Remove(filepath.Join(dir, name)); err != nil {
							t.Fatal(err)
						}
					}
				}
				if s.Len() != len(want) {
					t.Fatalf("%s/%d: Len is %d, want %d", kind, n, s.Len(), len(want))
				}
				for _, radius := range []int{0, 3, codeBits[C]() / 8, codeBits[C]()} {
					queries := []C{random[C](r)}
					if n > 0 {
						queries = append(queries, flip(r, codes[r.IntN(n)], 2))
					}
					check(t, s, want, queries, radius, nil)
				}
				if round == 0 {
					continue
				}
				// Changes to a set that was opened.
				for _, row := range rows[:n/5] {
					delete(want, row)
				}
				s.Delete(rows[:n/5]...)
				more := sparseRows(r, n/3)
				s.Put(more, codes[:n/3])
				for i, row := range more {
					want[row] = codes[i]
				}
				s.Wait()
			}
		}
	}
}

func files(t *testing.T, dir string) (names []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Whatever byte of a file or of the manifest is wrong, whatever is missing: an error, and nothing else.
func TestDamagedFilesAreRefused(t *testing.T) {
	t.Run("64", testDamagedFilesAreRefused[code64])
	t.Run("256", testDamagedFilesAreRefused[code256])
}

func testDamagedFilesAreRefused[C hamming.Code](t *testing.T) {
	r := seeded(t)
	dir := t.TempDir()
	s := hamming.Small(sparseRows(r, 300), kinds[C]()["clustered"](r, 300))
	s.Put([]uint32{5000, 5001}, kinds[C]()["random"](r, 2))
	s.Delete(5001)
	description, names, err := s.Snapshot().Save(context.Background(), dir, "x")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != 2 {
		t.Fatalf("files %v, want a segment and a state", names)
	}
	refused := func(what string, description []byte) {
		t.Helper()
		if _, err := hamming.OpenSmall[C](dir, description); !errors.Is(err, hamming.ErrFiles) {
			t.Errorf("%s: error is %v, want ErrFiles", what, err)
		}
	}
	for i := 0; i < len(description); i += 1 + r.IntN(5) {
		bad := slices.Clone(description)
		bad[i] ^= 1 << r.IntN(8)
		refused("a bit of the manifest turned", bad)
		refused("the manifest cut short", description[:i])
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write := func(b []byte) {
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for range 60 {
			bad := slices.Clone(whole)
			bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			write(bad)
			refused("a bit of "+name+" turned", description)
		}
		write(whole[:len(whole)-1])
		refused(name+" cut short", description)
		write(append(slices.Clone(whole), 0))
		refused(name+" too long", description)
		write(nil)
		refused(name+" empty", description)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		refused(name+" missing", description)
		write(whole)
	}
	if _, err := hamming.OpenSmall[C](dir, description); err != nil {
		t.Errorf("mended files are refused: %v", err)
	}
	if codeBits[C]() == 64 {
		if _, err := hamming.OpenSmall[code256](dir, description); !errors.Is(err, hamming.ErrFiles) {
			t.Errorf("a set of other codes: error is %v, want ErrFiles", err)
		}
	}
}

func TestSaveIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	r := seeded(t)
	s := hamming.Small(sparseRows(r, 300), kinds[code64]()["random"](r, 300))
	if _, _, err := s.Snapshot().Save(ctx, dir, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want the context's", err)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("files %v are left", left)
	}
	if _, _, err := s.Snapshot().Save(context.Background(), filepath.Join(dir, "none"), "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v, want that there is no such directory", err)
	}
}

// FuzzOpenSet gives OpenSet manifests and files whose checksums fit, but which nobody wrote: it may refuse them or not,
// but a search of what it made of them must not touch memory that isn't there.
func FuzzOpenSet(f *testing.F) {
	r := seeded(f)
	dir := f.TempDir()
	s := hamming.Small(sparseRows(r, 300), kinds[code64]()["clustered"](r, 300))
	description, _, err := s.Snapshot().Save(context.Background(), dir, "x")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(description[4:])
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := hamming.OpenSmall[code64](dir, hamming.Summed(text))
		if err != nil {
			if !errors.Is(err, hamming.ErrFiles) {
				t.Errorf("error is %v, want ErrFiles", err)
			}
			return
		}
		s.Wait()
	})
}
