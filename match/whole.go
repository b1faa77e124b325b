package match

import (
	"math"

	"touchstone/fingerprint"
)

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

// plainOdds is the log-odds where one of both is too plain for its hashes to tell anything.
const plainOdds = -6

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
	g := photo.fingerprint
	if len(probes) == 0 || g.Plain() {
		// There is nothing to go by: as good as the farthest.
		f := &s.description.Fingerprint
		return fit{
			probe: &fingerprint.Probe{Region: f.Whole, Box: fingerprint.WholeBox()}, region: &g.Whole,
			pdq: 256, p: 64, odds: plainOdds, subject: s.sized(), photo: photo,
		}
	}
	best := fit{odds: math.Inf(-1)}
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

// recoloured tells whether what the pictures show differs in colour.
func (f *fit) recoloured() bool {
	c := &f.region.Colour
	return c.Hue(f.probe.Colour) >= variantHue || c.Shade(f.probe.Colour) >= variantShade
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
