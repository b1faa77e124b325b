package book

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"touchstone/index"
	"touchstone/store"
	"touchstone/store/packed"
)

// mostSurveyed bounds how many brands a survey is read back of.
const mostSurveyed = 1 << 20

// SetSurvey keeps what a survey of the catalogue found, by brand, so that the next start begins with it. What is kept already
// changes nothing, and neither does a first survey that found nothing. Errors: index.ErrFull, index.ErrReadOnly.
func (b *Book) SetSurvey(ctx context.Context, likelihoods map[string]float64) error {
	var w packed.Writer
	w.Number(uint64(len(likelihoods)))
	for _, brand := range slices.Sorted(maps.Keys(likelihoods)) {
		w.String(brand)
		w.Float(likelihoods[brand])
	}
	_, err := b.commit(ctx, func(v *store.View) ([]store.Change, error) {
		switch r, err := v.Get(roomSurvey, keySurvey); {
		case errors.Is(err, store.ErrNotFound) && len(likelihoods) == 0, err == nil && bytes.Equal(r.Value, w.Bytes):
			return nil, nil
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
		return []store.Change{{Kind: kindPut, Room: roomSurvey, Key: keySurvey, Value: w.Bytes}}, nil
	}, func(store.Span) {})
	return err
}

// Survey returns what was kept of the last survey; nil: none was.
func (b *Book) Survey(_ context.Context) (map[string]float64, error) {
	r, err := b.store.Get(roomSurvey, keySurvey)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, translate(err)
	}
	return surveyOf(r.Value)
}

func surveyOf(value []byte) (map[string]float64, error) {
	r := packed.NewReader(value)
	likelihoods := map[string]float64{}
	for n := r.Number(mostSurveyed); n > 0 && r.Err() == nil; n-- {
		brand := r.String()
		if likelihoods[brand] = r.Float(); likelihoods[brand] <= 0 {
			r.Fail("likelihood of %q", brand)
		}
	}
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: survey: %w", index.ErrCorrupt, err)
	}
	return likelihoods, nil
}
