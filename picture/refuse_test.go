package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"touchstone/picture"
)

func TestRefusesOtherFiles(t *testing.T) {
	d := picture.NewDecoder(picture.Limits{})
	for _, c := range []struct{ bytes, names string }{
		{"<!DOCTYPE html><html><body>not found</body></html>", "html"},
		{"\xef\xbb\xbf\n <html lang=de>", "html"},
		{"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg"},
		{"<?xml version='1.0'?>\n<!-- x --><svg/>", "svg"},
		{"<?xml version='1.0'?><feed/>", "xml"},
		{`{"error": "not found"}`, "json"},
		{"%PDF-1.7\n", "pdf"},
		{"PK\x03\x04\x14\x00\x00\x00", "zip"},
		{"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41", `"isom"`},
		{"\x00\x00\x00\x0cJXL \r\n\x87\n", "jpeg xl"},
		{"\xff\x0a\x00\x00", "jpeg xl"},
		{"\x00\x00\x00\x0cjP  \r\n\x87\n", "jpeg 2000"},
		{"RIFF\x00\x00\x00\x00WAVEfmt ", "riff"},
		{"8BPS\x00\x01", "psd"},
		{"MZ\x90\x00", "windows executable"},
		{"\x7fELF\x02", "elf"},
		{"\x1f\x8b\x08\x00", "gzip"},
		{"no picture at all", "unknown"},
		{"\x00", "unknown"},
		{"\xff", "unknown"},
		{"\xff\xd8", "unknown"},
	} {
		_, err := d.Decode(t.Context(), []byte(c.bytes), 0)
		if !errors.Is(err, picture.ErrFormat) || !strings.Contains(err.Error(), c.names) || !strings.Contains(err.Error(), "webp") {
			t.Errorf("Decode(%.20q) = %v, want ErrFormat that names %s and what is read", c.bytes, err, c.names)
		}
	}
	if _, err := d.Decode(t.Context(), nil, 0); !errors.Is(err, picture.ErrEmpty) {
		t.Errorf("Decode of nothing = %v, want ErrEmpty", err)
	}
}

func TestLimits(t *testing.T) {
	m := scene(120, 90)
	for _, c := range []struct {
		name   string
		limits picture.Limits
		bytes  []byte
		want   error
	}{
		{"bytes", picture.Limits{Bytes: 100}, asPNG(t, m), picture.ErrTooLarge},
		{"pixels", picture.Limits{Pixels: 120*90 - 1}, asPNG(t, m), picture.ErrTooLarge},
		{"side", picture.Limits{Side: 119}, asJPEG(t, m), picture.ErrTooLarge},
		{"least side", picture.Limits{MinSide: 91}, asJPEG(t, m), picture.ErrTooSmall},
		{"memory", picture.Limits{Memory: 100_000}, asPNG(t, m), picture.ErrTooLarge},
		{"just enough", picture.Limits{Pixels: 120 * 90, Side: 120, MinSide: 90}, asPNG(t, m), nil},
		{"1x1", picture.Limits{}, asPNG(t, scene(1, 1)), picture.ErrTooSmall},
		{"1x1 wanted", picture.Limits{MinSide: 1}, asPNG(t, scene(1, 1)), nil},
		{"1x1 jpeg wanted", picture.Limits{MinSide: 1}, asJPEG(t, scene(1, 1)), nil},
		{"thin", picture.Limits{}, asPNG(t, scene(300, 15)), picture.ErrTooSmall},
		{"nothing", picture.Limits{MinSide: 1}, pngIHDR(0, 0, 8, 2, 0), picture.ErrTruncated},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := picture.NewDecoder(c.limits)
			if _, err := d.Decode(t.Context(), c.bytes, 0); !errors.Is(err, c.want) {
				t.Errorf("Decode = %v, want %v", err, c.want)
			}
			if c.name == "memory" {
				return
			}
			if _, err := d.Config(c.bytes); !errors.Is(err, c.want) {
				t.Errorf("Config = %v, want %v", err, c.want)
			}
		})
	}
	want := picture.Limits{Bytes: 20 << 20, Pixels: 64 << 20, Side: 16384, MinSide: 16, Memory: 1 << 30}
	if got := picture.NewDecoder(picture.Limits{Bytes: -1}).Limits(); got != want {
		t.Errorf("default limits = %+v, want %+v", got, want)
	}
}

// bombs are small files that claim, in whatever way their formats allow, to be huge.
func bombs(t testing.TB) map[string][]byte {
	t.Helper()
	m := scene(64, 64)
	patch := func(b []byte, at int, v ...byte) []byte {
		b = bytes.Clone(b)
		copy(b[at:], v)
		return b
	}
	j, g, bm, av := asJPEG(t, m), asGIF(t, m), asBMP(t, m), sceneAVIF(t)
	tf := rgbTIFF(m, 1)
	lossy, lossless := asWebP(t, m, false), asWebP(t, m, true)
	huge := []byte{0x30, 0x75} // 30000, little-endian
	heic := asHEIC(t)
	honest := append(pngIHDR(30000, 30000, 1, 0, 0), pngChunk("IDAT", make([]byte, 109_000))...)
	return map[string][]byte{
		"png of 60 bytes": append(pngIHDR(30000, 30000, 8, 6, 0), pngChunk("IEND", nil)...),
		"png":             append(honest, pngChunk("IEND", nil)...),
		"png, thin":       append(pngIHDR(50_000_000, 1, 8, 2, 0), pngChunk("IEND", nil)...),
		"png, most":       append(pngIHDR(1<<31-1, 1<<31-1, 8, 2, 0), pngChunk("IEND", nil)...),
		"jpeg":            patch(j, bytes.Index(j, []byte{0xff, 0xc0})+5, 0xff, 0xff, 0xff, 0xff),
		"gif":             patch(g, 6, huge[0], huge[1], huge[0], huge[1]),
		"bmp":             patch(bm, 18, huge[0], huge[1], 0, 0, huge[0], huge[1], 0, 0),
		"tiff":            patch(patch(tf, 18, huge[0], huge[1]), 30, huge[0], huge[1]),
		"webp, extended":  extendedWebP(lossy, 30000, 30000, 0, nil),
		"webp, animated": riffFile(riffChunk("VP8X", []byte{2, 0, 0, 0, huge[0], huge[1], 0, huge[0], huge[1], 0}),
			riffChunk("ANMF", append(make([]byte, 16), lossless[12:]...))),
		"avif":            patch(av, bytes.Index(av, []byte("ispe"))+8, 0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30),
		"heic":            patch(heic, bytes.LastIndex(heic, []byte("ispe"))+8, 0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30),
		"heic, its tiles": patch(heic, bytes.Index(heic, []byte("ispe"))+8, 0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30),
	}
}

func TestBombs(t *testing.T) {
	for name, b := range bombs(t) {
		t.Run(name, func(t *testing.T) {
			d := picture.NewDecoder(picture.Limits{})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := d.Decode(t.Context(), b, 128)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, picture.ErrTooLarge) {
				t.Errorf("Decode = %v, want ErrTooLarge", err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
				t.Errorf("%d bytes were allocated, more than 1 MiB", n)
			}
			// Decoding would take tens of seconds; a loaded machine may take a hundred milliseconds for nothing.
			if took > time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestLies: files whose parts contradict each other within the limits cost no more than their format's decoder says.
func TestLies(t *testing.T) {
	t.Parallel()
	m := scene(64, 64)
	j, heic := asJPEG(t, m), asHEIC(t)
	sof := bytes.Index(j, []byte{0xff, 0xc0})
	large := bytes.Clone(j)
	binary.BigEndian.PutUint16(large[sof+5:], 8000)
	binary.BigEndian.PutUint16(large[sof+7:], 8000)
	grid := bytes.Clone(heic)
	binary.BigEndian.PutUint32(grid[bytes.LastIndex(heic, []byte("ispe"))+8:], 1347)
	twice := append(bytes.Clone(j[:sof+19]), j[sof:]...)
	for _, c := range []struct {
		name  string
		bytes []byte
		want  error
	}{
		{"jpeg of 64 megapixels in some bytes", large, picture.ErrTruncated},
		{"jpeg with two frames", twice, picture.ErrCorrupt},
		{"heic whose grid has another size", grid, picture.ErrCorrupt},
		{"webp frame larger than its canvas", extendedWebP(asWebP(t, m, false), 63, 64, 0, nil), picture.ErrCorrupt},
		{"webp frame smaller than its canvas", extendedWebP(asWebP(t, m, false), 65, 64, 0, nil), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := picture.NewDecoder(picture.Limits{}).Decode(t.Context(), c.bytes, 0); !errors.Is(err, c.want) {
				t.Errorf("Decode = %v, want %v", err, c.want)
			}
		})
	}
}

// TestCodedSizes: containers that state less than their coded pictures do.
func TestCodedSizes(t *testing.T) {
	for name, b := range map[string][]byte{
		"avif": sceneAVIF(t),
		"heic": read(t, filepath.Join(moduleData(t, "github.com/gen2brain/heic"), "gray.heic")),
	} {
		b = bytes.Clone(b)
		ispe := bytes.Index(b, []byte("ispe")) + 8
		binary.BigEndian.PutUint32(b[ispe:], 32)
		binary.BigEndian.PutUint32(b[ispe+4:], 32)
		_, err := picture.NewDecoder(picture.Limits{Side: 64}).Config(b)
		if !errors.Is(err, picture.ErrTooLarge) || strings.Contains(err.Error(), "32 x 32") {
			t.Errorf("%s of more than 64 pixels that claims 32: %v, want ErrTooLarge", name, err)
		}
	}
}

// TestTruncated cuts files of all formats.
func TestTruncated(t *testing.T) {
	t.Parallel()
	m := scene(80, 60)
	for name, b := range map[string][]byte{
		"jpeg": asJPEG(t, m), "png": asPNG(t, m), "gif": asGIF(t, m), "webp lossy": asWebP(t, m, false),
		"webp lossless": asWebP(t, m, true), "bmp": asBMP(t, m), "tiff": rgbTIFF(m, 1), "avif": sceneAVIF(t), "heic": asHEIC(t),
	} {
		for _, keep := range []float64{0.1, 0.5, 0.9, 0.99} {
			cut := b[:int(float64(len(b))*keep)]
			if _, err := picture.NewDecoder(picture.Limits{}).Decode(t.Context(), cut, 0); !errors.Is(err, picture.ErrTruncated) {
				t.Errorf("%s cut to %.0f%% (%d of %d bytes): %v, want ErrTruncated", name, 100*keep, len(cut), len(b), err)
			}
		}
	}
}

func TestCorrupt(t *testing.T) {
	m := scene(80, 60)
	flip := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[at] ^= 0x55
		return b
	}
	p, g := asPNG(t, m), asGIF(t, m)
	arithmetic := asJPEG(t, m)
	sof := bytes.Index(arithmetic, []byte{0xff, 0xc0})
	arithmetic[sof+1] = 0xc9
	deep := asJPEG(t, m)
	deep[sof+4] = 12
	for _, c := range []struct {
		name  string
		bytes []byte
		want  error
	}{
		{"png with a wrong checksum", flip(p, len(p)-20), picture.ErrCorrupt},
		{"png with a wrong checksum of a text", pngWith(p, "tEXt", []byte("a\x00b"))[:pngHeader], picture.ErrTruncated},
		{"png that starts with another chunk", append(bytes.Clone(p[:8]), pngChunk("IDAT", nil)...), picture.ErrCorrupt},
		{"png of 10,001 chunks", append(bytes.Clone(p[:pngHeader]), bytes.Repeat(pngChunk("tEXt", nil), 10_001)...), picture.ErrUnsupported},
		{"gif with a frame outside", flip(g, bytes.IndexByte(g[800:], ',')+800+2), picture.ErrCorrupt},
		{"jpeg, arithmetic", arithmetic, picture.ErrUnsupported},
		{"jpeg, 12 bits", deep, picture.ErrUnsupported},
		{"bmp of a strange depth", flip(asBMP(t, m), 28), picture.ErrUnsupported},
		{"webp without a frame", riffFile(riffChunk("ICCP", []byte{1, 2})), picture.ErrCorrupt},
		{"webp with a frame of zeros", riffFile(riffChunk("VP8 ", make([]byte, 30))), picture.ErrCorrupt},
		{"tiff without a directory", []byte("II*\x00\xff\xff\x00\x00aaaaaaaa"), picture.ErrTruncated},
		{"heic without boxes", []byte("\x00\x00\x00\x10ftypheic\x00\x00\x00\x00"), picture.ErrUnsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := picture.NewDecoder(picture.Limits{}).Decode(t.Context(), c.bytes, 0); !errors.Is(err, c.want) {
				t.Errorf("Decode = %v, want %v", err, c.want)
			}
		})
	}
}
