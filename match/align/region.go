package align

// Region is the outline of what of a photo is seen in a subject: in the photo, and in the subject, corner for corner. Both
// are empty where nothing is.
func Region(m *Map, photo, subject Point) (inPhoto, inSubject []Point) {
	corners := []Point{{}, {photo.X, 0}, photo, {0, photo.Y}}
	// Of a corner beyond the horizon nothing can be told: such maps are not plausible, and none comes from here.
	for _, c := range corners {
		if _, ok := m.Apply(c); !ok {
			return nil, nil
		}
	}
	// The subject's frame is cut off in the photo's plane, where each of its sides is a line: a*x + b*y + c >= 0.
	u, v, w := [3]float64{m[0], m[1], m[2]}, [3]float64{m[3], m[4], m[5]}, [3]float64{m[6], m[7], m[8]}
	sides := [4][3]float64{u, v}
	for i := range 3 {
		sides[2][i], sides[3][i] = subject.X*w[i]-u[i], subject.Y*w[i]-v[i]
	}
	inPhoto = corners
	for _, l := range sides {
		inPhoto = clip(inPhoto, l)
	}
	for _, p := range inPhoto {
		q, _ := m.Apply(p)
		inSubject = append(inSubject, Point{min(max(q.X, 0), subject.X), min(max(q.Y, 0), subject.Y)})
	}
	return inPhoto, inSubject
}

// clip leaves of a convex polygon what lies on one side of a line (Sutherland and Hodgman 1974).
func clip(ps []Point, l [3]float64) []Point {
	var out []Point
	side := func(p Point) float64 { return l[0]*p.X + l[1]*p.Y + l[2] }
	for i, p := range ps {
		q := ps[(i+1)%len(ps)]
		a, b := side(p), side(q)
		if a >= 0 {
			out = append(out, p)
		}
		if (a >= 0) != (b >= 0) {
			t := a / (a - b)
			out = append(out, Point{p.X + t*(q.X-p.X), p.Y + t*(q.Y-p.Y)})
		}
	}
	return out
}

// Area is a polygon's, 0 or more.
func Area(ps []Point) float64 {
	a := 0.0
	for i, p := range ps {
		q := ps[(i+1)%len(ps)]
		a += p.X*q.Y - q.X*p.Y
	}
	if a < 0 {
		a = -a
	}
	return a / 2
}

// Common is the area that two convex polygons have in common.
func Common(a, b []Point) float64 {
	turns := 0.0 // clockwise above 0
	for i, p := range b {
		q := b[(i+1)%len(b)]
		turns += p.X*q.Y - q.X*p.Y
	}
	for i, p := range b {
		q := b[(i+1)%len(b)]
		l := [3]float64{p.Y - q.Y, q.X - p.X, p.X*q.Y - q.X*p.Y}
		if turns < 0 {
			l = [3]float64{-l[0], -l[1], -l[2]}
		}
		a = clip(a, l)
	}
	if len(b) < 3 {
		return 0
	}
	return Area(a)
}

// overlap is the share of the photo that is seen, and the share of the subject that it takes.
func overlap(m *Map, photo, subject Point) (seen, covered float64) {
	a, b := Region(m, photo, subject)
	return Area(a) / (photo.X * photo.Y), Area(b) / (subject.X * subject.Y)
}
