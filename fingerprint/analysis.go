package fingerprint

import (
	"errors"
	"image"
	"math"
)

// Picture is what a fingerprint is made from: upright, opaque pixels.
type Picture struct {
	// Image holds the pixels in full-range BT.601 (JFIF). It may be reduced by a whole factor, each pixel the mean of a
	// square of the original's; the last column and row may then stand for part of a square. It is only read.
	Image *image.YCbCr
	// Width and Height are the original's, in pixels; Image's own where it is not reduced.
	Width, Height int
}

// denom is the factor by which the picture is reduced.
func (p Picture) denom() int {
	n, of := p.Width, p.Image.Rect.Dx()
	if p.Height > p.Width {
		n, of = p.Height, p.Image.Rect.Dy()
	}
	return (n + of - 1) / of
}

// sketch is what is computed of one part of a picture.
type sketch struct {
	part     Part
	spectrum *spectrum
	colour   Colour
	quality  uint8
}

// sketch describes the rectangle, in pixels of the original.
func (p Picture) sketch(part Part, r image.Rectangle) sketch {
	b := p.reduce(r)
	return sketch{part, b.transform(), p.colours(b, r), b.quality()}
}

func (s sketch) region() Region {
	return Region{P: s.spectrum.hashP(), PDQ: s.spectrum.hashPDQ(), Colour: s.colour}
}

// Analysis is what was computed of a picture: its fingerprint, and what a search with it needs beyond that. It shares
// no memory with the picture and may be used by many goroutines at once.
type Analysis struct {
	fingerprint Fingerprint
	sketches    []sketch // the parts of the picture that differ, the whole first
}

// errPicture is returned for a Picture that breaks its own rules.
var errPicture = errors.New("fingerprint: picture without pixels, or larger than its original")

// Of returns a picture's fingerprint. Errors: ErrPlain.
func Of(p Picture) (Fingerprint, error) {
	a, err := Analyse(p)
	if err != nil {
		return Fingerprint{}, err
	}
	return a.fingerprint, nil
}

// Analyse computes a picture's hashes. Errors: ErrPlain.
func Analyse(p Picture) (*Analysis, error) {
	if p.Image == nil || p.Image.Rect.Empty() || p.Width < p.Image.Rect.Dx() || p.Height < p.Image.Rect.Dy() {
		return nil, errPicture
	}
	a := &Analysis{sketches: []sketch{p.sketch(PartWhole, image.Rect(0, 0, p.Width, p.Height))}}
	frames := p.frames()
	if len(frames) > 0 {
		a.sketches = append(a.sketches, p.sketch(PartContent, frames[len(frames)-1]))
	}
	whole, content := a.sketches[0], a.sketches[len(a.sketches)-1]
	if err := content.plain(); err != nil {
		return nil, err
	}
	a.fingerprint = Fingerprint{
		Recipe:  Current,
		Quality: whole.quality,
		Whole:   whole.region(),
		Content: content.region(),
		Box:     wholeBox,
	}
	if len(frames) > 0 {
		a.fingerprint.Box = p.box(frames[len(frames)-1])
	}
	if len(frames) > 1 {
		a.sketches = append(a.sketches, p.sketch(PartFramed, frames[0]))
	}
	return a, nil
}

// box expresses a rectangle of the original in shares of it.
func (p Picture) box(r image.Rectangle) Box {
	share := func(n, of int) uint16 { return uint16(math.Round(float64(n) / float64(of) * math.MaxUint16)) }
	return Box{share(r.Min.X, p.Width), share(r.Min.Y, p.Height), share(r.Max.X, p.Width), share(r.Max.Y, p.Height)}
}

// Fingerprint returns what is kept of the picture.
func (a *Analysis) Fingerprint() Fingerprint { return a.fingerprint }

// Probe is a part of a picture in one of its symmetries: what to look for to find a genuine photo of which the picture
// shows that part, turned.
type Probe struct {
	Region
	Part     Part
	Symmetry Symmetry // what was done to the genuine photo to make the part
}

// Probes returns the picture's parts in all symmetries: 8, 16 or 24 probes, the whole picture as it stands first.
func (a *Analysis) Probes() []Probe {
	ps := make([]Probe, 0, Symmetries*len(a.sketches))
	for _, s := range a.sketches {
		for y := range Symmetry(Symmetries) {
			// The picture is the photo after y: the photo is the picture after y's inverse.
			t := s
			t.spectrum, t.colour = s.spectrum.turned(y.Inverse()), s.colour.turn(y.Inverse())
			ps = append(ps, Probe{t.region(), s.part, y})
		}
	}
	return ps
}

// Probes returns the parts that the fingerprint holds in all symmetries: 8 or 16 probes. Those that are turned are
// approximate, as Region.Turn says.
func (f Fingerprint) Probes() []Probe {
	ps := make([]Probe, 0, 2*Symmetries)
	add := func(r Region, part Part) {
		for y := range Symmetry(Symmetries) {
			ps = append(ps, Probe{r.Turn(y.Inverse()), part, y})
		}
	}
	add(f.Whole, PartWhole)
	if f.Trimmed() {
		add(f.Content, PartContent)
	}
	return ps
}
