package feature_test

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"touchstone/fingerprint/feature"
)

// scene draws blobs of many sizes on a gradient: something to find at every scale.
func scene(w, h int, ratio image.YCbCrSubsampleRatio, seed uint64) *image.YCbCr {
	img := image.NewYCbCr(image.Rect(0, 0, w, h), ratio)
	r := rand.New(rand.NewPCG(seed, 1))
	for y := range h {
		for x := range w {
			img.Y[img.YOffset(x, y)] = uint8(60 + 100*x/w + 40*y/h)
		}
	}
	for range 40 + w*h/600 {
		cx, cy, rad, v := r.IntN(w), r.IntN(h), 2+r.IntN(max(3, min(w, h)/12)), uint8(r.IntN(256))
		square := r.IntN(2) == 0
		for y := max(0, cy-rad); y < min(h, cy+rad+1); y++ {
			for x := max(0, cx-rad); x < min(w, cx+rad+1); x++ {
				if square || (x-cx)*(x-cx)+(y-cy)*(y-cy) <= rad*rad {
					img.Y[img.YOffset(x, y)] = v
				}
			}
		}
	}
	for i, v := range img.Y { // noise, so that no two directions are alike
		img.Y[i] = uint8(min(255, int(v)+r.IntN(9)))
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = uint8(r.IntN(256)), uint8(r.IntN(256))
	}
	return img
}

// mapped is a picture whose luma at x, y is that of from at f(x, y).
func mapped(from *image.YCbCr, w, h int, f func(x, y int) (int, int)) *image.YCbCr {
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio444)
	for y := range h {
		for x := range w {
			u, v := f(x, y)
			img.Y[img.YOffset(x, y)] = from.Y[from.YOffset(u, v)]
		}
	}
	return img
}

func extract(img *image.YCbCr, o feature.Options) *feature.View {
	return feature.Extract(img, img.Rect.Dx(), img.Rect.Dy(), o)
}

// found is the share of a's features that b has as well, at most far pixels away and with at most bits that differ.
func found(a, b []feature.Feature, w, h int, far float64, bits int) float64 {
	n := 0
	for _, f := range a {
		for _, g := range b {
			dx := (float64(f.X) - float64(g.X)) / 65535 * float64(w)
			dy := (float64(f.Y) - float64(g.Y)) / 65535 * float64(h)
			if math.Hypot(dx, dy) <= far && f.Descriptor.Distance(g.Descriptor) <= bits {
				n++
				break
			}
		}
	}
	return float64(n) / float64(len(a))
}

func TestMirroredPicture(t *testing.T) {
	const w, h = 384, 256
	img := scene(w, h, image.YCbCrSubsampleRatio444, 1)
	o := feature.Options{Side: 384, Most: 300}
	a := extract(img, o)
	b := extract(mapped(img, w, h, func(x, y int) (int, int) { return w - 1 - x, y }), o)
	for i, f := range b.Features {
		b.Features[i] = f.Mirrored()
	}
	if got := found(a.Features, b.Features, w, h, 0.1, 0); len(a.Features) < 200 || got < 0.9 {
		t.Errorf("of %d features the mirrored picture has %.3f exactly, want 0.9", len(a.Features), got)
	}
}

func TestTurnedPicture(t *testing.T) {
	const n = 256
	img := scene(n, n, image.YCbCrSubsampleRatio444, 2)
	o := feature.Options{Side: n, Most: 300}
	a := extract(img, o)
	b := extract(mapped(img, n, n, func(x, y int) (int, int) { return y, n - 1 - x }), o)
	for i, f := range b.Features { // a quarter clockwise: back
		b.Features[i].X, b.Features[i].Y = f.Y, math.MaxUint16-f.X
	}
	if got := found(a.Features, b.Features, n, n, 0.5, 32); len(a.Features) < 150 || got < 0.8 {
		t.Errorf("of %d features the turned picture has %.3f, want 0.8", len(a.Features), got)
	}
}

func TestScaledPicture(t *testing.T) {
	const w, h = 300, 220
	img := scene(w, h, image.YCbCrSubsampleRatio444, 3)
	a := extract(img, feature.Options{Side: 400, Most: 200})
	b := extract(mapped(img, 2*w, 2*h, func(x, y int) (int, int) { return x / 2, y / 2 }), feature.Options{Side: 1000, Most: 1000})
	if got := found(a.Features, b.Features, w, h, 2, 48); len(a.Features) < 100 || got < 0.6 {
		t.Errorf("of %d features the picture at twice the size has %.3f, want 0.6", len(a.Features), got)
	}
}

func TestSamePixelsSameSet(t *testing.T) {
	img := scene(333, 257, image.YCbCrSubsampleRatio420, 4)
	o := feature.Options{Side: 200, Most: 150}
	want := extract(img, o).Set
	if diff := cmp.Diff(want, extract(img, o).Set); diff != "" {
		t.Errorf("a second time (-first +second):\n%s", diff)
	}
	// The same pixels inside a larger picture, at odd places and with another stride.
	for name, at := range map[string]image.Point{"odd": {7, 13}, "even": {8, 2}, "far": {100, 1}} {
		big := image.NewYCbCr(image.Rect(0, 0, 333+120, 257+40), image.YCbCrSubsampleRatio444)
		own := image.NewYCbCr(img.Rect, image.YCbCrSubsampleRatio444)
		for y := range 257 {
			for x := range 333 {
				c := img.YCbCrAt(x, y)
				for _, to := range []struct {
					img  *image.YCbCr
					x, y int
				}{{big, x + at.X, y + at.Y}, {own, x, y}} {
					i, j := to.img.YOffset(to.x, to.y), to.img.COffset(to.x, to.y)
					to.img.Y[i], to.img.Cb[j], to.img.Cr[j] = c.Y, c.Cb, c.Cr
				}
			}
		}
		sub := big.SubImage(image.Rectangle{at, at.Add(image.Pt(333, 257))}).(*image.YCbCr)
		if diff := cmp.Diff(extract(own, o).Set, extract(sub, o).Set); diff != "" {
			t.Errorf("%s: inside a larger picture (-alone +inside):\n%s", name, diff)
		}
	}
}

func TestSizes(t *testing.T) {
	ratios := []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
		image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
	}
	sizes := []image.Point{{1, 1}, {1, 2}, {2, 1}, {3, 3}, {7, 5}, {8, 8}, {15, 17}, {16, 300}, {31, 64}, {65, 33}, {1, 1000}, {1000, 1}, {16384, 16}, {16, 16384}, {401, 399}, {799, 3}}
	for _, s := range sizes {
		for _, ratio := range ratios {
			if s.X*s.Y > 100_000 && ratio != image.YCbCrSubsampleRatio420 {
				continue
			}
			img := scene(s.X, s.Y, ratio, 5)
			for _, o := range []feature.Options{{Side: 400, Most: 200}, {Side: 1000, Most: 1000}, {Side: 1, Most: 1}} {
				v := extract(img, o)
				b, err := v.MarshalBinary()
				if err != nil {
					t.Fatalf("%v, %v, %+v: %v", s, ratio, o, err)
				}
				var back feature.Set
				if err := back.UnmarshalBinary(b); err != nil {
					t.Fatalf("%v, %v, %+v: %v", s, ratio, o, err)
				}
				if diff := cmp.Diff(v.Set, back); diff != "" {
					t.Errorf("%v, %v, %+v (-written +read):\n%s", s, ratio, o, diff)
				}
				if len(v.Features) > o.Most {
					t.Errorf("%v, %v, %+v: %d features", s, ratio, o, len(v.Features))
				}
				cb, cr := v.Chroma()
				for _, p := range append(v.Lumas(), cb, cr) {
					if p.Width < 1 || p.Height < 1 || len(p.Pix) < (p.Height-1)*p.Stride+p.Width {
						t.Errorf("%v, %v, %+v: a plane of %d x %d has %d bytes", s, ratio, o, p.Width, p.Height, len(p.Pix))
					}
				}
			}
		}
	}
}

// TestDescribe asks for the features' own places.
func TestDescribe(t *testing.T) {
	v := extract(scene(400, 300, image.YCbCrSubsampleRatio420, 6), feature.Options{Side: 400, Most: 200})
	same := 0
	for _, f := range v.Features {
		x, y := float64(f.X)/65535, float64(f.Y)/65535*300/400
		d, ok := v.Describe(x, y, math.Exp2(-float64(f.Size)/16), f.Angle)
		if ok && d.Distance(f.Descriptor) <= 16 {
			same++
		}
	}
	if len(v.Features) < 100 || same < len(v.Features)*9/10 {
		t.Errorf("%d of %d features are described alike in their places", same, len(v.Features))
	}
	for _, p := range [][2]float64{{-1, 0}, {0, 0}, {1, 1}, {2, 2}, {0.5, math.Inf(1)}, {math.NaN(), 0.5}} {
		if _, ok := v.Describe(p[0], p[1], 0.1, 0); ok {
			t.Errorf("%v is described", p)
		}
	}
	for _, d := range []float64{0, -1, 1e-9, 1e9, math.Inf(1), math.NaN()} {
		if _, ok := v.Describe(0.5, 0.3, d, 0); ok {
			t.Errorf("a diameter of %v is described", d)
		}
	}
}
