package align

import "math"

// mark is a pixel of a thumbnail where its luma changes, and by how much.
type mark struct {
	p Point
	v float64
	j [8]float64 // how its value changes with each parameter of a map, in levels
}

// mostMarks is how many pixels of a thumbnail an alignment is refined by: those where luma changes most.
const mostMarks = 500

// marks are the pixels of a grid that tell where it lies.
func (g *grid) marks() []mark {
	const least = 4     // of the squared gradient, in levels a pixel
	var counts [256]int // by strength, eight an octave
	strength := func(i int) (float64, float64, int) {
		gx, gy := (g.pix[i+1]-g.pix[i-1])/2, (g.pix[i+g.w]-g.pix[i-g.w])/2
		s := gx*gx + gy*gy
		if s < least {
			return gx, gy, 0
		}
		return gx, gy, min(int(math.Float32bits(float32(s))>>20-math.Float32bits(least)>>20)+1, len(counts)-1)
	}
	for y := 1; y < g.h-1; y++ {
		for x := 1; x < g.w-1; x++ {
			_, _, s := strength(y*g.w + x)
			counts[s]++
		}
	}
	// The strongest, as many as there is room for, and of those just below the first.
	left, from := mostMarks, len(counts)-1
	for from > 1 && left >= counts[from] {
		left -= counts[from]
		from--
	}
	ms := make([]mark, 0, mostMarks)
	for y := 1; y < g.h-1; y++ {
		for x := 1; x < g.w-1; x++ {
			i := y*g.w + x
			gx, gy, s := strength(i)
			if s < from || s == 0 {
				continue
			}
			if s == from {
				if left == 0 {
					continue
				}
				left--
			}
			gx, gy = gx*g.dx, gy*g.dy
			p := g.point(x, y)
			ms = append(ms, mark{p, g.pix[i], [8]float64{
				gx * p.X, gx * p.Y, gx, gy * p.X, gy * p.Y, gy, -(gx*p.X + gy*p.Y) * p.X, -(gx*p.X + gy*p.Y) * p.Y,
			}})
		}
	}
	return ms
}

const (
	rounds   = 8
	fewMarks = 40 // below which there is nothing to go by
)

// refine moves a map so that the subject's pixels fit the photo's better: Gauss-Newton on their differences after gain and
// offset, differences that are large counting less, in the inverse compositional form (Baker and Matthews 2004).
// Parameters: 6 for affine changes, 8 with perspective.
func refine(m Map, ms []mark, s *sampler, frame Point, parameters int) Map {
	if len(ms) < fewMarks {
		return m
	}
	best, least := m, math.Inf(1)
	w := make([]float64, len(ms))
	for range rounds {
		gain, offset, cut, n := photometry(&m, ms, s, w)
		if n < fewMarks || gain < 0.05 {
			break
		}
		var h [8][9]float64
		e := 0.0
		for i := range ms {
			if math.IsNaN(w[i]) {
				continue
			}
			r := (w[i]-offset)/gain - ms[i].v // of the subject beyond the photo
			c := cut / gain
			e += min(math.Abs(r), c)
			wt := 1 / (1 + 4*(r/c)*(r/c))
			j := &ms[i].j
			for a := range parameters {
				t := wt * j[a]
				for b := a; b < parameters; b++ {
					h[a][b] += t * j[b]
				}
				h[a][8] += t * r
			}
		}
		e /= float64(n)
		if e >= least {
			break
		}
		best, least = m, e
		for a := range parameters {
			h[a][a] = h[a][a]*1.0005 + 1e-9
			for b := range a {
				h[a][b] = h[b][a]
			}
		}
		u, ok := solve(&h, parameters)
		if !ok {
			break
		}
		step := Map{1 + u[0], u[1], u[2], u[3], 1 + u[4], u[5], u[6], u[7], 1}
		back := step.Inverse()
		next := m.After(&back)
		if !next.plausible(frame) || far(&m, &next, frame) {
			break
		}
		m = next
	}
	return best
}

// far tells whether a step is too large to be trusted.
func far(m, next *Map, frame Point) bool {
	const most = 0.15
	for _, p := range [...]Point{{}, {frame.X, 0}, frame, {0, frame.Y}} {
		a, ok1 := m.Apply(p)
		b, ok2 := next.Apply(p)
		scale, _, _, _ := m.Shape(p)
		if !ok1 || !ok2 || !(math.Hypot(a.X-b.X, a.Y-b.Y) <= most*scale) {
			return true
		}
	}
	return false
}

// photometry fits w = gain * photo + offset, with outliers left out, and tells beyond which difference these begin, and
// how many marks are seen. w becomes what the subject has at each mark, NaN outside.
func photometry(m *Map, ms []mark, s *sampler, w []float64) (gain, offset, cut float64, n int) {
	for i := range ms {
		w[i] = math.NaN()
		if q, ok := m.Apply(ms[i].p); ok {
			if v, ok := s.at(q); ok {
				w[i] = v
				n++
			}
		}
	}
	if n == 0 {
		return 0, 0, 0, 0
	}
	gain, offset, cut = 1, 0, math.Inf(1)
	for range 3 {
		var k, x, y, xx, xy float64
		for i := range ms {
			v := ms[i].v
			if math.IsNaN(w[i]) || math.Abs(gain*v+offset-w[i]) > cut {
				continue
			}
			k++
			x += v
			y += w[i]
			xx += v * v
			xy += v * w[i]
		}
		if v := xx - x*x/k; k > 0 && v > k {
			gain = (xy - x*y/k) / v
			offset = (y - gain*x) / k
		} else {
			return 0, 0, 0, n
		}
		// The median, to the level: patches and banners must not decide what is an outlier.
		var counts [256]int
		for i := range ms {
			if !math.IsNaN(w[i]) {
				counts[min(int(math.Abs(gain*ms[i].v+offset-w[i])), 255)]++
			}
		}
		median, below := 0, 0
		for below += counts[0]; 2*below < n; below += counts[median] {
			median++
		}
		cut = 4*float64(median) + 6
	}
	return gain, offset, cut, n
}
