package health

import (
	"context"
	"errors"
	"math"
	"slices"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/match"
)

// What is looked at for each photo.
const (
	nearest  = 200             // photos that are judged by their hashes
	compared = GroupListed - 1 // of the brand, and of others, that are compared by all that is known: the most alike
)

// When photos of two brands are one.
const (
	// chance is how many of a million unrelated photos may equal one of another brand by chance, were there a million of
	// these: beyond that, a catalogue would be in quarantine for nothing.
	chance    = 1000
	catalogue = 1_000_000

	// What hashes may differ in where no feature confirms what they say. Photos of two brands lie 60 bits apart and more
	// (2026-11-24, 2,422 photos of five shops and two collections), what was saved smaller within some 12; smooth things on
	// white lie nearer than others.
	barePDQ = 16 // of 256 bits
	bareP   = 6  // of 64
)

// stretched is by how much of a logarithm the shapes of duplicates may differ: a pixel or two in a hundred.
const stretched = 0.03

// kinds says what to look for.
type kinds uint8

const (
	duplicates kinds = 1 << iota // of the same brand
	conflicts                    // of others
)

// relatives are the photos that equal one.
type relatives struct {
	own    []string    // IDs of the same brand
	others []index.Key // of other brands, by key
}

// relatives looks for the photos that equal this one.
func (s *sight) relatives(ctx context.Context, what kinds) (r relatives, err error) {
	matches, err := s.alike(ctx, what)
	if err != nil {
		return r, err
	}
	own, others := 0, 0
	for i := range matches {
		m := &matches[i]
		switch same := m.Photo.Brand == s.photo.Brand; {
		case same && what&duplicates != 0 && m.Verdict == match.Copy && own < compared:
			own++
			equal, err := s.duplicate(ctx, m)
			if err != nil {
				return r, err
			}
			if equal {
				r.own = append(r.own, m.Photo.ID)
			}
		case !same && what&conflicts != 0 && others < compared:
			others++
			equal, err := s.conflict(ctx, m)
			if err != nil {
				return r, err
			}
			if equal {
				r.others = append(r.others, m.Photo.Key)
			}
		}
	}
	slices.SortFunc(r.others, index.Key.Compare)
	return r, nil
}

// alike are the photos whose hashes, or features where hashes tell nothing, are like this one's, the most alike first.
func (s *sight) alike(ctx context.Context, what kinds) ([]match.Match, error) {
	o := match.Options{Depth: match.Whole, Limit: nearest}
	if s.photo.Fingerprint.Plain() {
		o.Depth = match.Parts
	}
	all, err := s.matches(ctx, o)
	if err != nil || what&conflicts == 0 || len(all) < nearest ||
		slices.ContainsFunc(all, func(m match.Match) bool { return m.Photo.Brand != s.photo.Brand }) {
		return all, err
	}
	// The brand's own stand before those of others.
	brands, err := s.Photos.Brands(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range brands {
		if b.Brand != s.photo.Brand {
			o.Filter.Brands = append(o.Filter.Brands, b.Brand)
		}
	}
	if len(o.Filter.Brands) == 0 {
		return all, nil
	}
	others, err := s.matches(ctx, o)
	return append(all, others...), err
}

func (s *sight) matches(ctx context.Context, o match.Options) ([]match.Match, error) {
	r, err := s.Matcher.Match(ctx, match.Batch, match.Subject{Photo: s.photo.Key}, o)
	if gone(err) {
		return nil, nil
	}
	return r.Matches, err
}

// gone tells whether an error means that a photo, or the last one of a brand, was deleted meanwhile.
func gone(err error) bool {
	return errors.Is(err, index.ErrNotFound) || errors.Is(err, index.ErrUnknownBrand)
}

// duplicate tells whether the brand's own match is the same picture, or nearly: not one in other colours, however few of
// them, which match calls a copy where most of the picture stays.
func (s *sight) duplicate(ctx context.Context, m *match.Match) (bool, error) {
	a, b := &s.photo.Original, &m.Photo.Original
	if a.SHA256 == b.SHA256 {
		return true, nil
	}
	if v, w := &s.photo.Metadata, &m.Photo.Metadata; v.Product == w.Product && v.Variant != w.Variant && v.Variant != "" && w.Variant != "" {
		return false, nil // the brand says so, and its eye is better: a grey and a greyish green one
	}
	if math.Abs(math.Log(float64(a.Width)*float64(b.Height)/(float64(a.Height)*float64(b.Width)))) > stretched {
		return false, nil
	}
	mine, err := s.features(ctx)
	if err != nil {
		return false, err
	}
	theirs, err := s.sight(&m.Photo).features(ctx)
	if err != nil {
		return false, err
	}
	if mine == nil || theirs == nil {
		return s.bare(m), nil
	}
	if !nearly(&mine.Thumbnail, &theirs.Thumbnail) {
		return false, nil
	}
	c, ok, err := s.compare(ctx, m)
	return ok && c.Verdict == match.Copy, err
}

// conflict tells whether another brand's match is the same photo, edited or not, for certain.
func (s *sight) conflict(ctx context.Context, m *match.Match) (bool, error) {
	if s.photo.Original.SHA256 == m.Photo.Original.SHA256 {
		return true, nil
	}
	c, ok, err := s.compare(ctx, m)
	if err != nil || !ok || c.Verdict != match.Copy && c.Verdict != match.EditedCopy {
		return false, err
	}
	if p := c.Evidence.Place; p == nil || p.Features == 0 {
		return s.bare(m), nil
	}
	mine, _ := s.Matcher.Likelihood(s.photo.Brand)
	theirs, _ := s.Matcher.Likelihood(m.Photo.Brand)
	return match.ExpectedAmong(&c, catalogue, max(mine, theirs)) <= chance, nil
}

// compare holds a match's photo against this one by all that is known of them; false: there is too little, or it is gone.
func (s *sight) compare(ctx context.Context, m *match.Match) (match.Comparison, bool, error) {
	c, err := s.Matcher.Compare(ctx, match.Batch, match.Subject{Photo: m.Photo.Key}, match.Subject{Photo: s.photo.Key})
	if gone(err) || errors.Is(err, fingerprint.ErrPlain) {
		return c, false, nil
	}
	return c, err == nil, err
}

// bare tells whether a match is equal where there are no features to go by.
func (s *sight) bare(m *match.Match) bool {
	e := &m.Evidence
	return m.Verdict == match.Copy && e.DistancePDQ <= barePDQ && e.DistanceP <= bareP && !s.plain()
}
