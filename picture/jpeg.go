package picture

import (
	"bytes"
	"fmt"
	"image"

	"github.com/gen2brain/jpegn"
)

// jpegFile is a JPEG whose markers have been walked.
type jpegFile struct {
	bytes         []byte
	width, height int
	components    int
	progressive   bool
	scans         int
}

// maxScans bounds the scans of a progressive JPEG: each costs time for the whole picture. Encoders write about ten.
const maxScans = 64

func openJPEG(b []byte) (header, error) {
	h := header{orientation: upright}
	f := &jpegFile{bytes: b}
	h.file = f
	at := 2
	for {
		i := bytes.IndexByte(b[min(at, len(b)):], 0xff)
		if i < 0 {
			break
		}
		at += i
		for at < len(b) && b[at] == 0xff {
			at++
		}
		if at >= len(b) {
			break
		}
		marker := b[at]
		at++
		switch {
		case marker == 0xd9:
			if f.scans == 0 {
				return h, fmt.Errorf("%w: ends without a scan", ErrCorrupt)
			}
			if at < len(b) {
				h.warnings |= TrailingData
			}
			return h, nil
		case marker == 0 || marker == 1 || marker >= 0xd0 && marker <= 0xd8:
			continue
		}
		if at+2 > len(b) {
			break
		}
		size := be16(b[at:])
		if size < 2 {
			return h, fmt.Errorf("%w: segment %#x of %d bytes", ErrCorrupt, marker, size)
		}
		if at+size > len(b) {
			break
		}
		body := b[at+2 : at+size]
		at += size
		switch {
		case marker == 0xc0 || marker == 0xc2:
			if f.width != 0 || len(body) < 6 {
				return h, fmt.Errorf("%w: frame header", ErrCorrupt)
			}
			f.progressive = marker == 0xc2
			f.height, f.width, f.components = be16(body[1:]), be16(body[3:]), int(body[5])
			h.width, h.height = f.width, f.height
		case marker == 0xda:
			f.scans++
			if f.scans > maxScans {
				return h, fmt.Errorf("%w: more than %d scans", ErrUnsupported, maxScans)
			}
		case marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")):
			var w Warnings
			h.orientation, w = exifOrientation(body)
			h.warnings |= w
		case marker > 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			return h, fmt.Errorf("%w: frame of kind %#x", ErrUnsupported, marker)
		}
	}
	return h, fmt.Errorf("%w: no end marker", ErrTruncated)
}

func (f *jpegFile) memory(n int) int64 {
	area := int64(f.width+31) * int64(f.height+31) * int64(f.components)
	if f.progressive {
		return 5*area + int64(len(f.bytes))
	}
	return 2*area + int64(len(f.bytes))
}

func (f *jpegFile) pixels(n int) (*image.YCbCr, Warnings, error) {
	k := min(n, 8)
	m, err := jpegn.Decode(bytes.NewReader(f.bytes), &jpegn.Options{ScaleDenom: k})
	if err != nil {
		return nil, 0, blame(err, ErrCorrupt)
	}
	if planes, ok := m.(*image.YCbCr); ok {
		return reduce(planes, n/k), 0, nil
	}
	return rowsOf(m).reduced(n / k), 0, nil
}
