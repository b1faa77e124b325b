package align

import (
	"image"
	"math"
	"math/rand/v2"

	"touchstone/fingerprint/feature"
)

// canvas is a grey picture with colour planes of half its size.
type canvas = image.YCbCr

// scene draws rectangles, discs and noise; the seed tells it from others.
func scene(seed uint64, w, h int) *canvas {
	r := rand.New(rand.NewPCG(seed, 77))
	m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = 235
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = 128, 128
	}
	for range 60 {
		x, y, a, b := r.IntN(w), r.IntN(h), 4+r.IntN(w/5), 4+r.IntN(h/5)
		v, cb, cr, disc := uint8(20+r.IntN(220)), uint8(90+r.IntN(80)), uint8(90+r.IntN(80)), r.IntN(2) == 0
		for j := max(y-b, 0); j < min(y+b, h); j++ {
			for i := max(x-a, 0); i < min(x+a, w); i++ {
				dx, dy := float64(i-x)/float64(a), float64(j-y)/float64(b)
				if disc && dx*dx+dy*dy > 1 {
					continue
				}
				m.Y[j*m.YStride+i] = v
				m.Cb[j/2*m.CStride+i/2], m.Cr[j/2*m.CStride+i/2] = cb, cr
			}
		}
	}
	for i := range m.Y {
		m.Y[i] = uint8(min(max(int(m.Y[i])+r.IntN(7)-3, 0), 255))
	}
	return m
}

// paste draws src into dst where the map, in pixels, shows it: each pixel the mean of nine samples.
func paste(dst, src *canvas, m Map) {
	back := m.Inverse()
	sample := func(pix []uint8, stride, w, h int, x, y float64) (float64, bool) {
		if !(x >= 0 && y >= 0 && x < float64(w) && y < float64(h)) {
			return 0, false
		}
		x, y = min(max(x-0.5, 0), float64(w-1)), min(max(y-0.5, 0), float64(h-1))
		i, j := min(int(x), w-2), min(int(y), h-2)
		fx, fy := x-float64(i), y-float64(j)
		at := func(i, j int) float64 { return float64(pix[j*stride+i]) }
		return (at(i, j)*(1-fx)+at(i+1, j)*fx)*(1-fy) + (at(i, j+1)*(1-fx)+at(i+1, j+1)*fx)*fy, true
	}
	fill := func(to []uint8, toStride, tw, th int, from []uint8, fromStride, fw, fh int, scale float64) {
		for y := range th {
			for x := range tw {
				sum, n := 0.0, 0.0
				for k := range 9 {
					p := Point{(float64(x) + (float64(k%3)+0.5)/3) * scale, (float64(y) + (float64(k/3)+0.5)/3) * scale}
					q, ok := back.Apply(p)
					if !ok {
						continue
					}
					if v, ok := sample(from, fromStride, fw, fh, q.X/scale, q.Y/scale); ok {
						sum += v
						n++
					}
				}
				if n > 4 {
					to[y*toStride+x] = uint8(math.Round(sum / n))
				}
			}
		}
	}
	d, s := dst.Rect.Max, src.Rect.Max
	fill(dst.Y, dst.YStride, d.X, d.Y, src.Y, src.YStride, s.X, s.Y, 1)
	fill(dst.Cb, dst.CStride, (d.X+1)/2, (d.Y+1)/2, src.Cb, src.CStride, (s.X+1)/2, (s.Y+1)/2, 2)
	fill(dst.Cr, dst.CStride, (d.X+1)/2, (d.Y+1)/2, src.Cr, src.CStride, (s.X+1)/2, (s.Y+1)/2, 2)
}

// described is a picture's set, as it is kept of photos.
func described(m *canvas) *feature.Set {
	v := feature.Extract(m, m.Rect.Max.X, m.Rect.Max.Y, feature.Options{Side: 400, Most: 200})
	return &v.Set
}

// looked is a picture as a subject.
func looked(m *canvas) *Subject {
	return OfView(feature.Extract(m, m.Rect.Max.X, m.Rect.Max.Y, feature.Options{Side: 1000, Most: 1000}))
}

// units takes a map in pixels to one in units of the longer sides.
func units(m Map, src, dst *canvas) Map {
	a, b := float64(max(src.Rect.Max.X, src.Rect.Max.Y)), float64(max(dst.Rect.Max.X, dst.Rect.Max.Y))
	in, out := Map{a, 0, 0, 0, a, 0, 0, 0, 1}, Map{1 / b, 0, 0, 0, 1 / b, 0, 0, 0, 1}
	m = m.After(&in)
	return out.After(&m)
}
