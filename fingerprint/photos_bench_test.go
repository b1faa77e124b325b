package fingerprint_test

import (
	"bytes"
	"errors"
	"image"
	"os"
	"testing"

	"github.com/corona10/goimagehash"

	"touchstone/fingerprint"
	"touchstone/picture"
)

// BenchmarkPhotos goes from bytes to hashes over real JPEGs, baseline and progressive ones apart: by this package and by
// the plain way, which decodes the full picture with the standard library and hands it to goimagehash.
func BenchmarkPhotos(b *testing.B) {
	sets := map[string][][]byte{}
	for _, r := range references(b) {
		photo, err := os.ReadFile(r.path)
		if err != nil {
			b.Fatal(err)
		}
		kind := "baseline"
		if progressive(photo) {
			kind = "progressive"
		}
		sets[kind] = append(sets[kind], photo)
	}
	d := picture.NewDecoder(picture.Limits{})
	ways := map[string]func(b *testing.B, photo []byte){
		"touchstone": func(b *testing.B, photo []byte) {
			if _, err := analyse(b, d, photo); err != nil && !errors.Is(err, fingerprint.ErrPlain) {
				b.Fatal(err)
			}
		},
		"plain": func(b *testing.B, photo []byte) {
			img, _, err := image.Decode(bytes.NewReader(photo))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := goimagehash.PerceptionHash(img); err != nil {
				b.Fatal(err)
			}
		},
	}
	for kind, photos := range sets {
		for way, describe := range ways {
			b.Run(kind+"/"+way, func(b *testing.B) {
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					for _, p := range photos {
						describe(b, p)
						n++
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/photo")
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "photos/s")
			})
		}
	}
}

// progressive tells whether a JPEG is, by its first frame header.
func progressive(b []byte) bool {
	for i := 2; i+4 < len(b) && b[i] == 0xff; {
		switch b[i+1] {
		case 0xc2:
			return true
		case 0xc0, 0xc1, 0xda:
			return false
		}
		i += 2 + int(b[i+2])<<8 + int(b[i+3])
	}
	return false
}
