package fingerprint_test

import (
	"image"
	"math"
	"testing"

	"touchstone/fingerprint"
)

// pixels is the box in pixels of a picture.
func pixels(b fingerprint.Box, w, h int) image.Rectangle {
	at := func(v uint16, of int) int { return int(math.Round(float64(v) / 65535 * float64(of))) }
	return image.Rect(at(b.Left, w), at(b.Top, h), at(b.Right, w), at(b.Bottom, h))
}

func TestContentBox(t *testing.T) {
	photo := textured(2, 300, 240)
	bare := of(t, whole(photo))
	if bare.Trimmed() {
		t.Fatalf("the photo itself is trimmed to %v", bare.Box)
	}
	glow := func() *image.YCbCr { // a border that is smooth, not flat
		out := flat(400, 340, 0, 128, 128)
		for y := range 340 {
			for x := range 400 {
				out.Y[y*out.YStride+x] = level(128 + 100*math.Sin(float64(x)/60)*math.Cos(float64(y)/70))
			}
		}
		return out
	}
	on := func(sheet *image.YCbCr, left, top int) *image.YCbCr {
		for y := range 240 {
			copy(sheet.Y[(y+top)*sheet.YStride+left:][:300], photo.Y[y*photo.YStride:][:300])
			copy(sheet.Cb[(y+top)*sheet.CStride+left:][:300], photo.Cb[y*photo.CStride:][:300])
			copy(sheet.Cr[(y+top)*sheet.CStride+left:][:300], photo.Cr[y*photo.CStride:][:300])
		}
		return sheet
	}
	for name, c := range map[string]struct {
		img  *image.YCbCr
		want image.Rectangle
	}{
		"white":          {framed(photo, 360, 320, 20, 30, 255, 128, 128), image.Rect(20, 30, 320, 270)},
		"black":          {framed(photo, 360, 320, 20, 30, 0, 128, 128), image.Rect(20, 30, 320, 270)},
		"green":          {framed(photo, 360, 320, 20, 30, 150, 44, 21), image.Rect(20, 30, 320, 270)},
		"one side alone": {framed(photo, 380, 240, 80, 0, 255, 128, 128), image.Rect(80, 0, 380, 240)},
		"two frames": {framed(framed(photo, 340, 280, 20, 20, 255, 128, 128), 400, 340, 30, 30, 10, 128, 128),
			image.Rect(50, 50, 350, 290)},
		"a smooth one": {on(glow(), 50, 50), image.Rect(50, 50, 350, 290)},
	} {
		t.Run(name, func(t *testing.T) {
			size := c.img.Rect.Size()
			for _, denom := range []int{1, 2} {
				f := of(t, reduced(c.img, denom))
				got := pixels(f.Box, size.X, size.Y)
				for _, d := range []int{got.Min.X - c.want.Min.X, got.Min.Y - c.want.Min.Y, got.Max.X - c.want.Max.X, got.Max.Y - c.want.Max.Y} {
					if d < -2*denom || d > 2*denom {
						t.Fatalf("at 1/%d the content is %v, want %v", denom, got, c.want)
					}
				}
				if d := f.Content.PDQ.Distance(bare.Whole.PDQ); d > 20 {
					t.Errorf("at 1/%d the content's PDQ is %d bits off the photo's", denom, d)
				}
			}
		})
	}
}

// TestSpeckIsNotContent: a small mark on a sheet is not taken for a picture in a frame.
func TestSpeckIsNotContent(t *testing.T) {
	img := framed(scene(1, 30, 30), 400, 400, 180, 200, 255, 128, 128)
	f, err := fingerprint.Of(whole(img))
	if err == nil && f.Trimmed() {
		t.Errorf("content is %v", pixels(f.Box, 400, 400))
	}
}

func TestFramedProbe(t *testing.T) {
	photo := framed(textured(8, 200, 200), 300, 260, 40, 30, 255, 128, 128) // with a margin of its own
	want := of(t, whole(photo)).Whole
	a, err := fingerprint.Analyse(whole(framed(photo, 360, 320, 30, 30, 0, 128, 128)))
	if err != nil {
		t.Fatal(err)
	}
	best := 256
	for _, p := range a.Probes() {
		if p.Part == fingerprint.PartFramed && p.Symmetry == fingerprint.Identity {
			best = p.PDQ.Distance(want.PDQ)
		}
	}
	if best > 10 {
		t.Errorf("the framed part lies %d bits from the photo", best)
	}
}
