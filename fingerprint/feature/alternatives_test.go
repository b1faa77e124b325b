package feature

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// TestRepeatability holds the methods to a floor on real photos and edited copies of them: how many spots are found
// again in their place, and how many are then told apart from all others by their descriptors. With TOUCHSTONE_LONG it also
// shows what other methods give, on more photos.
func TestRepeatability(t *testing.T) {
	many := os.Getenv("TOUCHSTONE_LONG") != ""
	count := 3
	if many {
		count = 15
	}
	// Photos on which no pattern was learned.
	images := photos(t, count, func(f string) bool { return !learnedOn(f) && strings.HasPrefix(f, "products") })
	random := randomPairs()
	brief := func(l *level, x, y int, angle uint8) Descriptor { return describeRandom(random, l, x, y, angle) }
	for _, m := range []struct {
		name string
		detector
		describer
		long           bool
		found, matched float64 // floors
	}{
		{"Hessian, learned pairs", detect, describe, false, 0.75, 0.45},
		{"Hessian, random pairs", detect, brief, true, 0, 0},
		{"FAST, learned pairs", detectFAST, describe, true, 0, 0},
		{"FAST, random pairs", detectFAST, brief, true, 0, 0},
	} {
		if m.long && !many {
			continue
		}
		spots, found, matched := 0, 0, 0
		for i, img := range images {
			r := rand.New(rand.NewPCG(uint64(i), 2))
			g := extract(img, img.Rect.Dx(), img.Rect.Dy(), Genuine(), m.detector, m.describer)
			for range 2 {
				c, where := edited(img, r)
				if c == nil {
					continue
				}
				v := extract(c, c.Rect.Dx(), c.Rect.Dy(), Suspect(), m.detector, m.describer)
				same := again(g, v, where)
				spots += len(same)
				for i, j := range same {
					if j < 0 {
						continue
					}
					found++
					nearest := 257
					for k := range v.Features {
						nearest = min(nearest, g.Features[i].Descriptor.Distance(v.Features[k].Descriptor))
					}
					if g.Features[i].Descriptor.Distance(v.Features[j].Descriptor) == nearest {
						matched++
					}
				}
			}
		}
		f, p := float64(found)/float64(spots), float64(matched)/float64(spots)
		t.Logf("%-24s %7d spots, found again %.3f, matched %.3f", m.name, spots, f, p)
		if f < m.found || p < m.matched {
			t.Errorf("%s: %.3f found again, %.3f matched, want %.3f and %.3f", m.name, f, p, m.found, m.matched)
		}
	}
}

// randomPairs are pairs of places, in pixels, normally distributed around the spot (Calonder et al. 2010, BRIEF), in
// mirror-image twins.
func randomPairs() *[256][4]float64 {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func() (x, y float64) {
		for {
			if x, y = r.NormFloat64()*6.2, r.NormFloat64()*6.2; math.Hypot(x, y) <= 13.5 {
				return x, y
			}
		}
	}
	var p [256][4]float64
	for i := 0; i < len(p); i += 2 {
		ax, ay := pick()
		bx, by := pick()
		p[i], p[i+1] = [4]float64{ax, ay, bx, by}, [4]float64{ax, -ay, bx, -by}
	}
	return &p
}

func describeRandom(pairs *[256][4]float64, l *level, x, y int, angle uint8) (d Descriptor) {
	sin, cos := math.Sincos(float64(angle) / 128 * math.Pi)
	at := func(u, v float64) uint8 {
		px, py := x+int(math.Round(cos*u-sin*v)), y+int(math.Round(sin*u+cos*v))
		return l.smooth.pix[l.origin+py*l.smooth.stride+px]
	}
	for i, p := range pairs {
		if at(p[0], p[1]) < at(p[2], p[3]) {
			d[i/64] |= 1 << (i % 64)
		}
	}
	return d
}

// detectFAST finds corners: where 9 contiguous pixels of a ring of 16 are all brighter or all darker than the centre
// (Rosten and Drummond 2006), ordered by the measure of Harris and Stephens (1988).
func detectFAST(l *level, number int) (out []spot) {
	ring := [16][2]int{
		{0, -3}, {1, -3}, {2, -2}, {3, -1}, {3, 0}, {3, 1}, {2, 2}, {1, 3},
		{0, 3}, {-1, 3}, {-2, 2}, {-3, 1}, {-3, 0}, {-3, -1}, {-2, -2}, {-1, -3},
	}
	const threshold = 8
	p := l.plane
	scores := make([]float64, p.w*p.h)
	at := func(x, y int) int { return int(p.pix[y*p.stride+x]) }
	for y := border; y < p.h-border; y++ {
		for x := border; x < p.w-border; x++ {
			var bright, dark uint32
			for i, o := range ring {
				switch d := at(x+o[0], y+o[1]) - at(x, y); {
				case d > threshold:
					bright |= 1<<i | 1<<(i+16)
				case d < -threshold:
					dark |= 1<<i | 1<<(i+16)
				}
			}
			if run(bright) < 9 && run(dark) < 9 {
				continue
			}
			var xx, yy, xy float64
			for v := y - 3; v <= y+3; v++ {
				for u := x - 3; u <= x+3; u++ {
					gx := float64(at(u+1, v-1) + 2*at(u+1, v) + at(u+1, v+1) - at(u-1, v-1) - 2*at(u-1, v) - at(u-1, v+1))
					gy := float64(at(u-1, v+1) + 2*at(u, v+1) + at(u+1, v+1) - at(u-1, v-1) - 2*at(u, v-1) - at(u+1, v-1))
					xx, yy, xy = xx+gx*gx, yy+gy*gy, xy+gx*gy
				}
			}
			scores[y*p.w+x] = max(0, xx*yy-xy*xy-0.04*(xx+yy)*(xx+yy))
		}
	}
	for y := border; y < p.h-border; y++ {
		for x := border; x < p.w-border; x++ {
			s, most := scores[y*p.w+x], 0.0
			for v := y - 1; v <= y+1; v++ {
				for u := x - 1; u <= x+1; u++ {
					if u != x || v != y {
						most = max(most, scores[v*p.w+u])
					}
				}
			}
			if s > most {
				score := min(math.Sqrt(math.Sqrt(s))*8, 65535)
				out = append(out, spot{x: int32(x), y: int32(y), level: int32(number), score: uint16(score)})
			}
		}
	}
	return out
}

// run is the length of the longest run of ones.
func run(m uint32) (n int) {
	for ; m != 0; m &= m << 1 {
		n++
	}
	return min(n, bits.UintSize)
}
