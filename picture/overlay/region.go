package overlay

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Bounds on what is shown.
const (
	maxRegions = 16
	maxCorners = 256 // of a region that the caller gives
)

const (
	singular = 1e-9  // the least determinant of a map whose largest number is 1
	horizon  = 1e-6  // the least depth at a corner of a region, 1 being the most
	least    = 1e-6  // the least area of a region, as a share of a picture
	nearby   = 0.004 // corners that are no further apart are one, as a share of a side
)

// matrix is a homography, row by row.
type matrix [9]float64

// times returns the map that first maps by n and then by m.
func (m matrix) times(n matrix) (out matrix) {
	for i := range 3 {
		for j := range 3 {
			out[3*i+j] = float64(m[3*i]*n[j]) + float64(m[3*i+1]*n[3+j]) + float64(m[3*i+2]*n[6+j])
		}
	}
	return out
}

// scaling returns the map that multiplies coordinates.
func scaling(x, y float64) matrix { return matrix{x, 0, 0, 0, y, 0, 0, 0, 1} }

// row returns a row's value at a place.
func (m matrix) row(i int, p point) float64 {
	return float64(m[3*i]*p[0]) + float64(m[3*i+1]*p[1]) + m[3*i+2]
}

// apply maps a place.
func (m matrix) apply(p point) point {
	w := m.row(2, p)
	return point{m.row(0, p) / w, m.row(1, p) / w}
}

// spot maps a place, and the unit square around it. It is false where the place has no counterpart.
func (m matrix) spot(p point) (spot, bool) {
	w := m.row(2, p)
	if !(w > 0) {
		return spot{}, false
	}
	x, y := m.row(0, p)/w, m.row(1, p)/w
	return spot{
		x: x, y: y,
		rightX: (m[0] - float64(x*m[6])) / w, rightY: (m[3] - float64(y*m[6])) / w,
		downX: (m[1] - float64(x*m[7])) / w, downY: (m[4] - float64(y*m[7])) / w,
	}, true
}

// inverse returns the map back, with its determinant. Where that is 0 there is none.
func (m matrix) inverse() (matrix, float64) {
	minor := func(a, b, c, d int) float64 { return float64(m[a]*m[d]) - float64(m[b]*m[c]) }
	out := matrix{
		minor(4, 5, 7, 8), minor(2, 1, 8, 7), minor(1, 2, 4, 5),
		minor(5, 3, 8, 6), minor(0, 2, 6, 8), minor(2, 0, 5, 3),
		minor(3, 4, 6, 7), minor(1, 0, 7, 6), minor(0, 1, 3, 4),
	}
	det := float64(m[0]*out[0]) + float64(m[1]*out[3]) + float64(m[2]*out[6])
	for i := range out {
		out[i] /= det
	}
	return out, det
}

type point = [2]float64

// region is a Region as far as it is in both pictures.
type region struct {
	back             matrix  // from the suspect image to the genuine photo
	genuine, suspect []point // the corners, clockwise in the genuine photo from its upper left; as many in both
}

var unitSquare = []point{{0, 0}, {1, 0}, {1, 1}, {0, 1}}

// clip checks a region and leaves out what is outside one of the pictures.
func (r Region) clip() (region, error) {
	m, back, err := scaled(r.Map)
	if err != nil {
		return region{}, err
	}
	seen := r.Seen
	switch {
	case seen == nil:
		seen = unitSquare
	case len(seen) < 3 || len(seen) > maxCorners:
		return region{}, fmt.Errorf("its polygon has %d corners, 3 to %d are shown", len(seen), maxCorners)
	}
	for _, p := range seen {
		if !finite(p[0]) || !finite(p[1]) {
			return region{}, errors.New("its polygon has a corner that is no place")
		}
	}
	seen = inSquare(seen, matrix{1, 0, 0, 0, 1, 0, 0, 0, 1})
	if area(seen) == 0 {
		return region{}, errors.New("its polygon covers nothing of the genuine photo")
	}
	depths := make([]float64, len(seen))
	for i, p := range seen {
		depths[i] = m.row(2, p)
	}
	near, far := slices.Max(depths), slices.Min(depths)
	if near < 0 { // a homography and its negative are one
		for i := range m {
			m[i], back[i] = -m[i], -back[i]
		}
		near, far = -far, -near
	}
	if !(far > horizon*near) {
		return region{}, errors.New("its map leads a part of it behind the horizon")
	}
	out := region{back: back, genuine: inSquare(seen, m)}
	out.genuine = ordered(out.genuine)
	for _, p := range out.genuine {
		out.suspect = append(out.suspect, m.apply(p))
	}
	out.merge()
	if math.Abs(area(out.suspect)) < least || math.Abs(area(out.genuine)) < least {
		return region{}, errors.New("its map leads next to nothing of the genuine photo into the suspect image")
	}
	return out, nil
}

// scaled returns a map, its largest number made 1, and its inverse.
func scaled(m matrix) (there, back matrix, err error) {
	largest := 0.0
	for _, v := range m {
		if !finite(v) {
			return there, back, errors.New("its map has a number that is none")
		}
		largest = max(largest, math.Abs(v))
	}
	for i, v := range m {
		there[i] = v / largest
	}
	back, det := there.inverse()
	if !(math.Abs(det) > singular) { // NaN where all are 0
		return there, back, errors.New("its map is singular")
	}
	return there, back, nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// inSquare returns what of a polygon a map of positive depths leads into the unit square.
func inSquare(polygon []point, m matrix) []point {
	for i := range 2 {
		polygon = halfPlane(polygon, func(p point) float64 { return m.row(i, p) })
		polygon = halfPlane(polygon, func(p point) float64 { return m.row(2, p) - m.row(i, p) })
	}
	return polygon
}

// halfPlane returns what of a polygon lies where a linear function is not negative.
func halfPlane(polygon []point, f func(point) float64) []point {
	var out []point
	for i, q := range polygon {
		p := polygon[(i+len(polygon)-1)%len(polygon)]
		a, b := f(p), f(q)
		if (a < 0) != (b < 0) {
			t := a / (a - b)
			out = append(out, point{p[0] + float64(t*(q[0]-p[0])), p[1] + float64(t*(q[1]-p[1]))})
		}
		if b >= 0 {
			out = append(out, q)
		}
	}
	return out
}

// area returns a polygon's area, positive where its corners run clockwise for the eye.
func area(polygon []point) (sum float64) {
	for i, q := range polygon {
		p := polygon[(i+len(polygon)-1)%len(polygon)]
		sum += float64(p[0]*q[1]) - float64(q[0]*p[1])
	}
	return sum / 2
}

// ordered returns a polygon clockwise, from the corner that is next to the upper left.
func ordered(polygon []point) []point {
	out := slices.Clone(polygon)
	if area(out) < 0 {
		slices.Reverse(out)
	}
	first := 0
	for i, p := range out {
		if p[0]+p[1] < out[first][0]+out[first][1] {
			first = i
		}
	}
	return append(out[first:len(out):len(out)], out[:first]...)
}

// merge makes one of neighbouring corners that can't be told apart in either picture.
func (r *region) merge() {
	apart := func(p, q point) bool { return math.Abs(p[0]-q[0]) > nearby || math.Abs(p[1]-q[1]) > nearby }
	var genuine, suspect []point
	for i := range r.genuine {
		if n := len(genuine); n > 0 {
			if !apart(genuine[n-1], r.genuine[i]) && !apart(suspect[n-1], r.suspect[i]) {
				continue
			}
			if i == len(r.genuine)-1 && !apart(genuine[0], r.genuine[i]) && !apart(suspect[0], r.suspect[i]) {
				continue
			}
		}
		genuine, suspect = append(genuine, r.genuine[i]), append(suspect, r.suspect[i])
	}
	r.genuine, r.suspect = genuine, suspect
}
