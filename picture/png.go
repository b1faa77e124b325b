package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
)

// maxChunks bounds the chunks of a PNG. Encoders write IDAT in pieces of 8 KiB or more: 20 MiB are 2,560 of them.
const maxChunks = 10_000

// pngFile is a PNG whose chunks have been walked.
type pngFile struct {
	bytes         []byte
	width, height int
	perPixel      int // bytes, as image/png decodes it
	interlaced    bool
}

// openPNG walks the chunks. The checksums are image/png's to check. A file without its end is truncated, even where all
// pixels are there: image/png wants IEND.
func openPNG(b []byte) (header, error) {
	h := header{orientation: upright}
	f := &pngFile{bytes: b}
	at := 8
	for n := 0; ; n++ {
		if at+12 > len(b) {
			return h, fmt.Errorf("%w: no IEND", ErrTruncated)
		}
		size, kind := be32(b[at:]), string(b[at+4:at+8])
		if size > len(b)-at-12 {
			if n == 0 && kind != "IHDR" {
				return h, fmt.Errorf("%w: starts with %q, not IHDR", ErrCorrupt, kind)
			}
			if n > 0 {
				return h, fmt.Errorf("%w: %s has %d of %d bytes", ErrTruncated, kind, len(b)-at-12, size)
			}
		}
		if n == 0 {
			if kind != "IHDR" || size != 13 || at+25 > len(b) {
				return h, fmt.Errorf("%w: starts with %q of %d bytes, not IHDR", ErrCorrupt, kind, size)
			}
			f.width, f.height = be32(b[at+8:]), be32(b[at+12:])
			f.perPixel = pngPixel(b[at+16], b[at+17])
			f.interlaced = b[at+20] != 0
			h.width, h.height, h.file = f.width, f.height, f
		}
		if n == maxChunks {
			return h, fmt.Errorf("%w: more than %d chunks", ErrUnsupported, maxChunks)
		}
		body := b[at+8 : at+8+size]
		at += 12 + size
		switch kind {
		case "acTL":
			h.warnings |= Animated
		case "eXIf":
			o, w := exifOrientation(body)
			h.orientation = o
			h.warnings |= w
		case "IEND":
			if at < len(b) {
				h.warnings |= TrailingData
			}
			return h, nil
		}
	}
}

// pngPixel returns the bytes of a pixel. Grey and palettes are counted as if they had transparent colours.
func pngPixel(depth, colour uint8) int {
	switch {
	case colour == 3:
		return 1
	case depth == 16:
		return 8
	}
	return 4
}

func (f *pngFile) memory(c cells) int64 {
	area := int64(f.width) * int64(f.height)
	need := area * int64(f.perPixel)
	if f.interlaced {
		need += need / 2 // image/png holds the last pass beside the picture
	}
	return need + 3*area/int64(c.side*c.side) + 1<<17
}

func (f *pngFile) pixels(c cells) (*image.YCbCr, Warnings, error) {
	m, err := png.Decode(bytes.NewReader(f.bytes))
	if err != nil {
		var unsupported png.UnsupportedError
		if errors.As(err, &unsupported) {
			return nil, 0, blame(err, ErrUnsupported)
		}
		return nil, 0, blame(err, ErrCorrupt)
	}
	return rowsOf(m).reduced(c), 0, nil
}
