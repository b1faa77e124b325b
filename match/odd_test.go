package match_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"slices"
	"testing"
	"time"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/match"
	"touchstone/picture"
)

// packed is a picture's PNG of fewer bytes than asPNG's, with the same pixels.
func packed(t testing.TB, img picturesque) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestOddSizes holds that pictures too small or too thin to have features are still their own copies, and that whatever is
// compared gives numbers.
func TestOddSizes(t *testing.T) {
	m := match.New(nil, picture.NewDecoder(picture.Limits{}), match.Config{})
	imgs := map[string]picturesque{}
	for _, s := range [][2]int{{16384, 16}, {16, 16}, {17, 19}, {1001, 63}, {65, 1003}, {1023, 129}, {300, 300}} {
		imgs[fmt.Sprintf("%d x %d", s[0], s[1])] = scene(3, s[0], s[1])
	}
	for name, img := range imgs {
		for other, o := range imgs {
			a, b := match.Subject{Image: asPNG(t, img)}, match.Subject{Image: packed(t, o)}
			c, err := m.Compare(context.Background(), match.Batch, a, b)
			if err != nil {
				t.Fatal(err)
			}
			if !(c.Score >= 0 && c.Score <= 1 && c.ExpectedFalse >= 0 && c.ExpectedFalse <= 1e6) {
				t.Errorf("%s and %s: score %v, %v expected", name, other, c.Score, c.ExpectedFalse)
			}
			if name == other && (c.Verdict != match.Copy || c.Score < 0.95 || len(c.Edits) > 0) {
				t.Errorf("%s and itself: %v, score %.3f, %q, %+v", name, c.Verdict, c.Score, c.Edits, c.Evidence.Place)
			}
		}
	}
}

// TestPlainAnswers holds that a subject whose hashes tell nothing is never answered as if something had been compared.
func TestPlainAnswers(t *testing.T) {
	b, _ := catalogueOf(t, 10)
	ctx := context.Background()
	plain := specks()
	d, err := b.m.Describe(ctx, match.Batch, asPNG(t, plain))
	if err != nil {
		t.Fatal(err)
	}
	if !d.Fingerprint.Plain() {
		t.Fatal("it is not plain: another picture is needed")
	}
	few := *d.Features
	few.Features = few.Features[:3]
	radius := 40
	for name, c := range map[string]struct {
		s    match.Subject
		o    match.Options
		want match.Status
	}{
		"an image":                   {match.Subject{Image: asPNG(t, plain)}, match.Options{}, match.NothingFound},
		"an image, whole":            {match.Subject{Image: asPNG(t, plain)}, match.Options{Depth: match.Whole}, match.TooPlain},
		"an image, within a radius":  {match.Subject{Image: asPNG(t, plain)}, match.Options{RadiusPDQ: &radius}, match.TooPlain},
		"hashes":                     {match.Subject{Fingerprint: &d.Fingerprint}, match.Options{}, match.TooPlain},
		"hashes and features":        {match.Subject{Fingerprint: &d.Fingerprint, Features: d.Features}, match.Options{}, match.NothingFound},
		"hashes and features, whole": {match.Subject{Fingerprint: &d.Fingerprint, Features: d.Features}, match.Options{Depth: match.Whole}, match.TooPlain},
		"hashes and few features":    {match.Subject{Fingerprint: &d.Fingerprint, Features: &few}, match.Options{}, match.TooPlain},
	} {
		r, err := b.m.Match(ctx, match.Batch, c.s, c.o)
		if err != nil || r.Status != c.want || (r.Reason != "") != (c.want == match.TooPlain) {
			t.Errorf("%s: %v, %v, %q, want %v", name, err, r.Status, r.Reason, c.want)
		}
	}
	hashes := match.Subject{Fingerprint: &d.Fingerprint}
	var which *match.SubjectError
	if _, err := b.m.Compare(ctx, match.Batch, match.Subject{Image: asPNG(t, plain)}, hashes); !errors.As(err, &which) || which.Field != "b" || !errors.Is(err, fingerprint.ErrPlain) {
		t.Errorf("compared with hashes alone: %v", err)
	}
	// Alone in its index it has nothing to be compared with.
	alone := newBench(t)
	alone.add("acme", "it", plain)
	r, err := alone.m.Match(ctx, match.Batch, match.Subject{Photo: index.Key{Brand: "acme", ID: "it"}}, match.Options{})
	if err != nil || r.Status != match.NothingIndexed || r.Searched != 0 {
		t.Errorf("of the only photo: %v, %v, searched %d", err, r.Status, r.Searched)
	}
}

// specks is a picture whose hashes tell nothing, and whose features do.
func specks() picturesque {
	img := plain(900, 900)
	faint := func(c color.RGBA) color.RGBA { return color.RGBA{255 - c.R/6, 255 - c.G/6, 255 - c.B/6, 255} }
	for i, at := range []image.Point{{100, 110}, {700, 130}, {420, 450}, {120, 700}, {700, 700}} {
		img = onto(img, mapped(scene(uint64(930+i), 24, 24), faint), at.X, at.Y)
	}
	return img
}

// TestHostileFeatures holds that features that nobody's pictures have give numbers, and are answered in no time.
func TestHostileFeatures(t *testing.T) {
	b, photos := catalogueOf(t, 10)
	ctx := context.Background()
	image := asPNG(t, photos[3])
	d, err := b.m.Describe(ctx, match.Batch, image)
	if err != nil {
		t.Fatal(err)
	}
	thumbnail := func(w, h int) feature.Thumbnail {
		half := (w + 1) / 2 * ((h + 1) / 2)
		return feature.Thumbnail{Width: w, Height: h, Y: make([]uint8, w*h), Cb: make([]uint8, half), Cr: make([]uint8, half)}
	}
	each := func(n int, f func(i int, f *feature.Feature)) (fs []feature.Feature) {
		for i := range n {
			fs = append(fs, d.Features.Features[i%len(d.Features.Features)])
			f(i, &fs[i])
		}
		return fs
	}
	narrow := d.Fingerprint
	narrow.Box = fingerprint.Box{Left: 65534, Top: 0, Right: 65535, Bottom: 1}
	for name, c := range map[string]struct {
		features  []feature.Feature
		w, h      int
		thumbnail feature.Thumbnail
	}{
		"at one point":     {each(4096, func(_ int, f *feature.Feature) { f.X, f.Y = 300, 300 }), 600, 450, d.Features.Thumbnail},
		"of size 0":        {each(1000, func(_ int, f *feature.Feature) { f.Size = 0 }), 600, 450, d.Features.Thumbnail},
		"of size 255":      {each(1000, func(_ int, f *feature.Feature) { f.Size = 255 }), 600, 450, d.Features.Thumbnail},
		"in a row":         {each(1000, func(i int, f *feature.Feature) { f.X, f.Y = uint16(60*i), 0 }), 600, 450, d.Features.Thumbnail},
		"all the same":     {each(1000, func(_ int, f *feature.Feature) { *f = d.Features.Features[0] }), 600, 450, d.Features.Thumbnail},
		"of one pixel":     {each(200, func(int, *feature.Feature) {}), 1, 1, thumbnail(1, 1)},
		"of a line":        {each(200, func(int, *feature.Feature) {}), 65535, 1, thumbnail(64, 1)},
		"another shape":    {each(200, func(int, *feature.Feature) {}), 1, 65535, d.Features.Thumbnail},
		"flat":             {each(200, func(int, *feature.Feature) {}), 600, 450, thumbnail(64, 48)},
		"none":             {nil, 600, 450, d.Features.Thumbnail},
		"one":              {each(1, func(int, *feature.Feature) {}), 600, 450, d.Features.Thumbnail},
		"the photo itself": {d.Features.Features, 600, 450, d.Features.Thumbnail},
	} {
		set := feature.Set{Recipe: feature.Current, Width: c.w, Height: c.h, Features: c.features, Thumbnail: c.thumbnail}
		for _, f := range []*fingerprint.Fingerprint{&d.Fingerprint, &narrow} {
			s := match.Subject{Fingerprint: f, Features: &set}
			began := time.Now()
			r, err := b.m.Match(ctx, match.Batch, s, match.Options{Depth: match.Parts, MinScore: -1, Limit: 100})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("%s: it takes %v", name, took)
			}
			for _, m := range r.Matches {
				if p := m.Evidence.Place; !number(m.Score) || !number(m.ExpectedFalse) || p != nil && (!number(p.Homography[:]...) || !number(p.Scale, p.Rotation, p.Stretch)) {
					t.Errorf("%s: score %v, %v expected, %+v", name, m.Score, m.ExpectedFalse, p)
				}
			}
			for _, pair := range [][2]match.Subject{{s, {Image: image}}, {s, s}} {
				if f == &narrow {
					continue
				}
				if c, err := b.m.Compare(ctx, match.Batch, pair[0], pair[1]); err != nil || !number(c.Score, c.ExpectedFalse) {
					t.Errorf("%s, compared: %v, score %v", name, err, c.Score)
				}
			}
		}
	}
	broken := *d.Features
	broken.Thumbnail.Y = broken.Thumbnail.Y[:5]
	empty := d.Fingerprint
	empty.Box = fingerprint.Box{}
	for name, s := range map[string]match.Subject{
		"of nothing":        {Fingerprint: &d.Fingerprint, Features: &feature.Set{Recipe: feature.Current}},
		"broken":            {Fingerprint: &d.Fingerprint, Features: &broken},
		"of an image":       {Image: image, Features: d.Features},
		"with an empty box": {Fingerprint: &empty, Features: d.Features},
		"of an empty box":   {Fingerprint: &empty},
		"of nothing at all": {Features: d.Features},
		"of a photo's name": {Photo: index.Key{Brand: "acme", ID: "3"}, Features: d.Features},
	} {
		if _, err := b.m.Match(ctx, match.Batch, s, match.Options{}); !errors.Is(err, match.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
}

func number(vs ...float64) bool {
	return !slices.ContainsFunc(vs, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}
