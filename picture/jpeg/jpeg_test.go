package jpeg_test

import (
	"bytes"
	"flag"
	"image"
	stdjpeg "image/jpeg"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"touchstone/picture/jpeg"
)

// noise draws something with detail at all frequencies, smooth enough for chroma to be subsampled.
func noise(seed uint64, w, h int) *image.RGBA {
	r := rand.New(rand.NewPCG(seed, 1))
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			i := m.PixOffset(x, y)
			base := 128 + 80*math.Sin(float64(x)/9)*math.Cos(float64(y)/13)
			m.Pix[i] = uint8(base + r.Float64()*24)
			m.Pix[i+1] = uint8(base*0.8 + 20)
			m.Pix[i+2] = uint8(220 - base*0.6 + r.Float64()*8)
			m.Pix[i+3] = 255
		}
	}
	return m
}

// moduleData returns a module's testdata folder.
func moduleData(t testing.TB, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatalf("find %s: %v", module, err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "testdata")
}

var oneIn = flag.Int("one-in", 240, "decode one photo in so many of TOUCHSTONE_DATA")

// photos returns one in so many of the JPEGs below TOUCHSTONE_DATA.
func photos(t testing.TB, oneIn int) [][]byte {
	t.Helper()
	root := os.Getenv("TOUCHSTONE_DATA")
	if root == "" {
		t.Skip("TOUCHSTONE_DATA is not set: no real photos")
	}
	var all [][]byte
	n := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".jpg" {
			return err
		}
		if n++; n%oneIn != 0 {
			return nil
		}
		b, err := os.ReadFile(path)
		all = append(all, b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatalf("no photos in %s", root)
	}
	return all
}

// lumaError compares a picture reduced by denom with the means of squares of the full one: the mean and the largest
// absolute difference. Squares that reach beyond the picture are left out, for the reduced ones hold the encoder's
// padding.
func lumaError(full, reduced *image.YCbCr, denom int) (mean, worst float64) {
	w, h := full.Rect.Dx()/denom, full.Rect.Dy()/denom
	for y := range h {
		for x := range w {
			sum := 0
			for j := range denom {
				for i := range denom {
					sum += int(full.Y[(y*denom+j)*full.YStride+x*denom+i])
				}
			}
			d := math.Abs(float64(sum)/float64(denom*denom) - float64(reduced.Y[y*reduced.YStride+x]))
			mean += d / float64(w*h)
			worst = max(worst, d)
		}
	}
	return mean, worst
}

// asYCbCr gives what image/jpeg returns as YCbCr; grey gets no chroma.
func asYCbCr(t testing.TB, m image.Image) *image.YCbCr {
	t.Helper()
	switch m := m.(type) {
	case *image.YCbCr:
		return m
	case *image.Gray:
		return &image.YCbCr{Y: m.Pix, YStride: m.Stride, Rect: m.Rect, SubsampleRatio: image.YCbCrSubsampleRatio410}
	}
	t.Fatalf("image/jpeg returned %T", m)
	return nil
}

func decode(t testing.TB, b []byte, denom int) *image.YCbCr {
	t.Helper()
	f, err := jpeg.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.Decode(denom)
	if err != nil {
		t.Fatal(err)
	}
	want := image.Pt((f.Width+denom-1)/denom, (f.Height+denom-1)/denom)
	if m.Rect != (image.Rectangle{Max: want}) {
		t.Fatalf("Decode(%d) of %d x %d = %v, want %v", denom, f.Width, f.Height, m.Rect, want)
	}
	return m
}

var denoms = []int{1, 2, 4, 8}

// Clamping before and after the mean differs: the worst sample may be off where a photo has hard edges.
const worstClamped = 24

func TestDecodeAgreesWithStandardLibrary(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {7, 9}, {16, 16}, {17, 33}, {100, 61}, {640, 360}} {
		var colour, grey bytes.Buffer
		m := noise(1, size.X, size.Y)
		if err := stdjpeg.Encode(&colour, m, &stdjpeg.Options{Quality: 90}); err != nil {
			t.Fatal(err)
		}
		g := image.NewGray(m.Rect)
		for i := range g.Pix {
			g.Pix[i] = m.Pix[4*i]
		}
		if err := stdjpeg.Encode(&grey, g, &stdjpeg.Options{Quality: 40}); err != nil {
			t.Fatal(err)
		}
		for name, b := range map[string][]byte{"colour": colour.Bytes(), "grey": grey.Bytes()} {
			std, err := stdjpeg.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			for _, denom := range denoms {
				mean, worst := lumaError(asYCbCr(t, std), decode(t, b, denom), denom)
				if mean > 0.5 || worst > worstClamped {
					t.Errorf("%s %v at 1/%d: luma differs by %.3f, at most %.1f", name, size, denom, mean, worst)
				}
			}
		}
	}
}

func TestDecodeAgreesOnPhotos(t *testing.T) {
	t.Parallel()
	progressive := 0
	for _, b := range photos(t, *oneIn) {
		std, err := stdjpeg.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if f, err := jpeg.Parse(b); err == nil && f.Progressive {
			progressive++
		}
		full := asYCbCr(t, std)
		for _, denom := range denoms {
			m := decode(t, b, denom)
			mean, worst := lumaError(full, m, denom)
			if mean > 0.5 || worst > worstClamped {
				t.Errorf("at 1/%d: luma differs by %.3f, at most %.1f", denom, mean, worst)
			}
			if d := chromaError(full, m, denom); d > 1 {
				t.Errorf("at 1/%d: chroma differs by %.3f on average", denom, d)
			}
		}
	}
	if progressive == 0 {
		t.Error("no progressive photo among them")
	}
}

// chromaError is the mean absolute difference of Cb from the full picture's mean around the same place.
func chromaError(full, reduced *image.YCbCr, denom int) float64 {
	if len(full.Cb) == 0 {
		return 0
	}
	sum, n := 0.0, 0
	step := 4 // of the coarsest ratio
	for y := 0; (y+step)*denom <= full.Rect.Dy() && y+step <= reduced.Rect.Dy(); y += step {
		for x := 0; (x+step)*denom <= full.Rect.Dx() && x+step <= reduced.Rect.Dx(); x += step {
			var a, b, na, nb int
			for j := range step * denom {
				for i := range step * denom {
					a += int(full.Cb[full.COffset(full.Rect.Min.X+x*denom+i, full.Rect.Min.Y+y*denom+j)])
					na++
				}
			}
			for j := range step {
				for i := range step {
					b += int(reduced.Cb[reduced.COffset(x+i, y+j)])
					nb++
				}
			}
			sum += math.Abs(float64(a)/float64(na) - float64(b)/float64(nb))
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

func TestDecodeSamplings(t *testing.T) {
	t.Parallel()
	dir := moduleData(t, "github.com/gen2brain/jpegn")
	names := []string{"410", "411", "420", "420.odd", "422", "440", "444", "gray"}
	for _, name := range names {
		for _, kind := range []string{"", ".progressive"} {
			path := filepath.Join(dir, "test."+name+kind+".jpg")
			if name == "420.odd" && kind != "" {
				path = filepath.Join(dir, "test.420.progressive.odd.jpg")
			}
			t.Run(filepath.Base(path), func(t *testing.T) {
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				std, err := stdjpeg.Decode(bytes.NewReader(b))
				if err != nil {
					t.Fatal(err)
				}
				full := asYCbCr(t, std)
				for _, denom := range denoms {
					m := decode(t, b, denom)
					mean, worst := lumaError(full, m, denom)
					if mean > 0.5 || worst > worstClamped {
						t.Errorf("at 1/%d: luma differs by %.3f, at most %.1f", denom, mean, worst)
					}
					if d := chromaError(full, m, denom); d > 1 {
						t.Errorf("at 1/%d: chroma differs by %.3f on average", denom, d)
					}
				}
			})
		}
	}
}
