package match_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"testing"

	"touchstone/fingerprint"
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
	for _, s := range [][2]int{{16384, 16}, {16, 16384}, {16, 16}, {17, 19}, {1001, 63}, {65, 1003}, {1023, 129}, {300, 300}} {
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

// TestPlainSubjects holds that a subject whose hashes tell nothing is never answered as if something had been compared.
func TestPlainSubjects(t *testing.T) {
	b, _ := catalogue(t)
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
