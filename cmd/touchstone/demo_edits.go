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
	make func(m, beside image.Image) ([]byte, error) // beside is another picture, for what has room for two
}

// demoEdits are those that the demonstration makes, mild ones first.
func demoEdits() []edit {
	with := func(quality int, change func(m, beside image.Image) image.Image) func(m, beside image.Image) ([]byte, error) {
		return func(m, beside image.Image) ([]byte, error) { return asJPEG(change(m, beside), quality) }
	}
	saved := func(quality int, change func(image.Image) image.Image) func(m, beside image.Image) ([]byte, error) {
		return with(quality, func(m, _ image.Image) image.Image { return change(m) })
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
		{"greyscale, as PNG", func(m, _ image.Image) ([]byte, error) {
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
		{"cropped to two thirds", saved(85, func(m image.Image) image.Image {
			b := m.Bounds()
			cut := image.NewRGBA(image.Rect(0, 0, b.Dx()*4/5, b.Dy()*5/6))
			draw.Draw(cut, cut.Rect, m, b.Min.Add(image.Pt(b.Dx()/5, b.Dy()/6)), draw.Src)
			return cut
		})},
		{"in a collage", with(85, collage)},
		{"in a screenshot", with(85, screenshot)},
	}
}

func asJPEG(m image.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode JPEG: %w", err)
	}
	return b.Bytes(), nil
}

// collage puts m to the right of another picture and of the same one again, turned upside down.
func collage(m, beside image.Image) image.Image {
	b, o := m.Bounds(), beside.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx()*3/2, b.Dy()))
	left := image.Rect(0, 0, b.Dx()/2, b.Dy()/2)
	draw.CatmullRom.Scale(out, left, beside, o, draw.Src, nil)
	upside := moved(beside, o.Dx(), o.Dy(), func(x, y int) (int, int) { return x, o.Dy() - 1 - y })
	draw.CatmullRom.Scale(out, left.Add(image.Pt(0, b.Dy()/2)), upside, upside.Rect, draw.Src, nil)
	draw.Draw(out, image.Rect(b.Dx()/2, 0, out.Rect.Dx(), out.Rect.Dy()), m, b.Min, draw.Src)
	return out
}

// screenshot is a shop's page on a phone: bars at the top and at the bottom, m between them, lines of text below.
func screenshot(m, _ image.Image) image.Image {
	const width, height = 540, 1100
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	fill := func(r image.Rectangle, c color.Color) {
		draw.Draw(out, r, image.NewUniform(c), image.Point{}, draw.Src)
	}
	fill(out.Rect, color.White)
	fill(image.Rect(0, 0, width, 70), color.RGBA{30, 30, 40, 255})
	b := m.Bounds()
	shown := image.Rect(0, 70, width, 70+width*b.Dy()/b.Dx()).Intersect(image.Rect(0, 0, width, 780))
	tall := image.Rect(0, 0, b.Dx(), min(b.Dy(), b.Dx()*shown.Dy()/width)).Add(b.Min)
	draw.CatmullRom.Scale(out, shown, m, tall, draw.Src, nil)
	for i := range 8 {
		y := shown.Max.Y + 20 + 30*i
		fill(image.Rect(20, y, width-20-(i*137)%300, y+12), color.Gray{60})
	}
	fill(image.Rect(0, height-90, width, height), color.RGBA{240, 120, 0, 255})
	return out
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
