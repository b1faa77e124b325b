package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
)

// gifFile is a GIF whose blocks have been walked up to its second frame.
type gifFile struct {
	bytes         []byte
	width, height int
	frame         image.Rectangle // of the first frame, on the canvas
}

// openGIF walks the blocks to the first frame, and on to see whether there is another.
func openGIF(b []byte) (header, error) {
	h := header{}
	if len(b) < 13 {
		return h, fmt.Errorf("%w: %d bytes", ErrTruncated, len(b))
	}
	f := &gifFile{bytes: b, width: le16(b[6:]), height: le16(b[8:])}
	h.width, h.height, h.file = f.width, f.height, f
	at, framed := 13+colourTable(b[10]), false
	for {
		if at >= len(b) {
			if framed {
				h.warnings |= NoEndMarker
				return h, nil
			}
			return h, fmt.Errorf("%w: no frame", ErrTruncated)
		}
		switch b[at] {
		case ',':
			if framed {
				h.warnings |= Animated
				return h, nil
			}
			if at+11 > len(b) {
				return h, fmt.Errorf("%w: within the first frame's header", ErrTruncated)
			}
			x, y, w, ht := le16(b[at+1:]), le16(b[at+3:]), le16(b[at+5:]), le16(b[at+7:])
			f.frame = image.Rect(x, y, x+w, y+ht)
			if w == 0 || ht == 0 || !f.frame.In(image.Rect(0, 0, f.width, f.height)) {
				return h, fmt.Errorf("%w: a frame at %v on a canvas of %d x %d", ErrCorrupt, f.frame, f.width, f.height)
			}
			framed = true
			at = skipSubBlocks(b, at+11+colourTable(b[at+9]))
			if at < 0 {
				return h, fmt.Errorf("%w: within the first frame", ErrTruncated)
			}
		case '!':
			at = skipSubBlocks(b, at+2)
			if at < 0 {
				if framed {
					h.warnings |= NoEndMarker
					return h, nil
				}
				return h, fmt.Errorf("%w: before the first frame", ErrTruncated)
			}
		case ';':
			if !framed {
				return h, fmt.Errorf("%w: no frame", ErrCorrupt)
			}
			if at+1 < len(b) {
				h.warnings |= TrailingData
			}
			return h, nil
		default:
			if framed {
				h.warnings |= NoEndMarker | TrailingData
				return h, nil
			}
			return h, fmt.Errorf("%w: block of unknown kind %#x", ErrCorrupt, b[at])
		}
	}
}

// colourTable returns the size of the table that the flags announce, in bytes.
func colourTable(flags uint8) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// skipSubBlocks returns the offset behind the sub-blocks that start at the offset, or -1 where the bytes end before.
func skipSubBlocks(b []byte, at int) int {
	for at < len(b) {
		size := int(b[at])
		at += 1 + size
		if size == 0 {
			return at
		}
	}
	return -1
}

func (f *gifFile) memory(c cells) int64 {
	return int64(f.frame.Dx())*int64(f.frame.Dy())*2 + 3*int64(f.width)*int64(f.height)/int64(c.side*c.side) + 1<<16
}

// pixels puts the first frame on a white canvas; the background colour is ignored, as browsers do.
func (f *gifFile) pixels(c cells) (*image.YCbCr, Warnings, error) {
	m, err := gif.Decode(bytes.NewReader(f.bytes))
	if err != nil {
		return nil, 0, blame(err, ErrCorrupt)
	}
	return rowsOf(m).on(f.width, f.height, f.frame.Min).reduced(c), 0, nil
}
