package align

import (
	"math"
	"slices"

	"touchstone/fingerprint/feature"
)

// Fit is an alignment that was held against the pixels, and what was seen.
type Fit struct {
	Map      Map  // from the photo to the subject as it stands
	Mirrored bool // left and right are exchanged
	Pairs    int  // features found in both pictures that agree with it

	Features  int     // of the photo, that lie well within the subject
	Median    int     // bits by which half of these differ at most from what the subject has at their place; 256: there are none
	Confirmed [3]int  // of these, how many differ in at most 24, 40 and 56
	Seen      float64 // share of the photo's area that lies within the subject, 0 to 1
	Covered   float64 // share of the subject's area that it takes, 0 to 1

	Blocks, Textured int     // of the photo's thumbnail that are seen; of these, with texture
	Alike            float64 // share of the latter that look alike, by their contrast, 0 to 1
	Plain            float64 // share of the blocks that have no texture in the photo
	PlainKept        float64 // of these, the share that has none in the subject either, and about the same brightness, after what was done to that of all
	Correlation      float64 // of luma over all that is seen, -1 to 1

	Hue           float64 // mean difference in chroma where they look alike, in levels
	Shade         float64 // mean difference in luma there
	Chroma        float64 // mean distance from grey there, of the photo
	SubjectChroma float64 // and of the subject
}

// bits are the counts of differing bits up to which features are counted as confirmed. On the same photo half of what is
// not covered differs in 10 to 25; features of unrelated pictures differ in 128, and in some 60 where silhouettes coincide.
var bits = [3]int{24, 40, 56}

// fewRows is how many pixels the thumbnail's shorter side has at the least where a guess is refined. What a dozen rows or
// fewer say of where a photo lies across them is off by up to a seventh of its height.
const fewRows = 15

// Verify refines a guess and tells how well what lies there looks like the photo.
func (s *Subject) Verify(photo *feature.Set, g Guess) Fit {
	t := &photo.Thumbnail
	own := Frame(photo.Width, photo.Height)
	full := gridOf(photo)
	half := full.halve()
	m := g.Map
	scale, _, _, _ := m.Shape(Point{own.X / 2, own.Y / 2})
	coarse, fine := s.level(max(half.dx, half.dy), scale, g.Mirrored), s.level(max(full.dx, full.dy), scale, g.Mirrored)
	if min(full.w, full.h) >= fewRows {
		m = refine(m, half.marks(), &coarse, own, 6)
		ms := full.marks()
		m = refine(m, ms, &fine, own, 6)
		m = refine(m, ms, &fine, own, 8)
	}
	ds := s.confirm(photo, &m, g.Mirrored)
	better := func(n Map) {
		if d := s.confirm(photo, &n, g.Mirrored); below(d, bits[1]) > below(ds, bits[1])+2 {
			m, ds = n, d
		}
	}
	if below(ds, bits[1]) < g.Pairs {
		better(g.Map)
	}
	f := Fit{Mirrored: g.Mirrored, Pairs: g.Pairs, Median: 256}
	w := full.warp(&m, &fine)
	alike := f.appear(full, w)
	promising := f.Alike >= 0.5 && f.Correlation >= 0.5 || g.Pairs >= 12
	if promising && 2*below(ds, bits[0]) < len(ds) && s.view != nil {
		// Smooth pictures leave room to slide, and large ones to be bent: features tell more exactly where they are.
		if n, ok := s.settle(photo, &m, g.Mirrored); ok && n.plausible(own) {
			better(n)
			w = full.warp(&m, &fine)
			f = Fit{Mirrored: g.Mirrored, Pairs: g.Pairs, Median: 256}
			alike = f.appear(full, w)
		}
	}
	f.Map, f.Features = m, len(ds)
	if len(ds) > 0 {
		f.Median = ds[len(ds)/2]
	}
	for i, n := range bits {
		f.Confirmed[i] = below(ds, n)
	}
	f.colour(full, t, s, &m, g.Mirrored, w, alike)
	if g.Mirrored {
		f.Map = s.mirrored(&m)
	}
	f.Seen, f.Covered = overlap(&f.Map, own, s.frame())
	return f
}

// settle moves a map to where the photo's features look most like the subject, each within a small part of its size.
func (s *Subject) settle(photo *feature.Set, m *Map, mirrored bool) (Map, bool) {
	const (
		most = 64  // features that are asked
		step = 0.1 // of a feature's diameter, between places that are tried
		wide = 1   // steps each way
		few  = 8
	)
	var ps []pair
	expect(photo, max(1, len(photo.Features)/most), m, func(e expected) {
		best := pair{distance: bits[2] + 1}
		for y := -wide; y <= wide; y++ {
			for x := -wide; x <= wide; x++ {
				n := e
				n.q.X, n.q.Y = e.q.X+float64(x)*step*e.diameter, e.q.Y+float64(y)*step*e.diameter
				if d, ok := s.differs(&n, mirrored); ok && d < best.distance {
					best = pair{distance: d, p: e.p, q: n.q}
				}
			}
		}
		if best.distance <= bits[2] {
			ps = append(ps, best)
		}
	})
	if len(ps) < few {
		return Map{}, false
	}
	if len(ps) < 3*few {
		return affine(ps)
	}
	return homography(ps, *m), true
}

// homography fits a map with perspective, by Gauss-Newton on the distances from a map that is near it.
func homography(ps []pair, m Map) Map {
	for range 4 {
		var h [8][9]float64
		for i := range ps {
			p, q := ps[i].p, ps[i].q
			w := m[6]*p.X + m[7]*p.Y + 1
			x, y := (m[0]*p.X+m[1]*p.Y+m[2])/w, (m[3]*p.X+m[4]*p.Y+m[5])/w
			rows := [2][8]float64{
				{p.X / w, p.Y / w, 1 / w, 0, 0, 0, -x * p.X / w, -x * p.Y / w},
				{0, 0, 0, p.X / w, p.Y / w, 1 / w, -y * p.X / w, -y * p.Y / w},
			}
			for k, r := range [2]float64{q.X - x, q.Y - y} {
				for a := range 8 {
					for b := range 8 {
						h[a][b] += rows[k][a] * rows[k][b]
					}
					h[a][8] += rows[k][a] * r
				}
			}
		}
		for a := range 8 {
			h[a][a] = h[a][a]*1.0005 + 1e-9
		}
		u, ok := solve(&h, 8)
		if !ok {
			return m
		}
		for a := range 8 {
			m[a] += u[a]
		}
	}
	return m
}

// expected is where a map shows a feature of the photo in the subject, and how.
type expected struct {
	*feature.Feature
	p, q     Point   // in the photo and in the subject
	scale    float64 // by which the map enlarges there
	turn     float64 // by which it turns, in radians
	diameter float64 // of the feature in the subject
}

// expect looks at each so many-th feature of the photo, where the map shows it.
func expect(photo *feature.Set, every int, m *Map, look func(e expected)) {
	own := Frame(photo.Width, photo.Height)
	for i := 0; i < len(photo.Features); i += every {
		f := &photo.Features[i]
		p := place(f, own)
		if q, ok := m.Apply(p); ok {
			scale, turn, _, _ := m.Shape(p)
			look(expected{f, p, q, scale, turn, diameter(f) * scale})
		}
	}
}

// differs is by how many bits a feature differs from what the subject has in its place. It is not ok where that does not lie
// well within.
func (s *Subject) differs(e *expected, mirrored bool) (int, bool) {
	q, angle := e.q, e.Angle+uint8(int(math.Round(e.turn/math.Pi*128)))
	if mirrored {
		q.X, angle = s.frame().X-q.X, 128-angle
	}
	d, ok := s.view.Describe(q.X, q.Y, e.diameter, angle)
	if !ok {
		return 0, false
	}
	if mirrored {
		d = d.Mirrored()
	}
	return d.Distance(e.Descriptor), true
}

// below is how many of the sorted distances are at most n.
func below(ds []int, n int) int {
	at, _ := slices.BinarySearch(ds, n+1)
	return at
}

// confirm describes the subject anew where the photo's features should lie, and returns by how many bits each differs
// that lies well within, sorted.
func (s *Subject) confirm(photo *feature.Set, m *Map, mirrored bool) []int {
	if s.view == nil {
		return s.recall(photo, m, mirrored)
	}
	ds := make([]int, 0, len(photo.Features))
	expect(photo, 1, m, func(e expected) {
		if n, ok := s.differs(&e, mirrored); ok {
			ds = append(ds, n)
		}
	})
	slices.Sort(ds)
	return ds
}

// recall is confirm where the subject's pixels are not there: by its features that lie where they should. What has none
// there is left out: whether one was found depends on much else.
func (s *Subject) recall(photo *feature.Set, m *Map, mirrored bool) []int {
	frame := s.frame()
	var ds []int
	theirs, _ := s.features(mirrored)
	expect(photo, 1, m, func(e expected) {
		least := 257
		for j := range theirs {
			o := &theirs[j]
			r := place(o, frame)
			if d := diameter(o); d > 1.4*e.diameter || e.diameter > 1.4*d || math.Hypot(r.X-e.q.X, r.Y-e.q.Y) > 0.08*e.diameter+0.005*e.scale {
				continue
			}
			least = min(least, e.Descriptor.Distance(o.Descriptor))
		}
		if least <= 256 {
			ds = append(ds, least)
		}
	})
	slices.Sort(ds)
	return ds
}
