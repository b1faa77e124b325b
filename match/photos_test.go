package match_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/match"
	"touchstone/picture"
)

// listed is a line of TOUCHSTONE_DATA's groups.tsv.
type listed struct{ path, product, source string }

// listing returns the photos of TOUCHSTONE_DATA by source, the source of most photos first.
func listing(t testing.TB) (dir string, sources [][]listed) {
	t.Helper()
	if dir = os.Getenv("TOUCHSTONE_DATA"); dir == "" {
		t.Skip("TOUCHSTONE_DATA names no folder of photos")
	}
	f, err := os.Open(filepath.Join(dir, "groups.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	by := map[string][]listed{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		c := strings.Split(lines.Text(), "\t")
		if len(c) == 11 && c[0] != "path" && strings.HasSuffix(c[0], ".jpg") {
			by[c[10]] = append(by[c[10]], listed{c[0], c[1], c[10]})
		}
	}
	sources = slices.SortedFunc(maps.Values(by), func(a, b []listed) int { return cmp.Compare(len(b), len(a)) })
	if len(sources) < 3 {
		t.Fatalf("photos of %d sources in %s, want 3 or more", len(sources), dir)
	}
	return dir, sources
}

// TestRealPhotos holds what is found of real photos that were edited, for each edit, and what is wrongly found of photos
// that are not there. The two largest sources are onboarded; of others come the strangers.
func TestRealPhotos(t *testing.T) {
	t.Parallel()
	dir, sources := listing(t)
	every := 120
	if os.Getenv("TOUCHSTONE_LONG") != "" {
		every = 1
	}
	b := newBench(t)
	load := func(p listed) []byte {
		bytes, err := os.ReadFile(filepath.Join(dir, p.path))
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	products := map[string]string{}
	var there []listed
	for _, source := range sources[:2] {
		for i := 0; i < len(source); i += every {
			p := source[i]
			bytes := load(p)
			d, err := b.m.Describe(context.Background(), match.Batch, bytes)
			if errors.Is(err, fingerprint.ErrPlain) {
				continue
			}
			if err != nil {
				t.Fatalf("%s: %v", p.path, err)
			}
			_, err = b.x.Put(context.Background(), index.Photo{
				Key: index.Key{Brand: p.source, ID: p.path}, Original: d.Original, Fingerprint: d.Fingerprint, Features: d.Features,
			})
			if err != nil {
				t.Fatal(err)
			}
			products[p.path] = p.source + "/" + p.product
			there = append(there, p)
		}
	}
	variants := 0 // copies that are called variants
	// judged asks about an image and tells whether it is called the same photo as one of the index.
	judged := func(image []byte) (best match.Match, found bool) {
		r, err := b.m.Match(context.Background(), match.Batch, match.Subject{Image: image}, match.Options{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Matches) == 0 {
			return match.Match{}, false
		}
		return r.Matches[0], r.Matches[0].Verdict != match.None
	}

	right := map[string]int{}
	for _, p := range there {
		photo := small(t, load(p))
		for name, e := range sellers {
			if best, found := judged(asJPEG(t, e.edit(photo), e.quality)); found && products[best.Photo.ID] == products[p.path] {
				right[name]++
				if best.Verdict == match.Variant {
					variants++
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sellers)) {
		n, least := float64(len(there)), sellers[name].least
		share := float64(right[name]) / n
		t.Logf("%-12s %5.1f%% of %d", name, 100*share, len(there))
		if share < least-2*math.Sqrt(least*(1-least)/n) { // what a sample may be off by chance
			t.Errorf("%s: %.1f%% are found, want %.0f%%", name, 100*share, 100*least)
		}
	}

	asked := len(there) * len(sellers)
	t.Logf("%d of %d copies are called variants", variants, asked)
	if variants > 1+asked/100 {
		t.Errorf("%d of %d copies are called variants, want 1%% at most", variants, asked)
	}

	strangers, wrong := 0, 0
	for _, source := range sources[2:] {
		for i := 0; i < len(source); i += (every + 2) / 3 {
			strangers++
			if best, found := judged(load(source[i])); found {
				wrong++
				t.Logf("%s is called a %v of %s, score %.3f", source[i].path, best.Verdict, best.Photo.ID, best.Score)
			}
		}
	}
	t.Logf("%d of %d strangers are called a copy or a variant", wrong, strangers)
	if wrong > 1+strangers/100 {
		t.Errorf("%d of %d strangers are called a copy or a variant, want 1%% at most", wrong, strangers)
	}
}

// TestRealVariants holds how many pairs of photos that show one product in two colours are called variants. The pairs
// come from TOUCHSTONE_DATA's near_pairs.tsv.
func TestRealVariants(t *testing.T) {
	t.Parallel()
	dir, _ := listing(t)
	every := 40
	if os.Getenv("TOUCHSTONE_LONG") != "" {
		every = 1
	}
	f, err := os.Open(filepath.Join(dir, "near_pairs.tsv"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("TOUCHSTONE_DATA has no near_pairs.tsv")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	m := match.New(nil, picture.NewDecoder(picture.Limits{}), match.Config{})
	verdicts, pairs := map[match.Verdict]int{}, 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		c := strings.Split(lines.Text(), "\t")
		if len(c) != 7 || c[6] != "yes" {
			continue
		}
		if apart, err := strconv.ParseFloat(c[4], 64); err != nil || apart < 16 { // levels between the colours
			continue
		}
		if pairs++; pairs%every != 0 {
			continue
		}
		var sides [2]match.Subject
		for i := range sides {
			if sides[i].Image, err = os.ReadFile(filepath.Join(dir, c[i])); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range [][2]match.Subject{sides, {sides[1], sides[0]}} {
			c, err := m.Compare(context.Background(), match.Batch, s[0], s[1])
			if errors.Is(err, fingerprint.ErrPlain) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			verdicts[c.Verdict]++
		}
	}
	t.Logf("verdicts on products in two colours: %v", verdicts)
	if same := verdicts[match.Variant] + verdicts[match.Copy]; same < 20 || verdicts[match.Variant]*5 < same*2 {
		t.Errorf("verdicts on products in two colours: %v, want 40%% variants of 20 or more", verdicts)
	}
}

// sellers are edits that sellers make, with the least share of photos that must be found after each.
var sellers = map[string]struct {
	edit    func(picturesque) picturesque
	quality int
	least   float64
}{
	"saved":       {func(p picturesque) picturesque { return p }, 40, 0.97},
	"mirrored":    {turning(fingerprint.Mirrored), 85, 0.9},
	"rotated 90":  {turning(fingerprint.Rotated90), 85, 0.9},
	"rotated 180": {turning(fingerprint.Rotated180), 85, 0.9},
	"rotated 270": {turning(fingerprint.Rotated270), 85, 0.9},
	"border":      {framing(color.RGBA{170, 40, 90, 255}), 85, 0.9},
	"white":       {framing(white), 85, 0.9},
	"brighter": {func(p picturesque) picturesque {
		return mapped(p, func(c color.RGBA) color.RGBA {
			up := func(v uint8) uint8 { return uint8(min(255, int(v)*5/4+10)) }
			return color.RGBA{up(c.R), up(c.G), up(c.B), 255}
		})
	}, 85, 0.85},
	"stretched": {func(p picturesque) picturesque { return scaled(p, p.Rect.Dx()*9/8, p.Rect.Dy()) }, 85, 0.95},
}

func turning(y fingerprint.Symmetry) func(picturesque) picturesque {
	return func(p picturesque) picturesque { return turned(p, y) }
}

// framing adds a border of 5% on each side.
func framing(c color.RGBA) func(picturesque) picturesque {
	return func(p picturesque) picturesque { return bordered(p, p.Rect.Dx()/20, p.Rect.Dy()/20, c) }
}

// small decodes a photo and makes its longer side 256 pixels.
func small(t testing.TB, photo []byte) picturesque {
	img, err := jpeg.Decode(bytes.NewReader(photo))
	if err != nil {
		t.Fatal(err)
	}
	size := img.Bounds().Size()
	most := max(size.X, size.Y)
	out := image.NewRGBA(image.Rect(0, 0, max(1, size.X*256/most), max(1, size.Y*256/most)))
	draw.ApproxBiLinear.Scale(out, out.Rect, img, img.Bounds(), draw.Src, nil)
	return out
}

func asJPEG(t testing.TB, img image.Image, quality int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
