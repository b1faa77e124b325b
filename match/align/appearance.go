package align

import (
	"math"

	"touchstone/fingerprint/feature"
)

// Blocks of the thumbnail, in pixels, that are compared one by one.
const (
	blockSide  = 8
	blockStep  = 4
	flat       = 3.0  // standard deviation, in levels, below which a block has no texture to be compared
	plainShift = 24.0 // levels by which brightness may change where the photo is flat
	noise      = 4.0  // variance that is added on both sides, so that noise does not correlate
)

// moments2 are the sums of two variables and their products.
type moments2 struct{ n, x, y, xx, yy, xy float64 }

func (m *moments2) add(x, y float64) {
	m.n++
	m.x += x
	m.y += y
	m.xx += x * x
	m.yy += y * y
	m.xy += x * y
}

// correlation is -1 to 1.
func (m *moments2) correlation() float64 {
	xx, yy, xy := m.xx-m.x*m.x/m.n, m.yy-m.y*m.y/m.n, m.xy-m.x*m.y/m.n
	return xy / math.Sqrt((xx+noise*m.n)*(yy+noise*m.n))
}

// appear compares what the subject shows, w, with the thumbnail, and fills in the fit's appearance.
func (f *Fit) appear(g *grid, w []float64) (alike []bool) {
	var all moments2
	for i, v := range w {
		if !math.IsNaN(v) {
			all.add(g.pix[i], v)
		}
	}
	alike = make([]bool, len(w))
	if all.n == 0 {
		return alike
	}
	f.Correlation = all.correlation()
	weight, good := 0.0, 0.0
	var plain []plainBlock
	for y := 0; y+blockSide <= g.h; y += blockStep {
		for x := 0; x+blockSide <= g.w; x += blockStep {
			var m moments2
			for dy := range blockSide {
				for i := (y+dy)*g.w + x; i < (y+dy)*g.w+x+blockSide; i++ {
					if !math.IsNaN(w[i]) {
						m.add(g.pix[i], w[i])
					}
				}
			}
			if m.n < blockSide*blockSide/2 {
				continue
			}
			f.Blocks++
			deviation := math.Sqrt(max(m.xx-m.x*m.x/m.n, 0) / m.n)
			if deviation < flat {
				theirs := math.Sqrt(max(m.yy-m.y*m.y/m.n, 0) / m.n)
				plain = append(plain, plainBlock{m.x / m.n, m.y / m.n, theirs < 2*flat})
				continue
			}
			f.Textured++
			wt := min(deviation, 20)
			weight += wt
			c := m.correlation()
			good += wt * min(max((c-0.3)/0.5, 0), 1)
			if c > 0.7 {
				for dy := range blockSide {
					for i := (y+dy)*g.w + x; i < (y+dy)*g.w+x+blockSide; i++ {
						alike[i] = true
					}
				}
			}
		}
	}
	if len(plain) > 0 {
		f.Plain, f.PlainKept = float64(len(plain))/float64(f.Blocks), keptOf(plain, g, w, alike)
	}
	if weight > 0 {
		f.Alike = good / weight
	}
	return alike
}

// plainBlock is a block that has no texture in the photo: its mean luma there and in the subject, and whether it has none
// there either.
type plainBlock struct {
	mine, theirs float64
	flat         bool
}

// keptOf is the share of plain blocks that are plain in the subject as well, and of about the same brightness: as it is,
// or after the change of brightness and contrast that what looks alike has gone through.
func keptOf(plain []plainBlock, g *grid, w []float64, alike []bool) float64 {
	level := 0.0
	for _, b := range plain {
		level += b.mine / float64(len(plain))
	}
	// What is as bright as the backdrop may be part of it: it must not vouch for itself.
	var m moments2
	for i, v := range w {
		if alike[i] && !math.IsNaN(v) && math.Abs(g.pix[i]-level) > plainShift {
			m.add(g.pix[i], v)
		}
	}
	gain, offset := 1.0, 0.0
	if v := m.xx - m.x*m.x/m.n; m.n >= blockSide*blockSide && v > flat*flat*m.n {
		gain = min(max((m.xy-m.x*m.y/m.n)/v, 0.5), 2)
		offset = (m.y - gain*m.x) / m.n
	}
	kept := 0.0
	for _, b := range plain {
		toned := min(max(gain*b.mine+offset, 0), 255)
		if b.flat && min(math.Abs(b.theirs-b.mine), math.Abs(b.theirs-toned)) < plainShift {
			kept++
		}
	}
	return kept / float64(len(plain))
}

// colour compares the mean colours of blocks that look alike, and fills in the fit's colours.
func (f *Fit) colour(g *grid, t *feature.Thumbnail, s *Subject, m *Map, mirrored bool, w []float64, alike []bool) {
	cb, cr := s.sampler(s.cb, mirrored), s.sampler(s.cr, mirrored)
	cw, ch := (t.Width+1)/2, (t.Height+1)/2
	const side = blockSide / 2
	blocks := 0.0
	for by := 0; by < ch; by += side {
		for bx := 0; bx < cw; bx += side {
			var n, pb, pr, qb, qr, py, qy float64
			for y := by; y < min(by+side, ch); y++ {
				for x := bx; x < min(bx+side, cw); x++ {
					i := min(2*y, t.Height-1)*t.Width + min(2*x, t.Width-1)
					if !alike[i] || math.IsNaN(w[i]) {
						continue
					}
					q, ok := m.Apply(Point{(2*float64(x) + 1) / g.dx, (2*float64(y) + 1) / g.dy})
					if !ok {
						continue
					}
					b, ok1 := cb.at(q)
					r, ok2 := cr.at(q)
					if !ok1 || !ok2 {
						continue
					}
					n++
					pb += float64(t.Cb[y*cw+x]) - 128
					pr += float64(t.Cr[y*cw+x]) - 128
					qb += b - 128
					qr += r - 128
					py += float64(t.Y[i])
					qy += w[i]
				}
			}
			if n < side {
				continue
			}
			blocks++
			f.Hue += math.Hypot(qb-pb, qr-pr) / n
			f.Shade += math.Abs(qy-py) / n
			f.Chroma += math.Hypot(pb, pr) / n
			f.SubjectChroma += math.Hypot(qb, qr) / n
		}
	}
	if blocks > 0 {
		f.Hue, f.Shade, f.Chroma, f.SubjectChroma = f.Hue/blocks, f.Shade/blocks, f.Chroma/blocks, f.SubjectChroma/blocks
	}
}
