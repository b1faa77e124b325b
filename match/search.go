package match

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/match/align"
)

// Depth is how far a match looks.
type Depth uint8

// The depths.
const (
	Auto  Depth = iota // whole pictures first; parts where these leave doubt
	Whole              // whole pictures alone: the fastest
	Parts              // parts always, so that all photos in a collage are found even if one of them fills it nearly
)

// Options narrows a match. The zero value asks for the defaults.
type Options struct {
	// RadiusPDQ (0 to 256) and RadiusP (0 to 64) are how many bits away photos are looked at: those within either count.
	// With both nil the radii follow from the number of photos, and MinScore and MaxFalsePerMillion tell what of all that is
	// found is returned. Otherwise nil leaves that hash out, and everything within is returned that MaxFalsePerMillion
	// doesn't leave out, by whole pictures alone.
	RadiusPDQ, RadiusP *int
	Depth              Depth // Parts doesn't go with a radius
	Limit              int   // most matches, 1 to MaxLimit; 0: DefaultLimit
	Filter             index.Filter
	// MinScore is the least score of a match that is returned, at most 1. Negative: everything that was looked at. 0: those
	// with a score of MinScore or more, and those with the verdict SharedContent, whatever theirs.
	MinScore float64
	// MaxFalsePerMillion is how many false matches a million unrelated subjects may have: only matches that are strong
	// enough for that are returned, whatever their score. Above 0 and up to a million; 0: MinScore decides.
	MaxFalsePerMillion float64
}

// Limits of Options.
const (
	DefaultLimit = 10
	MaxLimit     = 1000
)

// MinScore is the least score of a match that is returned when neither a radius nor another least score was asked for; but
// see Options.MinScore.
const MinScore = 0.5

// The radii when none is asked for. Copies lie far from their photos where a banner was put over them or the tones
// changed, and a wide search finds them; among many photos it would be slow, and find many that are near by chance.
// Measured 2026-11-24 with touchstone eval, seed 1, 1,900 positives: micro average precision 0.69 wide, 0.57 narrow;
// recall above every stranger 0.61 and 0.56, since it is the uncertain matches that lie far.
const (
	widePDQ    = 96     // bits, of 256; not by P: what it finds beyond is never verified
	wideMost   = 50_000 // photos among which a search is wide
	narrowPDQ  = 31     // the bound that PDQ's authors recommend
	narrowP    = 10     // bits, of 64: at 12 the search among a million takes four times as long
	candidates = 200    // nearest photos that are judged by their hashes and colours, at the least
)

// What is verified by features.
const (
	mostWhole   = 12   // of those that whole pictures suggest
	leastWhole  = -3.0 // log-odds by these
	mostParts   = 40   // of those that features suggest
	fewPairs    = 3    // features that agree, without which there is nothing to verify
	mostGuesses = 20   // that are held against the pixels, of most features in agreement
	patience    = 6    // guesses in a row that are hopeless, after which those of no more features are left alone
)

// Radii are those of a match among so many photos, as far as the filter passes them, for which none is asked for: Options'
// RadiusPDQ and RadiusP.
func Radii(photos int) (pdq, p *int) {
	of := func(bits int) *int { return &bits }
	if photos <= wideMost {
		return of(widePDQ), nil
	}
	return of(narrowPDQ), of(narrowP)
}

// asked tells whether a radius was asked for.
func (o Options) asked() bool { return o.RadiusPDQ != nil || o.RadiusP != nil }

func (o Options) validate() error {
	if o.Limit < 0 || o.Limit > MaxLimit {
		return invalid("limit", "0 (for %d) to %d, got %d", DefaultLimit, MaxLimit, o.Limit)
	}
	if r := o.RadiusPDQ; r != nil && (*r < 0 || *r > 256) {
		return invalid("radius_bits", "0 to 256, got %d", *r)
	}
	if r := o.RadiusP; r != nil && (*r < 0 || *r > 64) {
		return invalid("radius64_bits", "0 to 64, got %d", *r)
	}
	if f := o.MaxFalsePerMillion; !(f >= 0 && f <= 1e6) {
		return invalid("max_false_matches_per_million", "more than 0, up to a million, got %v", f)
	}
	if o.Depth > Parts {
		return invalid("depth", "AUTO, WHOLE or PARTS, got %d", o.Depth)
	}
	if o.Depth == Parts && o.asked() {
		return invalid("depth", "not PARTS together with a radius: within one, whole pictures are compared alone")
	}
	if !(o.MinScore <= 1) {
		return invalid("min_score", "at most 1, got %v", o.MinScore)
	}
	return nil
}

func invalid(field, format string, args ...any) error {
	return &index.FieldError{Field: field, Want: fmt.Sprintf(format, args...), Err: ErrInvalid}
}

// hunt is a match under way.
type hunt struct {
	*Matcher
	ctx    context.Context
	s      *subject
	self   index.Key
	o      Options
	probes []fingerprint.Probe
	found  []finding
	at     map[index.Key]int // in found
}

// search finds, verifies and ranks; the gate is held.
func (m *Matcher) search(ctx context.Context, s subject, self index.Key, o Options) (Result, error) {
	limit := o.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	h := &hunt{Matcher: m, ctx: ctx, s: &s, self: self, o: o, probes: s.probes(), at: map[index.Key]int{}}
	asked := o.asked()
	r := Result{Status: NothingFound, RadiusPDQ: -1, RadiusP: -1, Subject: s.description}
	if len(h.probes) > 0 {
		if err := h.wholes(&r, limit, asked); err != nil {
			return Result{}, err
		}
	}
	if !asked && o.Depth != Whole && s.place != nil {
		if err := h.places(&r); err != nil {
			return Result{}, err
		}
	}
	least := o.MinScore
	switch {
	case asked || least < 0:
		least = 0
	case least == 0:
		least = MinScore
	}
	r.Matches = h.rank(least, r.Searched)
	r.Matches = r.Matches[:min(len(r.Matches), limit)]
	switch {
	case len(r.Matches) > 0:
		r.Status = Found
	case r.Searched == 0:
		r.Status = NothingIndexed
	}
	return r, nil
}

// wholes looks for photos by their hashes.
func (h *hunt) wholes(r *Result, limit int, asked bool) error {
	q := index.Query{
		Recipe: h.s.description.Fingerprint.Recipe,
		Probes: make([]index.Probe, len(h.probes)),
		Limit:  max(limit+1, candidates), // one more than asked for: the subject itself may be among them
		Filter: h.o.Filter,
	}
	for i, p := range h.probes {
		q.Probes[i] = index.Probe{P: p.P, PDQ: p.PDQ}
	}
	within := func(pdq, p *int) (index.Result, error) {
		q.RadiusPDQ, q.RadiusP = orNone(pdq), orNone(p)
		return h.photos.Search(h.ctx, q)
	}
	o := h.o
	if !asked {
		o.RadiusPDQ, o.RadiusP = Radii(wideMost + 1)
	}
	near, err := within(o.RadiusPDQ, o.RadiusP)
	if err == nil && !asked && near.Searched <= wideMost {
		near, err = within(Radii(near.Searched))
	}
	if err != nil {
		return err
	}
	r.Total, r.Searched, r.Revision = near.Total, near.Searched, near.Revision
	r.RadiusPDQ, r.RadiusP = q.RadiusPDQ, q.RadiusP
	for i := range near.Neighbors {
		if p := &near.Neighbors[i].Photo; p.Key == h.self {
			r.Total--
			r.Searched--
		} else {
			h.add(p)
		}
	}
	return nil
}

// add takes a photo up and judges it by the whole pictures, unless it is known.
func (h *hunt) add(p *index.Photo) *finding {
	i, ok := h.at[p.Key]
	if !ok {
		i = len(h.found)
		h.at[p.Key] = i
		f := finding{photo: *p, whole: judge(*h.s, h.probes, sizedOf(p)), same: h.s.description.same(&p.Original)}
		f.photo.Features = nil
		f.weigh()
		h.found = append(h.found, f)
	}
	return &h.found[i]
}

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
		if f.odds < leastWhole {
			break
		}
		sure = sure || f.same
		photo, err := h.photos.Features(h.ctx, f.photo.Key)
		if errors.Is(err, index.ErrNotFound) || err == nil && photo.Recipe != feature.Current {
			continue // it was stored without, or with others, or is gone
		}
		if err != nil {
			return err
		}
		h.verify(f, &photo, f.supposed(&photo, h.s.place))
		sure = sure || f.conclusive()
	}
	if sure && h.o.Depth == Auto {
		return nil
	}
	return h.parts(r)
}

// parts looks for photos by their features.
func (h *hunt) parts(r *Result) error {
	features := h.s.place.Features()
	if len(features) == 0 {
		return nil
	}
	found, err := h.photos.Candidates(h.ctx, index.CandidateQuery{
		Recipe: feature.Current, Features: features, Mirrored: true, Limit: mostParts, Filter: h.o.Filter,
	})
	if err != nil {
		return err
	}
	if len(h.probes) == 0 {
		r.Searched, r.Revision = found.Searched, found.Revision
	}
	guesses := make([]align.Guess, len(found.Candidates))
	order := make([]int, 0, len(guesses))
	for i := range found.Candidates {
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
		if hopeless++; f.odds >= leastWhole {
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

// rank returns what has the least score or more, or what Options keep beside, the surest first.
func (h *hunt) rank(least float64, searched int) []Match {
	var likelier likelihoods
	if l := h.likelier.Load(); l != nil {
		likelier = *l
	}
	matches := make([]Match, 0, len(h.found))
	for i := range h.found {
		f := &h.found[i]
		f.crowded = f.place != nil && slices.ContainsFunc(h.found, f.beside)
		s, expected := score(f.odds), f.expectedFalse(searched, likelier.of(f.photo.Brand))
		keep := s >= least || h.o.MinScore == 0 && f.verdict() == SharedContent
		if h.o.MaxFalsePerMillion > 0 {
			keep = expected <= h.o.MaxFalsePerMillion
		}
		if keep {
			matches = append(matches, Match{f.photo, f.verdict(), s, expected, f.edits(), f.evidence(), f.odds})
		}
	}
	slices.SortFunc(matches, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), a.Photo.Key.Compare(b.Photo.Key))
	})
	return matches
}

// beside tells whether another photo is certainly there, in another part of the subject: the same photo under another key
// is in the same.
func (f *finding) beside(o finding) bool {
	if o.place == nil || o.odds < sure {
		return false
	}
	a, b := f.place.InSubject, o.place.InSubject
	return align.Common(a, b) < 0.5*min(align.Area(a), align.Area(b))
}

func orNone(radius *int) int {
	if radius == nil {
		return -1
	}
	return *radius
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
