package jpeg

import (
	"image"
	"image/color"
)

// colour is what the components mean.
type colour uint8

const (
	colourGrey colour = iota
	colourYCbCr
	colourRGB
	colourCMYK
	colourYCCK
)

// colour judges as libjpeg does: JFIF and Adobe markers first, then the components' names.
func (f *File) colour() colour {
	switch c := f.components; {
	case len(c) == 1:
		return colourGrey
	case len(c) == 4 && f.adobe > 0:
		return colourYCCK
	case len(c) == 4:
		return colourCMYK
	case f.jfif:
		return colourYCbCr
	case f.adobe == 0, f.adobe < 0 && c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B':
		return colourRGB
	}
	return colourYCbCr
}

// picture puts the channels together.
func (d *decoder) picture(denom int) *image.YCbCr {
	f := d.f
	m := &image.YCbCr{Rect: image.Rect(0, 0, ceilDiv(f.Width, denom), ceilDiv(f.Height, denom))}
	y := &d.channels[0]
	switch f.colour() {
	case colourGrey:
		m.Y, m.YStride = y.pix, y.stride
		m.SubsampleRatio, m.CStride = image.YCbCrSubsampleRatio420, (m.Rect.Dx()+1)/2
		grey := make([]uint8, m.CStride*((m.Rect.Dy()+1)/2))
		for i := range grey {
			grey[i] = 128
		}
		m.Cb, m.Cr = grey, grey[:len(grey):len(grey)]
		return m
	case colourYCbCr:
		cb, cr := &d.channels[1], &d.channels[2]
		if ratio, ok := d.ratio(); ok {
			m.Y, m.YStride = y.pix, y.stride
			m.Cb, m.Cr, m.CStride = cb.pix, cr.pix, cb.stride
			m.SubsampleRatio = ratio
			return m
		}
	}
	d.convert(m)
	return m
}

// ratio returns the name of the sampling, if it has one.
func (d *decoder) ratio() (image.YCbCrSubsampleRatio, bool) {
	y, cb, cr := &d.channels[0], &d.channels[1], &d.channels[2]
	if cb.h != cr.h || cb.v != cr.v || cb.points != cr.points || y.h != d.f.maxH || y.v != d.f.maxV ||
		y.h%cb.h != 0 || y.v%cb.v != 0 {
		return 0, false
	}
	switch [2]int{y.h / cb.h * y.points / cb.points, y.v / cb.v * y.points / cb.points} {
	case [2]int{1, 1}:
		return image.YCbCrSubsampleRatio444, true
	case [2]int{2, 1}:
		return image.YCbCrSubsampleRatio422, true
	case [2]int{2, 2}:
		return image.YCbCrSubsampleRatio420, true
	case [2]int{1, 2}:
		return image.YCbCrSubsampleRatio440, true
	case [2]int{4, 1}:
		return image.YCbCrSubsampleRatio411, true
	case [2]int{4, 2}:
		return image.YCbCrSubsampleRatio410, true
	}
	return 0, false
}

// convert fills the picture pixel by pixel, for what can't be handed over as it is.
func (d *decoder) convert(m *image.YCbCr) {
	to := image.NewYCbCr(m.Rect, image.YCbCrSubsampleRatio444)
	meaning := d.f.colour()
	var columns [4][]int32
	for i := range d.channels {
		c := &d.channels[i]
		columns[i] = make([]int32, m.Rect.Dx())
		for x := range columns[i] {
			columns[i][x] = int32(d.place(x, c.h, d.f.maxH, c.points))
		}
	}
	for y := range m.Rect.Dy() {
		var rows [4][]uint8
		for i := range d.channels {
			c := &d.channels[i]
			rows[i] = c.pix[d.place(y, c.v, d.f.maxV, c.points)*c.stride:][:c.stride]
		}
		at := y * to.YStride
		for x := range m.Rect.Dx() {
			var v [4]uint8
			for i := range d.channels {
				v[i] = rows[i][columns[i][x]]
			}
			switch meaning {
			case colourRGB:
				v[0], v[1], v[2] = color.RGBToYCbCr(v[0], v[1], v[2])
			case colourCMYK:
				if d.f.adobe < 0 {
					v = [4]uint8{255 - v[0], 255 - v[1], 255 - v[2], 255 - v[3]}
				}
				v[0], v[1], v[2] = color.RGBToYCbCr(times(v[0], v[3]), times(v[1], v[3]), times(v[2], v[3]))
			case colourYCCK:
				r, g, b := color.YCbCrToRGB(v[0], v[1], v[2])
				v[0], v[1], v[2] = color.RGBToYCbCr(times(255-r, v[3]), times(255-g, v[3]), times(255-b, v[3]))
			}
			to.Y[at+x], to.Cb[at+x], to.Cr[at+x] = v[0], v[1], v[2]
		}
	}
	*m = *to
}

// place returns where a channel has the sample for the i-th pixel along a side.
func (d *decoder) place(i, factor, most, points int) int {
	return i * factor * points / (most * d.channels[0].points)
}

// times multiplies two shares of 255.
func times(a, b uint8) uint8 { return uint8((int(a)*int(b) + 127) / 255) }
