package fingerprint

import (
	"encoding/binary"
	"fmt"
)

// Size is the length in bytes of an encoded Fingerprint.
//
// The layout, numbers big-endian, is the same for every recipe so far:
//
//	offset  length  what
//	0       2       recipe
//	2       1       quality, 0..100
//	3       8       content box: left, top, right, bottom, 2 bytes each
//	11      88      whole region: P (8), PDQ (32), colour (48)
//	99      88      content region
//
// Worked example: 0001 64 0000 0000 ffff ffff ... is recipe 1, quality 100, with a content box that is the whole picture.
const Size = 2 + 1 + 8 + 2*regionSize

const regionSize = 8 + 32 + len(Colour{})

// AppendBinary appends the encoded fingerprint, Size bytes, to b. It never fails.
func (f Fingerprint) AppendBinary(b []byte) ([]byte, error) {
	b = binary.BigEndian.AppendUint16(b, uint16(f.Recipe))
	b = append(b, f.Quality)
	for _, v := range [...]uint16{f.Box.Left, f.Box.Top, f.Box.Right, f.Box.Bottom} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	b = f.Whole.append(b)
	return f.Content.append(b), nil
}

// MarshalBinary returns the encoded fingerprint, Size bytes. It never fails.
func (f Fingerprint) MarshalBinary() ([]byte, error) { return f.AppendBinary(make([]byte, 0, Size)) }

// UnmarshalBinary reads what MarshalBinary wrote. It takes any recipe but 0; whether it can be compared is for the
// caller to see. Errors: ErrEncoding.
func (f *Fingerprint) UnmarshalBinary(b []byte) error {
	if len(b) != Size {
		return fmt.Errorf("%w: want %d bytes, got %d", ErrEncoding, Size, len(b))
	}
	var g Fingerprint
	g.Recipe = Recipe(binary.BigEndian.Uint16(b))
	g.Quality = b[2]
	at := func(i int) uint16 { return binary.BigEndian.Uint16(b[3+2*i:]) }
	g.Box = Box{at(0), at(1), at(2), at(3)}
	g.Whole = readRegion(b[11:])
	g.Content = readRegion(b[11+regionSize:])
	if err := g.validate(); err != nil {
		return err
	}
	*f = g
	return nil
}

// validate reports what no recipe can have made.
func (f Fingerprint) validate() error {
	switch {
	case f.Recipe == 0:
		return fmt.Errorf("%w: recipe 0", ErrEncoding)
	case f.Quality > 100:
		return fmt.Errorf("%w: quality %d, want 0 to 100", ErrEncoding, f.Quality)
	case f.Box.Left >= f.Box.Right || f.Box.Top >= f.Box.Bottom:
		return fmt.Errorf("%w: empty content box", ErrEncoding)
	case !f.Trimmed() && f.Whole != f.Content:
		return fmt.Errorf("%w: content differs from the whole although nothing is trimmed", ErrEncoding)
	}
	return nil
}

func (r Region) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(r.P))
	b = r.PDQ.append(b)
	return append(b, r.Colour[:]...)
}

func readRegion(b []byte) (r Region) {
	r.P = Hash64(binary.BigEndian.Uint64(b))
	r.PDQ = hash256(b[8:])
	copy(r.Colour[:], b[40:])
	return r
}
