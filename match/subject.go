package match

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/match/align"
	"touchstone/picture"
)

// Description is what was learned of a picture.
type Description struct {
	Original    index.Original // zero where the subject came without its bytes
	Fingerprint fingerprint.Fingerprint
	Features    *feature.Set // of a genuine photo's kind; nil where they were not asked for or are not known
	Warnings    []string     // what was passed over in reading it: "animated"; nil: nothing
}

// same tells whether the picture is the very file that an original was captured from.
func (d *Description) same(o *index.Original) bool {
	return d.Original.SHA256 == o.SHA256 && o.SHA256 != [32]byte{}
}

// unsureSide is the least shorter side, in pixels, of a picture that is decoded again because its hash was unsure.
const unsureSide = 600

// subject is a Subject that has been read.
type subject struct {
	description Description
	probes      func() []fingerprint.Probe // computed when asked for: describing a photo needs none
	place       *align.Subject             // what photos are looked for in; nil: nothing is known of it but hashes
	features    *feature.Set               // of place, as far as they can be kept
	plain       error                      // fingerprint.ErrPlain, where hashes tell nothing and features have to
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
	if f := s.Fingerprint; f != nil && f.Recipe == fingerprint.Current && (f.Box.Left >= f.Box.Right || f.Box.Top >= f.Box.Bottom) {
		return invalid(field, "a fingerprint whose content box is not empty")
	}
	if s.Original != (index.Original{}) && s.Fingerprint == nil {
		return invalid(field, "an original with a fingerprint alone")
	}
	if s.Features != nil {
		if s.Fingerprint == nil {
			return invalid(field, "features with a fingerprint alone")
		}
		if err := s.Features.Validate(); err != nil && s.Features.Recipe == feature.Current {
			return fmt.Errorf("%w: %w", invalid(field, "features as they can be encoded"), err)
		}
	}
	if s.Photo != (index.Key{}) {
		if err := s.Photo.Validate(); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	return nil
}

// sizedOf is a photo's fingerprint, with its size.
func sizedOf(p *index.Photo) sized {
	return sized{&p.Fingerprint, p.Original.Width, p.Original.Height}
}

// use is what a picture is read for.
type use uint8

const (
	toKeep  use = iota // as a genuine photo is described
	toFind             // photos in it
	toMatch            // as a whole
)

// open reads a subject. With fingerprint.ErrPlain it returns what is known of the picture as well.
func (m *Matcher) open(ctx context.Context, lane Lane, s Subject, u use) (subject, error) {
	switch {
	case s.Fingerprint != nil:
		if s.Fingerprint.Recipe != fingerprint.Current {
			return subject{}, fmt.Errorf("%w: recipe %d, want %d", index.ErrRecipe, s.Fingerprint.Recipe, fingerprint.Current)
		}
		sub := subject{
			description: Description{Original: s.Original, Fingerprint: *s.Fingerprint, Features: s.Features},
			probes:      s.Fingerprint.Probes, features: s.Features,
		}
		if s.Features != nil {
			if s.Features.Recipe != feature.Current {
				return subject{}, fmt.Errorf("%w: features of recipe %d, want %d", index.ErrRecipe, s.Features.Recipe, feature.Current)
			}
			sub.place = align.OfSet(*s.Features)
		}
		err := sub.known(s.Features)
		return sub, err
	case s.Image != nil:
		if err := m.gate.enter(ctx, lane); err != nil {
			return subject{}, err
		}
		defer m.gate.leave(lane)
		return m.read(ctx, s.Image, u)
	}
	p, err := m.photos.Get(ctx, s.Photo)
	if err != nil {
		return subject{}, err
	}
	sub := subject{description: Description{Original: p.Original, Fingerprint: p.Fingerprint}, probes: p.Fingerprint.Probes}
	switch f, err := m.photos.Features(ctx, s.Photo, p.Revision); {
	case err == nil && f.Recipe == feature.Current:
		sub.description.Features, sub.place = &f, align.OfSet(f)
	case err != nil && !errors.Is(err, index.ErrNotFound):
		return subject{}, err
	}
	err = sub.known(sub.description.Features)
	return sub, err
}

// known tells, as fingerprint.ErrPlain, that neither the fingerprint nor the features of a subject whose pixels are not
// there are enough to look for it. Features are nil where none are known.
func (s *subject) known(features *feature.Set) error {
	if !s.description.Fingerprint.Plain() {
		return nil
	}
	s.plain = fmt.Errorf("%w: its hashes tell nothing", fingerprint.ErrPlain)
	n := 0
	if features != nil {
		n = len(features.Features)
	}
	if n < fewFeatures {
		return fmt.Errorf("%w, and %d features are known, want %d or more", s.plain, n, fewFeatures)
	}
	return nil
}

// read decodes and describes an image; the gate is held.
func (m *Matcher) read(ctx context.Context, image []byte, u use) (subject, error) {
	o := feature.Genuine()
	switch u {
	case toFind:
		o = feature.Suspect()
	case toMatch:
		o.Side = 0
	}
	p, err := m.decoder.DecodeKeeping(ctx, image, picture.Sides{Shorter: fingerprint.ReducedSide, Longer: o.Side})
	if err != nil {
		return subject{}, err
	}
	a, plain := analyse(p, fingerprint.ReducedSide)
	if plain == nil && a.Unsure() {
		q, err := m.decoder.Decode(ctx, image, unsureSide)
		if err != nil {
			return subject{}, err
		}
		a, plain = analyse(q, unsureSide)
	}
	if a == nil {
		return subject{}, plain
	}
	d := Description{Original: index.Original{
		SHA256: sha256.Sum256(image),
		Bytes:  int64(len(image)),
		Width:  p.Width, Height: p.Height,
		Format: p.Format.String(),
	}, Warnings: p.Warnings.Names()}
	if u == toMatch {
		d.Fingerprint = a.Fingerprint()
		return subject{description: d, probes: a.Probes, plain: plain}, nil
	}
	v := feature.Extract(p.Image, p.Width, p.Height, o)
	if plain != nil && len(v.Features) < fewFeatures {
		return subject{description: d}, plain
	}
	d.Fingerprint = a.Fingerprint()
	sub := subject{description: d, probes: a.Probes, plain: plain}
	if u == toKeep {
		set := v.Set // not a part of v, which has all the pixels
		sub.description.Features = &set
	} else {
		set := v.Set
		sub.place, sub.features = align.OfView(v), &set
	}
	return sub, nil
}

// fewFeatures is below how many features a picture can't be told from others by them alone.
const fewFeatures = 12

// analyse computes the hashes of a picture, reduced to the given shorter side at the least.
func analyse(p *picture.Picture, side int) (*fingerprint.Analysis, error) {
	p = p.Reduced(side)
	return fingerprint.Analyse(fingerprint.Picture{Image: p.Image, Width: p.Width, Height: p.Height, Reduction: p.Reduction})
}
