package fingerprint

import (
	"errors"
	"image"
	"math"
)

// Picture is what a fingerprint is made from: upright, opaque pixels.
type Picture struct {
	// Image holds the pixels in full-range BT.601 (JFIF). It may be reduced by a whole factor, each pixel the mean of a
	// square of the original's; the last column and row may then stand for part of a square. It is only read. Hashes
	// are exact enough where its shorter side has ReducedSide pixels or more.
	Image *image.YCbCr
	// Width and Height are the original's, in pixels; Image's are those divided by Reduction, rounded up.
	Width, Height int
	Reduction     int // 1 where Image is the original
}

// ReducedSide is how many pixels a picture's shorter side should keep when it is reduced before it is described. Larger
// costs time: with fewer, more bits of PDQ differ from those of the original.
const ReducedSide = 200

// valid tells whether the picture keeps its own rules.
func (p Picture) valid() bool {
	if p.Image == nil || p.Image.Rect.Empty() || p.Reduction < 1 {
		return false
	}
	up := func(n int) int { return (n + p.Reduction - 1) / p.Reduction }
	return up(p.Width) == p.Image.Rect.Dx() && up(p.Height) == p.Image.Rect.Dy()
}

// sketch is what is computed of one part of a picture.
type sketch struct {
	part     Part
	box      Box
	spectrum *spectrum
	colour   Colour
	quality  uint8
}

// sketch describes the rectangle, in pixels of the original.
func (p Picture) sketch(part Part, r image.Rectangle) sketch {
	b := p.reduce(r)
	return sketch{part, p.box(r), b.transform(), p.colours(b, r), b.quality()}
}

func (s sketch) region() Region {
	return Region{P: s.spectrum.hashP(), PDQ: s.spectrum.hashPDQ(), Colour: s.colour}
}

// Analysis is what was computed of a picture: its fingerprint, and what a search with it needs beyond that. It shares
// no memory with the picture and may be used by many goroutines at once.
type Analysis struct {
	fingerprint Fingerprint
	unsure      bool
	sketches    []sketch // the parts of the picture that differ, the whole first
}

// errPicture is returned for a Picture that breaks its own rules.
var errPicture = errors.New("fingerprint: picture without pixels, or not of its original's size")

// Of returns a picture's fingerprint. Errors: ErrPlain, with a fingerprint as Analyse has it.
func Of(p Picture) (Fingerprint, error) {
	a, err := Analyse(p)
	if a == nil {
		return Fingerprint{}, err
	}
	return a.fingerprint, err
}

// Analyse computes a picture's hashes. Errors: ErrPlain, with an analysis whose fingerprint is plain and which has no
// probes: features may still tell the picture.
func Analyse(p Picture) (*Analysis, error) {
	if !p.valid() {
		return nil, errPicture
	}
	all := image.Rect(0, 0, p.Width, p.Height)
	framed, content := p.trim()
	a := &Analysis{sketches: []sketch{p.sketch(PartWhole, all)}}
	if content != all {
		a.sketches = append(a.sketches, p.sketch(PartContent, content))
	}
	whole, core := a.sketches[0], a.sketches[len(a.sketches)-1]
	if err := core.plain(); err != nil {
		a.fingerprint = Fingerprint{Recipe: Current, Quality: whole.quality, Box: core.box}
		a.fingerprint.Whole.Colour, a.fingerprint.Content.Colour = whole.colour, core.colour
		a.sketches = nil
		return a, err
	}
	if framed != all && framed != content {
		a.sketches = append(a.sketches, p.sketch(PartFramed, framed))
	}
	a.unsure = p.Reduction > 1 && whole.spectrum.balanced() >= mostBalanced
	a.fingerprint = Fingerprint{
		Recipe:  Current,
		Quality: whole.quality,
		Whole:   whole.region(),
		Content: core.region(),
		Box:     core.box,
	}
	return a, nil
}

// box expresses a rectangle of the original in shares of it.
func (p Picture) box(r image.Rectangle) Box {
	share := func(n, of int) uint16 { return uint16(math.Round(float64(n) / float64(of) * math.MaxUint16)) }
	return Box{share(r.Min.X, p.Width), share(r.Min.Y, p.Height), share(r.Max.X, p.Width), share(r.Max.Y, p.Height)}
}

// Unsure tells whether so many bits of PDQ hang in the balance that the reduction of the picture may have tipped more of
// them than other users of PDQ tolerate (10 of 256): such a picture, one in twelve of product photos, is better
// described again from its original pixels. It is never true of a picture that is not reduced.
func (a *Analysis) Unsure() bool { return a.unsure }

// Fingerprint returns what is kept of the picture.
func (a *Analysis) Fingerprint() Fingerprint { return a.fingerprint }

// Probe is a part of a picture in one of its symmetries: what to look for to find a genuine photo of which the picture
// shows that part, turned.
type Probe struct {
	Region
	Part     Part
	Box      Box      // where the part lies in the picture, as it stands
	Symmetry Symmetry // what was done to the genuine photo to make the part
}

// Probes returns the picture's parts in all symmetries: 8, 16 or 24 probes, the whole picture as it stands first; none of
// a plain picture.
func (a *Analysis) Probes() []Probe {
	ps := make([]Probe, 0, Symmetries*len(a.sketches))
	for _, s := range a.sketches {
		for y := range Symmetry(Symmetries) {
			// The picture is the photo after y: the photo is the picture after y's inverse.
			t := s
			t.spectrum, t.colour = s.spectrum.turned(y.Inverse()), s.colour.turn(y.Inverse())
			ps = append(ps, Probe{t.region(), s.part, s.box, y})
		}
	}
	return ps
}

// Probes returns the parts that the fingerprint holds in all symmetries: 8 or 16 probes, none of a plain one. Those that
// are turned are approximate, as Region.Turn says.
func (f Fingerprint) Probes() []Probe {
	if f.Plain() {
		return nil
	}
	ps := make([]Probe, 0, 2*Symmetries)
	add := func(r Region, part Part, b Box) {
		for y := range Symmetry(Symmetries) {
			ps = append(ps, Probe{r.Turn(y.Inverse()), part, b, y})
		}
	}
	add(f.Whole, PartWhole, wholeBox)
	if f.Trimmed() {
		add(f.Content, PartContent, f.Box)
	}
	return ps
}
