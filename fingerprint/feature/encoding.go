package feature

import (
	"encoding/binary"
	"fmt"
)

// The layout of an encoded Set, numbers big-endian:
//
//	offset  length  what
//	0       2       recipe
//	2       2, 2    width and height of the picture
//	6       2       count of features, 0 to MaxFeatures
//	8       1, 1    width and height of the thumbnail
//	10      38 each features: x, y (2 each), size, angle (1 each), descriptor (4 times 8)
//	...             thumbnail: Y, Cb, Cr
//
// Worked example: 0001 0320 0258 0000 40 30 ... is recipe 1, 800 by 600 pixels, no features, a thumbnail of 64 by 48.
const (
	headSize    = 10
	featureSize = 38
)

// halved is the size of a chroma plane.
func halved(n int) int { return (n + 1) / 2 }

func (t Thumbnail) size() int {
	return t.Width*t.Height + 2*halved(t.Width)*halved(t.Height)
}

// EncodedSize is the number of bytes that AppendBinary appends.
func (s Set) EncodedSize() int { return headSize + featureSize*len(s.Features) + s.Thumbnail.size() }

// AppendBinary appends the encoded set to b. It never fails for a set that Extract or UnmarshalBinary made.
func (s Set) AppendBinary(b []byte) ([]byte, error) {
	if err := s.Validate(); err != nil {
		return b, err
	}
	b = binary.BigEndian.AppendUint16(b, uint16(s.Recipe))
	b = binary.BigEndian.AppendUint16(b, uint16(s.Width))
	b = binary.BigEndian.AppendUint16(b, uint16(s.Height))
	b = binary.BigEndian.AppendUint16(b, uint16(len(s.Features)))
	b = append(b, uint8(s.Thumbnail.Width), uint8(s.Thumbnail.Height))
	for i := range s.Features {
		f := &s.Features[i]
		b = binary.BigEndian.AppendUint16(b, f.X)
		b = binary.BigEndian.AppendUint16(b, f.Y)
		b = append(b, f.Size, f.Angle)
		for _, v := range f.Descriptor {
			b = binary.BigEndian.AppendUint64(b, v)
		}
	}
	b = append(b, s.Thumbnail.Y...)
	b = append(b, s.Thumbnail.Cb...)
	return append(b, s.Thumbnail.Cr...), nil
}

// MarshalBinary returns the encoded set. It fails as AppendBinary does.
func (s Set) MarshalBinary() ([]byte, error) { return s.AppendBinary(make([]byte, 0, s.EncodedSize())) }

// UnmarshalBinary reads what MarshalBinary wrote. It keeps nothing of b. It takes any recipe but 0; whether it can be
// compared is for the caller to see. Errors: ErrEncoding.
func (s *Set) UnmarshalBinary(b []byte) error {
	if len(b) < headSize {
		return fmt.Errorf("%w: %d bytes", ErrEncoding, len(b))
	}
	at := func(i int) int { return int(binary.BigEndian.Uint16(b[i:])) }
	g := Set{Recipe: Recipe(at(0)), Width: at(2), Height: at(4)}
	count := at(6)
	g.Thumbnail.Width, g.Thumbnail.Height = int(b[8]), int(b[9])
	if want := headSize + featureSize*count + g.Thumbnail.size(); len(b) != want {
		return fmt.Errorf("%w: want %d bytes, got %d", ErrEncoding, want, len(b))
	}
	g.Features = make([]Feature, count)
	for i := range g.Features {
		r := b[headSize+featureSize*i:][:featureSize]
		f := &g.Features[i]
		f.X, f.Y = binary.BigEndian.Uint16(r), binary.BigEndian.Uint16(r[2:])
		f.Size, f.Angle = r[4], r[5]
		for j := range f.Descriptor {
			f.Descriptor[j] = binary.BigEndian.Uint64(r[6+8*j:])
		}
	}
	planes := append([]byte(nil), b[headSize+featureSize*count:]...)
	luma, chroma := g.Thumbnail.Width*g.Thumbnail.Height, halved(g.Thumbnail.Width)*halved(g.Thumbnail.Height)
	g.Thumbnail.Y = planes[:luma:luma]
	g.Thumbnail.Cb = planes[luma : luma+chroma : luma+chroma]
	g.Thumbnail.Cr = planes[luma+chroma:]
	if err := g.Validate(); err != nil {
		return err
	}
	*s = g
	return nil
}

// Validate reports, as ErrEncoding, what no recipe can have made.
func (s Set) Validate() error {
	t := s.Thumbnail
	chroma := halved(t.Width) * halved(t.Height)
	switch {
	case s.Recipe == 0:
		return fmt.Errorf("%w: recipe 0", ErrEncoding)
	case s.Width < 1 || s.Height < 1 || s.Width > 65535 || s.Height > 65535:
		return fmt.Errorf("%w: a picture of %d x %d, want 1 to 65535 pixels on a side", ErrEncoding, s.Width, s.Height)
	case len(s.Features) > MaxFeatures:
		return fmt.Errorf("%w: %d features, want at most %d", ErrEncoding, len(s.Features), MaxFeatures)
	case t.Width < 1 || t.Height < 1 || t.Width > MaxThumbnail || t.Height > MaxThumbnail:
		return fmt.Errorf("%w: a thumbnail of %d x %d, want 1 to %d pixels on a side", ErrEncoding, t.Width, t.Height, MaxThumbnail)
	case len(t.Y) != t.Width*t.Height || len(t.Cb) != chroma || len(t.Cr) != chroma:
		return fmt.Errorf("%w: a thumbnail's planes are not of its size", ErrEncoding)
	}
	return nil
}
