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
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/match"
	"touchstone/match/align"
	"touchstone/picture"
)

// onto lays a picture over another, its upper left corner at x, y.
func onto(under, over picturesque, x, y int) picturesque {
	out := image.NewRGBA(under.Rect)
	copy(out.Pix, under.Pix)
	draw.Draw(out, over.Rect.Sub(over.Rect.Min).Add(image.Pt(x, y)), over, over.Rect.Min, draw.Src)
	return out
}

func cropped(img picturesque, r image.Rectangle) picturesque {
	out := image.NewRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	draw.Draw(out, out.Rect, img, r.Min, draw.Src)
	return out
}

// striped is what an app shows around a photo.
func striped(w, h int) picturesque {
	img := plain(w, h)
	for y := 0; y < h; y += 44 {
		draw.Draw(img, image.Rect(24, y, w/3+y%(w/2), y+22), image.NewUniform(color.RGBA{120, 120, 130, 255}), image.Point{}, draw.Src)
	}
	return img
}

// catalogue is an index of 40 photos, 600 by 450, and the photos.
func catalogue(t testing.TB) (*bench, []picturesque) { return catalogueOf(t, 40) }

// catalogueOf is a catalogue of so many.
func catalogueOf(t testing.TB, n int) (*bench, []picturesque) {
	b := newBench(t)
	photos := make([]picturesque, n)
	for i := range photos {
		photos[i] = scene(uint64(500+i), 600, 450)
		b.add("acme", fmt.Sprint(i), photos[i])
	}
	return b, photos
}

// TestParts holds that photos are found in pictures that hold only part of them, or much else, with what is told of the
// place.
func TestParts(t *testing.T) {
	b, photos := catalogue(t)
	photo := photos[7]
	for name, c := range map[string]struct {
		img     picturesque
		verdict match.Verdict
		edit    string // one of those named, or the start of one
		seen    float64
		covered float64
	}{
		"cropped a little": {cropped(photo, image.Rect(30, 20, 580, 440)), match.EditedCopy, "cropped to 8", 0.856, 1},
		"cropped a lot":    {cropped(photo, image.Rect(200, 100, 560, 360)), match.Partial, "cropped to 3", 0.347, 1},
		"in a picture":     {onto(scene(90, 900, 900), scaled(photo, 480, 360), 350, 400), match.EditedCopy, "placed in another picture", 1, 0.213},
		"screenshot":       {onto(striped(720, 1280), scaled(photo, 720, 540), 0, 120), match.EditedCopy, "placed in another picture", 1, 0.42},
		"mirrored part":    {turned(cropped(photo, image.Rect(100, 50, 550, 420)), fingerprint.Mirrored), match.EditedCopy, "mirrored", 0.617, 1},
		"under a patch":    {onto(photo, scene(91, 200, 150), 50, 60), match.EditedCopy, "partly covered", 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := b.match(c.img, match.Options{})
			if r.Status != match.Found || r.Matches[0].Photo.ID != "7" {
				t.Fatalf("%v, %d matches", r.Status, len(r.Matches))
			}
			best := r.Matches[0]
			if best.Verdict != c.verdict || best.Score < 0.9 {
				t.Errorf("verdict %v, score %.3f, want %v", best.Verdict, best.Score, c.verdict)
			}
			if !slices.ContainsFunc(best.Edits, func(e string) bool { return strings.HasPrefix(e, c.edit) }) {
				t.Errorf("edits %q, want %q among them", best.Edits, c.edit)
			}
			p := best.Evidence.Place
			if p == nil || math.Abs(p.Seen-c.seen) > 0.02 || math.Abs(p.Covered-c.covered) > 0.02 {
				t.Fatalf("place %+v, want %.2f of the photo on %.2f of the subject", p, c.seen, c.covered)
			}
			if len(p.InPhoto) < 3 || len(p.InPhoto) != len(p.InSubject) {
				t.Errorf("outlines %v, %v", p.InPhoto, p.InSubject)
			}
			for i, q := range p.InPhoto { // the map leads from the one to the other
				m := align.Map(p.Homography)
				if to, ok := m.Apply(q); !ok || math.Hypot(to.X-p.InSubject[i].X, to.Y-p.InSubject[i].Y) > 1e-6 {
					t.Errorf("corner %v is led to %v, not to %v", q, to, p.InSubject[i])
				}
			}
		})
	}
	t.Run("whole pictures alone", func(t *testing.T) {
		if r := b.match(cropped(photo, image.Rect(200, 100, 560, 360)), match.Options{Depth: match.Whole}); r.Status != match.NothingFound {
			t.Errorf("%v, %+v", r.Status, r.Matches)
		}
	})
	t.Run("a stranger", func(t *testing.T) {
		if r := b.match(scene(92, 700, 500), match.Options{Depth: match.Parts}); r.Status != match.NothingFound {
			t.Errorf("%v, %+v", r.Status, r.Matches)
		}
	})
}

// TestCollage holds that all photos of a collage are found, each in its place.
func TestCollage(t *testing.T) {
	b, photos := catalogue(t)
	img := plain(1220, 920)
	at := map[string]image.Point{"3": {5, 5}, "11": {615, 5}, "25": {5, 465}, "38": {615, 465}}
	for id, p := range at {
		var i int
		if _, err := fmt.Sscan(id, &i); err != nil {
			t.Fatal(err)
		}
		img = onto(img, photos[i], p.X, p.Y)
	}
	r := b.match(img, match.Options{})
	found := map[string]bool{}
	for _, m := range r.Matches {
		p, ok := at[m.Photo.ID]
		if !ok {
			t.Errorf("%s is found, score %.3f, %+v", m.Photo.ID, m.Score, m.Evidence.Place)
			continue
		}
		found[m.Photo.ID] = true
		if m.Verdict != match.EditedCopy || !slices.Contains(m.Edits, "in a collage") {
			t.Errorf("%s: %v, %q", m.Photo.ID, m.Verdict, m.Edits)
		}
		if m.Evidence.Place == nil || len(m.Evidence.Place.InSubject) == 0 {
			t.Fatalf("%s has no place", m.Photo.ID)
		}
		corner := m.Evidence.Place.InSubject[0]
		if math.Hypot(corner.X*1220-float64(p.X), corner.Y*920-float64(p.Y)) > 12 {
			t.Errorf("%s is at %v, want %v", m.Photo.ID, corner, p)
		}
	}
	if len(found) != 4 {
		t.Errorf("found %v", found)
	}
}

// TestTrimmed holds that a photo of which nothing but its wide border is missing is no part.
func TestTrimmed(t *testing.T) {
	b := newBench(t)
	b.add("acme", "wide", bordered(scene(95, 400, 300), 220, 160, white))
	r := b.match(scaled(scene(95, 400, 300), 520, 390), match.Options{})
	if len(r.Matches) != 1 || r.Matches[0].Verdict != match.EditedCopy || !slices.Contains(r.Matches[0].Edits, "border trimmed") {
		t.Errorf("%+v", r.Matches)
	}
}

// TestExpectedFalse holds that the count of false matches falls with the score, grows with the photos, and bounds what is
// returned.
func TestExpectedFalse(t *testing.T) {
	b, photos := catalogue(t)
	last := match.Match{Score: 2}
	r := b.match(photos[7], match.Options{MinScore: -1, Limit: 40, Depth: match.Parts})
	if len(r.Matches) < 5 {
		t.Fatalf("%d matches", len(r.Matches))
	}
	for _, m := range r.Matches {
		if m.ExpectedFalse < 0 || m.ExpectedFalse > 1e6 || m.Score < last.Score && m.ExpectedFalse < last.ExpectedFalse {
			t.Errorf("score %g, %g expected; before %g, %g", m.Score, m.ExpectedFalse, last.Score, last.ExpectedFalse)
		}
		last = m
	}
	strict := b.match(photos[7], match.Options{MaxFalsePerMillion: r.Matches[0].ExpectedFalse, Depth: match.Parts})
	if len(strict.Matches) != 1 || strict.Matches[0].Photo.ID != "7" {
		t.Errorf("as strict as the best match: %d matches", len(strict.Matches))
	}
	for _, v := range []float64{-1, 1e6 + 1, math.NaN(), math.Inf(1)} {
		_, err := b.m.Match(context.Background(), match.Interactive, match.Subject{Image: asPNG(t, photos[7])}, match.Options{MaxFalsePerMillion: v})
		var field *index.FieldError
		if !errors.As(err, &field) || field.Field != "max_false_matches_per_million" {
			t.Errorf("%v: %v", v, err)
		}
	}
}

// TestPlainPhotos holds that a photo whose hashes tell nothing is found by its features, where it has some.
func TestPlainPhotos(t *testing.T) {
	b, _ := catalogue(t)
	img := sprinkled(93)
	if _, err := b.m.Describe(context.Background(), match.Batch, asPNG(t, plain(600, 600))); !errors.Is(err, fingerprint.ErrPlain) {
		t.Errorf("without anything: %v", err)
	}
	b.add("acme", "plain", img)
	for name, subject := range map[string]picturesque{"whole": img, "a part": cropped(img, image.Rect(100, 50, 560, 500))} {
		r := b.match(subject, match.Options{})
		if r.Status != match.Found || r.Matches[0].Photo.ID != "plain" {
			t.Fatalf("%s: %v, %+v", name, r.Status, r.Matches)
		}
		if !r.Subject.Fingerprint.Plain() || !r.Matches[0].Photo.Fingerprint.Plain() {
			t.Errorf("%s: the hashes tell something: it is no test of this", name)
		}
	}
	if r := b.match(sprinkled(94), match.Options{}); r.Status != match.NothingFound {
		t.Errorf("another one: %v, %+v", r.Status, r.Matches)
	}
}

// sprinkled is white with small marks: too plain for its hashes, and not for features.
func sprinkled(seed uint64) picturesque {
	r, img := rand.New(rand.NewPCG(seed, 4)), plain(600, 600)
	for range 60 {
		x, y := 20+r.IntN(550), 20+r.IntN(550)
		draw.Draw(img, image.Rect(x, y, x+3, y+3+r.IntN(3)), image.NewUniform(color.RGBA{120, 120, 120, 255}), image.Point{}, draw.Src)
	}
	return img
}

// TestPlainSubjects holds that a subject which only its parts tell has an answer that says so where none of them are, or
// may be, looked for: not that there was nothing to compare with.
func TestPlainSubjects(t *testing.T) {
	b := newBench(t)
	img := sprinkled(93)
	zero := 0
	options := map[string]match.Options{
		"auto": {}, "parts": {Depth: match.Parts}, "whole": {Depth: match.Whole}, "radius": {RadiusPDQ: &zero},
	}
	check := func(when string, want map[string]match.Status) {
		t.Helper()
		for name, o := range options {
			if r := b.match(img, o); r.Status != want[name] || (r.Status == match.TooPlain) != (r.Reason != "") {
				t.Errorf("%s, %s: %v (%s), want %v", when, name, r.Status, r.Reason, want[name])
			}
		}
	}
	all := func(s match.Status) map[string]match.Status {
		return map[string]match.Status{"auto": s, "parts": s, "whole": s, "radius": s}
	}
	check("without photos", all(match.NothingIndexed))
	b.add("acme", "plain", img)
	found := all(match.TooPlain)
	found["auto"], found["parts"] = match.Found, match.Found
	check("with the photo", found)
	own, err := b.m.Match(t.Context(), match.Interactive, match.Subject{Photo: index.Key{Brand: "acme", ID: "plain"}}, match.Options{})
	if err != nil || own.Searched != 0 || own.Status != match.NothingIndexed {
		t.Errorf("among photos but for itself: %d searched, %v, %v", own.Searched, own.Status, err)
	}
	if err := b.x.SetBrand(t.Context(), "acme", index.BrandSettings{}); err != nil {
		t.Fatal(err)
	}
	check("with its brand not searched by parts", all(match.TooPlain))
	for name, o := range options {
		o.Filter.Brands = []string{"nobody"}
		if _, err := b.m.Match(t.Context(), match.Interactive, match.Subject{Image: asPNG(t, img)}, o); !errors.Is(err, index.ErrUnknownBrand) {
			t.Errorf("%s, of a brand that nobody has: %v", name, err)
		}
	}
}

// TestSurvey holds that a survey ends, and that brands of few photos are left as they are.
func TestSurvey(t *testing.T) {
	b, photos := catalogue(t)
	before := b.match(photos[3], match.Options{}).Matches[0].ExpectedFalse
	if err := b.m.Survey(context.Background()); err != nil {
		t.Fatal(err)
	}
	if after := b.match(photos[3], match.Options{}).Matches[0].ExpectedFalse; after != before {
		t.Errorf("%g expected false matches, %g before", after, before)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.m.Survey(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context has ended: %v", err)
	}
	if err := match.New(nil, picture.NewDecoder(picture.Limits{}), match.Config{}).Survey(context.Background()); !errors.Is(err, match.ErrInvalid) {
		t.Errorf("without an index: %v", err)
	}
}

// TestOverlay holds that a sheet is drawn, of images alone.
func TestOverlay(t *testing.T) {
	m := match.New(nil, picture.NewDecoder(picture.Limits{}), match.Config{})
	photo := scene(4, 400, 300)
	a, b := match.Subject{Image: asPNG(t, photo)}, match.Subject{Image: asPNG(t, onto(scene(5, 600, 600), turned(photo, fingerprint.Mirrored), 100, 200))}
	sheet, c, err := m.Overlay(context.Background(), match.Interactive, a, b)
	if err != nil || c.Verdict != match.EditedCopy {
		t.Fatalf("%v, %v", err, c.Verdict)
	}
	img, err := png.Decode(bytes.NewReader(sheet))
	if err != nil || img.Bounds().Dx() < 600 {
		t.Fatalf("%v, %v", err, img.Bounds())
	}
	c.A.Features = nil
	var f *index.FieldError
	if _, _, err := m.Overlay(context.Background(), match.Interactive, match.Subject{Fingerprint: &c.A.Fingerprint}, b); !errors.As(err, &f) || f.Field != "a" {
		t.Errorf("of a fingerprint: %v", err)
	}
	for range 20 {
		if _, _, err := m.Overlay(context.Background(), match.Interactive, match.Subject{}, match.Subject{}); !errors.As(err, &f) || f.Field != "a" {
			t.Errorf("of nothing: %v, want the first to be named", err)
		}
	}
}

// TestBackdrop holds that another backdrop is told from a picture that is darker or paler as a whole.
func TestBackdrop(t *testing.T) {
	m := match.New(nil, picture.NewDecoder(picture.Limits{}), match.Config{})
	photo := bordered(scene(21, 300, 240), 150, 130, white)
	toned := func(gain, offset int) func(color.RGBA) color.RGBA {
		of := func(v uint8) uint8 { return uint8(min(int(v)*gain/100+offset, 255)) }
		return func(c color.RGBA) color.RGBA { return color.RGBA{of(c.R), of(c.G), of(c.B), 255} }
	}
	for name, c := range map[string]struct {
		to   func(color.RGBA) color.RGBA
		want bool
	}{
		"as it is": {toned(100, 0), false},
		"darker":   {toned(75, 0), false},
		"paler":    {toned(75, 30), false},
		"replaced": {func(c color.RGBA) color.RGBA {
			if c == white {
				return color.RGBA{200, 205, 215, 255}
			}
			return c
		}, true},
	} {
		a, b := match.Subject{Image: asPNG(t, photo)}, match.Subject{Image: packed(t, mapped(photo, c.to))}
		got, err := m.Compare(context.Background(), match.Interactive, a, b)
		if err != nil || slices.Contains(got.Edits, "backdrop replaced") != c.want || got.Score < 0.9 {
			t.Errorf("%s: %v, %v, %.3f, %q", name, err, got.Verdict, got.Score, got.Edits)
		}
	}
}

// TestSharedContent holds that a picture that has a part of a photo and goes on otherwise is no copy, and is left out where
// scores or false matches are bounded.
func TestSharedContent(t *testing.T) {
	b, photos := catalogueOf(t, 10)
	img := onto(scene(94, 600, 450), cropped(photos[7], image.Rect(0, 0, 115, 450)), 0, 0)
	r := b.match(img, match.Options{})
	if len(r.Matches) != 1 || r.Matches[0].Photo.ID != "7" || r.Matches[0].Verdict != match.SharedContent {
		t.Fatalf("%d matches, %+v", len(r.Matches), r.Matches)
	}
	m := r.Matches[0]
	for name, o := range map[string]match.Options{
		"more":   {MinScore: m.Score + 0.01},
		"strict": {MaxFalsePerMillion: m.ExpectedFalse / 2},
	} {
		if r := b.match(img, o); len(r.Matches) != 0 {
			t.Errorf("%s: %+v", name, r.Matches)
		}
	}
}
