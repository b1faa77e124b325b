package health

import (
	"context"
	"errors"

	"touchstone/fingerprint/feature"
	"touchstone/index"
)

// lowQuality is the quality below which a photo counts as plain. Below 4 there are no hashes at all; photos of 10 to 20 lie
// no nearer to those of other brands than others do (the nearest at 80 bits, half of them beyond 98, as of all; measured
// 2026-11-24 on 2,422 photos of five shops and two collections, none of which has less than 10).
const lowQuality = 10

// sight is a photo that is being examined.
type sight struct {
	*Config
	photo *index.Photo
	asked bool
	set   *feature.Set // once asked for; nil: it has no features
}

func (c *Config) sight(p *index.Photo) *sight { return &sight{Config: c, photo: p} }

// features are the photo's, nil where it has none.
func (s *sight) features(ctx context.Context) (*feature.Set, error) {
	if s.asked {
		return s.set, nil
	}
	set, err := s.Photos.Features(ctx, s.photo.Key, s.photo.Revision)
	switch {
	case errors.Is(err, index.ErrNotFound):
	case err != nil:
		return nil, err
	case set.Recipe == feature.Current:
		s.set = &set
	}
	s.asked = true
	return s.set, nil
}

// plain tells whether hashes can hardly tell the photo from others.
func (s *sight) plain() bool {
	return s.photo.Fingerprint.Plain() || s.photo.Fingerprint.Quality < lowQuality
}

// splitTone tells whether the photo is of two flat tones. Of one without features nothing is known.
func (s *sight) splitTone(ctx context.Context) (bool, error) {
	set, err := s.features(ctx)
	if err != nil || set == nil {
		return false, err
	}
	return twoTones(set.Thumbnail.Y), nil
}
