package match

import (
	"cmp"
	"context"
	"slices"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/match/align"
)

// Why a subject whose hashes tell nothing was not searched for.
const (
	plainWhole = "as a whole the picture is too plain to be told from others, and parts of it were not looked for"
	plainAlone = "as a whole the picture is too plain to be told from others, and of no photo here parts are looked for"
)

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
	h := newHunt(ctx, m, &s, self, o)
	asked := o.asked()
	r := Result{Status: NothingFound, RadiusPDQ: -1, RadiusP: -1, Subject: s.description}
	if len(h.probes) > 0 {
		if err := h.wholes(&r, asked); err != nil {
			return Result{}, err
		}
	}
	parts := !asked && o.Depth != Whole && s.place != nil && len(s.place.Features()) > 0
	if parts {
		if err := h.places(&r); err != nil {
			return Result{}, err
		}
	}
	if len(h.probes) == 0 && r.Searched == 0 {
		// Nothing was compared: either there is no photo, or there is none that such a subject could be compared with.
		there, err := m.photos.List(ctx, o.Filter, index.Key{}, 2)
		if err != nil {
			return Result{}, err
		}
		if slices.ContainsFunc(there, func(p index.Photo) bool { return p.Key != self }) {
			r.Status = TooPlain
			if r.Reason = plainWhole; parts {
				r.Reason = plainAlone
			}
			return r, nil
		}
	}
	h.conclude(&r)
	return r, nil
}

// newHunt begins a match of a subject that has been read.
func newHunt(ctx context.Context, m *Matcher, s *subject, self index.Key, o Options) *hunt {
	if o.Limit == 0 {
		o.Limit = DefaultLimit
	}
	return &hunt{Matcher: m, ctx: ctx, s: s, self: self, o: o, probes: s.probes(), at: map[index.Key]int{}}
}

// conclude puts into a result what was found, as far as it is asked for, and what that amounts to.
func (h *hunt) conclude(r *Result) {
	least := h.o.MinScore
	switch {
	case h.o.asked() || least < 0:
		least = 0
	case least == 0:
		least = MinScore
	}
	r.Matches = h.rank(least, r.Searched)
	r.Matches = r.Matches[:min(len(r.Matches), h.o.Limit)]
	switch {
	case len(r.Matches) > 0:
		r.Status = Found
	case r.Searched == 0:
		r.Status = NothingIndexed
	}
}

// wholes looks for photos by their hashes.
func (h *hunt) wholes(r *Result, asked bool) error {
	q := index.Query{
		Recipe: h.s.description.Fingerprint.Recipe,
		Probes: make([]index.Probe, len(h.probes)),
		Limit:  max(h.o.Limit+1, candidates), // one more than asked for: the subject itself may be among them
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

// add takes a photo up and judges it by the whole pictures, unless it is known. What has been replaced since it was taken
// up gives way: places in the one picture say nothing of the other.
func (h *hunt) add(p *index.Photo) *finding {
	i, ok := h.at[p.Key]
	if ok && h.found[i].photo.Original.SHA256 == p.Original.SHA256 {
		return &h.found[i]
	}
	f := finding{photo: *p, whole: judge(*h.s, h.probes, sizedOf(p)), same: h.s.description.same(&p.Original)}
	f.photo.Features = nil
	f.weigh()
	if ok {
		h.found[i] = f
		return &h.found[i]
	}
	h.at[p.Key] = len(h.found)
	h.found = append(h.found, f)
	return &h.found[len(h.found)-1]
}

// rank returns what has the least score or more, or what Options keep beside, the surest first.
func (h *hunt) rank(least float64, searched int) []Match {
	var likelier likelihoods
	if l := h.likelier.Load(); l != nil {
		likelier = *l
	}
	var certain []*finding
	for i := range h.found {
		if f := &h.found[i]; f.place != nil && f.odds >= sure {
			certain = append(certain, f)
		}
	}
	matches := make([]Match, 0, len(h.found))
	for i := range h.found {
		f := &h.found[i]
		f.crowded = f.place != nil && slices.ContainsFunc(certain, f.beside)
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

// beside tells whether another photo is in another part of the subject: the same photo under another key is in the same.
func (f *finding) beside(o *finding) bool {
	a, b := f.place.InSubject, o.place.InSubject
	return align.Common(a, b) < 0.5*min(align.Area(a), align.Area(b))
}

func orNone(radius *int) int {
	if radius == nil {
		return -1
	}
	return *radius
}
