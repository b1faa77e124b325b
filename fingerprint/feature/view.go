package feature

import (
	"image"
	"math"
)

// Options are how much of a picture is looked at.
type Options struct {
	Side int // pixels: a longer side is reduced to it
	Most int // features, at most
}

// View is a set with the pixels it came from.
type View struct {
	Set
	levels []level
	cb, cr plane
}

// level is the picture at one size.
type level struct {
	plane
	smooth
	stepX, stepY float64 // shares of the picture's width and height from a pixel to the next
	coarse       *smooth // the same at half the size
}

const (
	steps    = 3  // levels an octave
	smallest = 8  // pixels on the shorter side of a level
	diameter = 31 // pixels of a level that a feature covers
)

// Extract finds the features of a picture, whose full size is width by height pixels.
func Extract(img *image.YCbCr, width, height int, o Options) *View {
	v := &View{}
	v.Recipe, v.Width, v.Height = Current, width, height
	v.pyramid(img, o.Side)
	cb, cr := chromaOf(img)
	w, h := fit(cb.w, cb.h, chromaSide)
	v.cb, _, _ = cb.reduce(w, h)
	v.cr, _, _ = cr.reduce(w, h)
	v.Thumbnail = v.thumbnail()
	byLevel := make([][]spot, len(v.levels))
	for i := range v.levels {
		byLevel[i] = detectAt(&v.levels[i], i)
	}
	spots := spread(v.levels, byLevel, o.Most)
	v.Features = make([]Feature, len(spots))
	sizes := make([]uint8, len(v.levels))
	for i := range sizes {
		sizes[i] = v.levels[i].size(v)
	}
	for i, c := range spots {
		l := &v.levels[c.level]
		a := angleAt(l, int(c.x), int(c.y))
		v.Features[i] = Feature{
			X: share(c.x, c.dx, l.stepX), Y: share(c.y, c.dy, l.stepY), Size: sizes[c.level], Angle: a,
			Descriptor: describeAt(l, int(c.x), int(c.y), a),
		}
	}
	return v
}

func share(x int32, dx int8, step float64) uint16 {
	return uint16(min(max(math.Round(float64(256*x+128+int32(dx))*(step*65535/256)), 0), 65535))
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
	return n &^ 7
}

func (v *View) pyramid(img *image.YCbCr, side int) {
	full := lumaOf(img)
	w, h := fit(full.w, full.h, side)
	if w < full.w || h < full.h {
		w, h = even(w), even(h)
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

// Plane is one channel of a picture at a reduced size.
type Plane struct {
	Pix           []uint8
	Width, Height int
	Stride        int
	Across, Down  float64 // shares of the picture's width and height from a pixel to the next
}

// Lumas are the levels of the pyramid, largest first.
func (v *View) Lumas() []Plane {
	ps := make([]Plane, len(v.levels))
	for i := range v.levels {
		p := &v.levels[i].plane
		ps[i] = Plane{p.pix, p.w, p.h, p.stride, v.levels[i].stepX, v.levels[i].stepY}
	}
	return ps
}

// Chroma is the picture's chroma, at most 128 pixels on the longer side.
func (v *View) Chroma() (cb, cr Plane) {
	whole := func(p plane) Plane {
		return Plane{p.pix, p.w, p.h, p.stride, 1 / float64(p.w), 1 / float64(p.h)}
	}
	return whole(v.cb), whole(v.cr)
}

// Describe computes the descriptor at a place, given in units of the longer side, of a spot of that diameter, as a share of
// the longer side, and angle. It is not ok where the spot does not lie well inside.
func (v *View) Describe(x, y, diam float64, angle uint8) (d Descriptor, ok bool) {
	long := float64(max(v.Width, v.Height))
	sx, sy := long/float64(v.Width), long/float64(v.Height)
	best, gap := -1, math.Inf(1)
	for i := range v.levels {
		l := &v.levels[i]
		r := diameter * max(l.stepX/sx, l.stepY/sy) / diam
		if g := max(r, 1/r); g < gap {
			best, gap = i, g
		}
	}
	if !(diam > 0) || gap > 1.35 {
		return d, false
	}
	l := &v.levels[best]
	px, py := int(math.Floor(x*sx/l.stepX)), int(math.Floor(y*sy/l.stepY))
	if px < border || py < border || px >= l.plane.w-border || py >= l.plane.h-border {
		return d, false
	}
	return describeAt(l, px, py, angle), true
}
