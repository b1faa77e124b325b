package align

import (
	"cmp"
	"math"
	"slices"

	"touchstone/fingerprint/feature"
)

// Guess is a map from a photo to a subject that features suggest.
type Guess struct {
	Map      Map  // to the subject as it stands, or to its mirror image
	Mirrored bool // to its mirror image
	Pairs    int  // features that agree with it, those that nearly coincide counted once
}

// Suppose is the guess that a map is right, which may mirror.
func (s *Subject) Suppose(m Map) Guess {
	if m[0]*m[4]-m[1]*m[3] >= 0 {
		return Guess{Map: m}
	}
	return Guess{Map: s.mirrored(&m), Mirrored: true}
}

// mirrored is a map to the subject as one to its mirror image, and back.
func (s *Subject) mirrored(m *Map) Map {
	mirror := Map{-1, 0, s.frame().X, 0, 1, 0, 0, 0, 1}
	return mirror.After(m)
}

// What features have to agree in. A feature's size is known to an eighth or so, its angle to some 10 degrees; so one pair
// foretells where another lies to a quarter of the distance between them.
const (
	agreeScale = 10 // sixteenths of an octave
	agreeTurn  = 20 // 256ths of a turn
	agreePlace = 0.25
	fewest     = 3 // pairs that make a guess
	seeds      = 5 // pairs that most others agree with, from which guesses are made
)

// Find guesses where the photo lies in the subject, or in its mirror image: the guess that most features agree with,
// with no Pairs where there is none.
func (s *Subject) Find(photo *feature.Set, mirrored bool) Guess {
	fs, cs := s.features(mirrored)
	ps := pairUp(photo, fs, cs, s.frame())
	best := Guess{Mirrored: mirrored}
	if len(ps) < fewest {
		return best
	}
	votes := poll(ps)
	slices.SortStableFunc(votes, func(a, b vote) int { return cmp.Compare(b.n, a.n) })
	own := Frame(photo.Width, photo.Height)
	for _, v := range votes[:min(seeds, len(votes))] {
		if v.n < fewest || v.n <= best.Pairs {
			break
		}
		if g, ok := grow(ps, v.at, own); ok && g.Pairs > best.Pairs {
			g.Mirrored = mirrored
			best = g
		}
	}
	return best
}

// vote is how many pairs agree with one.
type vote struct{ at, n int }

// poll asks each pair which of the others agree with it: of those that turn about as much, which are found by their turn.
func poll(ps []pair) []vote {
	const width, circle = 8, 256 / 8 // 256ths of a turn that share a drawer, and drawers
	var ends [circle + 1]int
	for i := range ps {
		ends[ps[i].turn/width+1]++
	}
	for i := range circle {
		ends[i+1] += ends[i]
	}
	sorted, next := make([]pair, len(ps)), slices.Clone(ends[:])
	for i := range ps {
		drawer := ps[i].turn / width
		sorted[next[drawer]] = ps[i]
		next[drawer]++
	}
	votes := make([]vote, len(ps))
	for i := range ps {
		c := ps[i].claim()
		first := int(ps[i].turn-agreeTurn) / width
		for d := range 2*agreeTurn/width + 2 {
			drawer := (first + d) % circle
			for j := ends[drawer]; j < ends[drawer+1]; j++ {
				if c.holds(&sorted[j]) {
					votes[i].n++
				}
			}
		}
		votes[i].at = i
	}
	return votes
}

// claim is what a pair says of all others.
type claim struct {
	*pair
	a, b float64 // the similarity's turn and enlargement
	s    float64 // its enlargement
}

func (p *pair) claim() claim {
	s := math.Exp2(float64(p.scale) / 16)
	sin, cos := math.Sincos(float64(int8(p.turn)) / 128 * math.Pi)
	return claim{p, s * cos, s * sin, s}
}

func (c *claim) holds(o *pair) bool {
	if d := int(c.scale) - int(o.scale); d > agreeScale || d < -agreeScale {
		return false
	}
	if d := int8(c.turn - o.turn); d > agreeTurn || d < -agreeTurn {
		return false
	}
	dx, dy := o.p.X-c.p.X, o.p.Y-c.p.Y
	ex, ey := c.q.X+c.a*dx-c.b*dy-o.q.X, c.q.Y+c.b*dx+c.a*dy-o.q.Y
	most := 0.01 + 0.1*c.size + agreePlace*c.s*math.Sqrt(dx*dx+dy*dy)
	return ex*ex+ey*ey <= most*most
}

// tolerances are how far from its place a pair may be, in units of the photo's longer side as the subject shows it, from
// round to round.
var tolerances = [...]float64{0.12, 0.06, 0.03, 0.02, 0.015, 0.015}

// grow fits maps to what agrees with a pair, then to what agrees with the map, ever more strictly.
func grow(ps []pair, seed int, frame Point) (g Guess, ok bool) {
	c := ps[seed].claim()
	var in []pair
	for i := range ps {
		if c.holds(&ps[i]) {
			in = append(in, ps[i])
		}
	}
	m, ok := similarity(in)
	for round, tolerance := range tolerances {
		if !ok || !m.plausible(frame) {
			return g, false
		}
		scale, _, _, _ := m.Shape(Point{frame.X / 2, frame.Y / 2})
		octaves := math.Log2(scale)
		in = in[:0]
		for i := range ps {
			p := &ps[i]
			e, _ := m.Apply(p.p)
			if math.Hypot(e.X-p.q.X, e.Y-p.q.Y) <= tolerance*scale+0.075*p.size && math.Abs(float64(p.scale)/16-octaves) < 0.7 {
				in = append(in, *p)
			}
		}
		if len(in) < fewest {
			return g, false
		}
		if round < 2 || len(in) < 6 {
			m, ok = similarity(in)
		} else {
			m, ok = affine(in)
		}
	}
	if !ok || !m.plausible(frame) {
		return g, false
	}
	g = Guess{Map: m, Pairs: distinct(in)}
	return g, g.Pairs >= fewest
}

// distinct counts pairs, those that share a feature or whose spots nearly coincide once.
func distinct(in []pair) int {
	const apart = 0.008
	kept := in[:0]
next:
	for i := range in {
		p := &in[i]
		for j := range kept {
			o := &kept[j]
			if p.photo == o.photo || p.subject == o.subject || math.Hypot(p.p.X-o.p.X, p.p.Y-o.p.Y) < apart {
				continue next
			}
		}
		kept = append(kept, *p)
	}
	return len(kept)
}
