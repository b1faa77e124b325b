package align

import (
	"math"
	"slices"
	"testing"
)

// TestThin holds that a copy of a thin picture is seen where it is, as far as a thumbnail of a few rows can tell.
func TestThin(t *testing.T) {
	for _, size := range [][2]int{{1000, 320}, {1000, 240}, {1000, 200}, {1000, 150}, {1000, 120}, {1000, 90}, {1000, 63}, {1000, 40}, {90, 1000}, {65, 1003}, {1023, 129}} {
		img := scene(3, size[0], size[1])
		set, s := described(img), looked(img)
		f := s.Verify(set, s.Suppose(Map{1, 0, 0, 0, 1, 0, 0, 0, 1}))
		frame := Frame(size[0], size[1])
		for _, p := range []Point{{}, {frame.X, 0}, frame, {0, frame.Y}} {
			q, _ := f.Map.Apply(p)
			if d := math.Hypot(q.X-p.X, q.Y-p.Y) / min(frame.X, frame.Y); d > 0.015 {
				t.Errorf("%v: a corner is off by %.3f of the shorter side", size, d)
			}
		}
	}
}

// TestCommon holds areas against what squares have in common, whichever way round they are given.
func TestCommon(t *testing.T) {
	square := func(x, y, side float64) []Point {
		return []Point{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}}
	}
	for name, c := range map[string]struct {
		a, b []Point
		want float64
	}{
		"itself":  {square(0, 0, 1), square(0, 0, 1), 1},
		"corner":  {square(0, 0, 1), square(0.5, 0.75, 1), 0.125},
		"within":  {square(0, 0, 1), square(0.2, 0.2, 0.5), 0.25},
		"apart":   {square(0, 0, 0.4), square(0.6, 0, 0.4), 0},
		"nothing": {square(0, 0, 1), nil, 0},
	} {
		for range 2 {
			for range 2 {
				if got := Common(c.a, c.b); math.Abs(got-c.want) > 1e-12 {
					t.Errorf("%s: %v, want %v", name, got, c.want)
				}
				c.a, c.b = c.b, c.a
			}
			slices.Reverse(c.b)
		}
	}
}
