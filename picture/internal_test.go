package picture

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/draw"
	"image/gif"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

func TestGuard(t *testing.T) {
	var none []int
	err := guard(func() error { none[0]++; return nil })
	if !errors.Is(err, ErrDecoder) {
		t.Errorf("guard of a panic = %v, want ErrDecoder", err)
	}
	if err := guard(func() error { return ErrCorrupt }); !errors.Is(err, ErrCorrupt) {
		t.Errorf("guard of an error = %v, want it unchanged", err)
	}
}

// TestMemoryIsWaitedFor takes the whole budget: a decode waits until its context ends, or until there is memory.
func TestMemoryIsWaitedFor(t *testing.T) {
	d := NewDecoder(Limits{})
	b := plainPNG(t)
	if err := d.memory.Acquire(t.Context(), d.limits.Memory); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := d.Decode(ctx, b, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Decode without memory = %v, want DeadlineExceeded", err)
	}
	done := make(chan error)
	go func() {
		_, err := d.Decode(context.Background(), b, 0)
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("Decode without memory came back with %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	d.memory.Release(d.limits.Memory)
	if err := <-done; err != nil {
		t.Errorf("Decode with memory = %v", err)
	}
	if !d.memory.TryAcquire(d.limits.Memory) {
		t.Error("Decode keeps memory")
	}
}

// TestMemoryIsGivenBack, after refusals too.
func TestMemoryIsGivenBack(t *testing.T) {
	d := NewDecoder(Limits{})
	b := plainPNG(t)
	b[len(b)-20] ^= 1
	if _, err := d.Decode(t.Context(), b, 0); err == nil {
		t.Error("a damaged PNG was read")
	}
	if !d.memory.TryAcquire(d.limits.Memory) {
		t.Error("Decode keeps memory after an error")
	}
}

// TestTurnsAreAGroup compares a turn after a turn with the one that then gives.
func TestTurnsAreAGroup(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 5, 3), image.YCbCrSubsampleRatio444)
	for i := range m.Y {
		m.Y[i], m.Cb[i], m.Cr[i] = uint8(i), uint8(2*i), uint8(3*i)
	}
	for o := upright; o <= 8; o++ {
		for p := upright; p <= 8; p++ {
			got, want := o.then(p).turn(m), p.turn(o.turn(m))
			if got.Rect != want.Rect || string(got.Y) != string(want.Y) || string(got.Cr) != string(want.Cr) {
				t.Errorf("%d then %d is not %d", o, p, o.then(p))
			}
		}
	}
}

func TestFitsUsesWideArithmetic(t *testing.T) {
	l := Limits{Side: 1 << 31, Pixels: 1 << 30}.withDefaults()
	if err := l.fits(1<<31, 1<<31); !errors.Is(err, ErrTooLarge) {
		t.Errorf("fits(2^31, 2^31) = %v, want ErrTooLarge", err)
	}
	if runtime.GOARCH == "amd64" && l.fits(1<<15, 1<<15) != nil {
		t.Error("fits(2^15, 2^15) is refused within a limit of 2^30")
	}
}

// TestMemoryIsEnough holds what the decoders allocate against the estimates. What they allocate and drop again counts as
// well, so this is on the safe side.
func TestMemoryIsEnough(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 500, 400))
	for i := range m.Pix {
		m.Pix[i] = uint8(i * i >> 7)
	}
	opaque := image.NewRGBA(m.Rect)
	draw.Draw(opaque, m.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(opaque, m.Rect, m, image.Point{}, draw.Over)
	deep := image.NewNRGBA64(m.Rect)
	draw.Draw(deep, m.Rect, m, image.Point{}, draw.Src)
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/image").Output()
	if err != nil {
		t.Fatal(err)
	}
	module := func(name string) func(w io.Writer) error {
		return func(w io.Writer) error {
			b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "testdata", name))
			if err == nil {
				_, err = w.Write(b)
			}
			return err
		}
	}
	for name, encode := range map[string]func(w io.Writer) error{
		"png":           func(w io.Writer) error { return png.Encode(w, m) },
		"png opaque":    func(w io.Writer) error { return png.Encode(w, opaque) },
		"png 16 bits":   func(w io.Writer) error { return png.Encode(w, deep) },
		"gif":           func(w io.Writer) error { return gif.Encode(w, opaque, nil) },
		"bmp":           func(w io.Writer) error { return bmp.Encode(w, opaque) },
		"tiff":          func(w io.Writer) error { return tiff.Encode(w, m, nil) },
		"tiff deflated": func(w io.Writer) error { return tiff.Encode(w, m, &tiff.Options{Compression: tiff.Deflate}) },
		"tiff 16 bits":  func(w io.Writer) error { return tiff.Encode(w, deep, nil) },
		"webp":          module("yellow_rose.lossy.webp"),
		"webp alpha":    module("yellow_rose.lossy-with-alpha.webp"),
		"webp lossless": module("yellow_rose.lossless.webp"),
	} {
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			t.Fatal(err)
		}
		h, err := NewDecoder(Limits{}).open(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 4} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, _, err := h.file.pixels(cells{side: n}); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if got, most := int64(after.TotalAlloc-before.TotalAlloc), h.file.memory(cells{side: n}); got > most {
				t.Errorf("%s by %d allocates %d bytes, more than the %d estimated", name, n, got, most)
			}
		}
	}
}

// TestLargestFit says what of the largest size that the limits allow is read within the default memory.
func TestLargestFit(t *testing.T) {
	const w, h = 8192, 8192
	for _, c := range []struct {
		name string
		file file
		fits bool
	}{
		{"png", &pngFile{width: w, height: h, perPixel: 4}, true},
		{"png, 16 bits and interlaced", &pngFile{width: w, height: h, perPixel: 8, interlaced: true}, true},
		{"gif", &gifFile{width: w, height: h, frame: image.Rect(0, 0, w, h)}, true},
		{"webp", &webpFile{width: w, height: h, fw: w, fh: h, kind: "VP8 "}, true},
		{"webp, lossless", &webpFile{width: w, height: h, fw: w, fh: h, kind: "VP8L"}, true},
		{"webp, alpha", &webpFile{width: w, height: h, fw: w, fh: h, kind: "VP8 ", alpha: []byte{0}}, true},
		{"bmp", &bmpFile{Config: image.Config{Width: w, Height: h}}, true},
		{"tiff", &tiffFile{Config: image.Config{Width: w, Height: h}}, false},
		{"heic", &isoFile{format: HEIC, width: w, height: h}, true},
		{"heic, deep", &isoFile{format: HEIC, width: w, height: h, deep: true}, false},
		{"avif", &isoFile{format: AVIF, width: w, height: h}, false},
	} {
		need := c.file.memory(cells{side: 1})
		if got := need <= defaultMemory; got != c.fits {
			t.Errorf("%s of 64 megapixels takes %d MiB in full: fits is %v, want %v", c.name, need>>20, got, c.fits)
		}
	}
}

// plainPNG is a small picture.
func plainPNG(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 32, 32))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
