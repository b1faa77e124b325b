package feature

import (
	"image"
	"math"
)

// Options are how closely a picture is looked at.
type Options struct {
	Side int // pixels, 1 or more: a picture whose longer side is longer is reduced to it
	Most int // features at most, 0 to MaxFeatures
}

// Genuine are the options for photos that are kept: few features, since they are stored and searched.
func Genuine() Options { return Options{Side: 400, Most: 200} }

// Suspect are the options for pictures in which a photo is looked for: it may be a small part of them.
func Suspect() Options { return Options{Side: 1000, Most: 1000} }

// View is a set with the pixels it came from. It may be read from many goroutines at once. It may share memory with the picture
// that was given to Extract.
type View struct {
	Set
	levels []level
	cb, cr plane
}

// Plane is one channel of a picture at a reduced size, row by row. It is not to be changed.
type Plane struct {
	Pix           []uint8
	Width, Height int // pixels
	Stride        int // bytes from a row to the next
	// Across and Down are the shares of the picture's width and height from a pixel to the next. The plane may leave out a
	// little of the picture at its right and at its foot.
	Across, Down float64
}

// Extract finds the features of a picture, whose full size is width by height pixels, 1 to 65535 each: the pixels may be
// a reduced copy of it. They must not be empty. Features of larger spots come later, those of equal size by how
// telling they are within their surroundings; but the last ones may be of any size.
func Extract(img *image.YCbCr, width, height int, o Options) *View {
	return extract(img, width, height, o, detect, describe)
}

type (
	detector  func(s *level, number int) []spot
	describer func(l *level, x, y int, angle uint8) Descriptor
)

// extract is Extract by any methods.
func extract(img *image.YCbCr, width, height int, o Options, detect detector, describe describer) *View {
	v := &View{}
	v.Recipe, v.Width, v.Height = Current, width, height
	v.pyramid(img, o.Side)
	cb, cr := chromaOf(img)
	w, h := fit(cb.w, cb.h, chromaSide)
	v.cb, _, _ = cb.reduce(w, h)
	v.cr, _, _ = cr.reduce(w, h)
	v.Thumbnail = v.thumbnail()
	byLevel, sizes := make([][]spot, len(v.levels)), make([]uint8, len(v.levels))
	for i := range v.levels {
		byLevel[i], sizes[i] = detect(&v.levels[i], i), v.levels[i].size(v)
	}
	spots := spread(v.levels, byLevel, o.Most)
	v.Features = make([]Feature, len(spots))
	for i, s := range spots {
		l := &v.levels[s.level]
		a := angleOf(&l.smooth, int(s.x), int(s.y))
		v.Features[i] = Feature{
			X: share(s.x, s.dx, l.stepX), Y: share(s.y, s.dy, l.stepY), Size: sizes[s.level], Angle: a,
			Descriptor: describe(l, int(s.x), int(s.y), a),
		}
	}
	return v
}

// share is how Feature tells a place on a line of pixels, of which each is step of the whole.
func share(x int32, dx int8, step float64) uint16 {
	return uint16(min(max(math.Round(float64(256*x+128+int32(dx))*(step*65535/256)), 0), 65535))
}

// Describe is the descriptor of any spot of the picture, whether there is a feature or not. Place and diameter are in
// units of the picture's longer side; the angle is in 256ths of a turn, as Feature's. It is not ok where the spot lies
// outside, within some pixels of the edge, or is smaller or larger than those that features have.
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
	const most = 1.35 // a little more than the ratio of two levels
	if !(diam > 0) || gap > most {
		return d, false
	}
	l := &v.levels[best]
	px, py := math.Floor(x*sx/l.stepX), math.Floor(y*sy/l.stepY)
	if !(px >= border && py >= border && px < float64(l.plane.w-border) && py < float64(l.plane.h-border)) {
		return d, false
	}
	// By how much the level shows the spot smaller or larger than it shows those that are found on it.
	r := diam / (diameter * max(l.stepX/sx, l.stepY/sy))
	sizes := scaled()
	t := sizes[min(max(int(math.Floor((r-1)*16+2.5)), 0), len(sizes)-1)]
	return l.compare(int(px), int(py), &t[angle]), true
}

// Lumas are the picture's luma at falling sizes, largest first, each 2^(-1/3) of the one before; the last has about 8
// pixels on the shorter side.
func (v *View) Lumas() []Plane {
	ps := make([]Plane, len(v.levels))
	for i := range v.levels {
		l := &v.levels[i]
		ps[i] = l.plane.exported(l.stepX, l.stepY)
	}
	return ps
}

// Chroma is the picture's chroma, at most 128 pixels on the longer side.
func (v *View) Chroma() (cb, cr Plane) {
	across, down := 1/float64(v.cb.w), 1/float64(v.cb.h)
	return v.cb.exported(across, down), v.cr.exported(across, down)
}

func (p plane) exported(across, down float64) Plane {
	return Plane{p.pix, p.w, p.h, p.stride, across, down}
}
