package feature

import (
	"context"
	"image"
	"os"
	"path/filepath"
	"testing"

	"touchstone/picture"
)

// photo is a square out of a real photo.
func photo(tb testing.TB, side int) *image.YCbCr {
	dir := os.Getenv("TOUCHSTONE_DATA")
	if dir == "" {
		tb.Skip("TOUCHSTONE_DATA is not set")
	}
	files, err := filepath.Glob(filepath.Join(dir, "products_oxid_b60", "*.jpg"))
	if err != nil || len(files) == 0 {
		files, _ = filepath.Glob(filepath.Join(dir, "*", "*.jpg"))
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		p, err := picture.NewDecoder(picture.Limits{}).Decode(context.Background(), b, 0)
		if err != nil {
			continue
		}
		r := p.Image.Rect
		if r.Dx() >= side && r.Dy() >= side {
			return p.Image.SubImage(image.Rect(r.Min.X, r.Min.Y, r.Min.X+side, r.Min.Y+side)).(*image.YCbCr)
		}
	}
	tb.Skip("no such photo")
	return nil
}

// BenchmarkExtract measures, beside the machine's kernels, the plain ones.
func BenchmarkExtract(b *testing.B) {
	machine := kernels
	defer func() { kernels = machine }()
	for _, c := range []struct {
		name string
		side int
		o    Options
	}{{"genuine500", 500, Genuine()}, {"suspect1000", 1000, Suspect()}} {
		for name, level := range map[string]int{"plain": plain, "machine": machine} {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				kernels = level
				p := photo(b, c.side)
				b.ReportAllocs()
				for b.Loop() {
					if v := Extract(p, c.side, c.side, c.o); len(v.Features) == 0 {
						b.Fatal("no features")
					}
				}
			})
		}
	}
}

func BenchmarkDescribe(b *testing.B) {
	v := Extract(photo(b, 500), 500, 500, Genuine())
	for b.Loop() {
		if _, ok := v.Describe(0.4, 0.5, 0.1, 77); !ok {
			b.Fatal("not described")
		}
	}
}
