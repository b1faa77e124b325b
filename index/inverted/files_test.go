package inverted_test

import (
	"context"
	"encoding/json"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"touchstone/fingerprint/feature"
	"touchstone/index/inverted"
)

// saved is a set of some segments with dead rows and a fresh part, and its files.
func saved(t testing.TB, r *rand.Rand) (dir string, about []byte, files []string, spots []feature.Feature) {
	t.Helper()
	for range 60 {
		spots = append(spots, spot(r))
	}
	s := inverted.Small()
	rows := sparseRows(r, 140)
	s.Put(rows, photos(r, spots, len(rows)))
	s.Put(rows[:5], photos(r, spots, 5))
	s.Delete(rows[20:50]...)
	dir = t.TempDir()
	about, files, err := s.Snapshot().Save(context.Background(), dir, "x")
	if err != nil {
		t.Fatal(err)
	}
	return dir, about, files, spots
}

// What is saved twice is written once, but for the state.
func TestSegmentsAreWrittenOnce(t *testing.T) {
	dir, about, files, _ := saved(t, seeded(t))
	s, err := inverted.OpenSmall(dir, about)
	if err != nil {
		t.Fatal(err)
	}
	s.Wait()
	before, _ := s.Parts()
	_, again, err := s.Snapshot().Save(context.Background(), dir, "x")
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for _, f := range again {
		if slices.Contains(files, f) {
			kept++
		}
	}
	if before != len(again)-1 || kept == 0 {
		t.Errorf("%d segments in files %v, of which %d were there", before, again, kept)
	}
}

// Whatever byte of a file or of the manifest is wrong, whatever is missing: an error, and nothing else.
func TestDamagedFilesAreRefused(t *testing.T) {
	r := seeded(t)
	dir, about, files, _ := saved(t, r)
	refused := func(what string, about []byte) {
		t.Helper()
		if _, err := inverted.OpenSmall(dir, about); !errors.Is(err, inverted.ErrFiles) {
			t.Errorf("%s: error is %v, want ErrFiles", what, err)
		}
	}
	for i := 0; i < len(about); i += 1 + r.IntN(9) {
		bad := slices.Clone(about)
		bad[i] ^= 1 << r.IntN(8)
		refused("a bit of the manifest turned", bad)
		refused("the manifest cut short", about[:i])
	}
	for _, name := range files {
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
		for range 20 {
			bad := slices.Clone(whole)
			bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			write(bad)
			refused("a bit of "+name+" turned", about)
		}
		write(whole[:len(whole)-1])
		refused(name+" cut short", about)
		write(append(slices.Clone(whole), 0))
		refused(name+" too long", about)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		refused(name+" missing", about)
		write(whole)
	}
	if _, err := inverted.OpenSmall(dir, about); err != nil {
		t.Errorf("mended files are refused: %v", err)
	}
}

func TestSaveIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := seeded(t)
	s, dir := inverted.Small(), t.TempDir()
	s.Put([]uint32{1}, photos(r, []feature.Feature{spot(r)}, 1))
	if _, _, err := s.Snapshot().Save(ctx, dir, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want the context's", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("files %v are left, %v", left, err)
	}
	if _, _, err := s.Snapshot().Save(context.Background(), filepath.Join(dir, "none"), "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v, want that there is no such directory", err)
	}
}

// used does with a set what touches all that it consists of.
func used(t *testing.T, s *inverted.Set, r *rand.Rand, spots []feature.Feature) {
	t.Helper()
	for range 3 {
		if _, err := s.Snapshot().Search(context.Background(), naive{}.query(r, spots)); err != nil {
			t.Fatal(err)
		}
	}
	for row := range uint32(64) {
		s.Delete(row)
	}
	rows := sparseRows(r, 50)
	s.Put(rows, photos(r, spots, len(rows)))
	s.Wait()
	if _, err := s.Snapshot().Search(context.Background(), naive{}.query(r, spots)); err != nil {
		t.Fatal(err)
	}
}

// Numbers of files that nobody wrote, with checksums that fit, are refused or do no harm.
func TestFilesThatNobodyWroteDoNoHarm(t *testing.T) {
	r := seeded(t)
	dir, about, _, spots := saved(t, r)
	opened := 0
	for range 60 {
		at, value := r.Uint32(), r.Uint32()>>r.IntN(32)
		if r.IntN(2) == 0 {
			at = 4*65537 + at%4096 // behind starts, where most numbers lead somewhere
		}
		text := rewritten(dir, about[4:], at, uint64(value), uint8(r.Uint32()))
		s, err := inverted.OpenSmall(dir, inverted.Summed(text))
		if err != nil {
			if !errors.Is(err, inverted.ErrFiles) {
				t.Errorf("error is %v, want ErrFiles", err)
			}
			continue
		}
		opened++
		used(t, s, r, spots)
	}
	if opened == 0 || opened == 60 {
		t.Errorf("%d of 60 were opened", opened)
	}
}

// rewritten is a manifest with a value written over some place of one of its files, and the checksum put right; it is the
// same where that can't be.
func rewritten(dir string, text []byte, at uint32, value uint64, which uint8) []byte {
	var m map[string]any
	if json.Unmarshal(text, &m) != nil {
		return text
	}
	changed := damage(m, which, func(name string) uint32 {
		whole, err := os.ReadFile(filepath.Join(dir, filepath.Base(name)))
		if err != nil || len(whole) < 8 {
			return 0
		}
		at := int(at) % (len(whole) - 7)
		for i := range 4 {
			whole[at+i] = byte(value >> (8 * i))
		}
		if os.WriteFile(filepath.Join(dir, "bad"), whole, 0o600) != nil {
			return 0
		}
		return crc32.Checksum(whole, crc32.MakeTable(crc32.Castagnoli))
	})
	if b, err := json.Marshal(m); err == nil && changed {
		return b
	}
	return text
}

// FuzzOpenSet gives OpenSet manifests and files whose checksums fit, but which nobody wrote: it may refuse them or not,
// but what it made of them must not touch memory that isn't there.
func FuzzOpenSet(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 0))
	dir, about, _, spots := saved(f, r)
	f.Add(about[4:], uint32(0), uint64(1)<<63, uint8(1))
	f.Add(about[4:], uint32(262144+64), uint64(77), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, at uint32, value uint64, which uint8) {
		text = rewritten(dir, text, at, value, which)
		s, err := inverted.OpenSmall(dir, inverted.Summed(text))
		if err != nil {
			if !errors.Is(err, inverted.ErrFiles) {
				t.Errorf("error is %v, want ErrFiles", err)
			}
			return
		}
		used(t, s, rand.New(rand.NewPCG(4, 0)), spots)
	})
}

// damage has a manifest name a file "bad" in the place of one of its files, and tells whether it could.
func damage(m map[string]any, which uint8, write func(name string) uint32) bool {
	record, ok := m["State"].(map[string]any)
	if segments, list := m["Segments"].([]any); list && len(segments) > 0 && which%4 != 0 {
		if segment, is := segments[int(which)%len(segments)].(map[string]any); is {
			record, ok = segment["File"].(map[string]any)
		}
	}
	if !ok {
		return false
	}
	name, ok := record["Name"].(string)
	if !ok {
		return false
	}
	record["Name"], record["Sums"] = "bad", []uint32{write(name)}
	return true
}
