package jpeg_test

import (
	"bytes"
	"fmt"
	stdjpeg "image/jpeg"
	"testing"
	"time"

	"touchstone/picture/jpeg"
)

// megapixel returns photos of about 1 megapixel, of each kind at most so many: baseline ones made anew at a quality of
// 88 and 4:2:0, and progressive ones as they are.
func megapixel(b *testing.B, most int) map[string][][]byte {
	b.Helper()
	kinds := map[string][][]byte{}
	for _, content := range photos(b, 3) {
		f, err := jpeg.Parse(content)
		if err != nil {
			b.Fatal(err)
		}
		if area := f.Width * f.Height; area < 800_000 || area > 1_250_000 {
			continue
		}
		kind := "baseline"
		if f.Progressive {
			kind = "progressive"
		}
		kinds[kind] = append(kinds[kind], content)
	}
	for kind, files := range kinds {
		most := min(most, len(files))
		for i := range most {
			files[i] = files[i*len(files)/most] // from all folders
		}
		kinds[kind] = files[:most]
	}
	for i, content := range kinds["baseline"] {
		m, err := stdjpeg.Decode(bytes.NewReader(content))
		if err != nil {
			b.Fatal(err)
		}
		var again bytes.Buffer
		if err := stdjpeg.Encode(&again, m, &stdjpeg.Options{Quality: 88}); err != nil {
			b.Fatal(err)
		}
		kinds["baseline"][i] = again.Bytes()
	}
	if len(kinds) != 2 {
		b.Fatalf("photos of 1 megapixel of %d kinds, want baseline and progressive", len(kinds))
	}
	return kinds
}

// BenchmarkDecode decodes photos of 1 megapixel at each size, against image/jpeg, which has but one. Beside the mean it
// tells what the least times of each photo add up to, which other work on the machine doesn't change.
func BenchmarkDecode(b *testing.B) {
	kinds := megapixel(b, 8)
	for _, kind := range []string{"baseline", "progressive"} {
		files, pixels, size := kinds[kind], 0, 0
		for _, content := range files {
			f, err := jpeg.Parse(content)
			if err != nil {
				b.Fatal(err)
			}
			pixels += f.Width * f.Height
			size += len(content)
		}
		measure := func(name string, decode func(content []byte) error) {
			b.Run("kind="+kind+"/by="+name, func(b *testing.B) {
				b.ReportAllocs()
				least := make([]time.Duration, len(files))
				for n := range b.N {
					for i, content := range files {
						start := time.Now()
						if err := decode(content); err != nil {
							b.Fatal(err)
						}
						if took := time.Since(start); n == 0 || took < least[i] {
							least[i] = took
						}
					}
				}
				sum := time.Duration(0)
				for _, d := range least {
					sum += d
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(pixels), "ns/pixel")
				b.ReportMetric(float64(sum.Nanoseconds())/float64(pixels), "least-ns/pixel")
				b.ReportMetric(8*float64(size)/float64(pixels), "bits/pixel")
			})
		}
		for _, denom := range denoms {
			measure(fmt.Sprintf("1in%d", denom), func(content []byte) error {
				f, err := jpeg.Parse(content)
				if err == nil {
					_, err = f.Decode(denom)
				}
				return err
			})
		}
		measure("std", func(content []byte) error {
			_, err := stdjpeg.Decode(bytes.NewReader(content))
			return err
		})
	}
}
