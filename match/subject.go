package match

import (
	"context"
	"crypto/sha256"
	"fmt"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/picture"
)

// Description is what was learned of a picture.
type Description struct {
	Original    index.Original // zero where the subject came without its bytes
	Fingerprint fingerprint.Fingerprint
	Warnings    []string // what was passed over in reading it: "animated"; nil: nothing
}

// unsureSide is the least shorter side, in pixels, of a picture that is decoded again because its hash was unsure.
const unsureSide = 600

// subject is a Subject that has been read.
type subject struct {
	description Description
	probes      func() []fingerprint.Probe // computed when asked for: describing a photo needs none
}

// sized is a fingerprint with the size of its picture, 0 by 0 where that is not known.
type sized struct {
	fingerprint   *fingerprint.Fingerprint
	width, height int
}

func (s *subject) sized() sized {
	d := &s.description
	return sized{&d.Fingerprint, d.Original.Width, d.Original.Height}
}

// validate reports, as ErrInvalid, a subject that is not exactly one thing.
func (s Subject) validate(field string) error {
	n := 0
	if s.Image != nil {
		n++
	}
	if s.Fingerprint != nil {
		n++
	}
	if s.Photo != (index.Key{}) {
		n++
	}
	if n != 1 {
		return invalid(field, "one of an image, a fingerprint and a photo's name, got %d of them", n)
	}
	if s.Photo != (index.Key{}) {
		if err := s.Photo.Validate(); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	return nil
}

// open reads a subject. With fingerprint.ErrPlain it returns what is known of the picture as well.
func (m *Matcher) open(ctx context.Context, lane Lane, s Subject) (subject, error) {
	switch {
	case s.Fingerprint != nil:
		if s.Fingerprint.Recipe != fingerprint.Current {
			return subject{}, fmt.Errorf("%w: recipe %d, want %d", index.ErrRecipe, s.Fingerprint.Recipe, fingerprint.Current)
		}
		return subject{Description{Fingerprint: *s.Fingerprint}, s.Fingerprint.Probes}, nil
	case s.Image != nil:
		if err := m.gate.enter(ctx, lane); err != nil {
			return subject{}, err
		}
		defer m.gate.leave(lane)
		return m.read(ctx, s.Image)
	}
	p, err := m.photos.Get(ctx, s.Photo)
	if err != nil {
		return subject{}, err
	}
	return subject{Description{p.Original, p.Fingerprint, nil}, p.Fingerprint.Probes}, nil
}

// read decodes and describes an image; the gate is held.
func (m *Matcher) read(ctx context.Context, image []byte) (subject, error) {
	p, a, err := m.analyse(ctx, image, fingerprint.ReducedSide)
	if err == nil && a.Unsure() {
		p, a, err = m.analyse(ctx, image, unsureSide)
	}
	if p == nil {
		return subject{}, err
	}
	d := Description{Original: index.Original{
		SHA256: sha256.Sum256(image),
		Bytes:  int64(len(image)),
		Width:  p.Width, Height: p.Height,
		Format: p.Format.String(),
	}, Warnings: p.Warnings.Names()}
	if err != nil {
		return subject{description: d}, err
	}
	d.Fingerprint = a.Fingerprint()
	return subject{d, a.Probes}, nil
}

// analyse decodes an image, reduced to the given shorter side at the least, and computes its hashes. The picture comes
// back with an error too where only the hashes failed.
func (m *Matcher) analyse(ctx context.Context, image []byte, side int) (*picture.Picture, *fingerprint.Analysis, error) {
	p, err := m.decoder.Decode(ctx, image, side)
	if err != nil {
		return nil, nil, err
	}
	a, err := fingerprint.Analyse(fingerprint.Picture{Image: p.Image, Width: p.Width, Height: p.Height, Reduction: p.Reduction})
	return p, a, err
}
