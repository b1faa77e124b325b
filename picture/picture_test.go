package picture_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"touchstone/picture"
)

// scene draws a picture without symmetry: gradients, a bright disc off centre, a dark bar.
func scene(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{uint8(40 + 180*x/w), uint8(200 - 150*y/h), uint8(60 + 60*(x+y)/(w+h)), 255}
			if dx, dy := x-w/3, y-h/4; dx*dx+dy*dy < w*h/40 {
				c = color.NRGBA{250, 240, 180, 255}
			}
			if y > 3*h/4 && x > w/2 && x < w/2+w/5 {
				c = color.NRGBA{20, 30, 70, 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func encodeJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecodeReduces(t *testing.T) {
	d := picture.NewDecoder(picture.Limits{})
	b := encodeJPEG(t, scene(500, 300))
	for side, want := range map[int]image.Point{0: {500, 300}, 300: {500, 300}, 151: {500, 300}, 150: {250, 150}, 64: {125, 75}, 30: {63, 38}, 10: {32, 19}} {
		p, err := d.Decode(t.Context(), b, side)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Image.Rect.Size(); got != want || p.Width != 500 || p.Height != 300 {
			t.Errorf("Decode(side %d) = %v of %d x %d, want %v", side, got, p.Width, p.Height, want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	d := picture.NewDecoder(picture.Limits{})
	for _, c := range []struct {
		name  string
		bytes string
		want  error
	}{
		{"nothing", "", picture.ErrEmpty},
		{"html", "<!DOCTYPE html><html>", picture.ErrFormat},
		{"zip", "PK\x03\x04aaaaaaaa", picture.ErrFormat},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := d.Decode(t.Context(), []byte(c.bytes), 0); !errors.Is(err, c.want) {
				t.Errorf("Decode = %v, want %v", err, c.want)
			}
		})
	}
}
