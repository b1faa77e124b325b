// Package jpeg decodes JPEGs at full size, or at a half, a quarter or an eighth of it, for a fraction of the work.
//
// At a reduced size it promises the mean of each square of pixels, not a subset of the frequencies: what a box filter
// makes of the full picture, but for rounding and clamping. The sums of a box filter fall out of the DCT: the weighted
// coefficients are added to 16 or 4 sums, and a transform of so many points makes the samples. At an eighth,
// coefficients other than the mean are not even decoded: of sequential pictures they are stepped over several at a time,
// of progressive ones whole scans are left out.
//
// Where the machine has AVX2 and BMI2, coefficients are decoded and transformed in assembly: the samples are the same
// without, and take three times as long at full size.
//
// Baseline, extended and progressive Huffman coding with 8 bits, any sampling, grey, YCbCr, RGB, CMYK and YCCK are read.
// Arithmetic coding, 12 bits, lossless and hierarchical coding are not.
// Where luma itself is subsampled, which is legal but which no encoder is known to do, the reduced picture is coarser.
//
// The caveat that bites: it is strict where other decoders paint the missing part grey. Entropy-coded data that ends
// before the picture does is ErrTruncated, data that can't be decoded is ErrCorrupt, and there is no partial picture.
// See File.Ended for the one defect that is forgiven.
package jpeg

import (
	"bytes"
	"errors"
	"fmt"
)

var (
	// ErrTruncated is returned when the bytes, or a scan's data, end before the picture is complete.
	ErrTruncated = errors.New("jpeg: truncated")
	// ErrCorrupt is returned when the bytes contradict the format.
	ErrCorrupt = errors.New("jpeg: corrupt")
	// ErrUnsupported is returned when the picture is coded in a way that is not read, or is needlessly complex.
	ErrUnsupported = errors.New("jpeg: not supported")
)

const (
	// maxScans bounds the scans: each costs time for the whole picture. Progressive encoders write about ten.
	maxScans = 64
	// maxSegments bounds the tables and scans that are kept in mind.
	maxSegments = 512
)

// File is a JPEG whose markers have been walked, but nothing decoded. It refers to the bytes that it was made from. It
// is not changed by decoding, so that many goroutines may use it at once.
type File struct {
	Width, Height int // in pixels, as stored
	Progressive   bool
	EXIF          []byte // the first EXIF block, without its name; nil without

	// Ended tells whether the end marker was found. Where it wasn't, the picture is decoded nevertheless if nothing else
	// is missing: all rows of all scans and, of a progressive picture, all bits of all coefficients.
	Ended    bool
	Trailing int // bytes behind the end marker

	components []component
	maxH, maxV int
	jfif       bool
	adobe      int // Adobe's colour transform; -1 without
	segments   []segment
	size       int
}

// component is one channel of the picture, as its frame header has it.
type component struct {
	id, quant          uint8
	h, v               int // sampling factors
	across, down       int // blocks that hold pixels
	acrossMCU, downMCU int // blocks, with those that fill the last MCUs up
}

// segment is a part of the file that decoding needs.
type segment struct {
	marker uint8
	body   []byte
	data   []byte // of a scan, entropy-coded
}

// The markers.
const (
	sof0  = 0xc0
	sof1  = 0xc1
	sof2  = 0xc2
	sof15 = 0xcf
	dht   = 0xc4
	jpg   = 0xc8
	dac   = 0xcc
	rst0  = 0xd0
	rst7  = 0xd7
	soi   = 0xd8
	eoi   = 0xd9
	sos   = 0xda
	dqt   = 0xdb
	dri   = 0xdd
	app0  = 0xe0
	app1  = 0xe1
	app14 = 0xee
)

var frameKinds = map[uint8]string{
	0xc3: "lossless", 0xc5: "hierarchical", 0xc6: "hierarchical", 0xc7: "hierarchical", 0xc9: "arithmetic",
	0xca: "arithmetic", 0xcb: "arithmetic lossless", 0xcd: "hierarchical", 0xce: "hierarchical", 0xcf: "hierarchical",
}

// Parse walks the markers from the first to the end marker, stepping over the entropy-coded data. Errors: ErrTruncated,
// ErrCorrupt, ErrUnsupported.
func Parse(b []byte) (*File, error) {
	if len(b) < 4 || b[0] != 0xff || b[1] != soi {
		return nil, fmt.Errorf("%w: no start marker", ErrCorrupt)
	}
	f := &File{adobe: -1, size: len(b)}
	scans := 0
	for at := 2; ; {
		marker, next := nextMarker(b, at)
		at = next
		if marker == eoi {
			f.Ended, f.Trailing = true, len(b)-at
			break
		}
		if at < 0 || at+2 > len(b) {
			break
		}
		size := int(b[at])<<8 | int(b[at+1])
		if size < 2 || marker < sof0 {
			return nil, fmt.Errorf("%w: marker %#x with a segment of %d bytes", ErrCorrupt, marker, size)
		}
		if at+size > len(b) {
			break
		}
		body := b[at+2 : at+size]
		at += size
		s := segment{marker: marker, body: body}
		if marker == sos {
			if scans++; scans > maxScans {
				return nil, fmt.Errorf("%w: more than %d scans", ErrUnsupported, maxScans)
			}
			end := scanEnd(b, at)
			s.data, at = b[at:end], end
		}
		if err := f.keep(s); err != nil {
			return nil, err
		}
	}
	switch {
	case f.components == nil && f.Ended:
		return nil, fmt.Errorf("%w: no frame", ErrCorrupt)
	case scans == 0 && f.Ended:
		return nil, fmt.Errorf("%w: no scan", ErrCorrupt)
	case scans == 0:
		return nil, fmt.Errorf("%w: no scan in %d bytes", ErrTruncated, len(b))
	}
	return f, nil
}

// dense refuses a small file that claims to be a large picture, before memory is spent on it: each block takes at least
// a bit, in one scan or another.
func (f *File) dense() error {
	blocks, bits := 0, 0
	for _, c := range f.components {
		blocks += c.across * c.down
	}
	for _, s := range f.segments {
		bits += 8 * len(s.data)
	}
	if bits < blocks {
		return fmt.Errorf("%w: %d bytes of data for %d blocks", ErrTruncated, bits/8, blocks)
	}
	return nil
}

// nextMarker returns the next marker that has a segment, or is the end marker, and the offset behind it; -1 where there
// is none. Bytes between segments don't belong there, but other decoders step over them too.
func nextMarker(b []byte, at int) (marker uint8, next int) {
	for at < len(b) {
		i := bytes.IndexByte(b[at:], 0xff)
		if i < 0 {
			break
		}
		at += i
		for at < len(b) && b[at] == 0xff {
			at++
		}
		if at == len(b) {
			break
		}
		marker = b[at]
		at++
		if marker > 1 && (marker < rst0 || marker > rst7) {
			return marker, at
		}
	}
	return 0, -1
}

// scanEnd returns the offset of the marker that ends the entropy-coded data which starts at the offset, or len(b).
func scanEnd(b []byte, at int) int {
	for {
		i := bytes.IndexByte(b[at:], 0xff)
		if i < 0 || at+i+1 >= len(b) {
			return len(b)
		}
		at += i
		if next := b[at+1]; next == 0xff {
			at++
		} else if next == 0 || next >= rst0 && next <= rst7 {
			at += 2
		} else {
			return at
		}
	}
}

// keep takes note of a segment.
func (f *File) keep(s segment) error {
	switch m := s.marker; {
	case m == sof0 || m == sof1 || m == sof2:
		if f.components != nil {
			return fmt.Errorf("%w: two frames", ErrCorrupt)
		}
		f.Progressive = m == sof2
		return f.readFrame(s.body)
	case m > sof2 && m <= sof15 && m != dht && m != jpg && m != dac:
		return fmt.Errorf("%w: %s coding", ErrUnsupported, frameKinds[m])
	case m == soi:
		return fmt.Errorf("%w: a second start marker", ErrCorrupt)
	case m == sos && f.components == nil:
		return fmt.Errorf("%w: a scan before the frame", ErrCorrupt)
	case m == dht, m == dqt, m == dri, m == sos:
		if len(f.segments) == maxSegments {
			return fmt.Errorf("%w: more than %d tables and scans", ErrUnsupported, maxSegments)
		}
		f.segments = append(f.segments, s)
	case m == app0 && bytes.HasPrefix(s.body, []byte("JFIF\x00")):
		f.jfif = true
	case m == app1 && bytes.HasPrefix(s.body, []byte("Exif\x00\x00")) && f.EXIF == nil:
		f.EXIF = s.body[6:]
	case m == app14 && len(s.body) >= 12 && string(s.body[:5]) == "Adobe":
		f.adobe = int(s.body[11])
	}
	return nil
}

// readFrame reads the frame header.
func (f *File) readFrame(b []byte) error {
	if len(b) < 6 || len(b) < 6+3*int(b[5]) {
		return fmt.Errorf("%w: a frame header of %d bytes", ErrCorrupt, len(b))
	}
	f.Height, f.Width = int(b[1])<<8|int(b[2]), int(b[3])<<8|int(b[4])
	n := int(b[5])
	switch {
	case b[0] != 8:
		return fmt.Errorf("%w: %d bits", ErrUnsupported, b[0])
	case f.Width == 0 || n == 0:
		return fmt.Errorf("%w: %d x %d pixels of %d components", ErrCorrupt, f.Width, f.Height, n)
	case f.Height == 0:
		return fmt.Errorf("%w: the height is told behind the picture", ErrUnsupported)
	case n != 1 && n != 3 && n != 4:
		return fmt.Errorf("%w: %d components", ErrUnsupported, n)
	}
	f.components = make([]component, n)
	for i := range f.components {
		c := b[6+3*i:]
		f.components[i] = component{id: c[0], h: int(c[1] >> 4), v: int(c[1] & 15), quant: c[2]}
		k := &f.components[i]
		if k.h < 1 || k.h > 4 || k.v < 1 || k.v > 4 || k.quant > 3 {
			return fmt.Errorf("%w: a component of %d x %d samples", ErrCorrupt, k.h, k.v)
		}
		for _, other := range f.components[:i] {
			if other.id == k.id {
				return fmt.Errorf("%w: two components %d", ErrCorrupt, k.id)
			}
		}
		if n == 1 {
			k.h, k.v = 1, 1 // a scan of a single component has a block to an MCU, whatever the factors
		}
		f.maxH, f.maxV = max(f.maxH, k.h), max(f.maxV, k.v)
	}
	for i := range f.components {
		k := &f.components[i]
		k.across = ceilDiv(ceilDiv(f.Width*k.h, f.maxH), 8)
		k.down = ceilDiv(ceilDiv(f.Height*k.v, f.maxV), 8)
		k.acrossMCU = ceilDiv(f.Width, 8*f.maxH) * k.h
		k.downMCU = ceilDiv(f.Height, 8*f.maxV) * k.v
	}
	return nil
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
