package picture

import (
	"bytes"
	"fmt"
	"image"
	"slices"

	"github.com/gen2brain/avif"
	"github.com/gen2brain/heic"
)

// isoFile is an AVIF or HEIC whose boxes have been walked.
type isoFile struct {
	bytes         []byte
	format        Format
	width, height int   // as the decoder returns it
	largest       int64 // of the coded pictures, in pixels
	deep, studio  bool
}

// openISO reads the boxes that state the primary picture's size. Every size that they and the coded pictures state has to
// be within the limits, tiles and thumbnails included, since the decoders allocate by them.
//
// HEIC's decoder crops and turns by itself. AVIF's doesn't: its pictures are turned here, and not cropped. EXIF's
// orientation is ignored in both, as the formats ask.
func openISO(b []byte, format Format, limits Limits) (header, error) {
	h := header{orientation: upright}
	meta, warnings, err := topBoxes(b)
	if err != nil {
		return h, err
	}
	it, err := readMeta(b, meta)
	if err != nil {
		return h, err
	}
	sizes := &codedSizes{limits: limits}
	if err := it.checkCoded(b, sizes); err != nil {
		return h, err
	}
	for _, p := range it.properties {
		if p.kind == "ispe" {
			if err := sizes.fits(p.width, p.height); err != nil {
				return h, err
			}
		}
	}
	p, err := it.picture()
	if err != nil {
		return h, err
	}
	f := &isoFile{b, format, p.width, p.height, sizes.largest, p.deep, p.studio}
	h.warnings, h.file = warnings, f
	if string(b[8:12]) == "avis" {
		// The decoder would play the sequence, whose size is stated elsewhere; it takes the still for another brand.
		f.bytes = slices.Clone(b)
		copy(f.bytes[8:], "avif")
		h.warnings |= Animated
	}
	if format == AVIF {
		h.orientation = p.orientation
	} else {
		f.width, f.height = p.orientation.size(p.cropped.X, p.cropped.Y)
	}
	h.width, h.height = f.width, f.height
	return h, nil
}

// topBoxes returns the body of the meta box.
func topBoxes(b []byte) (meta []byte, w Warnings, err error) {
	for rest := b; len(rest) > 0; {
		var kind string
		var body []byte
		kind, body, rest, err = nextBox(rest)
		switch {
		case err != nil && meta != nil && kind != "mdat" && kind != "moov":
			return meta, w | TrailingData, nil
		case err != nil:
			return nil, 0, err
		case kind == "moov":
			w |= Animated
		case kind == "meta" && meta != nil:
			return nil, 0, fmt.Errorf("%w: two meta boxes", ErrCorrupt)
		case kind == "meta":
			meta = body
		}
	}
	if meta == nil {
		return nil, 0, fmt.Errorf("%w: no still picture, no meta box", ErrUnsupported)
	}
	return meta, w, nil
}

// nextBox splits the first box off.
func nextBox(b []byte) (kind string, body, rest []byte, err error) {
	if len(b) < 8 {
		return "", nil, nil, fmt.Errorf("%w: %d bytes for a box", ErrTruncated, len(b))
	}
	kind = string(b[4:8])
	size, head := uint64(be32(b)), 8
	switch size {
	case 0:
		size = uint64(len(b))
	case 1:
		if len(b) < 16 {
			return kind, nil, nil, fmt.Errorf("%w: within the header of box %q", ErrTruncated, kind)
		}
		size, head = uint64(be32(b[8:]))<<32|uint64(be32(b[12:])), 16
	}
	if size < uint64(head) {
		return kind, nil, nil, fmt.Errorf("%w: box %q of %d bytes", ErrCorrupt, kind, size)
	}
	if size > uint64(len(b)) {
		return kind, nil, nil, fmt.Errorf("%w: box %q has %d of %d bytes", ErrTruncated, kind, len(b), size)
	}
	return kind, b[head:size], b[size:], nil
}

// memory counts the module with what it allocates: the picture in the codec's planes, twice in the form in which it is
// handed over, and ours.
func (f *isoFile) memory(c cells) int64 {
	perPixel := int64(10)
	if f.format == AVIF {
		perPixel = 16
	}
	if f.deep {
		perPixel *= 2
	}
	area := int64(f.width) * int64(f.height)
	return max(area, f.largest)*perPixel + 3*area/int64(c.side*c.side) + 3*int64(len(f.bytes)) + 24<<20
}

func (f *isoFile) pixels(c cells) (*image.YCbCr, Warnings, error) {
	decode := heic.Decode
	if f.format == AVIF {
		decode = avif.Decode
	}
	m, err := decode(bytes.NewReader(f.bytes))
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if got := m.Bounds().Size(); got != image.Pt(f.width, f.height) {
		return nil, 0, fmt.Errorf("%w: decoded to %v, the header says %d x %d", ErrCorrupt, got, f.width, f.height)
	}
	mend(m)
	if planes, ok := m.(*image.YCbCr); ok {
		out := reduce(planes, c)
		if f.studio {
			fullRange(out)
		}
		return out, 0, nil
	}
	return rowsOf(m).reduced(c), 0, nil
}

// mend repairs the first bytes of a picture. The modules return a view of memory that they have freed by then, in which
// the allocator may have kept its links: the first 24 bytes (seen with heic v0.4.5, 2026-11-23). They are taken from the
// row below.
func mend(m image.Image) {
	const links = 24
	var pix []uint8
	stride := 0
	switch m := m.(type) {
	case *image.YCbCr:
		pix, stride = m.Y, m.YStride
	case *image.Gray:
		pix, stride = m.Pix, m.Stride
	case *image.RGBA:
		pix, stride = m.Pix, m.Stride
	case *image.NRGBA:
		pix, stride = m.Pix, m.Stride
	}
	if len(pix) >= stride+links && stride >= links {
		copy(pix[:links], pix[stride:])
	}
}
