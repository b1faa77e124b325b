package match_test

import (
	"context"
	"slices"
	"testing"

	"touchstone/match"
)

// TestSameFile holds that the very file that a photo was described from is its copy, ranked before all that look like it,
// however little there is to tell it by.
func TestSameFile(t *testing.T) {
	b, photos := catalogueOf(t, 10)
	ctx := context.Background()
	b.add("acme", "00 nearly", scaled(photos[3], 599, 450)) // before "3", by its key
	b.add("zeta", "twin", photos[3])
	b.add("acme", "specks", specks())
	b.add("acme", "tiny", scene(700, 17, 19))
	b.add("acme", "symmetric", symmetric(scene(701, 300, 300)))
	radius := 31
	for id, img := range map[string]picturesque{
		"3": photos[3], "specks": specks(), "tiny": scene(700, 17, 19), "symmetric": symmetric(scene(701, 300, 300)),
	} {
		for name, o := range map[string]match.Options{
			"auto": {}, "whole": {Depth: match.Whole}, "parts": {Depth: match.Parts}, "radius": {RadiusPDQ: &radius}, "strict": {MaxFalsePerMillion: 1e-9},
		} {
			if id == "specks" && (name == "whole" || name == "radius") {
				continue // it is too plain for these
			}
			r := b.match(img, o)
			if r.Status != match.Found || r.Matches[0].Photo.ID != id {
				t.Errorf("%s, %s: %v, %d matches", id, name, r.Status, len(r.Matches))
				continue
			}
			m := r.Matches[0]
			if m.Verdict != match.Copy || m.Score < 0.999999 || m.ExpectedFalse != 0 || len(m.Edits) > 0 {
				t.Errorf("%s, %s: %v, score %g, %g expected, %q", id, name, m.Verdict, m.Score, m.ExpectedFalse, m.Edits)
			}
			if p := m.Evidence.Place; p != nil && (p.Mirrored || p.Seen < 0.97) {
				t.Errorf("%s, %s: its place is %+v", id, name, p)
			}
			if id == "3" && (len(r.Matches) < 2 || r.Matches[1].Photo.ID != "twin" || r.Matches[1].Score != m.Score) {
				t.Errorf("%s, %s: the same file under another key does not come second", id, name)
			}
		}
	}
	s := match.Subject{Image: asPNG(t, photos[3])}
	c, err := b.m.Compare(ctx, match.Interactive, s, s)
	if err != nil || c.Verdict != match.Copy || c.Score < 0.999999 || len(c.Edits) > 0 {
		t.Errorf("compared with itself: %v, %v, %g, %q", err, c.Verdict, c.Score, c.Edits)
	}
}

// symmetric is a picture that is its own mirror image.
func symmetric(img picturesque) picturesque {
	w := img.Rect.Dx()
	out := onto(img, img, 0, 0)
	for y := range img.Rect.Dy() {
		for x := range w / 2 {
			out.SetRGBA(w-1-x, y, img.RGBAAt(x, y))
		}
	}
	return out
}

// TestTwins holds that one photo under two keys makes no collage of a picture that shows it once.
func TestTwins(t *testing.T) {
	b, photos := catalogueOf(t, 10)
	b.add("zeta", "twin", photos[7])
	img := onto(scene(90, 900, 900), scaled(photos[7], 480, 360), 350, 400)
	r := b.match(img, match.Options{})
	if len(r.Matches) != 2 {
		t.Fatalf("%d matches", len(r.Matches))
	}
	for _, m := range r.Matches {
		if slices.Contains(m.Edits, "in a collage") || !slices.Contains(m.Edits, "placed in another picture") {
			t.Errorf("%v: %q", m.Photo.Key, m.Edits)
		}
	}
}
