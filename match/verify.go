package match

import (
	"fmt"
	"math"
	"strings"

	"touchstone/fingerprint"
)

// Verdict is what a match amounts to.
type Verdict uint8

// The verdicts.
const (
	None    Verdict = iota + 1 // not near enough to be called the same photo; worth a look where its score is 0.5 or more
	Copy                       // the same photo, edited or not
	Variant                    // the same picture but for its colours: a colour variant, or a recoloured copy
)

// String is the verdict in upper case, as the wire has it.
func (v Verdict) String() string {
	switch v {
	case None:
		return "NONE"
	case Copy:
		return "COPY"
	case Variant:
		return "VARIANT"
	}
	return "INVALID"
}

// Evidence is why a match was given its verdict: the pair of regions that fit best.
type Evidence struct {
	DistancePDQ   int                  // bits, 0 to 256
	DistanceP     int                  // bits, 0 to 64
	Colour        float64              // mean distance of the colour grids' cells, 0 (equal) to 442, in levels of 255
	Symmetry      fingerprint.Symmetry // what was done to the photo to make the subject
	SubjectRegion fingerprint.Part     // part of the subject that fits
	PhotoRegion   fingerprint.Part     // part of the photo that it fits
}

// What the score weighs: the log-odds that the subject was made from the photo, fitted by logistic regression on the
// best candidates of 8,550 queries (seeds 1 to 3 of the product's benchmark, 2,440 photos, 2026-11-23), with the weights
// of rare symmetries then rounded towards caution.
const (
	weightBase     = 8.72
	weightPDQ      = -0.075 // per bit
	weightP        = -0.039 // per bit
	weightColour   = -0.035 // per level of colour distance
	weightRelief   = -0.57  // per 1 - correlation of the luma grids
	weightAspect   = -4.7   // per unit of difference in log aspect ratio, 1 at most
	weightMirrored = -0.5
	weightTurned   = -2.5 // any symmetry but identity and mirrored: sellers seldom do it
	weightSubject  = 0.6  // part of the subject, not the whole
	weightPhoto    = -0.3 // part of the photo, not the whole
	weightUneven   = -0.75
)

// copyOdds is the log-odds from which a match is called a copy (a score of 0.9). On the same queries, 3 of 2,850
// unrelated pictures (0.1%) had such a match among 1,890 photos, and 117 (4%) one with a score of 0.5 or more.
const copyOdds = 2.2

// fit is how a part of the subject, turned, fits a part of a photo.
type fit struct {
	probe  *fingerprint.Probe
	part   fingerprint.Part    // of the photo
	region *fingerprint.Region // that part's

	pdq, p  int
	colour  float64
	stretch float64 // logarithm of the subject's aspect ratio over the photo's; 0 where one is not known
	odds    float64

	subject, photo sized
}

// judge finds the fit of the highest odds between a subject, by its probes, and a photo.
func judge(s subject, probes []fingerprint.Probe, photo sized) fit {
	best := fit{odds: math.Inf(-1)}
	g := photo.fingerprint
	for i := range probes {
		probe := &probes[i]
		best = better(best, fit{probe: probe, part: fingerprint.PartWhole, region: &g.Whole, subject: s.sized(), photo: photo})
		if g.Trimmed() {
			best = better(best, fit{probe: probe, part: fingerprint.PartContent, region: &g.Content, subject: s.sized(), photo: photo})
		}
	}
	return best
}

// better completes f and returns it where its odds are higher, else best. What costs least is weighed first: nearly all
// fits are dismissed before their colours are looked at.
func better(best, f fit) fit {
	f.pdq = f.probe.PDQ.Distance(f.region.PDQ)
	f.odds = weightBase + weightPDQ*float64(f.pdq) + f.handicap()
	if f.odds <= best.odds {
		return best
	}
	f.p = f.probe.P.Distance(f.region.P)
	if f.odds += weightP * float64(f.p); f.odds <= best.odds {
		return best
	}
	if f.subject.width > 0 && f.photo.width > 0 {
		f.stretch = f.subject.aspect(f.probe.Box, f.probe.Symmetry.Swaps()) - f.photo.aspect(f.box(), false)
	}
	if f.odds += weightAspect * min(math.Abs(f.stretch), 1); f.odds <= best.odds {
		return best
	}
	f.colour = f.probe.Colour.Distance(f.region.Colour)
	f.odds += weightColour*f.colour + weightRelief*(1-f.probe.Colour.Relief(f.region.Colour))
	if f.odds <= best.odds {
		return best
	}
	return f
}

// handicap is what the kind of fit weighs, whatever the distances.
func (f *fit) handicap() float64 {
	o := 0.0
	switch f.probe.Symmetry {
	case fingerprint.Identity:
	case fingerprint.Mirrored:
		o += weightMirrored
	default:
		o += weightTurned
	}
	partial, trimmed := f.probe.Part != fingerprint.PartWhole, f.part != fingerprint.PartWhole
	if partial {
		o += weightSubject
	}
	if trimmed {
		o += weightPhoto
	}
	if partial != trimmed {
		o += weightUneven
	}
	return o
}

// box is where the photo's part lies.
func (f *fit) box() fingerprint.Box {
	if f.part == fingerprint.PartContent {
		return f.photo.fingerprint.Box
	}
	return fingerprint.WholeBox()
}

// aspect is the logarithm of width over height of a box in the picture, or of height over width.
func (s sized) aspect(b fingerprint.Box, swap bool) float64 {
	a := math.Log(float64(s.width) * float64(b.Right-b.Left) / (float64(s.height) * float64(b.Bottom-b.Top)))
	if swap {
		return -a
	}
	return a
}

// score takes the odds to 0..1.
func (f *fit) score() float64 { return 1 / (1 + math.Exp(-f.odds)) }

// From which odds, the weight of colour aside, and which differences in colour on the same picture is called a variant.
// Measured 2026-11-24 on 1,638 ordered pairs of photos of one product that differ in colour, and on 3,749 copies that
// were edited (seeds 1 and 2 of the product's benchmark): 57% of the pairs are called variants (and 39% copies), 19% of
// the copies whose hue was turned, and 2% of the others, nearly all of those under large banners and patches or before
// another backdrop. With the odds of a copy four of 637 strangers are called variants, with these none.
const (
	variantOdds  = 4.5
	variantHue   = 10 // levels of chroma, see fingerprint.Colour.Hue
	variantShade = 40 // levels of luma, see fingerprint.Colour.Shade
)

func (f *fit) verdict() Verdict {
	// A difference in colour must not keep a variant from being seen as the same picture.
	if f.odds-weightColour*f.colour >= variantOdds && f.recoloured() {
		return Variant
	}
	if f.odds >= copyOdds {
		return Copy
	}
	return None
}

// recoloured tells whether what the pictures show differs in colour.
func (f *fit) recoloured() bool {
	c := &f.region.Colour
	return c.Hue(f.probe.Colour) >= variantHue || c.Shade(f.probe.Colour) >= variantShade
}

func (f *fit) evidence() Evidence {
	return Evidence{f.pdq, f.p, f.colour, f.probe.Symmetry, f.probe.Part, f.part}
}

// Thresholds of edits that are named.
const (
	stretched = 0.05 // difference in log aspect ratio: 5%
	moved     = 0.02 // change of a margin, as a share of the picture's side
	resized   = 0.05 // change of size
	pale      = 4    // mean chroma of a picture without colour, in levels from grey
)

// edits names what was done to the photo to make the subject.
func (f *fit) edits() []string {
	var e []string
	if name := f.probe.Symmetry.String(); name != "" {
		e = append(e, name)
	}
	if more, less := f.margins(); more || less {
		if more {
			e = append(e, "border added")
		}
		if less {
			e = append(e, "border trimmed")
		}
	}
	if math.Abs(f.stretch) >= stretched {
		e = append(e, "stretched")
	}
	switch {
	case f.region.Colour.Chroma() >= pale && f.probe.Colour.Chroma() < pale/2:
		e = append(e, "greyscale")
	case f.recoloured():
		e = append(e, "recoloured")
	}
	if f.probe.Part == fingerprint.PartWhole && f.part == fingerprint.PartWhole && f.subject.width > 0 && f.photo.width > 0 {
		scale := math.Sqrt(float64(f.subject.width) * float64(f.subject.height) / (float64(f.photo.width) * float64(f.photo.height)))
		if math.Abs(scale-1) >= resized {
			e = append(e, fmt.Sprintf("resized to %.0f%%", 100*scale))
		}
	}
	return e
}

// margins tells whether the subject has more or less around the part that fits than the photo has.
func (f *fit) margins() (more, less bool) {
	const full = math.MaxUint16
	share := func(b fingerprint.Box) [4]float64 {
		w, h := float64(b.Right-b.Left), float64(b.Bottom-b.Top)
		return [4]float64{
			float64(b.Left) / w, float64(b.Top) / h, float64(full-b.Right) / w, float64(full-b.Bottom) / h,
		}
	}
	mine, theirs := share(f.probe.Symmetry.Inverse().Box(f.probe.Box)), share(f.box())
	for i := range mine {
		more = more || mine[i] > theirs[i]+moved
		less = less || mine[i] < theirs[i]-moved
	}
	return more, less
}

// reason is the verdict in a sentence.
func (f *fit) reason() string {
	edits := "no edit seen"
	if e := f.edits(); len(e) > 0 {
		edits = strings.Join(e, ", ")
	}
	switch f.verdict() {
	case Copy:
		return fmt.Sprintf("the same photo (%s): %d of 256 bits differ", edits, f.pdq)
	case Variant:
		return fmt.Sprintf("the same picture in other colours (%s): %d of 256 bits differ, colours by %.0f levels", edits, f.pdq, f.colour)
	}
	return fmt.Sprintf("not the same photo, as far as the whole pictures tell: %d of 256 bits differ at best", f.pdq)
}
