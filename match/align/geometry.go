package align

import (
	"math"
)

// Point is a place in a picture, or a vector: x grows rightwards and y downwards from the upper left corner, in units of
// the picture's longer side.
type Point struct{ X, Y float64 }

// Map takes points of one picture to points of another: a homography, row by row, with a last element of 1.
type Map [9]float64

// Apply maps a point. It is not ok where the point lies at or beyond the horizon.
func (m *Map) Apply(p Point) (q Point, ok bool) {
	w := m[6]*p.X + m[7]*p.Y + m[8]
	if !(w > 1e-6) {
		return Point{}, false
	}
	return Point{(m[0]*p.X + m[1]*p.Y + m[2]) / w, (m[3]*p.X + m[4]*p.Y + m[5]) / w}, true
}

// After is the map that applies n first.
func (m *Map) After(n *Map) (r Map) {
	for i := range 3 {
		for j := range 3 {
			r[3*i+j] = m[3*i]*n[j] + m[3*i+1]*n[3+j] + m[3*i+2]*n[6+j]
		}
	}
	return r.normal()
}

func (m Map) normal() Map {
	w := m[8]
	for i := range m {
		m[i] /= w
	}
	return m
}

// Inverse is the map back. Of a map that has none its elements are not finite.
func (m *Map) Inverse() Map {
	a := *m
	r := Map{
		a[4]*a[8] - a[5]*a[7], a[2]*a[7] - a[1]*a[8], a[1]*a[5] - a[2]*a[4],
		a[5]*a[6] - a[3]*a[8], a[0]*a[8] - a[2]*a[6], a[2]*a[3] - a[0]*a[5],
		a[3]*a[7] - a[4]*a[6], a[1]*a[6] - a[0]*a[7], a[0]*a[4] - a[1]*a[3],
	}
	return r.normal()
}

// Jacobian is how the map moves neighbours of a point: dX/dx, dX/dy, dY/dx, dY/dy.
func (m *Map) Jacobian(p Point) (a, b, c, d float64) {
	q, _ := m.Apply(p)
	w := m[6]*p.X + m[7]*p.Y + m[8]
	return (m[0] - m[6]*q.X) / w, (m[1] - m[7]*q.X) / w, (m[3] - m[6]*q.Y) / w, (m[4] - m[7]*q.Y) / w
}

// Shape is what a map does around a point: by how much it enlarges, by what angle it turns (radians, clockwise), and how
// much more it enlarges along one direction than along another (1: by as much). A map that mirrors is taken as mirroring
// left and right first.
func (m *Map) Shape(p Point) (scale, turn, stretch float64, mirrors bool) {
	a, b, c, d := m.Jacobian(p)
	det := a*d - b*c
	if det < 0 {
		mirrors, a, c, det = true, -a, -c, -det
	}
	if det == 0 {
		return 0, 0, math.Inf(1), mirrors
	}
	q := (a*a + b*b + c*c + d*d) / (2 * det)
	return math.Sqrt(det), math.Atan2(c-b, a+d), q + math.Sqrt(max(q*q-1, 0)), mirrors
}

// plausible tells whether photos are shown by such a map: not mirrored, neither tiny nor huge, not stretched much, and
// with a perspective that a camera held by hand has.
func (m *Map) plausible(frame Point) bool {
	const (
		least, most = 0.02, 50.0
		stretched   = 2.6
		perspective = 2.5 // between the enlargements at opposite corners
	)
	var scales [5]float64
	for i, p := range [...]Point{{}, {frame.X, 0}, frame, {0, frame.Y}, {frame.X / 2, frame.Y / 2}} {
		if m[6]*p.X+m[7]*p.Y+m[8] < 0.2 {
			return false
		}
		scale, _, stretch, mirrors := m.Shape(p)
		if mirrors || !(scale >= least && scale <= most) || !(stretch < stretched*1.2) {
			return false
		}
		scales[i] = scale
	}
	_, _, stretch, _ := m.Shape(Point{frame.X / 2, frame.Y / 2})
	lo, hi := min(scales[0], scales[1], scales[2], scales[3]), max(scales[0], scales[1], scales[2], scales[3])
	return stretch < stretched && hi/lo < perspective
}

// similarity is the turn, enlargement and shift that fits best, by least squares.
func similarity(ps []pair) (Map, bool) {
	m := moments(ps)
	if m.xx+m.yy <= 0 {
		return Map{}, false
	}
	a, b := (m.xu+m.yv)/(m.xx+m.yy), (m.xv-m.yu)/(m.xx+m.yy)
	return m.through(a, -b, b, a), true
}

// affine is the affine map that fits best, by least squares, or the similarity where the points lie in a line.
func affine(ps []pair) (Map, bool) {
	m := moments(ps)
	det := m.xx*m.yy - m.xy*m.xy
	if det < 1e-3*(m.xx+m.yy)*(m.xx+m.yy) {
		return similarity(ps)
	}
	return m.through(
		(m.xu*m.yy-m.yu*m.xy)/det, (m.yu*m.xx-m.xu*m.xy)/det,
		(m.xv*m.yy-m.yv*m.xy)/det, (m.yv*m.xx-m.xv*m.xy)/det), true
}

// sums are the centred second moments of pairs: x and y of the photo, u and v of the subject.
type sums struct {
	p, q                       Point // centres
	xx, xy, yy, xu, yu, xv, yv float64
}

func moments(ps []pair) (m sums) {
	n := float64(len(ps))
	for i := range ps {
		m.p.X += ps[i].p.X / n
		m.p.Y += ps[i].p.Y / n
		m.q.X += ps[i].q.X / n
		m.q.Y += ps[i].q.Y / n
	}
	for i := range ps {
		x, y, u, v := ps[i].p.X-m.p.X, ps[i].p.Y-m.p.Y, ps[i].q.X-m.q.X, ps[i].q.Y-m.q.Y
		m.xx += x * x
		m.xy += x * y
		m.yy += y * y
		m.xu += x * u
		m.yu += y * u
		m.xv += x * v
		m.yv += y * v
	}
	return m
}

// through is the affine map of that linear part which takes centre to centre.
func (m *sums) through(a, b, c, d float64) Map {
	return Map{a, b, m.q.X - a*m.p.X - b*m.p.Y, c, d, m.q.Y - c*m.p.X - d*m.p.Y, 0, 0, 1}
}

// solve solves n equations, the right-hand side in column n, by elimination.
func solve(h *[8][9]float64, n int) (u [8]float64, ok bool) {
	for c := range n {
		p := c
		for r := c + 1; r < n; r++ {
			if math.Abs(h[r][c]) > math.Abs(h[p][c]) {
				p = r
			}
		}
		if !(math.Abs(h[p][c]) > 1e-12) {
			return u, false
		}
		h[c], h[p] = h[p], h[c]
		for r := c + 1; r < n; r++ {
			f := h[r][c] / h[c][c]
			for k := c; k < n; k++ {
				h[r][k] -= f * h[c][k]
			}
			h[r][8] -= f * h[c][8]
		}
	}
	for c := n - 1; c >= 0; c-- {
		v := h[c][8]
		for k := c + 1; k < n; k++ {
			v -= h[c][k] * u[k]
		}
		u[c] = v / h[c][c]
	}
	return u, true
}
