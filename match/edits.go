package match

import (
	"fmt"
	"math"

	"touchstone/fingerprint"
	"touchstone/match/align"
)

// Thresholds of edits that are named.
const (
	stretched  = 0.05 // difference in log aspect ratio: 5%
	moved      = 0.02 // change of a margin, as a share of the picture's side
	resized    = 0.05 // change of size
	pale       = 4    // mean chroma of a picture without colour, in levels from grey
	turned     = 1.0  // degrees
	cut        = 0.97 // share of the photo that is seen
	surrounded = 0.95 // share of the subject that the photo takes
	oblique    = 0.05 // change of enlargement from one corner of what is seen to another: of 640 copies without perspective 9 seem to have more
	hidden     = 0.88 // share of what is seen that looks alike
)

func degrees(radians float64) float64 { return radians * 180 / math.Pi }

// edits names what was done to the photo to make the subject.
func (f *finding) edits() []string {
	if f.same {
		return nil
	}
	e := f.changes()
	if s := f.scale(); s > 0 && math.Abs(s-1) >= resized {
		e = append(e, fmt.Sprintf("resized to %.0f%%", 100*s))
	}
	return e
}

// scale is the subject's pixels for one of the photo, 0 where that is not known.
func (f *finding) scale() float64 {
	w := &f.whole
	known := w.subject.width > 0 && w.photo.width > 0
	switch {
	case known && f.place != nil && (f.place.Seen < cut || f.place.Covered < surrounded):
		return f.place.Scale
	case known && f.place != nil || known && w.probe.Part == fingerprint.PartWhole && w.part == fingerprint.PartWhole:
		return math.Sqrt(float64(w.subject.width) * float64(w.subject.height) / (float64(w.photo.width) * float64(w.photo.height)))
	}
	return 0
}

// changes are the edits but for a change of size.
func (f *finding) changes() []string {
	if f.place != nil && !f.place.assumed {
		return f.placed()
	}
	w := &f.whole
	var e []string
	if name := w.probe.Symmetry.String(); name != "" {
		e = append(e, name)
	}
	if more, less := w.margins(); more || less {
		if more {
			e = append(e, "border added")
		}
		if less {
			e = append(e, "border trimmed")
		}
	}
	if math.Abs(w.stretch) >= stretched {
		e = append(e, "stretched")
	}
	return append(e, w.tones()...)
}

// tones names changes of colour, as far as the whole pictures tell.
func (f *fit) tones() []string {
	switch {
	case f.region.Colour.Chroma() >= pale && f.probe.Colour.Chroma() < pale/2:
		return []string{"greyscale"}
	case f.recoloured():
		return []string{"recoloured"}
	}
	return nil
}

// placed names what the photo's place in the subject tells.
func (f *finding) placed() (e []string) {
	p := f.place
	rotation := p.Rotation
	if p.Mirrored {
		if math.Abs(math.Abs(rotation)-180) < turned {
			e, rotation = append(e, "flipped"), 0
		} else {
			e = append(e, "mirrored")
		}
	}
	if math.Abs(rotation) >= turned {
		if rotation < -45 {
			rotation += 360
		}
		e = append(e, fmt.Sprintf("rotated %.0f°", rotation))
	}
	switch {
	case p.Seen >= cut:
	case f.trimmed():
		e = append(e, "border trimmed")
	default:
		e = append(e, fmt.Sprintf("cropped to %.0f%%", 100*p.Seen))
	}
	if p.Covered < surrounded {
		switch {
		case f.bordered():
			e = append(e, "border added")
		case f.crowded:
			e = append(e, "in a collage")
		default:
			e = append(e, "placed in another picture")
		}
	}
	switch near, far := p.slant(); {
	case far/near-1 >= oblique:
		e = append(e, "perspective")
	case p.Stretch-1 >= stretched:
		e = append(e, "stretched")
	}
	switch {
	case p.Chroma >= pale && p.SubjectChroma < pale/2:
		e = append(e, "greyscale")
	case p.Hue >= variantHue:
		e = append(e, "recoloured")
	}
	if p.Textured > 0 && p.Alike < hidden {
		if f.whole.odds < sure && p.Plain >= plainShare && p.PlainKept < plainLost {
			e = append(e, "backdrop replaced")
		} else {
			e = append(e, "partly covered")
		}
	} else if p.Plain >= plainShare && p.PlainKept < plainLost {
		e = append(e, "backdrop replaced")
	}
	return e
}

// What is plain in the photo, and is not so any more.
const (
	plainShare = 0.15 // share of the blocks seen that are plain
	plainLost  = 0.5  // share of these that are still plain and of the same brightness
)

// slant is the least and the largest enlargement at the corners of what is seen.
func (p *Place) slant() (least, most float64) {
	least, most = math.Inf(1), 0
	for _, c := range p.InPhoto {
		s := p.enlargement(c)
		least, most = min(least, s), max(most, s)
	}
	if most == 0 {
		return 1, 1
	}
	return least, most
}

// enlargement at a place of the photo, in shares of its sides, up to a constant factor.
func (p *Place) enlargement(c align.Point) float64 {
	w := p.Homography[6]*c.X + p.Homography[7]*c.Y + p.Homography[8]
	return 1 / math.Pow(math.Abs(w), 1.5)
}

// bordered tells whether what lies around the photo in the subject is a border.
func (f *finding) bordered() bool { return within(f.whole.subject.fingerprint, f.place.InSubject) }

// trimmed tells whether what is not seen of the photo is its border.
func (f *finding) trimmed() bool { return within(f.whole.photo.fingerprint, f.place.InPhoto) }

// within tells whether a picture has a border, and a region has all of what remains without. The region's own smooth
// borders may be taken for the picture's.
func within(f *fingerprint.Fingerprint, region []align.Point) bool {
	const off = 0.04
	if !f.Trimmed() {
		return false
	}
	left, top, right, bottom := 1.0, 1.0, 0.0, 0.0
	for _, c := range region {
		left, top, right, bottom = min(left, c.X), min(top, c.Y), max(right, c.X), max(bottom, c.Y)
	}
	in := func(v uint16) float64 { return float64(v) / math.MaxUint16 }
	b := f.Box
	return in(b.Left) >= left-off && in(b.Top) >= top-off && in(b.Right) <= right+off && in(b.Bottom) <= bottom+off
}
