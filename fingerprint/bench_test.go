package fingerprint_test

import (
	"image"
	"testing"

	"touchstone/fingerprint"
)

// drawn is a picture with structure at several scales, of the shape that a 1/2 decode of a product photo has.
func drawn(w, h, denom int) fingerprint.Picture {
	img := image.NewYCbCr(image.Rect(0, 0, w/denom, h/denom), image.YCbCrSubsampleRatio420)
	size := img.Rect.Size()
	for y := range size.Y {
		for x := range size.X {
			v := 250
			if x > size.X/8 && x < size.X*7/8 && y > size.Y/10 && y < size.Y*8/10 {
				v = 40 + (x*x/90+y*3+x*y/200)%180
			}
			img.Y[img.YOffset(x, y)] = uint8(v)
		}
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = uint8(120+i%7), uint8(130+i%5)
	}
	return fingerprint.Picture{Image: img, Width: w, Height: h, Reduction: denom}
}

func BenchmarkOf(b *testing.B) {
	p := drawn(500, 500, 2)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fingerprint.Of(p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkProbes(b *testing.B) {
	a, err := fingerprint.Analyse(drawn(500, 500, 2))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(a.Probes()); n != 16 {
			b.Fatalf("%d probes, want 16", n)
		}
	}
}
