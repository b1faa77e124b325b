package report_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"touchstone/fingerprint/feature"
	"touchstone/picture"
	"touchstone/report"
)

func TestSheet(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 90, 60))
	for i := range m.Pix {
		m.Pix[i] = 200
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	d := picture.NewDecoder(picture.Limits{})
	p, err := report.Sheet(t.Context(), d, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	c, err := jpeg.DecodeConfig(bytes.NewReader(p.JPEG))
	if err != nil || c.Width != 90 || c.Height != 60 || p.Width != 90 || p.Height != 60 {
		t.Errorf("%dx%d of %dx%d: %v", c.Width, c.Height, p.Width, p.Height, err)
	}
	if _, err := report.Sheet(t.Context(), d, []byte("no picture")); !errors.Is(err, picture.ErrFormat) {
		t.Errorf("what is no picture gives %v", err)
	}
}

func TestThumbnail(t *testing.T) {
	tests := []struct {
		name          string
		width, height int
	}{
		{"even", 64, 48}, {"odd", 63, 41}, {"narrow", 1, 64}, {"one pixel", 1, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			half := (test.width + 1) / 2 * ((test.height + 1) / 2)
			red := feature.Thumbnail{
				Width: test.width, Height: test.height,
				Y: bytes.Repeat([]byte{76}, test.width*test.height), Cb: bytes.Repeat([]byte{85}, half), Cr: bytes.Repeat([]byte{255}, half),
			}
			p, err := report.Thumbnail(red)
			if err != nil {
				t.Fatal(err)
			}
			m, err := jpeg.Decode(bytes.NewReader(p.JPEG))
			if err != nil {
				t.Fatal(err)
			}
			if m.Bounds().Size() != image.Pt(test.width, test.height) {
				t.Errorf("it is %v", m.Bounds())
			}
			at := color.NRGBAModel.Convert(m.At(test.width-1, test.height-1)).(color.NRGBA)
			if at.R < 245 || at.G > 10 || at.B > 10 {
				t.Errorf("red came out as %v", at)
			}
		})
	}
	if p, err := report.Thumbnail(feature.Thumbnail{}); err != nil || p.JPEG != nil {
		t.Errorf("none gives %v, %v", p, err)
	}
}
