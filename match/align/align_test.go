package align

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"touchstone/fingerprint/feature"
)

// turn is a similarity in pixels: enlarged, turned clockwise, then moved.
func turn(scale, degrees, x, y float64) Map {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return Map{scale * cos, -scale * sin, x, scale * sin, scale * cos, y, 0, 0, 1}
}

// TestPlaces holds that photos are found where they are, whatever was done to them, and that the pixels confirm it.
func TestPlaces(t *testing.T) {
	photo := scene(1, 480, 400)
	set := described(photo)
	for name, c := range map[string]struct {
		w, h int
		m    Map // in pixels
		fill uint64
	}{
		"as it is":     {480, 400, turn(1, 0, 0, 0), 0},
		"half":         {240, 200, turn(0.5, 0, 0, 0), 0},
		"cropped":      {300, 260, turn(1, 0, -90, -70), 0},
		"enlarged":     {900, 700, turn(2.2, 0, -80, -100), 0},
		"inset":        {900, 900, turn(0.7, 0, 400, 300), 2},
		"turned":       {700, 600, turn(1, 17, 150, 20), 0},
		"upside down":  {480, 400, turn(1, 180, 480, 400), 0},
		"quarter":      {400, 480, turn(1, 90, 400, 0), 0},
		"mirrored":     {480, 400, Map{-1, 0, 480, 0, 1, 0, 0, 0, 1}, 0},
		"mirrored too": {800, 700, Map{-0.8, 0.1, 600, 0.1, 0.8, 100, 0, 0, 1}, 3},
		"stretched":    {620, 400, Map{1.29, 0, 0, 0, 1, 0, 0, 0, 1}, 0},
		"perspective":  {640, 560, Map{1.1, 0.1, 60, 0.05, 1.2, 20, 0.0003, 0.0002, 1}, 0},
		"collage":      {1000, 500, turn(1, 0, 510, 50), 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			img := scene(1000+c.fill, c.w, c.h)
			if c.fill == 0 {
				for i := range img.Y {
					img.Y[i] = 255
				}
				for i := range img.Cb {
					img.Cb[i], img.Cr[i] = 128, 128
				}
			}
			paste(img, photo, c.m)
			s := looked(img)
			best := Fit{Median: 256}
			for _, mirrored := range []bool{false, true} {
				if g := s.Find(set, mirrored); g.Pairs >= 3 {
					if f := s.Verify(set, g); f.Confirmed[0] > best.Confirmed[0] {
						best = f
					}
				}
			}
			want := units(c.m, photo, img)
			if mirrors := want[0]*want[4]-want[1]*want[3] < 0; best.Mirrored != mirrors {
				t.Fatalf("mirrored %v, want %v: %+v", best.Mirrored, mirrors, best)
			}
			own, frame := Frame(480, 400), Frame(c.w, c.h)
			in, _ := Region(&want, own, frame)
			scale, _, _, _ := want.Shape(Point{own.X / 2, own.Y / 2})
			for _, p := range in {
				a, _ := best.Map.Apply(p)
				b, _ := want.Apply(p)
				if d := math.Hypot(a.X-b.X, a.Y-b.Y) / scale; d > 0.02 {
					t.Errorf("a corner is off by %.3f of the photo's side", d)
				}
			}
			if best.Alike < 0.9 || best.Correlation < 0.9 || best.Features < 20 || 2*best.Confirmed[1] < best.Features {
				t.Errorf("it does not look like the photo: %+v", best)
			}
			seen, covered := overlap(&want, own, frame)
			if math.Abs(best.Seen-seen) > 0.03 || math.Abs(best.Covered-covered) > 0.03 {
				t.Errorf("seen %.3f, covered %.3f, want %.3f, %.3f", best.Seen, best.Covered, seen, covered)
			}
			if best.Hue > 6 {
				t.Errorf("colours differ by %.1f levels", best.Hue)
			}
		})
	}
}

// TestStrangers holds that another picture is not confirmed, wherever it is supposed to be.
func TestStrangers(t *testing.T) {
	set := described(scene(1, 480, 400))
	for seed := range uint64(20) {
		s := looked(scene(50+seed, 500, 420))
		guesses := []Guess{s.Suppose(Map{1, 0, 0, 0, 1, 0, 0, 0, 1}), s.Find(set, false), s.Find(set, true)}
		for _, g := range guesses {
			if g.Map == (Map{}) {
				continue
			}
			if f := s.Verify(set, g); f.Alike > 0.5 || f.Confirmed[0] > 10 {
				t.Errorf("scene %d is taken for the photo: %+v", seed, f)
			}
		}
	}
}

// TestSetAsSubject holds that a subject of which only a set is known is aligned as well.
func TestSetAsSubject(t *testing.T) {
	photo := scene(1, 480, 400)
	set := described(photo)
	img := scene(9, 480, 400)
	paste(img, photo, turn(0.8, 5, 60, 20))
	s := OfSet(*described(img))
	g := s.Find(set, false)
	f := s.Verify(set, g)
	if g.Pairs < 10 || f.Confirmed[1] < 10 || f.Alike < 0.6 {
		t.Errorf("found with %d pairs: %+v", g.Pairs, f)
	}
}

// TestPoll holds the votes against asking all pairs of pairs.
func TestPoll(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	ps := make([]pair, 200)
	for i := range ps {
		ps[i] = pair{
			p: Point{r.Float64(), r.Float64()}, q: Point{r.Float64(), r.Float64()}, size: 0.05,
			scale: int8(r.IntN(40) - 20), turn: uint8(r.IntN(256)),
		}
	}
	for i, v := range poll(ps) {
		c, n := ps[i].claim(), 0
		for j := range ps {
			if c.holds(&ps[j]) {
				n++
			}
		}
		if v.at != i || v.n != n {
			t.Fatalf("pair %d: %+v, want %d votes", i, v, n)
		}
	}
}

// TestMaps holds maps against each other, and regions against points on a grid.
func TestMaps(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 300 {
		m := turn(0.3+2*r.Float64(), 360*r.Float64(), r.Float64(), r.Float64())
		m[1] += 0.2 * r.Float64()
		m[6], m[7] = 0.2*r.Float64()-0.1, 0.2*r.Float64()-0.1
		if r.IntN(2) == 0 {
			mirror := Map{-1, 0, 1, 0, 1, 0, 0, 0, 1}
			m = m.After(&mirror)
		}
		back := m.Inverse()
		p := Point{r.Float64(), r.Float64()}
		q, ok := m.Apply(p)
		if !ok {
			continue
		}
		if b, ok := back.Apply(q); !ok || math.Hypot(b.X-p.X, b.Y-p.Y) > 1e-9 {
			t.Fatalf("%v is led to %v and back to %v", p, q, b)
		}
		photo, subject := Point{1, 0.7}, Point{0.9, 1}
		in, out := Region(&m, photo, subject)
		seen, covered := overlap(&m, photo, subject)
		const n = 200
		a, b := 0, 0
		for i := range n * n {
			u, v := (float64(i%n)+0.5)/n, (float64(i/n)+0.5)/n
			if q, ok := m.Apply(Point{u * photo.X, v * photo.Y}); ok && q.X >= 0 && q.Y >= 0 && q.X <= subject.X && q.Y <= subject.Y {
				a++
			}
			if q, ok := back.Apply(Point{u * subject.X, v * subject.Y}); ok && q.X >= 0 && q.Y >= 0 && q.X <= photo.X && q.Y <= photo.Y {
				b++
			}
		}
		if math.Abs(seen-float64(a)/n/n) > 0.02 || math.Abs(covered-float64(b)/n/n) > 0.02 {
			t.Fatalf("%v: seen %.3f, covered %.3f, by points %.3f, %.3f; %v, %v", m, seen, covered, float64(a)/n/n, float64(b)/n/n, in, out)
		}
	}
}

// TestSolve holds solutions against their equations.
func TestSolve(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, n := range []int{6, 8} {
		var h [8][9]float64
		for i := range n {
			for j := range n {
				h[i][j] = r.NormFloat64()
			}
			h[i][8] = r.NormFloat64()
		}
		was := h
		u, ok := solve(&h, n)
		if !ok {
			t.Fatal("not solved")
		}
		for i := range n {
			sum := 0.0
			for j := range n {
				sum += was[i][j] * u[j]
			}
			if math.Abs(sum-was[i][8]) > 1e-9 {
				t.Errorf("equation %d of %d is off by %g", i, n, sum-was[i][8])
			}
		}
	}
	if _, ok := solve(new([8][9]float64), 8); ok {
		t.Error("nothing is solved")
	}
}

// FuzzSubject holds that whatever sets are compared, nothing panics and no figure is out of its range.
func FuzzSubject(f *testing.F) {
	a, _ := described(scene(1, 200, 160)).MarshalBinary()
	b, _ := described(scene(2, 160, 200)).MarshalBinary()
	f.Add(a, b, 1.0, 0.0, 0.0, 0.0)
	f.Add(a, a, -0.5, 0.3, 0.1, 0.5)
	f.Fuzz(func(t *testing.T, a, b []byte, x, y, u, v float64) {
		var photo, subject feature.Set
		if photo.UnmarshalBinary(a) != nil || subject.UnmarshalBinary(b) != nil {
			return
		}
		s := OfSet(subject)
		guesses := []Guess{s.Find(&photo, false), s.Find(&photo, true), s.Suppose(Map{x, y, u, -y, x, v, u, v, 1})}
		for _, g := range guesses {
			fit := s.Verify(&photo, g)
			shares := []float64{fit.Seen, fit.Covered, fit.Alike, fit.Plain, fit.PlainKept}
			if slices.ContainsFunc(shares, func(v float64) bool { return !(v >= 0 && v <= 1+1e-6) }) || !(math.Abs(fit.Correlation) <= 1+1e-6) {
				t.Errorf("out of range: %+v", fit)
			}
		}
	})
}
