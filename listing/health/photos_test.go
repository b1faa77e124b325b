package health_test

import (
	"bufio"
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/listing/health"
	"touchstone/match"
	"touchstone/picture"
)

// listed is a line of TOUCHSTONE_DATA's groups.tsv.
type listed struct{ path, product, variant, source string }

// photosOf returns the JPEGs of TOUCHSTONE_DATA.
func photosOf(t testing.TB) (dir string, all []listed) {
	t.Helper()
	if dir = os.Getenv("TOUCHSTONE_DATA"); dir == "" {
		t.Skip("TOUCHSTONE_DATA names no folder of photos")
	}
	f, err := os.Open(filepath.Join(dir, "groups.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		c := strings.Split(lines.Text(), "\t")
		if len(c) == 11 && c[0] != "path" && strings.HasSuffix(c[0], ".jpg") {
			all = append(all, listed{c[0], c[1], c[2], c[10]})
		}
	}
	if len(all) < 100 {
		t.Fatalf("%d photos in %s, want 100 or more", len(all), dir)
	}
	return dir, all
}

// thefts are how another brand may have come by a photo, and the least share of photos that is to be told of each.
var thefts = map[string]struct {
	edit  func(m image.Image) image.Image
	least float64
}{
	"recompressed": {func(m image.Image) image.Image { return m }, 0.95},
	"half as wide": {func(m image.Image) image.Image { return scaled(m, m.Bounds().Dx()/2, m.Bounds().Dy()/2) }, 0.9},
	"mirrored":     {func(m image.Image) image.Image { return mirrored(m) }, 0.8},
	"cropped": {func(m image.Image) image.Image {
		b := m.Bounds()
		r := b.Inset(min(b.Dx(), b.Dy()) / 20)
		out := image.NewRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
		draw.Draw(out, out.Rect, m, r.Min, draw.Src)
		return out
	}, 0.8},
}

// TestPhotos examines real photos of shops, of which some were taken over by another brand: these alone are in conflict,
// and nearly all photos are found to be sound.
func TestPhotos(t *testing.T) {
	dir, all := photosOf(t)
	b := newBench(t)
	decoder := picture.NewDecoder(picture.Limits{})
	brands := map[string]int{}
	stolen := map[string]int{}
	n, step := 0, 36
	if os.Getenv("TOUCHSTONE_LONG") != "" {
		step = 12
	}
	for i := 0; i < len(all); i += step {
		p := all[i]
		file, err := os.ReadFile(filepath.Join(dir, p.path))
		if err != nil {
			t.Fatal(err)
		}
		d, err := b.c.Matcher.Describe(t.Context(), match.Batch, file)
		if errors.Is(err, fingerprint.ErrPlain) {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", p.path, err)
		}
		b.put(index.Photo{
			Key: index.Key{Brand: p.source, ID: p.path}, Metadata: index.Metadata{Product: p.product, Variant: p.variant},
			Original: d.Original, Fingerprint: d.Fingerprint, Features: d.Features,
		})
		brands[p.source]++
		if n++; n%4 != 0 {
			continue
		}
		decoded, err := decoder.Decode(context.Background(), file, 0)
		if err != nil {
			t.Fatal(err)
		}
		for name, theft := range thefts {
			id := name + " " + p.path
			b.put(b.described("thief", id, saved(t, theft.edit(decoded.Image), 85)))
			others, err := health.Conflicts(t.Context(), b.c, index.Key{Brand: "thief", ID: id})
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range others {
				if k.ID == p.path {
					stolen[name]++
				}
			}
			if err := b.x.Delete(t.Context(), index.Key{Brand: "thief", ID: id}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, theft := range thefts {
		if t.Logf("%s: %d of %d conflicts are seen", name, stolen[name], n/4); float64(stolen[name]) < theft.least*float64(n/4) {
			t.Errorf("%s: %d of %d conflicts are seen, want %.0f%%", name, stolen[name], n/4, 100*theft.least)
		}
	}
	for brand, n := range brands {
		e := b.examine(brand)
		t.Logf("%s: %d plain, %d of split tone, %d groups of duplicates, %d conflicts", brand, e.Plain, e.SplitTone, e.Duplicates, e.Conflicts)
		if e.Photos != n || e.Conflicts > 0 || e.Duplicates > max(1, n/50) || e.SplitTone > n/50 || e.Plain > n/20 {
			t.Errorf("%s: %+v", brand, e)
		}
	}
}
