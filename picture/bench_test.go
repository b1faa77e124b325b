package picture_test

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/gen2brain/jpegn"

	"touchstone/picture"
	touchjpeg "touchstone/picture/jpeg"
)

// photos returns baseline and progressive JPEGs below TOUCHSTONE_DATA, one in so many.
func photos(b *testing.B, oneIn int) map[string][][]byte {
	b.Helper()
	root := os.Getenv("TOUCHSTONE_DATA")
	if root == "" {
		b.Skip("TOUCHSTONE_DATA is not set: no real photos")
	}
	kinds := map[string][][]byte{}
	n := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".jpg" {
			return err
		}
		if n++; n%oneIn != 0 {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, err := touchjpeg.Parse(content)
		if err != nil {
			return err
		}
		kind := "baseline"
		if f.Progressive {
			kind = "progressive"
		}
		kinds[kind] = append(kinds[kind], content)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	if len(kinds) != 2 {
		b.Fatalf("photos of %d kinds in %s, want baseline and progressive", len(kinds), root)
	}
	return kinds
}

// BenchmarkDecode decodes real photos for a side of 128, against image/jpeg and jpegn at its nearest scale.
func BenchmarkDecode(b *testing.B) {
	kinds := photos(b, 12)
	d := picture.NewDecoder(picture.Limits{})
	for _, kind := range []string{"baseline", "progressive"} {
		for _, rival := range []struct {
			name   string
			decode func(content []byte) error
		}{
			{"picture", func(content []byte) error {
				_, err := d.Decode(b.Context(), content, 128)
				return err
			}},
			{"config", func(content []byte) error {
				_, err := d.Config(content)
				return err
			}},
			{"full", func(content []byte) error {
				_, err := d.Decode(b.Context(), content, 0)
				return err
			}},
			{"std", func(content []byte) error {
				_, err := jpeg.Decode(bytes.NewReader(content))
				return err
			}},
			{"jpegn", func(content []byte) error {
				c, err := d.Config(content)
				if err != nil {
					return err
				}
				denom := 1
				for denom < 8 && min(c.Width, c.Height) >= 128*2*denom {
					denom *= 2
				}
				_, err = jpegn.Decode(bytes.NewReader(content), &jpegn.Options{ScaleDenom: denom})
				return err
			}},
		} {
			b.Run("kind="+kind+"/by="+rival.name, func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					for _, content := range kinds[kind] {
						if err := rival.decode(content); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(kinds[kind])), "ns/photo")
			})
		}
	}
}

// BenchmarkFormats decodes a drawn picture of 1 megapixel for a side of 128, and in full; AVIF's has a quarter, HEIC's is
// a photo of 1.8.
func BenchmarkFormats(b *testing.B) {
	m := scene(1200, 900)
	d := picture.NewDecoder(picture.Limits{})
	for name, content := range map[string][]byte{
		"jpeg": asJPEG(b, m), "png": asPNG(b, m), "gif": asGIF(b, m), "webp": asWebP(b, m, false),
		"webp lossless": asWebP(b, m, true), "bmp": asBMP(b, m), "tiff": asTIFF(b, m), "avif": read(b, filepath.Join(moduleData(b, "github.com/gen2brain/avif"), "test8.avif")), "heic": asHEIC(b),
	} {
		for _, side := range []int{128, 0} {
			b.Run(fmt.Sprintf("format=%s/side=%d", name, side), func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					if _, err := d.Decode(b.Context(), content, side); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
