package match_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/index/local"
	"touchstone/match"
	"touchstone/picture"
)

// BenchmarkMatch asks about JPEGs of a megapixel among so many photos (a million of them with TOUCHSTONE_LONG), and has
// each described alone as well, in turn, so that what else the machine does meets both. The metric match/describe is how
// many times as long a match takes.
func BenchmarkMatch(b *testing.B) {
	sizes := []int{1000, 20_000}
	if os.Getenv("TOUCHSTONE_LONG") != "" {
		sizes = append(sizes, 1_000_000)
	}
	images := map[string][][]byte{"drawn": {megapixel(b)}}
	if dir := os.Getenv("TOUCHSTONE_DATA"); dir != "" {
		images["photos"] = megapixels(b, dir)
	}
	for _, n := range sizes {
		x := crowd(b, n)
		m := match.New(x, picture.NewDecoder(picture.Limits{}), match.Config{})
		for name, imgs := range images {
			b.Run(fmt.Sprintf("n=%d/%s", n, name), func(b *testing.B) {
				var described, matched time.Duration
				for b.Loop() {
					for _, image := range imgs {
						began := time.Now()
						if _, err := m.Describe(context.Background(), match.Interactive, image); err != nil {
							b.Fatal(err)
						}
						described += time.Since(began)
						began = time.Now()
						r, err := m.Match(context.Background(), match.Interactive, match.Subject{Image: image}, match.Options{})
						if err != nil || r.Searched != n || r.Status != match.NothingFound {
							b.Fatalf("%v, searched %d, %v, want nothing found among %d", r.Status, r.Searched, err, n)
						}
						matched += time.Since(began)
					}
				}
				calls := float64(b.N * len(imgs))
				b.ReportMetric(float64(described)/calls, "ns/describe")
				b.ReportMetric(float64(matched)/calls, "ns/match")
				b.ReportMetric(float64(matched)/float64(described), "match/describe")
			})
		}
	}
}

// megapixels are forty real photos of 1.0 to 1.5 megapixels, baseline and progressive as they come.
func megapixels(b *testing.B, dir string) (photos [][]byte) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	d := picture.NewDecoder(picture.Limits{})
	for i := 0; i < len(files) && len(photos) < 40; i += 7 {
		photo, err := os.ReadFile(files[i])
		if err != nil {
			b.Fatal(err)
		}
		c, err := d.Config(photo)
		if err != nil {
			b.Fatal(err)
		}
		if p := c.Width * c.Height; p >= 1_000_000 && p <= 1_500_000 {
			photos = append(photos, photo)
		}
	}
	if len(photos) == 0 {
		b.Fatalf("no photo of about a megapixel under %s", dir)
	}
	return photos
}

func megapixel(b *testing.B) []byte {
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, scene(99, 1200, 900), &jpeg.Options{Quality: 85}); err != nil {
		b.Fatal(err)
	}
	return buf.Bytes()
}

// crowd is an index of n photos: variations of drawn scenes, a few bits to half of all off, the way that catalogues hold
// families of shots.
func crowd(b *testing.B, n int) *local.Index {
	x, err := local.Open(context.Background(), filepath.Join(b.TempDir(), "index.db"), local.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := x.Close(); err != nil {
			b.Error(err)
		}
	})
	m := match.New(nil, picture.NewDecoder(picture.Limits{}), match.Config{})
	var families []fingerprint.Fingerprint
	for seed := range uint64(500) {
		d, err := m.Describe(context.Background(), match.Batch, asPNG(b, bordered(scene(1000+seed, 120, 120), 10, 10, white)))
		if err != nil {
			b.Fatal(err)
		}
		families = append(families, d.Fingerprint)
	}
	r := rand.New(rand.NewPCG(1, uint64(n)))
	photos := make([]index.Photo, 0, 2000)
	for i := range n {
		p := index.Photo{Key: index.Key{Brand: fmt.Sprintf("brand %d", i%100), ID: fmt.Sprint(i)}}
		binary.BigEndian.PutUint64(p.Original.SHA256[:], uint64(i))
		p.Original.Width, p.Original.Height, p.Original.Format = 500, 500, "jpeg"
		p.Fingerprint = families[r.IntN(len(families))]
		vary(r, &p.Fingerprint.Whole)
		vary(r, &p.Fingerprint.Content)
		if photos = append(photos, p); len(photos) == cap(photos) || i == n-1 {
			if _, err := x.Put(context.Background(), photos...); err != nil {
				b.Fatal(err)
			}
			photos = photos[:0]
		}
	}
	return x
}

// vary flips each bit of both hashes with a probability that is drawn first, 5 to 50%.
func vary(r *rand.Rand, g *fingerprint.Region) {
	odds := 0.05 + 0.45*r.Float64()
	for i := range 256 {
		if r.Float64() < odds {
			g.PDQ[i/64] ^= 1 << (i % 64)
		}
	}
	for i := range 64 {
		if r.Float64() < odds {
			g.P ^= 1 << i
		}
	}
}
