package health_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"golang.org/x/image/draw"

	"touchstone/index"
	"touchstone/index/local"
	"touchstone/listing"
	"touchstone/listing/health"
	"touchstone/match"
	"touchstone/picture"
)

// bench is a catalogue of its own, and what examines it.
type bench struct {
	testing.TB
	x *local.Index
	c health.Config
}

func newBench(t testing.TB) *bench {
	t.Helper()
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
	return &bench{t, x, health.Config{
		Photos: x, Matcher: match.New(x, picture.NewDecoder(picture.Limits{}), match.Config{}),
		Rule: func(string) listing.Rule { return listing.Rule{Infringing: 10, Review: 100} },
	}}
}

// described is a photo as onboarding puts it.
func (b *bench) described(brand, id string, image []byte) index.Photo {
	b.Helper()
	d, err := b.c.Matcher.Describe(context.Background(), match.Batch, image)
	if err != nil {
		b.Fatalf("%s/%s: %v", brand, id, err)
	}
	return index.Photo{Key: index.Key{Brand: brand, ID: id}, Original: d.Original, Fingerprint: d.Fingerprint, Features: d.Features}
}

func (b *bench) put(photos ...index.Photo) {
	b.Helper()
	if _, err := b.x.Put(context.Background(), photos...); err != nil {
		b.Fatal(err)
	}
}

// add onboards a picture.
func (b *bench) add(brand, id string, m image.Image) {
	b.Helper()
	b.put(b.described(brand, id, saved(b, m, 90)))
}

func (b *bench) examine(brand string) health.Examination {
	b.Helper()
	e, err := health.Examine(context.Background(), b.c, brand, nil)
	if err != nil {
		b.Fatal(err)
	}
	return e
}

func saved(t testing.TB, m image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// scene is a random colourful picture, 480 by 360; the seed tells it from others.
func scene(seed uint64) *image.RGBA {
	const w, h = 480, 360
	r := rand.New(rand.NewPCG(seed, 11))
	m := flat(w, h, shade(r))
	for range 40 {
		x, y, s := r.Float64()*float64(w), r.Float64()*float64(h), (0.04+0.15*r.Float64())*float64(h)
		disc(m, x, y, s, shade(r))
	}
	return m
}

// article is a random thing of many parts before white; the largest has the given colour.
func article(seed uint64, w, h int, first color.RGBA) *image.RGBA {
	r := rand.New(rand.NewPCG(seed, 12))
	m := flat(w, h, color.RGBA{255, 255, 255, 255})
	disc(m, float64(w)/2, float64(h)/2, float64(h)/3, first)
	for range 25 {
		a, d := 2*math.Pi*r.Float64(), r.Float64()*float64(h)/4
		disc(m, float64(w)/2+d*math.Cos(a), float64(h)/2+d*math.Sin(a), float64(h)*(0.02+0.05*r.Float64()), shade(r))
	}
	return m
}

func shade(r *rand.Rand) color.RGBA {
	return color.RGBA{uint8(60 + r.UintN(128)), uint8(60 + r.UintN(128)), uint8(60 + r.UintN(128)), 255}
}

func flat(w, h int, c color.RGBA) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	return m
}

// filled is m with a rectangle over it.
func filled(m *image.RGBA, r image.Rectangle, c color.RGBA) *image.RGBA {
	draw.Draw(m, r, image.NewUniform(c), image.Point{}, draw.Src)
	return m
}

func disc(m *image.RGBA, x, y, radius float64, c color.RGBA) {
	for py := max(0, int(y-radius)); py < min(m.Rect.Dy(), int(y+radius)+1); py++ {
		for px := max(0, int(x-radius)); px < min(m.Rect.Dx(), int(x+radius)+1); px++ {
			if math.Hypot(float64(px)-x, float64(py)-y) < radius {
				m.SetRGBA(px, py, c)
			}
		}
	}
}

func scaled(m image.Image, w, h int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.CatmullRom.Scale(out, out.Rect, m, m.Bounds(), draw.Src, nil)
	return out
}

func mirrored(m image.Image) *image.RGBA {
	b := m.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Set(b.Dx()-1-x, y, m.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return out
}

func keys(brand string, ids ...string) []index.Key {
	var all []index.Key
	for _, id := range ids {
		all = append(all, index.Key{Brand: brand, ID: id})
	}
	return all
}

// numbered is an ID that sorts as its number does.
func numbered(i int) string { return fmt.Sprintf("%04d", i) }
