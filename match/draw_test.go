package match_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"golang.org/x/image/draw"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/index/local"
	"touchstone/match"
	"touchstone/picture"
)

// picturesque is what the tests' pictures are.
type picturesque = *image.RGBA

var (
	white = color.RGBA{255, 255, 255, 255}
	black = color.RGBA{0, 0, 0, 255}
)

// bench is a Matcher on an index of its own.
type bench struct {
	t testing.TB
	x *local.Index
	m *match.Matcher
}

func newBench(t testing.TB) *bench {
	path := filepath.Join(t.TempDir(), "index.db")
	x, err := local.Open(context.Background(), path, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
		faults, err := local.Check(context.Background(), path)
		if err != nil || len(faults) > 0 {
			t.Errorf("the index is left with %q, %v", faults, err)
		}
	})
	return &bench{t: t, x: x, m: match.New(x, picture.NewDecoder(picture.Limits{}), match.Config{})}
}

// add onboards a picture.
func (b *bench) add(brand, id string, img picturesque) {
	b.t.Helper()
	image := asPNG(b.t, img)
	d, err := b.m.Describe(context.Background(), match.Batch, image)
	if err != nil {
		b.t.Fatal(err)
	}
	if d.Original.SHA256 != sha256.Sum256(image) || d.Original.Bytes != int64(len(image)) {
		b.t.Fatalf("described as %+v", d.Original)
	}
	_, err = b.x.Put(context.Background(), index.Photo{
		Key: index.Key{Brand: brand, ID: id}, Original: d.Original, Fingerprint: d.Fingerprint, Features: d.Features,
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) match(img picturesque, o match.Options) match.Result {
	b.t.Helper()
	r, err := b.m.Match(context.Background(), match.Interactive, match.Subject{Image: asPNG(b.t, img)}, o)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// scene is a random colourful picture; the seed tells it from others.
func scene(seed uint64, w, h int) picturesque {
	r := rand.New(rand.NewPCG(seed, 3))
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.NewUniform(shade(r)), image.Point{}, draw.Src)
	for range 40 {
		x, y, s := r.Float64(), r.Float64(), 0.04+0.15*r.Float64()
		c, round := shade(r), r.IntN(2) == 0
		for py := max(0, int((y-s)*float64(h))); py < min(h, int((y+s)*float64(h))); py++ {
			for px := max(0, int((x-s)*float64(w))); px < min(w, int((x+s)*float64(w))); px++ {
				dx, dy := float64(px)/float64(w)-x, float64(py)/float64(h)-y
				if !round || math.Hypot(dx, dy) < s {
					img.SetRGBA(px, py, c)
				}
			}
		}
	}
	return img
}

func shade(r *rand.Rand) color.RGBA {
	return color.RGBA{uint8(r.UintN(256)), uint8(r.UintN(256)), uint8(r.UintN(256)), 255}
}

func plain(w, h int) picturesque {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	return img
}

func scaled(img picturesque, w, h int) picturesque {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(out, out.Rect, img, img.Rect, draw.Src, nil)
	return out
}

func bordered(img picturesque, across, down int, c color.RGBA) picturesque {
	size := img.Rect.Size()
	out := image.NewRGBA(image.Rect(0, 0, size.X+2*across, size.Y+2*down))
	draw.Draw(out, out.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	draw.Draw(out, img.Rect.Add(image.Pt(across, down)), img, image.Point{}, draw.Src)
	return out
}

func turned(img picturesque, y fingerprint.Symmetry) picturesque {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if y.Swaps() {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	var to func(x, y int) (int, int)
	switch y {
	case fingerprint.Mirrored:
		to = func(x, y int) (int, int) { return w - 1 - x, y }
	case fingerprint.Rotated90:
		to = func(x, y int) (int, int) { return h - 1 - y, x }
	case fingerprint.Rotated180:
		to = func(x, y int) (int, int) { return w - 1 - x, h - 1 - y }
	case fingerprint.Rotated270:
		to = func(x, y int) (int, int) { return y, w - 1 - x }
	}
	for r := range h {
		for c := range w {
			x, y := to(c, r)
			copy(out.Pix[out.PixOffset(x, y):][:4], img.Pix[img.PixOffset(c, r):])
		}
	}
	return out
}

func mapped(img picturesque, f func(c color.RGBA) color.RGBA) picturesque {
	out := image.NewRGBA(img.Rect)
	for i := 0; i < len(img.Pix); i += 4 {
		c := f(color.RGBA{img.Pix[i], img.Pix[i+1], img.Pix[i+2], 255})
		out.Pix[i], out.Pix[i+1], out.Pix[i+2], out.Pix[i+3] = c.R, c.G, c.B, 255
	}
	return out
}

func grey(img picturesque) picturesque {
	return mapped(img, func(c color.RGBA) color.RGBA {
		y, _, _ := color.RGBToYCbCr(c.R, c.G, c.B)
		return color.RGBA{y, y, y, 255}
	})
}

// recoloured exchanges the two chroma components, which leaves the luma as it is, as far as it fits.
func recoloured(img picturesque) picturesque {
	return mapped(img, func(c color.RGBA) color.RGBA {
		y, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B)
		r, g, b := color.YCbCrToRGB(y, cr, cb)
		return color.RGBA{r, g, b, 255}
	})
}
