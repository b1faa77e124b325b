package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
)

// edit is something that sellers do to a photo. The demonstration makes its suspects by edits.
type edit struct {
	name string
	make func(image.Image) ([]byte, error)
}

// demoEdits are those that the demonstration makes, mild ones first.
func demoEdits() []edit {
	saved := func(quality int, change func(image.Image) image.Image) func(image.Image) ([]byte, error) {
		return func(m image.Image) ([]byte, error) {
			var b bytes.Buffer
			if err := jpeg.Encode(&b, change(m), &jpeg.Options{Quality: quality}); err != nil {
				return nil, fmt.Errorf("encode JPEG: %w", err)
			}
			return b.Bytes(), nil
		}
	}
	return []edit{
		{"recompressed", saved(25, func(m image.Image) image.Image { return m })},
		{"half the size", saved(85, func(m image.Image) image.Image {
			b := m.Bounds()
			half := image.NewRGBA(image.Rect(0, 0, (b.Dx()+1)/2, (b.Dy()+1)/2))
			draw.CatmullRom.Scale(half, half.Bounds(), m, b, draw.Src, nil)
			return half
		})},
		{"brighter", saved(85, func(m image.Image) image.Image {
			return recoloured(m, func(c color.RGBA) color.RGBA {
				return color.RGBA{brighter(c.R), brighter(c.G), brighter(c.B), c.A}
			})
		})},
		{"greyscale, as PNG", func(m image.Image) ([]byte, error) {
			grey := image.NewGray(m.Bounds())
			draw.Draw(grey, grey.Bounds(), m, m.Bounds().Min, draw.Src)
			var b bytes.Buffer
			if err := png.Encode(&b, grey); err != nil {
				return nil, fmt.Errorf("encode PNG: %w", err)
			}
			return b.Bytes(), nil
		}},
		{"mirrored", saved(85, func(m image.Image) image.Image {
			b := m.Bounds()
			return moved(m, b.Dx(), b.Dy(), func(x, y int) (int, int) { return b.Dx() - 1 - x, y })
		})},
		{"turned by 90 degrees", saved(85, func(m image.Image) image.Image {
			b := m.Bounds()
			return moved(m, b.Dy(), b.Dx(), func(x, y int) (int, int) { return y, b.Dy() - 1 - x })
		})},
		{"wide white border", saved(85, func(m image.Image) image.Image {
			b := m.Bounds()
			x, y := b.Dx()/6, b.Dy()/6
			framed := image.NewRGBA(image.Rect(0, 0, b.Dx()+2*x, b.Dy()+2*y))
			draw.Draw(framed, framed.Bounds(), image.White, image.Point{}, draw.Src)
			draw.Draw(framed, image.Rect(x, y, x+b.Dx(), y+b.Dy()), m, b.Min, draw.Src)
			return framed
		})},
	}
}

func brighter(v uint8) uint8 { return uint8(min(int(v)*5/4+10, 255)) }

// recoloured returns m with each colour changed.
func recoloured(m image.Image, change func(color.RGBA) color.RGBA) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
	draw.Draw(out, out.Bounds(), m, m.Bounds().Min, draw.Src)
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.SetRGBA(x, y, change(out.RGBAAt(x, y)))
		}
	}
	return out
}

// moved returns a picture whose pixels come from the places of m that from tells, counted from the upper left.
func moved(m image.Image, width, height int, from func(x, y int) (int, int)) *image.RGBA {
	out, origin := image.NewRGBA(image.Rect(0, 0, width, height)), m.Bounds().Min
	for y := range height {
		for x := range width {
			u, v := from(x, y)
			out.Set(x, y, m.At(origin.X+u, origin.Y+v))
		}
	}
	return out
}
