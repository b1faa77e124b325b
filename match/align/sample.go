package align

import (
	"math"

	"touchstone/fingerprint/feature"
)

// sampler reads a channel of a picture at points.
type sampler struct {
	feature.Plane
	dx, dy float64 // pixels in a unit
	shift  float64 // the picture's width in units, where points are of its mirror image
}

// sampler reads one of the subject's planes, at points of its mirror image where asked.
func (s *Subject) sampler(p feature.Plane, mirrored bool) sampler {
	frame := s.frame()
	r := sampler{Plane: p, dx: 1 / (p.Across * frame.X), dy: 1 / (p.Down * frame.Y)}
	if mirrored {
		r.shift = frame.X
	}
	return r
}

// level is the smallest of the subject's planes on which the photo, at so many pixels to its unit, is shown no smaller than
// that where the map enlarges so much.
func (s *Subject) level(pixels, scale float64, mirrored bool) sampler {
	best := s.lumas[0]
	for _, p := range s.lumas[1:] {
		if float64(max(p.Width, p.Height))*scale < 0.9*pixels || min(p.Width, p.Height) < 2 {
			break
		}
		best = p
	}
	return s.sampler(best, mirrored)
}

// at is the value at a point, between the four pixels around it. It is not ok outside of the picture.
func (s *sampler) at(p Point) (v float64, ok bool) {
	if s.shift != 0 {
		p.X = s.shift - p.X
	}
	x, y := p.X*s.dx-0.5, p.Y*s.dy-0.5
	w, h := float64(s.Width-1), float64(s.Height-1)
	if !(x >= -0.5 && y >= -0.5 && x <= w+0.5 && y <= h+0.5) {
		return 0, false
	}
	x, y = min(max(x, 0), w), min(max(y, 0), h)
	i, j := min(int(x), max(s.Width-2, 0)), min(int(y), max(s.Height-2, 0))
	fx, fy := x-float64(i), y-float64(j)
	right, down := 1, s.Stride
	if s.Width == 1 {
		right = 0
	}
	if s.Height == 1 {
		down = 0
	}
	at := j*s.Stride + i
	a, b := float64(s.Pix[at]), float64(s.Pix[at+right])
	c, d := float64(s.Pix[at+down]), float64(s.Pix[at+down+right])
	a += (b - a) * fx
	c += (d - c) * fx
	return a + (c-a)*fy, true
}

// grid is a thumbnail's luma, at its size or at half of it.
type grid struct {
	pix    []float64
	w, h   int
	dx, dy float64 // pixels in a unit
}

func gridOf(photo *feature.Set) *grid {
	t, own := &photo.Thumbnail, Frame(photo.Width, photo.Height)
	g := &grid{make([]float64, len(t.Y)), t.Width, t.Height, float64(t.Width) / own.X, float64(t.Height) / own.Y}
	for i, v := range t.Y {
		g.pix[i] = float64(v)
	}
	return g
}

func (g *grid) halve() *grid {
	r := &grid{nil, g.w / 2, g.h / 2, g.dx / 2, g.dy / 2}
	r.pix = make([]float64, 0, r.w*r.h)
	for y := range r.h {
		for x := range r.w {
			i := 2*y*g.w + 2*x
			r.pix = append(r.pix, (g.pix[i]+g.pix[i+1]+g.pix[i+g.w]+g.pix[i+g.w+1])/4)
		}
	}
	return r
}

// point is the centre of a pixel.
func (g *grid) point(x, y int) Point {
	return Point{(float64(x) + 0.5) / g.dx, (float64(y) + 0.5) / g.dy}
}

// warp reads the subject where the map shows each pixel of the grid; NaN outside.
func (g *grid) warp(m *Map, s *sampler) []float64 {
	out := make([]float64, g.w*g.h)
	for y := range g.h {
		for x := range g.w {
			out[y*g.w+x] = math.NaN()
			if q, ok := m.Apply(g.point(x, y)); ok {
				if v, ok := s.at(q); ok {
					out[y*g.w+x] = v
				}
			}
		}
	}
	return out
}
