package match

import (
	"cmp"
	"math"
	"slices"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/match/align"
)

// LeastWhole is the log-odds by whole pictures (Evidence.WholeOdds) below which a photo is not worth reading its features for.
const LeastWhole = -3.0

// What is verified by features.
const (
	mostWhole    = 12 // of those that whole pictures suggest
	mostParts    = 40 // of those that features suggest
	fewPairs     = 3  // features that agree, without which there is nothing to verify
	tellingPairs = 6  // more than agree by chance, mostly
	patientVotes = 20 // candidates in a row with fewer, after which those of fewer votes are left alone
	mostGuesses  = 20 // that are held against the pixels, of most features in agreement
	patience     = 6  // guesses in a row that are hopeless, after which those of no more features are left alone
)

// places holds photos against the subject's pixels: those that whole pictures suggest, then those that features do.
func (h *hunt) places(r *Result) error {
	byWhole := make([]int, len(h.found))
	for i := range byWhole {
		byWhole[i] = i
	}
	slices.SortStableFunc(byWhole, func(a, b int) int { return cmp.Compare(h.found[b].odds, h.found[a].odds) })
	sure := false
	for _, i := range byWhole[:min(len(byWhole), mostWhole)] {
		f := &h.found[i]
		if f.odds < LeastWhole {
			break
		}
		sure = sure || f.same
		photo, err := h.featuresOf(f)
		if err != nil {
			return err
		}
		if photo == nil {
			continue
		}
		h.verify(f, photo, f.supposed(photo, h.s.place))
		sure = sure || f.conclusive()
	}
	if sure && h.o.Depth == Auto {
		return nil
	}
	return h.parts(r)
}

// parts looks for photos by their features.
func (h *hunt) parts(r *Result) error {
	found, err := h.photos.Candidates(h.ctx, index.CandidateQuery{
		Recipe: feature.Current, Features: h.s.place.Features(), Mirrored: true, Limit: mostParts, Filter: h.o.Filter,
	})
	if err != nil {
		return err
	}
	if len(h.probes) == 0 {
		r.Searched, r.Revision = found.Searched, found.Revision
	}
	guesses := make([]align.Guess, len(found.Candidates))
	order := make([]int, 0, len(guesses))
	chance := 0 // in a row
	for i := range found.Candidates {
		if chance == patientVotes {
			break
		}
		c := &found.Candidates[i]
		if c.Photo.Key == h.self {
			if len(h.probes) == 0 {
				r.Searched--
			}
			continue
		}
		if err := h.ctx.Err(); err != nil {
			return err
		}
		guesses[i] = h.s.place.Find(c.Photo.Features, c.Mirrored)
		if h.s.description.same(&c.Photo.Original) {
			guesses[i].Pairs = math.MaxInt // first of all
		}
		if guesses[i].Pairs >= fewPairs {
			order = append(order, i)
		}
		if chance++; guesses[i].Pairs >= tellingPairs {
			chance = 0
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(guesses[b].Pairs, guesses[a].Pairs) })
	hopeless := 0 // in a row
	for _, i := range order[:min(len(order), mostGuesses)] {
		if hopeless == patience {
			break
		}
		if err := h.ctx.Err(); err != nil {
			return err
		}
		p := &found.Candidates[i].Photo
		f := h.add(p)
		if f.same {
			guesses[i] = f.supposed(p.Features, h.s.place)
		}
		h.verify(f, p.Features, guesses[i])
		if hopeless++; f.odds >= LeastWhole {
			hopeless = 0
		}
	}
	return nil
}

// verify holds a guess against the pixels, and keeps what is surest.
func (h *hunt) verify(f *finding, photo *feature.Set, g align.Guess) {
	subject := h.s.sized()
	if subject.width == 0 {
		subject.width, subject.height = h.s.place.Size()
	}
	own := f.whole.photo
	own.width, own.height = photo.Width, photo.Height
	if o := f.photo.Original; o.Width > 0 && o.Height > 0 {
		own.width, own.height = o.Width, o.Height
	}
	n := *f
	n.place = locate(h.s.place.Verify(photo, g), own, subject)
	n.weigh()
	if math.IsNaN(n.odds) || math.IsInf(n.odds, 0) {
		return // a map that leads nowhere, of which nothing was seen
	}
	if f.place == nil || n.odds > f.odds {
		*f = n
	}
}

// conclusive tells whether looking further would be a waste: the subject is this photo, all over.
func (f *finding) conclusive() bool {
	p := f.place
	return p != nil && f.odds >= 2*sure && p.Covered >= surrounded && p.Alike >= 0.95 && p.Textured >= 12 &&
		2*p.Confirmed[1] >= p.Features && p.Confirmed[1] >= 12
}

// supposed is the guess that a photo lies where its whole picture does.
func (f *finding) supposed(photo *feature.Set, s *align.Subject) align.Guess {
	if f.same {
		return s.Suppose(align.Map{1, 0, 0, 0, 1, 0, 0, 0, 1})
	}
	return s.Suppose(f.whole.suppose(photo, s))
}

// suppose is the map from the photo to the subject that a fit of whole pictures stands for.
func (f *fit) suppose(photo *feature.Set, s *align.Subject) align.Map {
	w, ht := s.Size()
	own, frame := align.Frame(photo.Width, photo.Height), align.Frame(w, ht)
	share := func(v uint16) float64 { return float64(v) / math.MaxUint16 }
	from := func(b fingerprint.Box, of align.Point) align.Map { // the unit square to the box
		l, t, r, u := share(b.Left)*of.X, share(b.Top)*of.Y, share(b.Right)*of.X, share(b.Bottom)*of.Y
		return align.Map{r - l, 0, l, 0, u - t, t, 0, 0, 1}
	}
	a, b := from(f.box(), own), from(f.probe.Box, frame)
	back := a.Inverse()
	turn := unit(f.probe.Symmetry)
	m := turn.After(&back)
	return b.After(&m)
}

// unit is a symmetry as a map of the unit square.
func unit(y fingerprint.Symmetry) align.Map {
	switch y {
	case fingerprint.Mirrored:
		return align.Map{-1, 0, 1, 0, 1, 0, 0, 0, 1}
	case fingerprint.Flipped:
		return align.Map{1, 0, 0, 0, -1, 1, 0, 0, 1}
	case fingerprint.Rotated180:
		return align.Map{-1, 0, 1, 0, -1, 1, 0, 0, 1}
	case fingerprint.Transposed:
		return align.Map{0, 1, 0, 1, 0, 0, 0, 0, 1}
	case fingerprint.Rotated90:
		return align.Map{0, -1, 1, 1, 0, 0, 0, 0, 1}
	case fingerprint.Rotated270:
		return align.Map{0, 1, 0, -1, 0, 1, 0, 0, 1}
	case fingerprint.Transversed:
		return align.Map{0, -1, 1, -1, 0, 1, 0, 0, 1}
	}
	return align.Map{1, 0, 0, 0, 1, 0, 0, 0, 1}
}
