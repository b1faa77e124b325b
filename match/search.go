package match

import (
	"context"
	"fmt"
	"slices"

	"touchstone/fingerprint"
	"touchstone/index"
)

// Options narrows a match. The zero value asks for the defaults.
type Options struct {
	// RadiusPDQ (0 to 256) and RadiusP (0 to 64) are how many bits away photos are looked at: those within either count.
	// With both nil the radii follow from the number of photos, and of what is found only matches with a score of
	// MinScore or more are returned. Otherwise nil leaves that hash out, and everything within is returned.
	RadiusPDQ, RadiusP *int
	Limit              int // most matches, 1 to MaxLimit; 0: DefaultLimit
	Filter             index.Filter
}

// Limits of Options.
const (
	DefaultLimit = 10
	MaxLimit     = 1000
)

// MinScore is the least score of a match that is returned when no radius was asked for.
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
	candidates = 200    // nearest photos that are verified, at the least
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
	return nil
}

func invalid(field, format string, args ...any) error {
	return &index.FieldError{Field: field, Want: fmt.Sprintf(format, args...), Err: ErrInvalid}
}

// search finds, verifies and ranks; the gate is held.
func (m *Matcher) search(ctx context.Context, s subject, self index.Key, o Options) (Result, error) {
	limit := o.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	probes := s.probes()
	q := index.Query{
		Recipe: s.description.Fingerprint.Recipe,
		Probes: make([]index.Probe, len(probes)),
		Limit:  max(limit+1, candidates), // one more than asked for: the subject itself may be among them
		Filter: o.Filter,
	}
	for i, p := range probes {
		q.Probes[i] = index.Probe{P: p.P, PDQ: p.PDQ}
	}
	asked := o.RadiusPDQ != nil || o.RadiusP != nil
	within := func(pdq, p *int) (index.Result, error) {
		q.RadiusPDQ, q.RadiusP = orNone(pdq), orNone(p)
		return m.photos.Search(ctx, q)
	}
	if !asked {
		o.RadiusPDQ, o.RadiusP = Radii(wideMost + 1)
	}
	found, err := within(o.RadiusPDQ, o.RadiusP)
	if err == nil && !asked && found.Searched <= wideMost {
		found, err = within(Radii(found.Searched))
	}
	if err != nil {
		return Result{}, err
	}
	r := Result{
		Status:    NothingFound,
		Total:     found.Total,
		Searched:  found.Searched,
		RadiusPDQ: q.RadiusPDQ, RadiusP: q.RadiusP,
		Revision: found.Revision,
		Subject:  s.description,
	}
	least := MinScore
	if asked {
		least = 0
	}
	r.Matches = verify(s, probes, found.Neighbors, self, least)
	if len(r.Matches) < len(found.Neighbors) && slices.ContainsFunc(found.Neighbors, func(n index.Neighbor) bool { return n.Photo.Key == self }) {
		r.Total--
		r.Searched--
	}
	r.Matches = r.Matches[:min(len(r.Matches), limit)]
	switch {
	case len(r.Matches) > 0:
		r.Status = Found
	case r.Searched == 0:
		r.Status = NothingIndexed
	}
	return r, nil
}

func orNone(radius *int) int {
	if radius == nil {
		return -1
	}
	return *radius
}

// verify judges each neighbour but the subject itself and ranks those with the least score or more.
func verify(s subject, probes []fingerprint.Probe, near []index.Neighbor, self index.Key, least float64) []Match {
	matches := make([]Match, 0, len(near))
	for _, n := range near {
		if n.Photo.Key == self {
			continue
		}
		f := judge(s, probes, sized{&n.Photo.Fingerprint, n.Photo.Original.Width, n.Photo.Original.Height})
		if score := f.score(); score >= least {
			matches = append(matches, Match{n.Photo, f.verdict(), score, f.edits(), f.evidence()})
		}
	}
	slices.SortFunc(matches, func(a, b Match) int {
		if a.Score != b.Score {
			if a.Score > b.Score {
				return -1
			}
			return 1
		}
		return a.Photo.Key.Compare(b.Photo.Key)
	})
	return matches
}
