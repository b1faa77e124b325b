package match

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"touchstone/picture"
	"touchstone/picture/overlay"
)

// sheetSide is the least longer side, in pixels, of the pictures that an overlay is drawn from.
const sheetSide = 700

// Overlay draws how two images relate, for eyes: both side by side with what of the one is in the other, the genuine one
// laid over the suspect one, and where they differ. It returns a PNG and the comparison that it shows. Errors: as Compare;
// both subjects must be images.
func (m *Matcher) Overlay(ctx context.Context, lane Lane, a, b Subject) ([]byte, Comparison, error) {
	sides := [...]struct {
		field string
		Subject
	}{{"a", a}, {"b", b}}
	for _, s := range sides {
		if s.Image == nil {
			return nil, Comparison{}, invalid(s.field, "an image: of a photo or a fingerprint there are no pixels to draw")
		}
	}
	c, err := m.Compare(ctx, lane, a, b)
	if err != nil {
		return nil, Comparison{}, err
	}
	if err := m.gate.enter(ctx, lane); err != nil {
		return nil, Comparison{}, err
	}
	defer m.gate.leave(lane)
	var ps [2]*picture.Picture
	for i, s := range sides {
		if ps[i], err = m.decoder.DecodeKeeping(ctx, s.Image, picture.Sides{Longer: sheetSide}); err != nil {
			return nil, Comparison{}, &SubjectError{s.field, err}
		}
	}
	pair := overlay.Pair{
		Genuine: ps[0].Image, Suspect: ps[1].Image,
		Title: fmt.Sprintf("%v, probability %.3f", c.Verdict, c.Score),
		Notes: []string{c.Reason, "Edits: " + orNoneSeen(c.Edits)},
	}
	if p := c.Evidence.Place; p != nil && c.Verdict != None && len(p.InPhoto) > 0 {
		r := overlay.Region{Map: p.Homography}
		for _, q := range p.InPhoto {
			r.Seen = append(r.Seen, [2]float64{q.X, q.Y})
		}
		pair.Regions = append(pair.Regions, r)
	}
	png, err := sheet(pair)
	return png, c, err
}

// sheet draws a pair, without its regions where these can't be drawn: next to nothing of the photo is seen then.
func sheet(p overlay.Pair) ([]byte, error) {
	png, err := overlay.PNG(p)
	if errors.Is(err, overlay.ErrRegion) {
		p.Regions = nil
		return overlay.PNG(p)
	}
	return png, err
}

func orNoneSeen(edits []string) string {
	if len(edits) == 0 {
		return "none seen"
	}
	return strings.Join(edits, ", ")
}
