package fingerprint_test

import (
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/corona10/goimagehash"

	"touchstone/fingerprint"
)

func of(t *testing.T, p fingerprint.Picture) fingerprint.Fingerprint {
	t.Helper()
	f, err := fingerprint.Of(p)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestPIsGoimagehash holds P to goimagehash bit for bit: on 64x64 pictures neither resizes.
func TestPIsGoimagehash(t *testing.T) {
	differ := 0
	const pictures = 100
	for seed := range uint64(pictures) {
		img := scene(seed, 64, 64)
		for i := range img.Cb {
			img.Cb[i], img.Cr[i] = 128, 128
		}
		r := rand.New(rand.NewPCG(seed, 1))
		for i := range img.Y {
			img.Y[i] = level(float64(img.Y[i]) + 8*r.NormFloat64())
		}
		want, err := goimagehash.PerceptionHash(img)
		if err != nil {
			t.Fatal(err)
		}
		got := of(t, whole(img)).Whole.P
		if d := got.Distance(fingerprint.Hash64(want.GetHash())); d > 0 {
			differ++
			t.Logf("seed %d: %v, goimagehash has %016x: %d bits", seed, got, want.GetHash(), d)
		}
	}
	// Single precision may tip a coefficient that equals the median to within rounding.
	if differ > pictures/100 {
		t.Errorf("%d of %d hashes differ from goimagehash's", differ, pictures)
	}
}

// TestReductionKeepsHashes: a picture reduced before it is described has nearly the hashes of the original.
func TestReductionKeepsHashes(t *testing.T) {
	for seed := range uint64(4) {
		img := scene(seed, 900, 800)
		full := of(t, whole(img))
		for _, denom := range []int{2, 4} {
			small := of(t, reduced(img, denom))
			if d := small.Whole.PDQ.Distance(full.Whole.PDQ); d > 10 {
				t.Errorf("seed %d at 1/%d: PDQ is %d bits off, want 10 at most", seed, denom, d)
			}
			if d := small.Whole.P.Distance(full.Whole.P); d > 4 {
				t.Errorf("seed %d at 1/%d: P is %d bits off, want 4 at most", seed, denom, d)
			}
			if d := int(small.Quality) - int(full.Quality); d < -3 || d > 3 {
				t.Errorf("seed %d at 1/%d: quality %d, of the original %d", seed, denom, small.Quality, full.Quality)
			}
		}
	}
}

func TestQualityGrowsWithTexture(t *testing.T) {
	img := scene(3, 256, 256)
	pale := scene(3, 256, 256)
	for i, v := range pale.Y {
		pale.Y[i] = 128 + (v-128)/4
		if v < 128 {
			pale.Y[i] = 128 - (128-v)/4
		}
	}
	a, b := of(t, whole(img)), of(t, whole(pale))
	if a.Quality <= b.Quality || a.Quality > 100 {
		t.Errorf("quality %d, and %d at a quarter of the contrast", a.Quality, b.Quality)
	}
}

func TestDifferentPicturesLieApart(t *testing.T) {
	for seed := range uint64(20) {
		a, b := of(t, whole(scene(seed, 200, 200))), of(t, whole(scene(seed+100, 200, 200)))
		if d := a.Whole.PDQ.Distance(b.Whole.PDQ); d < 70 {
			t.Errorf("seeds %d and %d lie %d bits apart", seed, seed+100, d)
		}
	}
}

func TestPlainPicturesAreRefused(t *testing.T) {
	noisy := func(img *image.YCbCr, amplitude float64) *image.YCbCr {
		r := rand.New(rand.NewPCG(5, 5))
		for i, v := range img.Y {
			img.Y[i] = level(float64(v) + amplitude*r.NormFloat64())
		}
		return img
	}
	split := func(vertical bool) *image.YCbCr {
		img := flat(300, 200, 20, 128, 128)
		for y := range 200 {
			for x := range 300 {
				if vertical && x >= 130 || !vertical && y >= 90 {
					img.Y[y*img.YStride+x] = 230
				}
			}
		}
		return img
	}
	gradient := flat(300, 200, 0, 128, 128)
	for i := range gradient.Y {
		gradient.Y[i] = uint8(i % 300 * 255 / 300)
	}
	for name, img := range map[string]*image.YCbCr{
		"white":             flat(200, 200, 255, 128, 128),
		"black":             flat(64, 640, 0, 128, 128),
		"red":               flat(200, 200, 76, 85, 255),
		"grey with noise":   noisy(flat(300, 300, 128, 128, 128), 2),
		"split left, right": split(true),
		"split top, bottom": split(false),
		"split with noise":  noisy(split(true), 1),
		"gradient":          gradient,
	} {
		t.Run(name, func(t *testing.T) {
			if f, err := fingerprint.Of(whole(img)); !errors.Is(err, fingerprint.ErrPlain) {
				t.Errorf("Of gives quality %d, error %v, want ErrPlain", f.Quality, err)
			}
		})
	}
}

func TestPicturesThatBreakTheirRules(t *testing.T) {
	img := scene(1, 100, 80)
	for name, p := range map[string]fingerprint.Picture{
		"no image":        {Width: 100, Height: 80, Reduction: 1},
		"empty image":     {Image: image.NewYCbCr(image.Rectangle{}, image.YCbCrSubsampleRatio444), Reduction: 1},
		"no reduction":    {Image: img, Width: 100, Height: 80},
		"too small a one": {Image: img, Width: 200, Height: 160, Reduction: 1},
		"other width":     {Image: img, Width: 300, Height: 160, Reduction: 2},
	} {
		if _, err := fingerprint.Of(p); err == nil || errors.Is(err, fingerprint.ErrPlain) {
			t.Errorf("%s: error %v, want one about the picture", name, err)
		}
	}
}

func TestSubsamplingDoesNotMatter(t *testing.T) {
	img := scene(9, 240, 200)
	want := of(t, whole(img))
	for ratio, by := range map[image.YCbCrSubsampleRatio]image.Point{
		image.YCbCrSubsampleRatio422: {X: 2, Y: 1}, image.YCbCrSubsampleRatio420: {X: 2, Y: 2},
		image.YCbCrSubsampleRatio440: {X: 1, Y: 2}, image.YCbCrSubsampleRatio411: {X: 4, Y: 1},
		image.YCbCrSubsampleRatio410: {X: 4, Y: 2},
	} {
		t.Run(fmt.Sprint(ratio), func(t *testing.T) {
			sub := image.NewYCbCr(img.Rect, ratio)
			copy(sub.Y, img.Y)
			for y := 0; y < 200; y += by.Y {
				for x := 0; x < 240; x += by.X {
					to, from := sub.COffset(x, y), img.COffset(x, y)
					sub.Cb[to], sub.Cr[to] = img.Cb[from], img.Cr[from]
				}
			}
			got := of(t, whole(sub))
			if got.Whole.PDQ != want.Whole.PDQ || got.Whole.P != want.Whole.P {
				t.Error("hashes differ from those of the same luma at 4:4:4")
			}
			if d := got.Whole.Colour.Distance(want.Whole.Colour); d > 3 {
				t.Errorf("colours are %.1f levels off", d)
			}
		})
	}
}
