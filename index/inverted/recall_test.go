package inverted_test

import (
	"context"
	"fmt"
	"image"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"touchstone/fingerprint/feature"
	"touchstone/index/inverted"
	"touchstone/picture"
)

// catalogue is the folders of photos that the vocabulary was not learned from.
var catalogue = []string{"products_ikea", "products_magento2_luma", "products_smartstore"}

// strangers is a folder whose photos serve as backgrounds.
const strangers = "general_bsds500"

type made struct {
	Kind     string
	Row      uint32
	Features []feature.Feature
}

// shop is real photos by their features, and queries made of them.
type shop struct {
	Photos  [][]feature.Feature // 200 each at most
	Pool    []feature.Feature   // many more of them
	Queries []made
}

func lumas(t testing.TB, folders ...string) []*image.YCbCr {
	t.Helper()
	dir := os.Getenv("TOUCHSTONE_DATA")
	if dir == "" {
		t.Skip("TOUCHSTONE_DATA names no folder of photos")
	}
	var names []string
	for _, f := range folders {
		if err := filepath.WalkDir(filepath.Join(dir, f), func(name string, e fs.DirEntry, err error) error {
			if ext := strings.ToLower(filepath.Ext(name)); ext == ".jpg" || ext == ".jpeg" {
				names = append(names, name)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(names) == 0 {
		t.Fatalf("no photos in %s", dir)
	}
	slices.Sort(names)
	all := make([]*image.YCbCr, len(names))
	d := picture.NewDecoder(picture.Limits{})
	each(len(names), func(i int) {
		b, err := os.ReadFile(names[i])
		if err != nil {
			t.Error(err)
			return
		}
		p, err := d.Decode(context.Background(), b, 500)
		if err != nil {
			t.Error(err)
			return
		}
		all[i] = p.Image
	})
	if t.Failed() {
		t.FailNow()
	}
	return all
}

// each calls f with 0 to n-1 on all processors.
func each(n int, f func(i int)) {
	next := make(chan int)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
}

func features(img *image.YCbCr, side, most int) []feature.Feature {
	return feature.Extract(img, img.Rect.Dx(), img.Rect.Dy(), feature.Options{Side: side, Most: most}).Features
}

// warp draws onto a canvas, of which a point (x, y) shows (x*a + y*b + c, y*a - x*b + d) of a photo, as far as that has
// it, with noise and another contrast.
func warp(r *rand.Rand, canvas, photo *image.YCbCr, a, b, c, d float64) {
	gain := 0.8 + 0.3*r.Float64()
	for y := range canvas.Rect.Dy() {
		for x := range canvas.Rect.Dx() {
			u, v := float64(x)*a+float64(y)*b+c, float64(y)*a-float64(x)*b+d
			i, j := int(math.Floor(u)), int(math.Floor(v))
			if i < 0 || j < 0 || i+1 >= photo.Rect.Dx() || j+1 >= photo.Rect.Dy() {
				continue
			}
			at := func(i, j int) float64 { return float64(photo.Y[photo.YOffset(photo.Rect.Min.X+i, photo.Rect.Min.Y+j)]) }
			fu, fv := u-float64(i), v-float64(j)
			l := (at(i, j)*(1-fu)+at(i+1, j)*fu)*(1-fv) + (at(i, j+1)*(1-fu)+at(i+1, j+1)*fu)*fv
			canvas.Y[y*canvas.YStride+x] = uint8(min(max(gain*l+3*r.NormFloat64(), 0), 255))
		}
	}
}

func blank(w, h int) *image.YCbCr {
	return image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
}

func mirror(img *image.YCbCr) {
	for y := range img.Rect.Dy() {
		slices.Reverse(img.Y[y*img.YStride:][:img.Rect.Dx()])
	}
}

// kinds make queries, of which a part shows a photo: w and h are its size.
var kinds = []struct {
	name string
	make func(r *rand.Rand, photo, stranger *image.YCbCr, w, h float64) *image.YCbCr
}{
	{"crop", func(r *rand.Rand, photo, _ *image.YCbCr, w, h float64) *image.YCbCr {
		c := blank(int(w*0.6), int(h*0.6))
		warp(r, c, photo, 0.8, 0, r.Float64()*w*0.5, r.Float64()*h*0.5)
		return c
	}},
	{"mirrored crop", func(r *rand.Rand, photo, _ *image.YCbCr, w, h float64) *image.YCbCr {
		c := blank(int(w*0.6), int(h*0.6))
		warp(r, c, photo, 0.8, 0, r.Float64()*w*0.5, r.Float64()*h*0.5)
		mirror(c)
		return c
	}},
	{"turned", func(r *rand.Rand, photo, _ *image.YCbCr, w, h float64) *image.YCbCr {
		c := blank(int(w*0.8), int(h*0.8))
		angle := (r.Float64() - 0.5) * math.Pi / 3
		warp(r, c, photo, math.Cos(angle), math.Sin(angle), w/2-w*0.4*math.Cos(angle)-h*0.4*math.Sin(angle), h/2-h*0.4*math.Cos(angle)+w*0.4*math.Sin(angle))
		return c
	}},
	{"inset", func(r *rand.Rand, photo, stranger *image.YCbCr, w, h float64) *image.YCbCr {
		c := blank(800, 600)
		warp(r, c, stranger, float64(stranger.Rect.Dx()-2)/800, 0, 0, 0)
		scale := max(w/360, h/400)
		warp(r, c, photo, scale, 0, -scale*float64(r.IntN(400)), -scale*float64(r.IntN(180)))
		return c
	}},
}

func load(t testing.TB) *shop {
	var got shop
	photos, others := lumas(t, catalogue...), lumas(t, strangers)
	if os.Getenv("TOUCHSTONE_LONG") == "" {
		few := photos[:0]
		for i := 0; i < len(photos); i += 12 {
			few = append(few, photos[i])
		}
		photos = few
	}
	got.Photos = make([][]feature.Feature, len(photos))
	pools := make([][]feature.Feature, len(photos))
	got.Queries = make([]made, len(photos))
	each(len(photos), func(i int) {
		got.Photos[i] = features(photos[i], 512, 200)
		pools[i] = features(photos[i], 800, 2000)
		kind, r := kinds[i%len(kinds)], rand.New(rand.NewPCG(7, uint64(i)))
		img := kind.make(r, photos[i], others[r.IntN(len(others))], float64(photos[i].Rect.Dx()), float64(photos[i].Rect.Dy()))
		got.Queries[i] = made{kind.name, uint32(i), features(img, 800, 1000)}
	})
	got.Pool = slices.Concat(pools...)
	return &got
}

func (g *shop) set() *inverted.Set {
	s := inverted.NewSet()
	rows := make([]uint32, len(g.Photos))
	for i := range rows {
		rows[i] = uint32(i)
	}
	s.Put(rows, g.Photos)
	return s
}

// Photos are found by a part of them, among others made of the features of real ones.
func TestRealPhotosAreFound(t *testing.T) {
	g := load(t)
	t.Logf("%d photos, %d more features", len(g.Photos), len(g.Pool))
	s := g.set()
	for _, n := range []int{0, 100_000, 1_000_000} {
		if n > 0 && os.Getenv("TOUCHSTONE_LONG") == "" {
			break
		}
		if more := n - s.Len(); more > 0 {
			s.PutMade(5, uint32(s.Len()), more, 200, g.Pool)
		}
		g.recall(t, fmt.Sprint(s.Len()), func(q []feature.Feature, limit int) []inverted.Hit {
			hits, err := s.Snapshot().Search(context.Background(), inverted.Query{Features: q, Mirrored: true, Limit: limit})
			if err != nil {
				t.Fatal(err)
			}
			return hits
		})
		t.Logf("%.0f bytes a photo", float64(s.Bytes())/float64(s.Len()))
	}
}

func (g *shop) recall(t *testing.T, name string, search func(q []feature.Feature, limit int) []inverted.Hit) {
	type sum struct {
		n  int
		at [4]int
	}
	sums := map[string]*sum{}
	var took []time.Duration
	spent := processor()
	features := 0
	for _, q := range g.Queries {
		start := time.Now()
		hits := search(q.Features, 50)
		took = append(took, time.Since(start))
		features += len(q.Features)
		at := slices.IndexFunc(hits, func(h inverted.Hit) bool { return h.Row == q.Row })
		if sums[q.Kind] == nil {
			sums[q.Kind] = new(sum)
		}
		k := sums[q.Kind]
		k.n++
		for i, limit := range []int{1, 10, 50} {
			if at >= 0 && at < limit {
				k.at[i]++
			}
		}
	}
	spent = processor() - spent
	slices.Sort(took)
	for _, k := range kinds {
		k, s := k.name, sums[k.name]
		if s == nil {
			continue
		}
		t.Logf("%s photos, %-13s: recall at 1 %.3f, at 10 %.3f, at 50 %.3f of %d", name, k, float64(s.at[0])/float64(s.n),
			float64(s.at[1])/float64(s.n), float64(s.at[2])/float64(s.n), s.n)
	}
	t.Logf("%s photos: %d features a query, %v of a processor, median %v, 95%% %v", name, features/len(g.Queries), spent/time.Duration(len(g.Queries)), took[len(took)/2], took[len(took)*95/100])
}
