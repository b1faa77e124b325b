package picture_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"touchstone/picture"
)

// seeds are small files of all formats. HEIC's is a photograph; AVIF and HEIC are left out of mutation in the tests of
// every run, since their modules take milliseconds to start.
func seeds(t testing.TB) map[string][]byte {
	m := scene(24, 18)
	return map[string][]byte{
		"jpeg":          jpegWithEXIF(asJPEG(t, m), exifBlock(6)),
		"png":           pngWith(asPNG(t, m), "eXIf", exifBlock(8)),
		"interlaced":    interlacedPNG(t, m),
		"gif":           asGIF(t, m),
		"webp lossy":    asWebP(t, m, false),
		"webp lossless": extendedWebP(asWebP(t, m, true), 24, 18, 0x08, riffChunk("EXIF", exifBlock(5))),
		"bmp":           asBMP(t, m),
		"tiff":          rgbTIFF(m, 3),
		"tiff deflated": asTIFF(t, m),
		"avif":          sceneAVIF(t),
		"heic":          read(t, moduleData(t, "github.com/gen2brain/heic")+"/gray.heic"),
	}
}

// fuzzLimits keep the fuzzer fast.
var fuzzLimits = picture.Limits{Pixels: 1 << 18, Side: 4096, MinSide: 1, Memory: 64 << 20}

// foreign tells whether a format's pixels are decoded by other people's code alone, whose panics are theirs to mend.
func foreign(f picture.Format) bool {
	return slices.Contains([]picture.Format{picture.GIF, picture.BMP, picture.TIFF, picture.WebP, picture.AVIF, picture.HEIC}, f)
}

// check asserts that whatever the bytes are, there is a picture within the limits and of the size that Config states,
// or one of the errors named.
func check(t *testing.T, d *picture.Decoder, b []byte, side int) {
	c, configErr := d.Config(b)
	p, err := d.Decode(context.Background(), b, side)
	if errors.Is(configErr, picture.ErrDecoder) || errors.Is(err, picture.ErrDecoder) && !foreign(c.Format) {
		t.Fatalf("a panic of ours: %v, %v", configErr, err)
	}
	if err != nil {
		for _, named := range []error{
			picture.ErrEmpty, picture.ErrFormat, picture.ErrTooLarge, picture.ErrTooSmall, picture.ErrTruncated,
			picture.ErrCorrupt, picture.ErrUnsupported, picture.ErrDecoder,
		} {
			if errors.Is(err, named) {
				return
			}
		}
		t.Fatalf("an error without a name: %v", err)
	}
	if configErr != nil || c.Width != p.Width || c.Height != p.Height || c.Format != p.Format {
		t.Fatalf("Config = %+v, %v of a picture of %d x %d", c, configErr, p.Width, p.Height)
	}
	if p.Width*p.Height > fuzzLimits.Pixels || p.Width < 1 || p.Height < 1 {
		t.Fatalf("%d x %d is beyond the limits", p.Width, p.Height)
	}
	size := p.Image.Rect.Size()
	if size.X != (p.Width+p.Reduction-1)/p.Reduction || size.Y != (p.Height+p.Reduction-1)/p.Reduction {
		t.Fatalf("%v for %d x %d reduced by %d", size, p.Width, p.Height, p.Reduction)
	}
	if side > 0 && p.Reduction > 1 && min(size.X, size.Y) < side {
		t.Fatalf("%v is below %d", size, side)
	}
	for y := range size.Y {
		for x := range size.X {
			_ = p.Image.YCbCrAt(x, y) // panics where a plane is short
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b, 0)
		f.Add(b[:len(b)*3/4], 4)
	}
	d := picture.NewDecoder(fuzzLimits)
	f.Fuzz(func(t *testing.T, b []byte, side int) { check(t, d, b, side) })
}

// TestMutants damages the seeds at random, a few bytes each: what a fuzzer does, but in every run of the tests.
func TestMutants(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	d := picture.NewDecoder(fuzzLimits)
	for name, b := range seeds(t) {
		rounds := 400
		if name == "avif" || name == "heic" {
			rounds = 4
		}
		for range rounds {
			b := bytes.Clone(b)
			for range 1 + r.IntN(4) {
				b[min(r.IntN(len(b)), r.IntN(len(b)))] = byte(r.Uint32()) // rather in the header
			}
			check(t, d, b, r.IntN(12))
		}
	}
}
