package picture_test

import (
	"bytes"
	"fmt"
	"image"
	"path/filepath"
	"testing"

	"github.com/bep/imagemeta"

	"touchstone/picture"
)

// same tells whether two pictures have the same pixels.
func same(a, b *picture.Picture) bool {
	if a.Image.Rect != b.Image.Rect || a.Width != b.Width || a.Height != b.Height {
		return false
	}
	for y := range a.Image.Rect.Dy() {
		for x := range a.Image.Rect.Dx() {
			if a.Image.YCbCrAt(x, y) != b.Image.YCbCrAt(x, y) {
				return false
			}
		}
	}
	return true
}

// TestOrientationsAreOne stores one picture in all eight orientations, without loss: each gives the same pixels, in
// full and reduced, though its sides are not multiples of the reduction.
func TestOrientationsAreOne(t *testing.T) {
	t.Parallel()
	m := scene(101, 67)
	want := map[int]*picture.Picture{0: decode(t, asPNG(t, m), 0), 30: decode(t, asPNG(t, m), 30), 15: decode(t, asPNG(t, m), 15)}
	for o := 1; o <= 8; o++ {
		s := stored(m, o)
		for name, b := range map[string][]byte{
			"png":  pngWith(asPNG(t, s), "eXIf", exifBlock(uint16(o))),
			"tiff": rgbTIFF(s, uint16(o)),
			"webp": extendedWebP(asWebP(t, s, true), s.Rect.Dx(), s.Rect.Dy(), 0x08, riffChunk("EXIF", exifBlock(uint16(o)))),
		} {
			for side, p := range want {
				if got := decode(t, b, side); !same(got, p) || got.Warnings != 0 {
					t.Errorf("%s in orientation %d, side %d: another picture (%v, warnings %q)", name, o, side, got.Image.Rect, got.Warnings)
				}
			}
			c, err := picture.NewDecoder(picture.Limits{}).Config(b)
			if err != nil || c.Width != 101 || c.Height != 67 || c.Orientation != o {
				t.Errorf("%s: Config = %+v, %v", name, c, err)
			}
		}
	}
}

// TestJPEGOrientations turns decoded planes: no sample changes. Where sides are multiples of the MCU, the turned picture
// is the plain one turned, at each reduction and sampling.
func TestJPEGOrientations(t *testing.T) {
	t.Parallel()
	for name, b := range map[string][]byte{
		"420": asJPEG(t, scene(128, 96)), "grey": asJPEG(t, image.NewGray(image.Rect(0, 0, 128, 96))),
		"411": read(t, moduleData(t, "github.com/gen2brain/jpegn")+"/test.411.jpg"),
		"410": read(t, moduleData(t, "github.com/gen2brain/jpegn")+"/test.410.jpg"),
		"422": read(t, moduleData(t, "github.com/gen2brain/jpegn")+"/test.422.jpg"),
		"440": read(t, moduleData(t, "github.com/gen2brain/jpegn")+"/test.440.jpg"),
	} {
		for _, n := range []int{1, 8} {
			plain := decode(t, b, 96/n)
			if plain.Width == 512 {
				plain = decode(t, b, 512/n)
			}
			for o := 1; o <= 8; o++ {
				got := decode(t, jpegWithEXIF(b, exifBlock(uint16(o))), min(plain.Width, plain.Height)/n)
				if got.Reduction != n {
					t.Fatalf("%s reduced by %d, want %d", name, got.Reduction, n)
				}
				if err := turned(plain.Image, got.Image, o, 0); err != nil {
					t.Errorf("%s by %d in orientation %d: %v", name, n, o, err)
				}
			}
		}
	}
}

// turned checks that got is the upright form of plain, taken as stored in the orientation. So many pixels at the start of
// either may differ.
func turned(plain, got *image.YCbCr, o, skip int) error {
	w, h := plain.Rect.Dx(), plain.Rect.Dy()
	uw, uh := w, h
	if o >= 5 {
		uw, uh = h, w
	}
	if got.Rect.Dx() != uw || got.Rect.Dy() != uh {
		return fmt.Errorf("%v, want %d x %d", got.Rect, uw, uh)
	}
	// The coordinates, drawn as a picture and stored.
	for r := range h {
		for c := range w {
			x, y := c, r
			switch o {
			case 2:
				x = w - 1 - c
			case 3:
				x, y = w-1-c, h-1-r
			case 4:
				y = h - 1 - r
			case 5:
				x, y = r, c
			case 6:
				x, y = h-1-r, c
			case 7:
				x, y = h-1-r, w-1-c
			case 8:
				x, y = r, w-1-c
			}
			if a, b := plain.YCbCrAt(c, r), got.YCbCrAt(x, y); a != b && (r > 0 || c >= skip) && (y > 0 || x >= skip) {
				return fmt.Errorf("%v at %d, %d became %v at %d, %d", a, c, r, b, x, y)
			}
		}
	}
	return nil
}

// TestModernOrientations turns AVIF and HEIC by their own boxes; EXIF's orientation doesn't count there, and nothing is
// turned twice. The boxes are written over those that tell the pixels' depth.
func TestModernOrientations(t *testing.T) {
	t.Parallel()
	for name, b := range map[string][]byte{
		"avif": sceneAVIF(t),
		"heic": read(t, filepath.Join(moduleData(t, "github.com/gen2brain/heic"), "test8.heic")),
	} {
		plain := decode(t, b, 0)
		box := bytes.Index(b, []byte("pixi"))
		for _, c := range []struct {
			kind  string
			value byte
			o     int
		}{{"irot", 0, 1}, {"irot", 1, 8}, {"irot", 2, 3}, {"irot", 3, 6}, {"imir", 0, 4}, {"imir", 1, 2}} {
			b := bytes.Clone(b)
			copy(b[box:], c.kind)
			b[box+4] = c.value
			got := decode(t, b, 0)
			skip := 0
			if name == "heic" {
				skip = 24 // pixels of the first row that the decoder loses
			}
			if err := turned(plain.Image, got.Image, c.o, skip); err != nil {
				t.Errorf("%s with %s %d: %v", name, c.kind, c.value, err)
			}
			if got.Width != got.Image.Rect.Dx() || got.Height != got.Image.Rect.Dy() {
				t.Errorf("%s with %s %d: %d x %d, pixels %v", name, c.kind, c.value, got.Width, got.Height, got.Image.Rect)
			}
		}
	}
}

// TestOrientationAgreesWithImagemeta reads all orientations and byte orders, and damaged blocks, with another parser.
func TestOrientationAgreesWithImagemeta(t *testing.T) {
	plain := asJPEG(t, scene(32, 32))
	little := func(o byte) []byte {
		return []byte{'I', 'I', '*', 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, o, 0, 0, 0, 0, 0, 0, 0}
	}
	blocks := [][]byte{}
	for o := range 10 {
		blocks = append(blocks, exifBlock(uint16(o)), little(byte(o)))
	}
	for i, block := range blocks {
		b := jpegWithEXIF(plain, block)
		want := 1
		_, err := imagemeta.Decode(imagemeta.Options{
			R: bytes.NewReader(b), ImageFormat: imagemeta.JPEG, Sources: imagemeta.EXIF,
			HandleTag: func(tag imagemeta.TagInfo) error {
				if v, ok := tag.Value.(uint16); ok && tag.Tag == "Orientation" && v >= 1 && v <= 8 {
					want = int(v)
				}
				return nil
			},
		})
		if err != nil {
			t.Fatalf("block %d: %v", i, err)
		}
		c, err := picture.NewDecoder(picture.Limits{}).Config(b)
		if err != nil || c.Orientation != want {
			t.Errorf("block %d: orientation %d, %v; imagemeta reads %d", i, c.Orientation, err, want)
		}
	}
}
