package feature

import "image"

const (
	steps    = 3  // levels an octave
	smallest = 8  // pixels on the shorter side of a level
	diameter = 31 // pixels of a level that Feature calls its diameter
)

// level is the picture at one size.
type level struct {
	plane
	smooth               // the same, blurred
	stepX, stepY float64 // shares of the picture's width and height from a pixel to the next
	coarse       *smooth // the same at half the size
}

// fit is w by h reduced to side.
func fit(w, h, side int) (int, int) {
	long := max(w, h)
	if long <= side {
		return w, h
	}
	return max(1, (2*w*side+long)/(2*long)), max(1, (2*h*side+long)/(2*long))
}

// even is n changed so little that halves leave nothing out before the third: then a mirrored picture has the mirrored
// levels.
func even(n int) int {
	if n < 64 {
		return n
	}
	return (n + 4) &^ 7
}

// pyramid makes the levels of a picture whose longer side is reduced to side.
func (v *View) pyramid(img *image.YCbCr, side int) {
	full := lumaOf(img)
	w, h := fit(full.w, full.h, side)
	if w < full.w || h < full.h {
		w, h = min(even(w), full.w), min(even(h), full.h)
	}
	base, across, down := full.reduce(w, h)
	if &base.pix[0] == &full.pix[0] {
		base = newPlane(w, h)
		for y := range h {
			copy(base.row(y), full.row(y))
		}
	}
	sizes := [steps]int{65536, 52016, 41285} // 2^(-i/3)
	for i := 0; ; i++ {
		var l level
		if i < steps {
			w, h := base.w, base.h
			if i > 0 {
				w, h = even(max(1, (w*sizes[i]+32768)>>16)), even(max(1, (h*sizes[i]+32768)>>16))
			}
			l.plane = base.resize(w, h)
			l.stepX, l.stepY = across/float64(l.plane.w), down/float64(l.plane.h)
		} else {
			p := &v.levels[i-steps]
			if p.plane.w < 2 || p.plane.h < 2 {
				break
			}
			l.plane = p.halve()
			l.stepX, l.stepY = 2*p.stepX, 2*p.stepY
		}
		if min(l.plane.w, l.plane.h) < smallest/2 && i > 0 {
			break
		}
		l.smooth = l.blur()
		v.levels = append(v.levels, l)
	}
	for i := range v.levels {
		if i+steps < len(v.levels) {
			v.levels[i].coarse = &v.levels[i+steps].smooth
		}
	}
	for n := len(v.levels); n > 1 && min(v.levels[n-1].plane.w, v.levels[n-1].plane.h) < smallest; n-- {
		v.levels = v.levels[:n-1]
	}
	for i := range v.levels {
		if v.levels[i].coarse == nil {
			v.levels[i].coarse = &v.levels[i].smooth // only where nothing is detected
		}
	}
}

// size is how Feature tells the size of a spot of the level.
func (l *level) size(v *View) uint8 {
	d := diameter * max(l.stepX*float64(v.Width), l.stepY*float64(v.Height)) / float64(max(v.Width, v.Height))
	const half, whole = 0.97857206208770013, 0.95760328069857364 // 2^(-1/32), 2^(-1/16)
	n := 0
	for t := half; d < t && n < 255; t *= whole {
		n++
	}
	return uint8(n)
}
