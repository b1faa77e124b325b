package local_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/index/local"
)

const (
	dbName    = "index.db"
	memoryDir = dbName + ".memory"
)

// image is files by their names within a folder.
type image map[string][]byte

// take reads all files of a folder.
func take(t testing.TB, folder string) image {
	t.Helper()
	files := image{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err == nil {
			files[name], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// put writes the files to a new folder.
func (m image) put(t testing.TB) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, b := range m {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// memory are the names of the files of the checkpoint that begin so.
func (m image) memory(t testing.TB, prefix string) string {
	t.Helper()
	for name := range m {
		if strings.HasPrefix(name, filepath.Join(memoryDir, prefix)) {
			return name
		}
	}
	t.Fatalf("no file %s* in %v", prefix, slices.Collect(maps.Keys(m)))
	return ""
}

// answers is what an index says of all that it has, and of some searches.
func answers(t testing.TB, x *local.Index) string {
	t.Helper()
	ctx := context.Background()
	photos, err := x.List(ctx, index.Filter{}, index.Key{}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	brands, err := x.Brands(ctx)
	if err != nil {
		t.Fatal(err)
	}
	said := fmt.Sprintf("%+v\n%+v\n", photos, brands)
	for i, p := range photos {
		q := index.Query{Recipe: fingerprint.Current, RadiusPDQ: 20 + i%80, RadiusP: i % 10, Limit: 5, Probes: []index.Probe{{P: p.Fingerprint.Content.P, PDQ: p.Fingerprint.Whole.PDQ}}}
		switch i % 5 {
		case 0:
			q.Filter.Brands = []string{p.Brand}
		case 1:
			q.Filter.Products = []string{p.Product}
		}
		r, err := x.Search(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		said += fmt.Sprintf("%v %d %d", p.Key, r.Total, r.Searched)
		for _, n := range r.Neighbors {
			said += fmt.Sprintf(" %v %d %d", n.Photo.Key, n.DistancePDQ, n.DistanceP)
		}
		f, err := x.Features(ctx, p.Key, 0)
		if errors.Is(err, index.ErrNotFound) {
			said += "\n"
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		c, err := x.Candidates(ctx, index.CandidateQuery{Recipe: feature.Current, Features: f.Features[:len(f.Features)-i%5], Limit: 3, Filter: q.Filter})
		if err != nil {
			t.Fatal(err)
		}
		said += fmt.Sprintf(" %x, %d", f.Features[0].Descriptor, c.Searched)
		for _, n := range c.Candidates {
			said += fmt.Sprintf(" %v %v %v", n.Photo.Key, n.Votes, len(n.Photo.Features.Features))
		}
		said += "\n"
	}
	for _, brand := range []string{"a", "b", "c", "d"} {
		s, err := x.Brand(ctx, brand)
		if err != nil {
			t.Fatal(err)
		}
		said += fmt.Sprintf("%s %+v\n", brand, s)
	}
	return said
}

func openEager(t testing.TB, folder string) *local.Index {
	t.Helper()
	x, err := local.OpenEager(context.Background(), filepath.Join(folder, dbName), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func closed(t testing.TB, x *local.Index) {
	t.Helper()
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

// holds opens a folder's index and compares its answers. It returns whether memory came from the checkpoint.
func holds(t testing.TB, name, folder, want string) (restored bool) {
	t.Helper()
	x := openEager(t, folder)
	restored = x.Restored()
	if got := answers(t, x); got != want {
		t.Errorf("%s: answers (-want +got):\n%s", name, cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
	}
	closed(t, x)
	return restored
}

// some puts a few photos, changes some of them, and deletes others.
func some(t testing.TB, x *local.Index, seed uint64, n int) {
	t.Helper()
	ctx := context.Background()
	photos, _ := crowd(seed, max(n, 200))
	for i, p := range photos[:n] {
		p.ID = fmt.Sprint(seed, " ", p.ID)
		if _, err := x.Put(ctx, p); err != nil {
			t.Fatal(err)
		}
		var err error
		switch i % 4 {
		case 0:
			_, err = x.Update(ctx, p.Key, index.Metadata{Product: "another"}, 0)
		case 1:
			p.Original.SHA256[31], p.Fingerprint, p.Features = 1, photos[(i+7)%len(photos)].Fingerprint, photos[(i+9)%len(photos)].Features
			_, err = x.Put(ctx, p)
		case 2:
			err = x.Delete(ctx, p.Key)
		case 3:
			if i%8 == 3 {
				err = x.SetBrand(ctx, []string{"a", "b", "d"}[i/8%3], index.BrandSettings{Partial: i%16 == 3 || i/8%3 == 0})
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestCheckpointFits has checkpoints read with and without changes since.
func TestCheckpointFits(t *testing.T) {
	folder := t.TempDir()
	x := openEager(t, folder)
	some(t, x, 1, 80)
	closed(t, x)
	x = openEager(t, folder)
	if !x.Restored() {
		t.Fatal("memory was built, though there is a checkpoint")
	}
	before := take(t, folder)
	some(t, x, 2, 40)
	want := answers(t, x)
	closed(t, x)
	after := take(t, folder)
	if !holds(t, "closed", after.put(t), want) {
		t.Error("memory was built after Close")
	}
	for name := range after { // as if the process had died before the second checkpoint
		if strings.HasPrefix(name, memoryDir) {
			delete(after, name)
		}
	}
	for name, b := range before {
		if strings.HasPrefix(name, memoryDir) {
			after[name] = b
		}
	}
	if !holds(t, "with changes since", after.put(t), want) {
		t.Error("memory was built, though the log has what has changed since")
	}
}

// TestCheckpointUnfit has checkpoints that don't fit, for every reason there is: the answers are the store's.
func TestCheckpointUnfit(t *testing.T) {
	folder := t.TempDir()
	x := openEager(t, folder)
	some(t, x, 1, 40)
	wantOld := answers(t, x)
	closed(t, x)
	old := take(t, folder)
	x = openEager(t, folder)
	some(t, x, 2, 40)
	want := answers(t, x)
	closed(t, x)
	sound := take(t, folder)

	other := t.TempDir()
	x = openEager(t, other)
	some(t, x, 3, 80)
	closed(t, x)
	strange := take(t, other)

	// An older copy that has gone on by itself, to the checkpoint's revision and beyond.
	x = openEager(t, image{dbName: old[dbName]}.put(t))
	some(t, x, 4, 80)
	wantForked := answers(t, x)
	forked := filepath.Join(t.TempDir(), dbName)
	if err := x.Backup(context.Background(), forked); err != nil {
		t.Fatal(err)
	}
	closed(t, x)
	forkedDB, err := os.ReadFile(forked)
	if err != nil {
		t.Fatal(err)
	}

	with := func(from image, change func(image)) image {
		m := maps.Clone(from)
		change(m)
		return m
	}
	instead := func(memory image) image {
		return with(sound, func(m image) {
			for name := range sound {
				if strings.HasPrefix(name, memoryDir) {
					delete(m, name)
				}
			}
			for name, b := range memory {
				if strings.HasPrefix(name, memoryDir) {
					m[name] = b
				}
			}
		})
	}
	if !holds(t, "sound", sound.put(t), want) {
		t.Fatal("the sound checkpoint does not fit")
	}
	manifest := filepath.Join(memoryDir, "manifest")
	cases := map[string]image{
		"of another store":     instead(strange),
		"no manifest":          with(sound, func(m image) { delete(m, manifest) }),
		"of another version":   with(sound, func(m image) { m[manifest] = bytes.Replace(m[manifest], []byte(" 2 "), []byte(" 3 "), 1) }),
		"an empty manifest":    with(sound, func(m image) { m[manifest] = nil }),
		"an old manifest":      with(sound, func(m image) { m[manifest] = old[manifest] }),
		"a manifest cut short": with(sound, func(m image) { m[manifest] = m[manifest][:len(m[manifest])/2] }),
	}
	for _, prefix := range []string{"base-", "p-", "pdq-", "spots-"} {
		name := sound.memory(t, prefix)
		b := sound[name]
		cases[prefix+" missing"] = with(sound, func(m image) { delete(m, name) })
		cases[prefix+" empty"] = with(sound, func(m image) { m[name] = nil })
		cases[prefix+" cut short"] = with(sound, func(m image) { m[name] = b[:len(b)-1] })
		cases[prefix+" longer"] = with(sound, func(m image) { m[name] = append(bytes.Clone(b), 0) })
		cases[prefix+" of earlier"] = with(sound, func(m image) { m[name] = old[old.memory(t, prefix)] })
		for i := range 3 {
			at := len(b)*i/3 + 1
			cases[fmt.Sprintf("%s damaged at %d", prefix, at)] = with(sound, func(m image) { m[name] = flipped(b, at) })
		}
	}
	for name, m := range cases {
		folder := m.put(t)
		if holds(t, name, folder, want) {
			t.Errorf("%s: it was taken for one that fits", name)
		}
	}
	again := cases["no manifest"].put(t)
	if holds(t, "no manifest", again, want); !holds(t, "once more", again, want) {
		t.Error("what was made anew does not fit")
	}
	if holds(t, "rolled back", with(sound, func(m image) { m[dbName] = old[dbName] }).put(t), wantOld) {
		t.Error("a checkpoint of what was rolled back was taken for one that fits")
	}
	if holds(t, "rolled back and gone on", with(sound, func(m image) { m[dbName] = forkedDB }).put(t), wantForked) {
		t.Error("a checkpoint of another history was taken for one that fits")
	}
	for at := range sound[manifest] {
		if _, err := local.ReadManifest(flipped(sound[manifest], at)); err == nil {
			t.Errorf("a manifest that is damaged at %d is read", at)
		}
		if _, err := local.ReadManifest(sound[manifest][:at]); err == nil {
			t.Errorf("a manifest that is cut short at %d is read", at)
		}
	}
	base := sound[sound.memory(t, "base-")]
	path := filepath.Join(t.TempDir(), "base")
	for at := range base {
		if err := os.WriteFile(path, flipped(base, at), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := local.OpenBase(path, sound[manifest]); err == nil {
			t.Errorf("a base that is damaged at %d is read", at)
		}
	}
	if err := os.WriteFile(path, base, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := local.OpenBase(path, sound[manifest]); err != nil {
		t.Errorf("a base that is sound: %v", err)
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1 << (at % 8)
	return b
}

// TestCheckpointCrash looks at what a crash at each step of a checkpoint would leave: it is opened, and has everything.
func TestCheckpointCrash(t *testing.T) {
	folder := t.TempDir()
	x := openEager(t, folder)
	some(t, x, 1, 40)
	closed(t, x)
	type crash struct {
		step string
		left image
	}
	var seen []crash
	x, err := local.OpenWatched(context.Background(), filepath.Join(folder, dbName), local.Options{}, func(step string) {
		seen = append(seen, crash{step, take(t, folder)})
	})
	if err != nil {
		t.Fatal(err)
	}
	some(t, x, 2, 3)
	want := answers(t, x)
	if err := x.Settle(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := answers(t, x); got != want || !x.Restored() {
		t.Error("the index answers otherwise on the checkpoint")
	}
	closed(t, x)
	if len(seen) < 7 {
		t.Fatalf("%d steps, want 7 and more", len(seen))
	}
	for _, c := range seen {
		if !holds(t, c.step, c.left.put(t), want) {
			t.Errorf("%s: neither the old checkpoint fits nor the new one", c.step)
		}
	}
}

// TestKilled kills a process again and again that makes checkpoints all the time: what was acknowledged is there, and no
// answer is other than the store's.
func TestKilled(t *testing.T) {
	if folder := os.Getenv("TOUCHSTONE_TEST_VICTIM"); folder != "" {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // until whoever is to kill it is gone itself
			os.Exit(1)
		}()
		x := openEager(t, folder)
		for {
			some(t, x, uint64(time.Now().UnixNano()), 4)
		}
	}
	folder := t.TempDir()
	rounds := 6
	if os.Getenv("TOUCHSTONE_LONG") != "" {
		rounds = 100
	}
	for range rounds {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), "TOUCHSTONE_TEST_VICTIM="+folder)
		if _, err := cmd.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(150*time.Millisecond + rand.N(300*time.Millisecond))
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed, as it should be
		left := take(t, folder)
		if left[dbName] == nil {
			continue // it had not begun
		}
		x := openEager(t, image{dbName: left[dbName]}.put(t)) // the store alone
		want := answers(t, x)
		closed(t, x)
		holds(t, "killed", left.put(t), want)
		file(filepath.Join(left.put(t), dbName)).Check(t)
	}
}
