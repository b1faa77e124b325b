package feature

import (
	"context"
	"image"
	"os"
	"path/filepath"
	"testing"

	"touchstone/picture"
)

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

func BenchmarkExtract(b *testing.B) {
	for name, c := range map[string]struct {
		side int
		o    Options
	}{"genuine500": {500, Options{400, 200}}, "suspect1000": {1000, Options{1000, 1000}}} {
		b.Run(name, func(b *testing.B) {
			p := photo(b, c.side)
			b.ReportAllocs()
			for b.Loop() {
				v := Extract(p, c.side, c.side, c.o)
				if len(v.Features) == 0 {
					b.Fatal("none")
				}
			}
		})
	}
}
