package picture_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"flag"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gen2brain/avif"
	"github.com/gen2brain/webp"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"touchstone/picture"
)

// scene draws a picture without symmetry: gradients, a bright disc off centre, a dark bar.
func scene(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{uint8(40 + 180*x/w), uint8(200 - 150*y/h), uint8(60 + 60*(x+y)/(w+h)), 255}
			if dx, dy := x-w/3, y-h/4; dx*dx+dy*dy < w*h/40 {
				c = color.NRGBA{250, 240, 180, 255}
			}
			if y > 3*h/4 && x > w/2 && x < w/2+w/5 {
				c = color.NRGBA{20, 30, 70, 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

// encoded returns what an encoder writes.
func encoded(t testing.TB, encode func(b *bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, m image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, m, &jpeg.Options{Quality: 92}) })
}

func asPNG(t testing.TB, m image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, m) })
}

func asGIF(t testing.TB, m image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, m, nil) })
}

func asBMP(t testing.TB, m image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return bmp.Encode(b, m) })
}

func asTIFF(t testing.TB, m image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return tiff.Encode(b, m, &tiff.Options{Compression: tiff.Deflate}) })
}

var update = flag.Bool("update", false, "write testdata/*.avif anew")

// asAVIF returns the picture in testdata, which is m encoded: the encoder takes 20 seconds to start under the race
// detector. With -update it is encoded anew.
func asAVIF(t testing.TB, name string, m image.Image) []byte {
	t.Helper()
	path := filepath.Join("testdata", name+".avif")
	if *update {
		b := encoded(t, func(b *bytes.Buffer) error {
			return avif.Encode(b, m, avif.Options{Quality: 90, QualityAlpha: 90, ChromaSubsampling: image.YCbCrSubsampleRatio444})
		})
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return read(t, path)
}

// sceneAVIF is scene(97, 61).
func sceneAVIF(t testing.TB) []byte {
	t.Helper()
	return asAVIF(t, "scene", scene(97, 61))
}

func asWebP(t testing.TB, m image.Image, lossless bool) []byte {
	return encoded(t, func(b *bytes.Buffer) error {
		return webp.Encode(b, m, webp.Options{Quality: 95, Lossless: lossless, Exact: true})
	})
}

// asHEIC is a photograph: there is no encoder at hand.
func asHEIC(t testing.TB) []byte {
	return read(t, filepath.Join(moduleData(t, "github.com/gen2brain/heic"), "test.heic"))
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

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(t testing.TB, b []byte, side int) *picture.Picture {
	t.Helper()
	p, err := picture.NewDecoder(picture.Limits{}).Decode(t.Context(), b, side)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// difference compares two pictures: the mean absolute difference of the channels of RGB.
func difference(t testing.TB, got *picture.Picture, want image.Image) float64 {
	t.Helper()
	size := want.Bounds().Size()
	if got.Image.Rect.Size() != size {
		t.Fatalf("size is %v, want %v", got.Image.Rect, size)
	}
	sum := 0
	for y := range size.Y {
		for x := range size.X {
			r, g, b, _ := got.Image.At(x, y).RGBA()
			wr, wg, wb, wa := want.At(want.Bounds().Min.X+x, want.Bounds().Min.Y+y).RGBA()
			for _, d := range []int{int(r>>8) - int((wr+0xffff-wa)>>8), int(g>>8) - int((wg+0xffff-wa)>>8), int(b>>8) - int((wb+0xffff-wa)>>8)} {
				sum += max(d, -d)
			}
		}
	}
	return float64(sum) / float64(3*size.X*size.Y)
}

// exifBlock is a TIFF directory of one tag.
func exifBlock(orientation uint16) []byte {
	b := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	b = binary.BigEndian.AppendUint16(b, orientation)
	return append(b, 0, 0, 0, 0, 0, 0)
}

func jpegWithEXIF(b, block []byte) []byte {
	body := append([]byte("Exif\x00\x00"), block...)
	segment := append([]byte{0xff, 0xe1, byte((len(body) + 2) >> 8), byte(len(body) + 2)}, body...)
	return bytes.Join([][]byte{b[:2], segment, b[2:]}, nil)
}

func pngChunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

const pngHeader = 8 + 25 // the signature and IHDR

func pngWith(b []byte, kind string, body []byte) []byte {
	return bytes.Join([][]byte{b[:pngHeader], pngChunk(kind, body), b[pngHeader:]}, nil)
}

// pngIHDR is the start of a PNG.
func pngIHDR(w, h uint32, depth, colour, interlace byte) []byte {
	body := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	return append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", append(body, depth, colour, 0, 0, interlace))...)
}

// interlacedPNG writes 8-bit RGB in Adam7's seven passes.
func interlacedPNG(t testing.TB, m *image.NRGBA) []byte {
	t.Helper()
	var raw bytes.Buffer
	z := zlib.NewWriter(&raw)
	w, h := m.Rect.Dx(), m.Rect.Dy()
	for _, p := range [7][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
		for y := p[1]; y < h && p[0] < w; y += p[3] {
			row := []byte{0}
			for x := p[0]; x < w; x += p[2] {
				i := m.PixOffset(x, y)
				row = append(row, m.Pix[i:i+3]...)
			}
			if _, err := z.Write(row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	b := pngIHDR(uint32(w), uint32(h), 8, 2, 1)
	return append(append(b, pngChunk("IDAT", raw.Bytes())...), pngChunk("IEND", nil)...)
}

func riffChunk(kind string, body []byte) []byte {
	b := append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body))), body...)
	return append(b, make([]byte, len(body)%2)...)
}

func riffFile(chunks ...[]byte) []byte {
	body := append([]byte("WEBP"), bytes.Join(chunks, nil)...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// extendedWebP puts chunks behind the only chunk of a plain WebP.
func extendedWebP(plain []byte, w, h int, flags byte, behind []byte) []byte {
	head := []byte{flags, 0, 0, 0, byte(w - 1), byte((w - 1) >> 8), 0, byte(h - 1), byte((h - 1) >> 8), 0}
	return riffFile(riffChunk("VP8X", head), plain[12:], behind)
}

// rgbTIFF writes uncompressed RGB with an orientation, which the encoder at hand can't.
func rgbTIFF(m *image.NRGBA, orientation uint16) []byte {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	type entry struct {
		tag, kind uint16
		count     uint32
		value     uint32
	}
	entries := []entry{
		{256, 4, 1, uint32(w)}, {257, 4, 1, uint32(h)}, {258, 3, 3, 134}, {259, 3, 1, 1}, {262, 3, 1, 2},
		{273, 4, 1, 140}, {274, 3, 1, uint32(orientation)}, {277, 3, 1, 3}, {278, 4, 1, uint32(h)},
		{279, 4, 1, uint32(3 * w * h)},
	}
	b := []byte("II*\x00\x08\x00\x00\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(entries)))
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, e.tag), e.kind)
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, e.count), e.value)
	}
	b = append(b, 0, 0, 0, 0, 8, 0, 8, 0, 8, 0) // no other directory; then at 134 the bits of the channels
	for i := 0; i < len(m.Pix); i += 4 {
		b = append(b, m.Pix[i:i+3]...)
	}
	return b
}

// stored returns the picture as it lies in a file with the orientation. It is written from EXIF's table, row by row and
// column by column: what the first row and the first column of the file show.
func stored(m *image.NRGBA, orientation int) *image.NRGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	if orientation >= 5 {
		w, h = h, w
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	right, bottom := m.Rect.Dx()-1, m.Rect.Dy()-1
	for r := range h {
		for c := range w {
			x, y := c, r
			switch orientation {
			case 2: // first row top, first column right
				x = right - c
			case 3: // bottom, right
				x, y = right-c, bottom-r
			case 4: // bottom, left
				y = bottom - r
			case 5: // left, top
				x, y = r, c
			case 6: // right, top
				x, y = right-r, c
			case 7: // right, bottom
				x, y = right-r, bottom-c
			case 8: // left, bottom
				x, y = r, bottom-c
			}
			out.SetNRGBA(c, r, m.NRGBAAt(x, y))
		}
	}
	return out
}
