package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"

	"golang.org/x/image/tiff"
)

// tiffFile is a TIFF whose first directory has been read.
type tiffFile struct {
	bytes []byte
	image.Config
}

// openTIFF reads the first directory; other pages are not looked at.
func openTIFF(b []byte) (header, error) {
	c, err := tiff.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return header{}, blameTIFF(err)
	}
	o, w := exifOrientation(b) // EXIF blocks are TIFF: a TIFF is its own
	return header{width: c.Width, height: c.Height, orientation: o, warnings: w, file: &tiffFile{b, c}}, nil
}

func blameTIFF(err error) error {
	var unsupported tiff.UnsupportedError
	if errors.As(err, &unsupported) {
		return blame(err, ErrUnsupported)
	}
	return blame(err, ErrCorrupt)
}

// memory counts the picture and a strip or tile as large as the picture, which the decoder unpacks to up to 8 bytes a
// pixel whatever the picture has, in a buffer that grows by doubling.
func (f *tiffFile) memory(c cells) int64 {
	area := int64(f.Width) * int64(f.Height)
	pixel := int64(4)
	switch f.ColorModel {
	case color.Gray16Model, color.RGBA64Model, color.NRGBA64Model:
		pixel = 8
	}
	return area*(pixel+12) + 3*area/int64(c.side*c.side) + 1<<22
}

func (f *tiffFile) pixels(c cells) (*image.YCbCr, Warnings, error) {
	m, err := tiff.Decode(bytes.NewReader(f.bytes))
	if err != nil {
		return nil, 0, blameTIFF(err)
	}
	return rowsOf(m).reduced(c), 0, nil
}
