package jpeg_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"math"
	"runtime"
	"testing"

	"touchstone/picture/jpeg"
)

// wave is a smooth picture, different in each component.
func wave(c, x, y int) float64 {
	return 128 + 90*math.Sin(float64(x)/(11+4*float64(c))+float64(c))*math.Cos(float64(y)/(17-3*float64(c)))
}

func adobe(transform byte) []byte {
	return append([]byte{0xff, 0xee, 0, 14}, append([]byte("Adobe\x00\x64\x00\x00\x00\x00"), transform)...)
}

// TestDecodeForms compares with image/jpeg where that reads the form, pixel by pixel and at full size; and the reduced
// pictures with the full one.
func TestDecodeForms(t *testing.T) {
	t.Parallel()
	ycc := func(y, cb, cr [2]int) [][2]int { return [][2]int{y, cb, cr} }
	one := [2]int{1, 1}
	for _, c := range []struct {
		name   string
		writer writer
		std    bool // whether image/jpeg reads it
	}{
		{"444", writer{factors: ycc(one, one, one)}, true},
		{"422", writer{factors: ycc([2]int{2, 1}, one, one)}, true},
		{"420", writer{factors: ycc([2]int{2, 2}, one, one)}, true},
		{"440", writer{factors: ycc([2]int{1, 2}, one, one)}, true},
		{"411", writer{factors: ycc([2]int{4, 1}, one, one)}, true},
		{"410", writer{factors: ycc([2]int{4, 2}, one, one)}, true},
		{"444 by twos", writer{factors: ycc([2]int{2, 1}, [2]int{2, 1}, [2]int{2, 1})}, true},
		{"chroma differs", writer{factors: ycc([2]int{2, 2}, [2]int{1, 2}, one)}, false},
		{"three to one", writer{factors: ycc([2]int{3, 1}, one, one)}, false},
		{"chroma finer", writer{factors: ycc(one, [2]int{2, 1}, [2]int{2, 1})}, false},
		{"grey", writer{factors: [][2]int{one}}, true},
		{"grey by twos", writer{factors: [][2]int{{2, 2}}}, true},
		{"restarts", writer{factors: ycc([2]int{2, 2}, one, one), restart: 3}, true},
		{"restart each block", writer{factors: ycc(one, one, one), restart: 1}, true},
		{"scans apart", writer{factors: ycc([2]int{2, 2}, one, one), apart: true}, false},
		{"scans apart with restarts", writer{factors: ycc([2]int{2, 1}, one, one), apart: true, restart: 5}, false},
		{"rgb by adobe", writer{factors: ycc(one, one, one), before: adobe(0)}, true},
		{"rgb by name", writer{factors: ycc(one, one, one), ids: "RGB"}, true},
		{"cmyk", writer{factors: [][2]int{one, one, one, one}, before: adobe(0)}, true},
		{"ycck", writer{factors: [][2]int{one, one, one, one}, before: adobe(2)}, true},
		{"ycck 420", writer{factors: [][2]int{{2, 2}, one, one, {2, 2}}, before: adobe(2)}, true},
		{"cmyk without adobe", writer{factors: [][2]int{one, one, one, one}}, false},
		{"progressive 444", writer{factors: ycc(one, one, one), scans: script(3)}, true},
		{"progressive 420", writer{factors: ycc([2]int{2, 2}, one, one), scans: script(3), quant: 1}, true},
		{"progressive restarts", writer{factors: ycc(one, one, one), scans: script(3), restart: 4}, true},
		{"progressive restarts 422", writer{factors: ycc([2]int{2, 1}, one, one), scans: script(3), restart: 4}, false},
		{"progressive grey", writer{factors: [][2]int{one}, scans: script(1), quant: 1}, true},
		{"progressive cmyk", writer{factors: [][2]int{one, one, one, one}, scans: script(4), before: adobe(0)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := c.writer
			w.width, w.height, w.at = 75, 53, wave
			b := w.encode()
			full := decode(t, b, 1)
			for _, denom := range denoms[1:] {
				if c.name == "chroma finer" {
					break // luma is coarser than the picture, reduced even more
				}
				if mean, worst := lumaError(full, decode(t, b, denom), denom); mean > 1.2 || worst > 6 {
					t.Errorf("at 1/%d: luma differs from the full picture by %.3f, at most %.1f", denom, mean, worst)
				}
			}
			if !c.std {
				compareWave(t, &w, full)
				return
			}
			std, err := stdjpeg.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := full.Rect, std.Bounds(); got != want {
				t.Fatalf("size is %v, want %v", got, want)
			}
			for y := range w.height {
				for x := range w.width {
					r, g, bl, _ := std.At(x, y).RGBA()
					near(t, full.YCbCrAt(x, y), color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(bl >> 8), 255}, 4)
				}
			}
		})
	}
}

// compareWave compares with what was drawn.
func compareWave(t *testing.T, w *writer, m *image.YCbCr) {
	t.Helper()
	for y := range w.height {
		for x := range w.width {
			v := func(c int) uint8 { return uint8(math.Round(wave(c, x, y))) }
			if len(w.factors) == 4 {
				r, g, b := color.CMYKToRGB(v(0), v(1), v(2), v(3))
				near(t, m.YCbCrAt(x, y), color.RGBA{r, g, b, 255}, 12)
				continue
			}
			r, g, b := color.YCbCrToRGB(v(0), v(1), v(2))
			near(t, m.YCbCrAt(x, y), color.RGBA{r, g, b, 255}, 40) // chroma of few samples, far apart
		}
	}
}

func near(t *testing.T, got color.YCbCr, want color.RGBA, tolerance int) {
	t.Helper()
	r, g, b := color.YCbCrToRGB(got.Y, got.Cb, got.Cr)
	for _, d := range []int{int(r) - int(want.R), int(g) - int(want.G), int(b) - int(want.B)} {
		if d > tolerance || d < -tolerance {
			t.Fatalf("pixel is %v, want %v", color.RGBA{r, g, b, 255}, want)
		}
	}
}

// TestTruncated cuts files at each length: from where the picture is there whole, but for the end marker, they are
// read; before, they are refused as truncated.
func TestTruncated(t *testing.T) {
	t.Parallel()
	one := [2]int{1, 1}
	for name, w := range map[string]writer{
		"baseline":    {factors: [][2]int{{2, 2}, one, one}},
		"restarts":    {factors: [][2]int{{2, 2}, one, one}, restart: 2},
		"progressive": {factors: [][2]int{{2, 2}, one, one}, scans: script(3)},
		"apart":       {factors: [][2]int{{2, 2}, one, one}, apart: true},
	} {
		w.width, w.height, w.at = 40, 33, wave
		b := w.encode()
		whole := decode(t, b, 1)
		for n := range b {
			m, err := decodeCut(b[:n], 1)
			if n < len(b)-2 {
				if !errors.Is(err, jpeg.ErrTruncated) && !(n < 4 && errors.Is(err, jpeg.ErrCorrupt)) {
					t.Fatalf("%s cut to %d of %d bytes: %v, want ErrTruncated", name, n, len(b), err)
				}
				if _, err8 := decodeCut(b[:n], 8); fmt.Sprint(err) != fmt.Sprint(err8) {
					t.Fatalf("%s cut to %d of %d bytes: at 1/8 %v, in full %v", name, n, len(b), err8, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s without the last %d bytes of its end marker: %v", name, len(b)-n, err)
			}
			if !bytes.Equal(m.Y, whole.Y) {
				t.Errorf("%s without its end marker is another picture", name)
			}
			f, err := jpeg.Parse(b[:n])
			if err != nil || f.Ended {
				t.Errorf("Parse of %s without its end marker = %+v, %v; want not Ended", name, f, err)
			}
		}
	}
}

// TestCutAndMended cuts the data and puts the end marker back: no better.
func TestCutAndMended(t *testing.T) {
	w := writer{factors: [][2]int{{2, 2}, {1, 1}, {1, 1}}, width: 64, height: 64, at: wave}
	b := w.encode()
	for _, keep := range []float64{0.7, 0.9, 0.99} {
		cut := append(bytes.Clone(b[:int(float64(len(b))*keep)]), 0xff, 0xd9)
		for _, denom := range denoms {
			if _, err := decodeCut(cut, denom); !errors.Is(err, jpeg.ErrTruncated) {
				t.Errorf("cut to %.0f%% and ended, at 1/%d: %v, want ErrTruncated", 100*keep, denom, err)
			}
		}
	}
}

func decodeCut(b []byte, denom int) (*image.YCbCr, error) {
	f, err := jpeg.Parse(b)
	if err != nil {
		return nil, err
	}
	return f.Decode(denom)
}

func TestParseRefuses(t *testing.T) {
	sound := func(change func(b []byte)) []byte {
		w := writer{factors: [][2]int{{1, 1}}, width: 16, height: 16, at: wave}
		b := w.encode()
		change(b)
		return b
	}
	frame := bytes.Index(sound(func([]byte) {}), []byte{0xff, 0xc0})
	for _, c := range []struct {
		name  string
		bytes []byte
		want  error
	}{
		{"nothing", nil, jpeg.ErrCorrupt},
		{"start only", []byte{0xff, 0xd8}, jpeg.ErrCorrupt},
		{"start and end", []byte{0xff, 0xd8, 0xff, 0xd9}, jpeg.ErrCorrupt},
		{"cut in a segment", []byte{0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J'}, jpeg.ErrTruncated},
		{"segment of one byte", []byte{0xff, 0xd8, 0xff, 0xe0, 0, 1, 0, 0}, jpeg.ErrCorrupt},
		{"arithmetic", sound(func(b []byte) { b[frame+1] = 0xc9 }), jpeg.ErrUnsupported},
		{"lossless", sound(func(b []byte) { b[frame+1] = 0xc3 }), jpeg.ErrUnsupported},
		{"12 bits", sound(func(b []byte) { b[frame+4] = 12 }), jpeg.ErrUnsupported},
		{"height behind", sound(func(b []byte) { b[frame+5], b[frame+6] = 0, 0 }), jpeg.ErrUnsupported},
		{"no width", sound(func(b []byte) { b[frame+7], b[frame+8] = 0, 0 }), jpeg.ErrCorrupt},
		{"factor of 0", sound(func(b []byte) { b[frame+11] = 0x01 }), jpeg.ErrCorrupt},
		{"65 scans", func() []byte {
			w := writer{factors: [][2]int{{1, 1}}, width: 16, height: 16, at: wave}
			for range 65 {
				w.scans = append(w.scans, writerScan{0, 0, 0, 0, 0})
			}
			return w.encode()
		}(), jpeg.ErrUnsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := jpeg.Parse(c.bytes); !errors.Is(err, c.want) {
				t.Errorf("Parse = %v, want %v", err, c.want)
			}
		})
	}
}

// TestMemory holds what decoding allocates against the estimate.
func TestMemory(t *testing.T) {
	for name, w := range map[string]writer{
		"baseline":    {factors: [][2]int{{2, 2}, {1, 1}, {1, 1}}},
		"progressive": {factors: [][2]int{{1, 1}, {1, 1}, {1, 1}}, scans: script(3)},
		"cmyk":        {factors: [][2]int{{1, 1}, {1, 1}, {1, 1}, {1, 1}}, before: adobe(0)},
	} {
		w.width, w.height, w.at = 400, 300, wave
		f, err := jpeg.Parse(w.encode())
		if err != nil {
			t.Fatal(err)
		}
		for _, denom := range denoms {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := f.Decode(denom); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if got, most := int64(after.TotalAlloc-before.TotalAlloc), f.Memory(denom); got > most {
				t.Errorf("%s at 1/%d allocates %d bytes, more than the %d estimated", name, denom, got, most)
			}
		}
	}
}
