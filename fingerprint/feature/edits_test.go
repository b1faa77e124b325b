package feature

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"touchstone/picture"
)

func decode(b []byte) (*image.YCbCr, error) {
	p, err := picture.NewDecoder(picture.Limits{}).Decode(context.Background(), b, 400)
	if err != nil {
		return nil, err
	}
	return p.Image, nil
}

// photos decodes at most most of the photos in each folder of TOUCHSTONE_DATA.
func photos(t *testing.T, most int, take func(folder string) bool) (images []*image.YCbCr) {
	root := os.Getenv("TOUCHSTONE_DATA")
	if root == "" {
		t.Skip("TOUCHSTONE_DATA is not set")
	}
	folders, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range folders {
		if !d.IsDir() || !take(d.Name()) {
			continue
		}
		var files []string
		err := filepath.WalkDir(filepath.Join(root, d.Name()), func(p string, _ fs.DirEntry, err error) error {
			if slices.Contains([]string{".jpg", ".jpeg", ".png"}, filepath.Ext(p)) {
				files = append(files, p)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(9, 9))
		r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		for _, f := range files[:min(most, len(files))] {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if img, err := decode(b); err == nil {
				images = append(images, img)
			}
		}
	}
	if len(images) == 0 {
		t.Fatal("no photos")
	}
	return images
}

// edited is a picture as a seller might show it: scaled, at times turned and stretched, its tones and noise changed, and
// saved. where tells where a place of the picture went, both in shares of width and height. It is nil for a picture that
// would be too small.
func edited(img *image.YCbCr, r *rand.Rand) (out *image.YCbCr, where func(x, y float64) (float64, float64)) {
	w, h := float64(img.Rect.Dx()), float64(img.Rect.Dy())
	scale := min(math.Exp2(r.Float64()*1.7-1.1), 1000/max(w, h))
	turn := 0.0
	switch r.IntN(4) {
	case 0:
		turn = (2*r.Float64() - 1) * 0.4
	case 1:
		turn = (2*r.Float64() - 1) * math.Pi
	}
	stretch := math.Exp2((2*r.Float64() - 1) * 0.15)
	if r.IntN(2) == 0 {
		stretch = 1
	}
	sin, cos := math.Sincos(turn)
	ax, ay := scale*stretch, scale/stretch
	nw := int(math.Abs(cos)*ax*w + math.Abs(sin)*ay*h)
	nh := int(math.Abs(sin)*ax*w + math.Abs(cos)*ay*h)
	if min(nw, nh) < 60 {
		return nil, nil
	}
	fw, fh := float64(nw), float64(nh)
	gain, offset, noise := 1+(2*r.Float64()-1)*0.4, (2*r.Float64()-1)*40, 0.0
	if r.IntN(3) == 0 {
		noise = r.Float64() * 20
	}
	full := lumaOf(img)
	from := full.resize(max(1, min(full.w, int(ax*w))), max(1, min(full.h, int(ay*h))))
	grey := image.NewGray(image.Rect(0, 0, nw, nh))
	outside := float64(255 * r.IntN(2))
	for y := range nh {
		for x := range nw {
			u, v := float64(x)+0.5-fw/2, float64(y)+0.5-fh/2
			px := ((cos*u+sin*v)/(ax*w) + 0.5) * float64(from.w)
			py := ((-sin*u+cos*v)/(ay*h) + 0.5) * float64(from.h)
			l := outside
			if px >= 0 && py >= 0 && px < float64(from.w) && py < float64(from.h) {
				px, py = max(px-0.5, 0), max(py-0.5, 0)
				i, j := int(px), int(py)
				a, b := from.row(j), from.row(min(j+1, from.h-1))
				k := min(i+1, from.w-1)
				px, py = px-float64(i), py-float64(j)
				l = (float64(a[i])*(1-px)+float64(a[k])*px)*(1-py) + (float64(b[i])*(1-px)+float64(b[k])*px)*py
			}
			grey.Pix[y*grey.Stride+x] = uint8(min(max(gain*(l-128)+128+offset+noise*r.NormFloat64(), 0), 255))
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, grey, &jpeg.Options{Quality: 20 + r.IntN(70)}); err != nil {
		panic(err)
	}
	out, err := decode(b.Bytes())
	if err != nil {
		panic(err)
	}
	return out, func(x, y float64) (float64, float64) {
		u, v := ax*(x-0.5)*w, ay*(y-0.5)*h
		return (cos*u-sin*v)/fw + 0.5, (sin*u+cos*v)/fh + 0.5
	}
}

// again names for each feature of a photo the one of its edited copy that shows the same spot by its place and size, or
// -1.
func again(photo, copied *View, where func(x, y float64) (float64, float64)) []int {
	w, h := float64(copied.Width), float64(copied.Height)
	long := max(w, h)
	out := make([]int, len(photo.Features))
	for i := range photo.Features {
		f := &photo.Features[i]
		u, v := float64(f.X)/65535, float64(f.Y)/65535
		x, y := where(u, v)
		x1, y1 := where(u+0.01, v)
		scale := math.Hypot((x1-x)*w, (y1-y)*h) / (0.01 * float64(photo.Width))
		want := math.Exp2(-float64(f.Size)/16) * float64(max(photo.Width, photo.Height)) * scale / long
		nearest := 0.1 // diameters
		out[i] = -1
		for j := range copied.Features {
			g := &copied.Features[j]
			size := math.Abs(math.Log2(math.Exp2(-float64(g.Size)/16) / want))
			far := math.Hypot((float64(g.X)/65535-x)*w, (float64(g.Y)/65535-y)*h)/long/want + 0.1*size
			if size <= 0.35 && far < nearest {
				nearest, out[i] = far, j
			}
		}
	}
	return out
}
