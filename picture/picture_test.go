package picture_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"path/filepath"
	"testing"

	"github.com/gen2brain/avif"
	"github.com/gen2brain/heic"
	"golang.org/x/image/tiff"

	"touchstone/picture"
)

func TestDecodeReduces(t *testing.T) {
	t.Parallel()
	m := scene(500, 300)
	files := map[string][]byte{"jpeg": asJPEG(t, m), "png": asPNG(t, m), "webp": asWebP(t, m, false)}
	for _, c := range []struct {
		side, reduction int
		want            image.Point
	}{
		{0, 1, image.Pt(500, 300)},
		{-1, 1, image.Pt(500, 300)},
		{1000, 1, image.Pt(500, 300)},
		{300, 1, image.Pt(500, 300)},
		{151, 1, image.Pt(500, 300)},
		{150, 2, image.Pt(250, 150)},
		{64, 4, image.Pt(125, 75)},
		{30, 8, image.Pt(63, 38)},
		{10, 16, image.Pt(32, 19)},
		{1, 64, image.Pt(8, 5)},
	} {
		for name, b := range files {
			p := decode(t, b, c.side)
			if got := p.Image.Rect.Size(); got != c.want || p.Reduction != c.reduction || p.Width != 500 || p.Height != 300 {
				t.Errorf("Decode(%s, side %d) = %v, reduced by %d, of %d x %d; want %v, by %d",
					name, c.side, got, p.Reduction, p.Width, p.Height, c.want, c.reduction)
			}
		}
	}
}

// TestDecodeKeeping reduces no further than both sides allow, whichever way the picture lies.
func TestDecodeKeeping(t *testing.T) {
	t.Parallel()
	lying, standing := asJPEG(t, scene(500, 300)), asJPEG(t, scene(300, 500))
	d := picture.NewDecoder(picture.Limits{})
	for _, c := range []struct {
		keep      picture.Sides
		reduction int
	}{
		{picture.Sides{}, 1},
		{picture.Sides{Shorter: -1, Longer: -1}, 1},
		{picture.Sides{Longer: 1000}, 1},
		{picture.Sides{Longer: 500}, 1},
		{picture.Sides{Longer: 251}, 1},
		{picture.Sides{Longer: 250}, 2},
		{picture.Sides{Longer: 125}, 4},
		{picture.Sides{Longer: 1}, 64},
		{picture.Sides{Shorter: 75}, 4},
		{picture.Sides{Shorter: 75, Longer: 250}, 2},
		{picture.Sides{Shorter: 76, Longer: 125}, 2},
		{picture.Sides{Shorter: 75, Longer: 125}, 4},
	} {
		for name, b := range map[string][]byte{"lying": lying, "standing": standing} {
			p, err := d.DecodeKeeping(t.Context(), b, c.keep)
			if err != nil {
				t.Fatal(err)
			}
			if p.Reduction != c.reduction {
				t.Errorf("%s, keeping %+v, is reduced by %d, want %d", name, c.keep, p.Reduction, c.reduction)
			}
		}
	}
}

// TestReductionIsTheMean compares with means computed in the plainest way.
func TestReductionIsTheMean(t *testing.T) {
	m := scene(203, 131)
	full := decode(t, asPNG(t, m), 0)
	for _, n := range []int{2, 4, 8, 16} {
		p := decode(t, asPNG(t, m), 131/n)
		if p.Reduction != n {
			t.Fatalf("reduced by %d, want %d", p.Reduction, n)
		}
		for y := range p.Image.Rect.Dy() {
			for x := range p.Image.Rect.Dx() {
				sum, count := 0, 0
				for j := y * n; j < min(y*n+n, 131); j++ {
					for i := x * n; i < min(x*n+n, 203); i++ {
						sum += int(full.Image.YCbCrAt(i, j).Y)
						count++
					}
				}
				if d := int(p.Image.YCbCrAt(x, y).Y) - (sum+count/2)/count; d < -1 || d > 1 {
					t.Fatalf("by %d: luma at %d, %d is off by %d", n, x, y, d)
				}
			}
		}
	}
}

// TestFormats draws one scene in all formats and modes, and compares.
func TestFormats(t *testing.T) {
	t.Parallel()
	m := scene(97, 61)
	palette := image.NewPaletted(m.Rect, color.Palette{
		color.NRGBA{220, 60, 60, 255}, color.NRGBA{250, 240, 180, 255}, color.NRGBA{20, 30, 70, 255}, color.NRGBA{90, 180, 90, 255}})
	draw.Draw(palette, m.Rect, m, image.Point{}, draw.Src)
	grey, grey16 := image.NewGray(m.Rect), image.NewGray16(m.Rect)
	draw.Draw(grey, m.Rect, m, image.Point{}, draw.Src)
	draw.Draw(grey16, m.Rect, m, image.Point{}, draw.Src)
	deep := image.NewNRGBA64(m.Rect)
	draw.Draw(deep, m.Rect, m, image.Point{}, draw.Src)
	glass := image.NewNRGBA(m.Rect)
	copy(glass.Pix, m.Pix)
	glass64 := image.NewNRGBA64(m.Rect)
	for y := range 61 {
		for x := range 97 {
			c := m.NRGBAAt(x, y)
			c.A = uint8(255 * x / 96)
			glass.SetNRGBA(x, y, c)
			glass64.Set(x, y, c)
		}
	}
	holes := image.NewPaletted(m.Rect, append(color.Palette{color.NRGBA{}}, palette.Palette...))
	for i, v := range palette.Pix {
		if i%97 > 20 {
			holes.Pix[i] = v + 1
		}
	}
	for _, c := range []struct {
		name   string
		format picture.Format
		bytes  []byte
		want   image.Image
		off    float64 // the mean difference that coding may make
	}{
		{"jpeg", picture.JPEG, asJPEG(t, m), m, 3},
		{"jpeg grey", picture.JPEG, asJPEG(t, grey), grey, 2},
		{"png", picture.PNG, asPNG(t, m), m, 1},
		{"png palette", picture.PNG, asPNG(t, palette), palette, 1},
		{"png palette with holes", picture.PNG, asPNG(t, holes), holes, 1},
		{"png grey", picture.PNG, asPNG(t, grey), grey, 0},
		{"png 16 bits", picture.PNG, asPNG(t, deep), m, 1},
		{"png grey 16 bits", picture.PNG, asPNG(t, grey16), grey, 0.1},
		{"png alpha", picture.PNG, asPNG(t, glass), glass, 1},
		{"png alpha 16 bits", picture.PNG, asPNG(t, glass64), glass, 1.5},
		{"png interlaced", picture.PNG, interlacedPNG(t, m), m, 1},
		{"gif", picture.GIF, asGIF(t, palette), palette, 1},
		{"gif with holes", picture.GIF, asGIF(t, holes), holes, 1},
		{"webp lossy", picture.WebP, asWebP(t, m, false), m, 3},
		{"webp lossless", picture.WebP, asWebP(t, m, true), m, 1},
		{"webp lossy alpha", picture.WebP, asWebP(t, glass, false), glass, 3},
		{"webp lossless alpha", picture.WebP, asWebP(t, glass, true), glass, 1},
		{"bmp", picture.BMP, asBMP(t, m), m, 1},
		{"bmp palette", picture.BMP, asBMP(t, palette), palette, 1},
		{"bmp grey", picture.BMP, asBMP(t, grey), grey, 0.1},
		{"tiff", picture.TIFF, asTIFF(t, m), m, 1},
		{"tiff grey", picture.TIFF, asTIFF(t, grey), grey, 0.1},
		{"tiff 16 bits", picture.TIFF, asTIFF(t, deep), m, 1},
		{"tiff palette", picture.TIFF, asTIFF(t, palette), palette, 1},
		{"tiff alpha", picture.TIFF, asTIFF(t, glass), glass, 1},
		{"tiff plain", picture.TIFF, rgbTIFF(m, 1), m, 1},
		{"avif", picture.AVIF, sceneAVIF(t), m, 3},
		{"avif alpha", picture.AVIF, asAVIF(t, "glass", glass), glass, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := decode(t, c.bytes, 0)
			if p.Format != c.format || p.Format.String() == "unknown" || p.Warnings != 0 {
				t.Errorf("format %v with warnings %q, want %v without", p.Format, p.Warnings, c.format)
			}
			if d := difference(t, p, c.want); d > c.off {
				t.Errorf("differs by %.2f from what was drawn, at most %.2f expected", d, c.off)
			}
			config, err := picture.NewDecoder(picture.Limits{}).Config(c.bytes)
			want := picture.Config{Format: c.format, Width: 97, Height: 61, Orientation: 1}
			if err != nil || config != want {
				t.Errorf("Config = %+v, %v, want %+v", config, err, want)
			}
		})
	}
}

// TestForeignFiles reads the pictures that the decoders' own tests use and compares with their PNG twins.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	dir := moduleData(t, "golang.org/x/image")
	for _, c := range []struct {
		file, twin string
		off        float64
	}{
		{"blue-purple-pink-large.lossless.webp", "blue-purple-pink-large.png", 1},
		{"blue-purple-pink-large.simple-filter.lossy.webp", "blue-purple-pink-large.png", 4},
		{"yellow_rose.lossy-with-alpha.webp", "yellow_rose.lossless.webp", 6},
		{"gopher-doc.1bpp.lossless.webp", "gopher-doc.1bpp.png", 1},
		{"video-001.lossy.webp", "video-001.png", 6},
		{"video-001.bmp", "video-001.png", 1},
		{"video-001-tile-64x64.tiff", "video-001.png", 1},
		{"video-001-16bit.tiff", "video-001.png", 1},
		{"bw-gopher_ccittGroup4.tiff", "bw-gopher.png", 1},
		{"bmp_1bpp.bmp", "bmp_1bpp.png", 1},
	} {
		t.Run(c.file, func(t *testing.T) {
			want := decode(t, read(t, filepath.Join(dir, c.twin)), 0)
			got := decode(t, read(t, filepath.Join(dir, c.file)), 0)
			if d := difference(t, got, want.Image); d > c.off {
				t.Errorf("differs by %.2f from %s", d, c.twin)
			}
		})
	}
	for _, c := range []struct{ module, file string }{
		{"github.com/gen2brain/heic", "test8.heic"}, {"github.com/gen2brain/heic", "test12.heic"},
		{"github.com/gen2brain/heic", "gray.heic"}, {"github.com/gen2brain/avif", "test8.avif"},
		{"github.com/gen2brain/avif", "test10.avif"},
	} {
		t.Run(c.file, func(t *testing.T) {
			p := decode(t, read(t, filepath.Join(moduleData(t, c.module), c.file)), 128)
			if p.Width != 512 || p.Height != 512 || p.Reduction != 4 {
				t.Errorf("%d x %d reduced by %d, want 512 x 512 by 4", p.Width, p.Height, p.Reduction)
			}
		})
	}
}

// TestNoSystemLibraries fails where the build tag is missing that keeps the decoders from loading C libraries.
func TestNoSystemLibraries(t *testing.T) {
	if avif.Dynamic() == nil || heic.Dynamic() == nil {
		t.Error("a decoder has loaded a system library: build with -tags nodynamic")
	}
}

func TestFirstFrames(t *testing.T) {
	t.Parallel()
	colours := color.Palette{color.NRGBA{}, color.NRGBA{200, 30, 30, 255}, color.NRGBA{30, 30, 200, 255}}
	frame := func(r image.Rectangle, index uint8) *image.Paletted {
		m := image.NewPaletted(r, colours)
		for i := range m.Pix {
			m.Pix[i] = index
		}
		return m
	}
	want := image.NewNRGBA(image.Rect(0, 0, 60, 40))
	draw.Draw(want, want.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(want, image.Rect(10, 8, 50, 30), image.NewUniform(colours[1]), image.Point{}, draw.Src)

	animation := &gif.GIF{
		Image:  []*image.Paletted{frame(image.Rect(10, 8, 50, 30), 1), frame(image.Rect(0, 0, 60, 40), 2)},
		Delay:  []int{1, 1},
		Config: image.Config{ColorModel: colours, Width: 60, Height: 40},
	}
	moving := encoded(t, func(b *bytes.Buffer) error { return gif.EncodeAll(b, animation) })

	inner := image.NewNRGBA(image.Rect(0, 0, 40, 22))
	draw.Draw(inner, inner.Rect, image.NewUniform(colours[1]), image.Point{}, draw.Src)
	anmf := func(chunks []byte) []byte {
		head := []byte{5, 0, 0, 4, 0, 0, 39, 0, 0, 21, 0, 0, 10, 0, 0, 0}
		return riffChunk("ANMF", append(head, chunks...))
	}
	vp8x := riffChunk("VP8X", []byte{0x02, 0, 0, 0, 59, 0, 0, 39, 0, 0})
	anim := riffChunk("ANIM", make([]byte, 6))
	for _, lossless := range []bool{true, false} {
		still := asWebP(t, inner, lossless)[12:]
		p := decode(t, riffFile(vp8x, anim, anmf(still), anmf(still)), 0)
		if d := difference(t, p, want); d > 1.5 || p.Warnings != picture.Animated {
			t.Errorf("webp, lossless %v: differs by %.2f, warnings %q", lossless, d, p.Warnings)
		}
	}
	for _, side := range []int{0, 20} {
		p := decode(t, moving, side)
		if p.Warnings != picture.Animated || p.Width != 60 || p.Height != 40 {
			t.Errorf("gif: %d x %d, warnings %q", p.Width, p.Height, p.Warnings)
		}
		if side == 0 {
			if d := difference(t, p, want); d > 1 {
				t.Errorf("gif: differs by %.2f", d)
			}
		}
	}
	sequence := decode(t, read(t, filepath.Join(moduleData(t, "github.com/gen2brain/avif"), "test.avifs")), 0)
	if sequence.Warnings != picture.Animated || sequence.Width != 500 || sequence.Height != 360 {
		t.Errorf("avif: %d x %d, warnings %q", sequence.Width, sequence.Height, sequence.Warnings)
	}
	if p := decode(t, pngWith(asPNG(t, scene(20, 20)), "acTL", make([]byte, 8)), 0); p.Warnings != picture.Animated {
		t.Errorf("png: warnings %q", p.Warnings)
	}
}

// TestTransparentIsWhite: whatever colour hides below.
func TestTransparentIsWhite(t *testing.T) {
	t.Parallel()
	m := image.NewNRGBA(image.Rect(0, 0, 32, 32))
	for i := range m.Pix {
		if i%4 != 3 {
			m.Pix[i] = uint8(i)
		}
	}
	for name, b := range map[string][]byte{"png": asPNG(t, m), "webp": asWebP(t, m, true), "tiff": asTIFF(t, m)} {
		p := decode(t, b, 0)
		if d := difference(t, p, white(m.Rect)); d != 0 {
			t.Errorf("%s: differs from white by %.2f", name, d)
		}
	}
}

func white(r image.Rectangle) image.Image {
	m := image.NewGray(r)
	draw.Draw(m, r, image.White, image.Point{}, draw.Src)
	return m
}

func TestWarnings(t *testing.T) {
	m := scene(40, 30)
	tail := []byte("PK\x03\x04 and so on")
	j := asJPEG(t, m)
	for _, c := range []struct {
		name  string
		bytes []byte
		want  picture.Warnings
	}{
		{"jpeg with a tail", append(bytes.Clone(j), tail...), picture.TrailingData},
		{"jpeg without its end", j[:len(j)-2], picture.NoEndMarker},
		{"jpeg with half its end", j[:len(j)-1], picture.NoEndMarker},
		{"jpeg with a broken EXIF block", jpegWithEXIF(j, []byte("II*\x00\xff\xff\xff\xff")), picture.BadOrientation},
		{"jpeg with orientation 9", jpegWithEXIF(j, exifBlock(9)), picture.BadOrientation},
		{"jpeg with orientation 0", jpegWithEXIF(j, exifBlock(0)), picture.BadOrientation},
		{"jpeg with an EXIF block cut short", jpegWithEXIF(j, exifBlock(6)[:15]), picture.BadOrientation},
		{"png with a tail", append(asPNG(t, m), tail...), picture.TrailingData},
		{"gif with a tail", append(asGIF(t, m), tail...), picture.TrailingData},
		{"webp with a tail", append(asWebP(t, m, true), tail...), picture.TrailingData},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := decode(t, c.bytes, 0)
			if p.Warnings != c.want || !p.Warnings.Has(c.want) || p.Width != 40 || p.Height != 30 {
				t.Errorf("%d x %d, warnings %q, want %q", p.Width, p.Height, p.Warnings, c.want)
			}
		})
	}
	if got := (picture.Animated | picture.TrailingData).String(); got != "animated, trailing data" {
		t.Errorf("String() = %q", got)
	}
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := picture.NewDecoder(picture.Limits{}).Decode(ctx, asJPEG(t, scene(40, 40)), 0)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Decode under a cancelled context = %v", err)
	}
}

// TestBytesAreOnlyRead also guards against a decoder that keeps the bytes as its picture.
func TestBytesAreOnlyRead(t *testing.T) {
	t.Parallel()
	m := scene(64, 48)
	var uncompressed bytes.Buffer
	if err := tiff.Encode(&uncompressed, m, nil); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"jpeg": asJPEG(t, m), "png": asPNG(t, m), "gif": asGIF(t, m), "webp": asWebP(t, m, false), "bmp": asBMP(t, m),
		"tiff": uncompressed.Bytes(), "avif": sceneAVIF(t), "heic": asHEIC(t),
	} {
		before := bytes.Clone(b)
		p := decode(t, b, 0)
		if !bytes.Equal(b, before) {
			t.Errorf("%s: the bytes were changed", name)
		}
		luma := bytes.Clone(p.Image.Y)
		clear(b)
		if !bytes.Equal(luma, p.Image.Y) {
			t.Errorf("%s: the picture shares memory with the bytes", name)
		}
	}
}
