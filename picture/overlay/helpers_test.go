package overlay

import (
	"image"
	"image/color"
	"math"
	"testing"
)

// surface is a picture that is known everywhere: waves in all three channels, without symmetry, in 0..1.
func surface(u, v float64) (y, cb, cr float64) {
	y = 128 + 50*math.Sin(9*u+2*v) + 40*math.Cos(3*u-7*v+5*u*v)
	return y, 128 + 60*math.Sin(5*u), 128 + 60*math.Cos(4*v+u)
}

// sampled returns the surface as a picture: of where back leads its places. Where that is outside there is grey.
func sampled(w, h int, ratio image.YCbCrSubsampleRatio, back matrix) *image.YCbCr {
	m := image.NewYCbCr(image.Rect(0, 0, w, h), ratio)
	sums := make([][3]float64, len(m.Cb)) // of chroma, and of how many pixels
	for y := range h {
		for x := range w {
			p := point{(float64(x) + 0.5) / float64(w), (float64(y) + 0.5) / float64(h)}
			at := back.apply(p)
			l, cb, cr := 90.0, 128.0, 128.0
			if back.row(2, p) > 0 && min(at[0], at[1]) >= 0 && max(at[0], at[1]) <= 1 {
				l, cb, cr = surface(at[0], at[1])
			}
			m.Y[m.YOffset(x, y)] = uint8(l + 0.5)
			sum := &sums[m.COffset(x, y)]
			*sum = [3]float64{sum[0] + cb, sum[1] + cr, sum[2] + 1}
		}
	}
	for i, sum := range sums {
		m.Cb[i], m.Cr[i] = uint8(sum[0]/sum[2]+0.5), uint8(sum[1]/sum[2]+0.5)
	}
	return m
}

// maps lead from the photo to the suspect image.
var maps = map[string]matrix{
	"the same":         {1, 0, 0, 0, 1, 0, 0, 0, 1},
	"its negative":     {-1, 0, 0, 0, -1, 0, 0, 0, -1},
	"mirrored":         {-1, 0, 1, 0, 1, 0, 0, 0, 1},
	"turned":           {0, -1, 1, 1, 0, 0, 0, 0, 1},
	"cropped":          {2, 0, -0.5, 0, 1.6, -0.4, 0, 0, 1},
	"pasted":           {0.5, 0, 0.3, 0, 0.4, 0.2, 0, 0, 1},
	"partly outside":   {0.8, 0.1, 0.5, -0.1, 0.9, -0.3, 0, 0, 1},
	"perspective":      {0.8, 0.1, 0.05, 0.05, 0.9, 0.02, 0.2, 0.15, 1},
	"mirrored, skewed": {-0.7, 0.2, 0.8, 0.1, 0.7, 0.1, 0.1, -0.2, 1},
}

// pair returns a photo and a suspect image that is exactly what the map makes of it.
func pair(t testing.TB, there matrix, ratio image.YCbCrSubsampleRatio, suspect image.Point) Pair {
	t.Helper()
	back, det := there.inverse()
	if det == 0 {
		t.Fatal("a map without an inverse")
	}
	if back.row(2, there.apply(point{0.5, 0.5})) < 0 {
		for i := range back {
			back[i] = -back[i]
		}
	}
	same := matrix{1, 0, 0, 0, 1, 0, 0, 0, 1}
	return Pair{
		Genuine: sampled(130, 100, ratio, same),
		Suspect: sampled(suspect.X, suspect.Y, ratio, back),
		Regions: []Region{{Map: there}},
	}
}

// composed returns the sheet of a pair, and where its first region is in the suspect image.
func composed(t testing.TB, p Pair) (sheet, region) {
	t.Helper()
	s, err := compose(p)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Regions[0].clip()
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

// within calls f for the pixels of a picture of the sheet that are in a polygon, and no closer to its sides than margin.
func within(at image.Rectangle, polygon []point, margin float64, f func(x, y int)) {
	polygon = placed(polygon, image.Rectangle{Max: at.Size()})
	for y := range at.Dy() {
		for x := range at.Dx() {
			c := centre(x, y)
			in := true
			for i, q := range polygon {
				p := polygon[(i+len(polygon)-1)%len(polygon)]
				dx, dy := q[0]-p[0], q[1]-p[1]
				d := (dx*(c[1]-p[1]) - dy*(c[0]-p[0])) / math.Hypot(dx, dy)
				if area(polygon) < 0 {
					d = -d
				}
				in = in && d >= margin
			}
			if in {
				f(x, y)
			}
		}
	}
}

// apart is how far two colours are, in the channel that differs most.
func apart(a, b color.RGBA) int {
	d := func(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
	return max(d(a.R, b.R), d(a.G, b.G), d(a.B, b.B))
}
