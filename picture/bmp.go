package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"

	"golang.org/x/image/bmp"
)

// bmpFile is a BMP whose header has been read.
type bmpFile struct {
	bytes []byte
	image.Config
}

func openBMP(b []byte) (header, error) {
	c, err := bmp.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return header{}, blameBMP(err)
	}
	return header{width: c.Width, height: c.Height, file: &bmpFile{b, c}}, nil
}

func blameBMP(err error) error {
	if errors.Is(err, bmp.ErrUnsupported) {
		return blame(err, ErrUnsupported)
	}
	return blame(err, ErrCorrupt)
}

func (f *bmpFile) memory(c cells) int64 {
	area := int64(f.Width) * int64(f.Height)
	if _, ok := f.ColorModel.(color.Palette); ok {
		return area + 3*area/int64(c.side*c.side) + 1<<16
	}
	return 4*area + 3*area/int64(c.side*c.side) + 1<<16
}

func (f *bmpFile) pixels(c cells) (*image.YCbCr, Warnings, error) {
	m, err := bmp.Decode(bytes.NewReader(f.bytes))
	if err != nil {
		return nil, 0, blameBMP(err)
	}
	return rowsOf(m).reduced(c), 0, nil
}
