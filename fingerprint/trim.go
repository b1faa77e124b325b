package fingerprint

import "image"

const (
	// borderNoise is how far a sample of a flat border may lie from the border's colour, in each of Y, Cb and Cr, of
	// 255: what JPEG does to a flat border beside an edge.
	borderNoise = 14
	// borderSlope is by how much neighbours along a line may differ, of 255, where the line holds a border that is
	// smooth but not flat, in a picture of slopeSide cells: an edge of black and white that was blurred over 1/25 of
	// the picture, as in frames made of the picture itself, stays below.
	borderSlope = 14
	slopeSide   = 250
	// borderStray is the share of a line's samples that may break its rule, in thousandths.
	borderStray = 5
	// minContent is the least side of a content box, as a share of the picture's: what is smaller is a speck on a sheet.
	minContent = 1.0 / 8
)

// trim returns the rectangles, in pixels of the original, that remain of the picture without a flat border of one
// colour (framed), and without any lines at its sides that are smooth (content), which flat ones are. Both are the whole
// picture where there is no border.
func (p Picture) trim() (framed, content image.Rectangle) {
	all := p.Image.Rect
	inner := all
	for _, s := range sides {
		outer := p.line(s.of(all))
		if c := outer.middle(); outer.flat(c) {
			inner = p.peel(all, func(l line) bool { return l.flat(c) })
			break
		}
	}
	slope := max(borderSlope*slopeSide/max(all.Dx(), all.Dy()), borderSlope/2)
	core := p.peel(inner, func(l line) bool { return l.smooth(slope) })
	if p.speck(inner) {
		inner = all
	}
	if p.speck(core) {
		core = inner
	}
	return p.original(inner), p.original(core)
}

// speck tells whether a rectangle is too small to be a picture in a frame.
func (p Picture) speck(r image.Rectangle) bool {
	return float64(r.Dx()) < minContent*float64(p.Image.Rect.Dx()) || float64(r.Dy()) < minContent*float64(p.Image.Rect.Dy())
}

// original takes a rectangle from cells of the reduced picture to pixels of the original.
func (p Picture) original(r image.Rectangle) image.Rectangle {
	d := p.Reduction
	r = r.Sub(p.Image.Rect.Min)
	return image.Rect(r.Min.X*d, r.Min.Y*d, min(r.Max.X*d, p.Width), min(r.Max.Y*d, p.Height))
}

// sides are the four outer lines of a rectangle, one cell wide, and how to take each off.
var sides = [4]struct {
	of  func(image.Rectangle) image.Rectangle
	off func(*image.Rectangle)
}{
	{func(r image.Rectangle) image.Rectangle { r.Max.Y = r.Min.Y + 1; return r }, func(r *image.Rectangle) { r.Min.Y++ }},
	{func(r image.Rectangle) image.Rectangle { r.Min.Y = r.Max.Y - 1; return r }, func(r *image.Rectangle) { r.Max.Y-- }},
	{func(r image.Rectangle) image.Rectangle { r.Max.X = r.Min.X + 1; return r }, func(r *image.Rectangle) { r.Min.X++ }},
	{func(r image.Rectangle) image.Rectangle { r.Min.X = r.Max.X - 1; return r }, func(r *image.Rectangle) { r.Max.X-- }},
}

// peel takes lines off all four sides of the rectangle while they are border.
func (p Picture) peel(r image.Rectangle, border func(line) bool) image.Rectangle {
	for _, s := range sides {
		for r.Dx() > 1 && r.Dy() > 1 && border(p.line(s.of(r))) {
			s.off(&r)
		}
	}
	return r
}

// line is a row or a column of cells: each component's samples, and how far apart they lie.
type line struct {
	y, cb, cr     []uint8
	ystep, cstep  int
	luma, chromas int // how many samples of each
}

// line reads a rectangle that is one cell wide or high. Chroma samples that several cells share count once.
func (p Picture) line(r image.Rectangle) line {
	m := p.Image
	dx, dy := chromaCells(m.SubsampleRatio)
	at := m.COffset(r.Min.X, r.Min.Y)
	l := line{y: m.Y[m.YOffset(r.Min.X, r.Min.Y):], cb: m.Cb[at:], cr: m.Cr[at:]}
	if r.Dy() == 1 {
		l.ystep, l.luma, l.cstep, l.chromas = 1, r.Dx(), 1, (r.Dx()+dx-1)/dx
	} else {
		l.ystep, l.luma, l.cstep, l.chromas = m.YStride, r.Dy(), m.CStride, (r.Dy()+dy-1)/dy
	}
	return l
}

type colour struct{ y, cb, cr int }

// middle is the median of each component.
func (l line) middle() colour {
	return colour{median(l.y, l.ystep, l.luma), median(l.cb, l.cstep, l.chromas), median(l.cr, l.cstep, l.chromas)}
}

func median(s []uint8, step, n int) int {
	var counts [256]int
	for i := range n {
		counts[s[i*step]]++
	}
	seen := 0
	for v, c := range counts {
		if seen += c; 2*seen >= n {
			return v
		}
	}
	return 255
}

// flat tells whether the line has that one colour, but for noise.
func (l line) flat(c colour) bool {
	return near(l.y, l.ystep, l.luma, c.y) && near(l.cb, l.cstep, l.chromas, c.cb) && near(l.cr, l.cstep, l.chromas, c.cr)
}

func near(s []uint8, step, n, v int) bool {
	stray := n * borderStray / 1000
	for i := 0; i < n*step; i += step {
		if d := int(s[i]) - v; d > borderNoise || d < -borderNoise {
			if stray--; stray < 0 {
				return false
			}
		}
	}
	return true
}

// smooth tells whether neighbours along the line differ by no more than the slope, but for noise.
func (l line) smooth(slope int) bool {
	return even(l.y, l.ystep, l.luma, slope) && even(l.cb, l.cstep, l.chromas, slope) && even(l.cr, l.cstep, l.chromas, slope)
}

func even(s []uint8, step, n, slope int) bool {
	stray := n * borderStray / 1000
	last := int(s[0])
	for i := 0; i < n*step; i += step {
		v := int(s[i])
		if d := v - last; d > slope || d < -slope {
			if stray--; stray < 0 {
				return false
			}
		}
		last = v
	}
	return true
}
