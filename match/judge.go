package match

import (
	"context"
	"errors"
	"fmt"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
)

// Judge is Match for photos that are known already, from the index: whether the subject was made from one of them. It
// looks at no others. searched is among how many photos the subject would be looked for, on which ExpectedFalse rests.
// Photos that whole pictures don't suggest are looked for by their features, unless o.Depth is Whole. Errors: as Match.
func (m *Matcher) Judge(ctx context.Context, lane Lane, s Subject, photos []index.Photo, searched int, o Options) (Result, error) {
	if err := errors.Join(o.validate(), s.validate("subject")); err != nil {
		return Result{}, err
	}
	if m.photos == nil {
		return Result{}, fmt.Errorf("judge: %w: no index to look in", ErrInvalid)
	}
	sub, err := m.open(ctx, lane, s, toFind)
	if errors.Is(err, fingerprint.ErrPlain) {
		return Result{Status: TooPlain, RadiusPDQ: -1, RadiusP: -1, Subject: sub.description, Reason: err.Error()}, nil
	}
	if err != nil {
		return Result{}, err
	}
	if err := m.gate.enter(ctx, lane); err != nil {
		return Result{}, err
	}
	defer m.gate.leave(lane)
	h := newHunt(ctx, m, &sub, s.Photo, o)
	for i := range photos {
		if photos[i].Key != s.Photo {
			h.add(&photos[i])
		}
	}
	for i := range h.found {
		if err := h.hold(&h.found[i]); err != nil {
			return Result{}, err
		}
	}
	r := Result{Status: NothingFound, RadiusPDQ: -1, RadiusP: -1, Searched: searched, Subject: sub.description}
	h.conclude(&r)
	return r, nil
}

// hold holds one photo against the subject's pixels, where both are known.
func (h *hunt) hold(f *finding) error {
	if h.s.place == nil || h.o.Depth == Whole && f.odds < LeastWhole {
		return nil
	}
	photo, err := h.featuresOf(f)
	if photo == nil {
		return err
	}
	if f.odds >= LeastWhole || f.same {
		h.verify(f, photo, f.supposed(photo, h.s.place))
	}
	if h.o.Depth == Whole || f.same || h.o.Depth == Auto && f.conclusive() {
		return nil
	}
	for _, mirrored := range []bool{false, true} {
		if g := h.s.place.Find(photo, mirrored); g.Pairs >= fewPairs {
			h.verify(f, photo, g)
		}
	}
	return nil
}

// featuresOf reads a photo's features, and not those of one that has replaced it. They are nil where it was stored without.
func (h *hunt) featuresOf(f *finding) (*feature.Set, error) {
	photo, err := h.photos.Features(h.ctx, f.photo.Key, f.photo.Revision)
	if errors.Is(err, index.ErrNotFound) {
		return nil, nil
	}
	if err == nil && photo.Recipe != feature.Current {
		err = fmt.Errorf("%w: features of recipe %d, want %d", index.ErrRecipe, photo.Recipe, feature.Current)
	}
	if err != nil {
		return nil, err
	}
	return &photo, nil
}
