package picture

import (
	"image"
	"image/color"
)

// rows gives a decoded picture row by row, opaque, 8 bits deep, as grey or as interleaved RGB.
type rows struct {
	width, height int
	channels      int // 1 or 3
	fill          func(y int, row []uint8)
}

// reduced makes each cell a pixel, its mean, and converts to YCbCr.
func (r rows) reduced(c cells) *image.YCbCr {
	ratio := image.YCbCrSubsampleRatio444
	if r.channels == 1 {
		ratio = image.YCbCrSubsampleRatio420
	}
	out := image.NewYCbCr(image.Rect(0, 0, ceilDiv(r.width, c.side), ceilDiv(r.height, c.side)), ratio)
	if r.channels == 1 {
		neutral(out)
	}
	if c.side == 1 {
		r.convert(out)
		return out
	}
	b := newBoxes(c, r.width, r.height, r.channels)
	row := make([]uint8, r.width*r.channels)
	for y := range r.height {
		r.fill(y, row)
		if !b.add(row) {
			continue
		}
		at := b.row * out.YStride
		for x := range b.across {
			if r.channels == 1 {
				out.Y[at+x] = b.mean(x, 0)
			} else {
				out.Y[at+x], out.Cb[at+x], out.Cr[at+x] = color.RGBToYCbCr(b.mean(x, 0), b.mean(x, 1), b.mean(x, 2))
			}
		}
		b.next()
	}
	return out
}

// convert makes each pixel one of a picture of the same size.
func (r rows) convert(out *image.YCbCr) {
	if r.channels == 1 {
		for y := range r.height {
			r.fill(y, out.Y[y*out.YStride:][:r.width])
		}
		return
	}
	row := make([]uint8, 3*r.width)
	for y := range r.height {
		r.fill(y, row)
		at := y * out.YStride
		ly, cb, cr := out.Y[at:][:r.width], out.Cb[at:][:r.width], out.Cr[at:][:r.width]
		for x, rest := 0, row; len(rest) >= 3 && x < len(ly); x, rest = x+1, rest[3:] {
			ly[x], cb[x], cr[x] = color.RGBToYCbCr(rest[0], rest[1], rest[2])
		}
	}
}

// on puts the picture on a white canvas, its upper left corner at p. What lies outside the canvas is cut off.
func (r rows) on(width, height int, p image.Point) rows {
	if p == (image.Point{}) && r.width == width && r.height == height {
		return r
	}
	own := make([]uint8, r.width*r.channels)
	return rows{width, height, r.channels, func(y int, row []uint8) {
		for i := range row {
			row[i] = 255
		}
		if y < p.Y || y >= p.Y+r.height || p.X >= width {
			return
		}
		r.fill(y-p.Y, own)
		copy(row[p.X*r.channels:], own)
	}}
}

// flat puts a channel, not multiplied by its alpha, on white.
func flat(v, alpha uint8) uint8 {
	a := uint32(alpha)
	return uint8((uint32(v)*a + 255*(255-a) + 127) / 255)
}

// rowsOf reads any of the images that decoders return.
func rowsOf(m image.Image) rows {
	r := rows{width: m.Bounds().Dx(), height: m.Bounds().Dy(), channels: 3}
	switch m := m.(type) {
	case *image.Gray:
		r.channels = 1
		r.fill = func(y int, row []uint8) { copy(row, m.Pix[y*m.Stride:]) }
	case *image.Gray16:
		r.channels = 1
		r.fill = func(y int, row []uint8) {
			for i, src := 0, m.Pix[y*m.Stride:]; i < len(row); i++ {
				row[i] = src[2*i]
			}
		}
	case *image.RGBA:
		r.fill = func(y int, row []uint8) { multiplied(row, m.Pix[y*m.Stride:], 1) }
	case *image.RGBA64:
		r.fill = func(y int, row []uint8) { multiplied(row, m.Pix[y*m.Stride:], 2) }
	case *image.NRGBA:
		r.fill = func(y int, row []uint8) { unmultiplied(row, m.Pix[y*m.Stride:], 1) }
	case *image.NRGBA64:
		r.fill = func(y int, row []uint8) { unmultiplied(row, m.Pix[y*m.Stride:], 2) }
	case *image.Paletted:
		r.fill = paletted(m)
	default:
		r.fill = func(y int, row []uint8) {
			b := m.Bounds()
			for x := range b.Dx() {
				c := color.RGBA64Model.Convert(m.At(b.Min.X+x, b.Min.Y+y)).(color.RGBA64)
				white := 0xffff - c.A
				row[3*x], row[3*x+1], row[3*x+2] = uint8((c.R+white)>>8), uint8((c.G+white)>>8), uint8((c.B+white)>>8)
			}
		}
	}
	return r
}

// multiplied flattens RGBA whose channels are multiplied by alpha; of channels of several bytes the first counts.
func multiplied(row, src []uint8, size int) {
	for i := 0; i+2 < len(row); i += 3 {
		white := 255 - src[3*size]
		// The sum exceeds 255 only where a colour exceeds its alpha, which a sound picture's can't by more than rounding.
		row[i], row[i+1], row[i+2] = plus(src[0], white), plus(src[size], white), plus(src[2*size], white)
		src = src[4*size:]
	}
}

func plus(a, b uint8) uint8 { return uint8(min(255, int(a)+int(b))) }

// unmultiplied flattens RGBA; of channels of several bytes the first counts.
func unmultiplied(row, src []uint8, size int) {
	for i := 0; i+2 < len(row); i += 3 {
		if a := src[3*size]; a == 255 {
			row[i], row[i+1], row[i+2] = src[0], src[size], src[2*size]
		} else {
			row[i], row[i+1], row[i+2] = flat(src[0], a), flat(src[size], a), flat(src[2*size], a)
		}
		src = src[4*size:]
	}
}

// paletted looks colours up in a palette that has been flattened. What it lacks is white.
func paletted(m *image.Paletted) func(y int, row []uint8) {
	var colours [256][3]uint8
	for i := range colours {
		colours[i] = [3]uint8{255, 255, 255}
		if i < len(m.Palette) {
			c := color.NRGBAModel.Convert(m.Palette[i]).(color.NRGBA)
			colours[i] = [3]uint8{flat(c.R, c.A), flat(c.G, c.A), flat(c.B, c.A)}
		}
	}
	return func(y int, row []uint8) {
		for i, src := 0, m.Pix[y*m.Stride:]; i+2 < len(row); i += 3 {
			copy(row[i:i+3], colours[src[i/3]][:])
		}
	}
}
