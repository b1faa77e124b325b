package server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/types/known/timestamppb"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// Photos and fingerprints, from the wire and to it. What comes from the wire is checked here; errors are located from
// the converted message on.

// errFingerprint is returned when a fingerprint is not of the form that it has to have.
var errFingerprint = errors.New("not a fingerprint")

// keyFrom checks a photo's name.
func keyFrom(brand, photoID string) (index.Key, error) {
	k := index.Key{Brand: brand, ID: photoID}
	return k, k.Validate()
}

// photoFrom takes the name and the metadata of a photo; what the server sets is left out.
func photoFrom(p *touchstonev1.Photo) (index.Photo, error) {
	if p == nil {
		return index.Photo{}, refuse("photo", "required")
	}
	k, err := keyFrom(p.GetBrand(), p.GetPhotoId())
	if err != nil {
		return index.Photo{}, at("photo", err)
	}
	m := metadataFrom(p)
	if err := m.Validate(); err != nil {
		return index.Photo{}, at("photo", err)
	}
	return index.Photo{Key: k, Metadata: m}, nil
}

// metadataFrom takes the metadata, unchecked.
func metadataFrom(p *touchstonev1.Photo) index.Metadata {
	return index.Metadata{
		Product:   p.GetProduct(),
		Variant:   p.GetVariant(),
		SourceURI: p.GetSourceUri(),
		Labels:    p.GetLabels(),
		ListPrice: index.Price{
			Currency: p.GetListPrice().GetCurrencyCode(),
			Units:    p.GetListPrice().GetUnits(),
			Nanos:    p.GetListPrice().GetNanos(),
		},
	}
}

func photoTo(p *index.Photo) *touchstonev1.Photo {
	w := &touchstonev1.Photo{
		Brand:       p.Brand,
		PhotoId:     p.ID,
		Product:     p.Product,
		Variant:     p.Variant,
		SourceUri:   p.SourceURI,
		Labels:      p.Labels,
		Original:    originalTo(&p.Original),
		Fingerprint: fingerprintTo(&p.Fingerprint),
		Revision:    p.Revision,
		AddTime:     timestamppb.New(p.Added),
		UpdateTime:  timestamppb.New(p.Updated),
	}
	w.ListPrice = moneyTo(p.ListPrice)
	return w
}

// moneyTo is nil where no price is known.
func moneyTo(p index.Price) *touchstonev1.Money {
	if p == (index.Price{}) {
		return nil
	}
	return &touchstonev1.Money{CurrencyCode: p.Currency, Units: p.Units, Nanos: p.Nanos}
}

// moneyFrom takes an amount, unchecked; absent: the zero Price.
func moneyFrom(w *touchstonev1.Money) index.Price {
	return index.Price{Currency: w.GetCurrencyCode(), Units: w.GetUnits(), Nanos: w.GetNanos()}
}

func originalTo(o *index.Original) *touchstonev1.Original {
	return &touchstonev1.Original{
		Sha256:    o.SHA256[:],
		SizeBytes: o.Bytes,
		Width:     int32(o.Width),
		Height:    int32(o.Height),
		Format:    o.Format,
	}
}

func fingerprintFrom(w *touchstonev1.Fingerprint) (f fingerprint.Fingerprint, err error) {
	switch {
	case w == nil:
		return f, unlike("", "required")
	case w.GetRecipe() == 0:
		return f, unlike("recipe", "the recipe that made it, %d here; got none", fingerprint.Current)
	case w.GetRecipe() > math.MaxUint16:
		return f, at("recipe", fmt.Errorf("%w: recipe %d, want %d", index.ErrRecipe, w.GetRecipe(), fingerprint.Current))
	case w.GetQuality() > 100:
		return f, unlike("quality", "0 to 100, got %d", w.GetQuality())
	case w.GetWhole() == nil:
		return f, unlike("whole", "required")
	case (w.GetContent() == nil) != (w.GetContentBox() == nil):
		return f, unlike("content_box", "together with content, or both left out")
	}
	f.Recipe = fingerprint.Recipe(w.GetRecipe())
	f.Quality = uint8(w.GetQuality())
	if f.Whole, err = regionFrom(w.GetWhole()); err != nil {
		return f, at("whole", err)
	}
	if w.GetContent() == nil {
		f.Content, f.Box = f.Whole, fingerprint.WholeBox()
		return f, nil
	}
	if f.Content, err = regionFrom(w.GetContent()); err != nil {
		return f, at("content", err)
	}
	if f.Box, err = boxFrom(w.GetContentBox()); err != nil {
		return f, err
	}
	if !f.Trimmed() && f.Content != f.Whole {
		return f, unlike("content", "equal to whole where the content box is all of the picture")
	}
	return f, nil
}

// featuresFrom takes the features of a fingerprint; nil: it has none.
func featuresFrom(w *touchstonev1.Fingerprint) (*feature.Set, error) {
	b := w.GetFeatures()
	if len(b) == 0 {
		return nil, nil
	}
	if len(b) > maxFeatures {
		return nil, unlike("features", "at most %d bytes, got %d", maxFeatures, len(b))
	}
	s := new(feature.Set)
	if err := s.UnmarshalBinary(b); err != nil {
		return nil, at("features", fmt.Errorf("%w: %w", errFingerprint, err))
	}
	if s.Recipe != feature.Current {
		return nil, at("features", fmt.Errorf("%w: recipe %d, want %d", index.ErrRecipe, s.Recipe, feature.Current))
	}
	return s, nil
}

// withFeatures adds features to a fingerprint on the wire; nil: none.
func withFeatures(w *touchstonev1.Fingerprint, s *feature.Set) error {
	if s == nil {
		return nil
	}
	b, err := s.MarshalBinary()
	if err != nil {
		return fmt.Errorf("encode features: %w", err)
	}
	w.Features = b
	return nil
}

func regionFrom(w *touchstonev1.Region) (r fingerprint.Region, err error) {
	for _, b := range []struct {
		field string
		bytes []byte
		want  int
	}{
		{"hash64", w.GetHash64(), 8},
		{"pdq", w.GetPdq(), 32},
		{"colour", w.GetColour(), len(r.Colour)},
	} {
		if len(b.bytes) != b.want {
			return r, unlike(b.field, "%d bytes, got %d", b.want, len(b.bytes))
		}
	}
	r.P = fingerprint.Hash64(binary.BigEndian.Uint64(w.GetHash64()))
	for i := range r.PDQ {
		r.PDQ[i] = binary.BigEndian.Uint64(w.GetPdq()[8*i:])
	}
	copy(r.Colour[:], w.GetColour())
	return r, nil
}

func boxFrom(w *touchstonev1.Box) (fingerprint.Box, error) {
	for _, side := range []struct {
		field string
		share uint32
	}{
		{"left", w.GetLeft()}, {"top", w.GetTop()}, {"right", w.GetRight()}, {"bottom", w.GetBottom()},
	} {
		if side.share > math.MaxUint16 {
			return fingerprint.Box{}, unlike("content_box."+side.field, "0 to %d, got %d", math.MaxUint16, side.share)
		}
	}
	if w.GetLeft() >= w.GetRight() || w.GetTop() >= w.GetBottom() {
		return fingerprint.Box{}, unlike("content_box", "left < right and top < bottom, got %d, %d and %d, %d",
			w.GetLeft(), w.GetRight(), w.GetTop(), w.GetBottom())
	}
	return fingerprint.Box{
		Left: uint16(w.GetLeft()), Top: uint16(w.GetTop()), Right: uint16(w.GetRight()), Bottom: uint16(w.GetBottom()),
	}, nil
}

func fingerprintTo(f *fingerprint.Fingerprint) *touchstonev1.Fingerprint {
	return &touchstonev1.Fingerprint{
		Recipe:  uint32(f.Recipe),
		Quality: uint32(f.Quality),
		Whole:   regionTo(&f.Whole),
		Content: regionTo(&f.Content),
		ContentBox: &touchstonev1.Box{
			Left: uint32(f.Box.Left), Top: uint32(f.Box.Top), Right: uint32(f.Box.Right), Bottom: uint32(f.Box.Bottom),
		},
	}
}

func regionTo(r *fingerprint.Region) *touchstonev1.Region {
	pdq := make([]byte, 0, 32)
	for _, w := range r.PDQ {
		pdq = binary.BigEndian.AppendUint64(pdq, w)
	}
	return &touchstonev1.Region{
		Hash64: binary.BigEndian.AppendUint64(nil, uint64(r.P)),
		Pdq:    pdq,
		Colour: r.Colour[:],
	}
}

// unlike returns a rule of fingerprints that a field broke; "" is the fingerprint itself.
func unlike(field, format string, args ...any) error {
	return &index.FieldError{Field: field, Want: fmt.Sprintf(format, args...), Err: errFingerprint}
}
