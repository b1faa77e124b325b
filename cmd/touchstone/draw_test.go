package main

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"testing"
)

// drawn draws a picture with texture enough to be told from others: equal seeds, equal pictures.
func drawn(seed uint64, width, height int) *image.RGBA {
	r := rand.New(rand.NewPCG(seed, 1))
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(m, m.Rect, image.NewUniform(anyColour(r)), image.Point{}, draw.Src)
	for range 60 {
		c := image.NewUniform(anyColour(r))
		w, h := 1+width/20+r.IntN(width/4), 1+height/20+r.IntN(height/4)
		at := image.Pt(r.IntN(width)-w/2, r.IntN(height)-h/2)
		box := image.Rect(0, 0, w, h).Add(at)
		if r.IntN(2) == 0 {
			draw.Draw(m, box, c, image.Point{}, draw.Src)
			continue
		}
		draw.DrawMask(m, box, c, image.Point{}, ellipse(box.Size()), image.Point{}, draw.Over)
	}
	return m
}

func anyColour(r *rand.Rand) color.RGBA {
	return color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255}
}

// ellipse is the mask of one that fills a rectangle of its size.
type ellipse image.Point

func (e ellipse) ColorModel() color.Model { return color.AlphaModel }
func (e ellipse) Bounds() image.Rectangle { return image.Rectangle{Max: image.Point(e)} }
func (e ellipse) At(x, y int) color.Color {
	dx, dy := float64(2*x-e.X)/float64(e.X), float64(2*y-e.Y)/float64(e.Y)
	if dx*dx+dy*dy <= 1 {
		return color.Opaque
	}
	return color.Transparent
}

// encoded is a picture as a JPEG.
func encoded(tb testing.TB, m image.Image) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}
