package match_test

import (
	"bufio"
	"context"
	"errors"
	"image"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/match"
)

// heldOut are photos of TOUCHSTONE_DATA, by folder, that nothing was fitted on: those whose SHA-256 begins with 0 to 7.
func heldOut(t testing.TB, folders ...string) (paths []string) {
	t.Helper()
	dir := os.Getenv("TOUCHSTONE_DATA")
	if dir == "" {
		t.Skip("TOUCHSTONE_DATA names no folder of photos")
	}
	f, err := os.Open(filepath.Join(dir, "groups.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		c := strings.Split(lines.Text(), "\t")
		if len(c) != 11 || c[9] == "" || c[9][0] > '7' || !strings.HasSuffix(c[0], ".jpg") {
			continue
		}
		for _, folder := range folders {
			if strings.HasPrefix(c[0], folder+"/") {
				paths = append(paths, filepath.Join(dir, c[0]))
			}
		}
	}
	if len(paths) < 100 {
		t.Fatalf("%d photos of %q in %s, want 100 or more", len(paths), folders, dir)
	}
	return paths
}

// TestPromise holds that as many unrelated pictures have a false match as is said, within a factor of two: with photos of
// one shop as the catalogue, and edited photos of two others as subjects, none of which the score or its background was
// fitted on.
func TestPromise(t *testing.T) {
	t.Parallel()
	every := 16
	if os.Getenv("TOUCHSTONE_LONG") != "" {
		every = 1
	}
	b := newBench(t)
	load := func(path string) []byte {
		bytes, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	for i, path := range heldOut(t, "products_ikea") {
		if i%5 > 0 && every > 1 {
			continue
		}
		d, err := b.m.Describe(context.Background(), match.Batch, load(path))
		if errors.Is(err, fingerprint.ErrPlain) {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		_, err = b.x.Put(context.Background(), index.Photo{
			Key:      index.Key{Brand: "ikea", ID: filepath.Base(path)},
			Original: d.Original, Fingerprint: d.Fingerprint, Features: d.Features,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	edits := []func(img picturesque) picturesque{
		func(img picturesque) picturesque { return img },
		func(img picturesque) picturesque { return turned(img, fingerprint.Mirrored) },
		func(img picturesque) picturesque {
			w, h := img.Rect.Dx(), img.Rect.Dy()
			return cropped(img, image.Rect(w/8, h/10, w*7/8, h*9/10))
		},
		func(img picturesque) picturesque { return bordered(img, 40, 20, black) },
		func(img picturesque) picturesque { return onto(striped(720, 1280), scaled(img, 720, 720), 0, 120) },
	}
	asked := 0
	levels := []float64{200_000, 50_000, 10_000}
	matched := make([]int, len(levels))
	for i, path := range heldOut(t, "products_magento2_luma", "products_smartstore") {
		if i%every > 0 {
			continue
		}
		photo := small(t, load(path))
		for _, edit := range edits {
			r, err := b.m.Match(context.Background(), match.Batch, match.Subject{Image: asJPEG(t, edit(photo), 85)},
				match.Options{MinScore: -1, Limit: 1})
			if err != nil {
				t.Fatal(err)
			}
			asked++
			for k, level := range levels {
				if len(r.Matches) > 0 && r.Matches[0].ExpectedFalse <= level {
					matched[k]++
				}
			}
		}
	}
	for k, level := range levels {
		expected := level / 1e6 * float64(asked)
		chance := 2 * math.Sqrt(expected)
		t.Logf("%.0f per million: %d of %d subjects matched, %.1f expected", level, matched[k], asked, expected)
		if n := float64(matched[k]); n > 2*expected+chance || n < expected/2-chance {
			t.Errorf("%.0f per million: %d of %d subjects matched, want %.1f, within a factor of two", level, matched[k], asked, expected)
		}
	}
}
