package overlay

import (
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"math"
	"testing"
)

var samplings = []image.YCbCrSubsampleRatio{
	image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
	image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
}

// TestLaidOver holds the photo as it is laid over the suspect image against the suspect image beside it, and the heat
// map against what it shows of a picture that does not differ: nothing.
func TestLaidOver(t *testing.T) {
	t.Parallel()
	for name, m := range maps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sizes := []image.Point{{80, 70}}
			if name == "perspective" {
				sizes = []image.Point{{80, 70}, {1500, 1100}}
			}
			for _, size := range sizes {
				p := pair(t, m, image.YCbCrSubsampleRatio420, size)
				s, r := composed(t, p)
				pixels, worst := 0, 0
				within(s.suspect, r.suspect, 32, func(x, y int) { // what is nearer may be under a badge
					pixels++
					a := s.RGBAAt(s.suspect.Min.X+x, s.suspect.Min.Y+y)
					b := s.RGBAAt(s.overlaid.Min.X+x, s.overlaid.Min.Y+y)
					worst = max(worst, apart(a, b))
					h := s.RGBAAt(s.compared.Min.X+x, s.compared.Min.Y+y)
					if apart(h, color.RGBA{h.G, h.G, h.G, 255}) > 4 {
						t.Fatalf("%v: the heat map is %v at %d,%d of a picture that does not differ", size, h, x, y)
					}
				})
				if pixels < 1000 || worst > 10 {
					t.Errorf("%v: of %d pixels the worst is %d levels off", size, pixels, worst)
				}
			}
		})
	}
}

// TestSamplings draws pictures with all kinds of chroma planes.
func TestSamplings(t *testing.T) {
	t.Parallel()
	for _, ratio := range samplings {
		p := pair(t, maps["the same"], ratio, image.Pt(75, 51))
		p.Genuine, p.Regions = p.Suspect, nil
		s, err := compose(p)
		if err != nil {
			t.Fatal(err)
		}
		for y := 16; y < s.suspect.Dy()-16; y++ { // at the sides there are no samples to interpolate between
			for x := 16; x < s.suspect.Dx()-16; x++ {
				l, cb, cr := surface((float64(x)+0.5)/float64(s.suspect.Dx()), (float64(y)+0.5)/float64(s.suspect.Dy()))
				want := rgb([3]uint8{uint8(l + 0.5), uint8(cb + 0.5), uint8(cr + 0.5)})
				if got := s.RGBAAt(s.suspect.Min.X+x, s.suspect.Min.Y+y); apart(got, want) > 12 {
					t.Fatalf("%v: %v at %d,%d, want %v", ratio, got, x, y, want)
				}
			}
		}
	}
}

// TestPatch paints over a part of the suspect image, and changes the tone of all of it: the heat map is hot there alone.
func TestPatch(t *testing.T) {
	t.Parallel()
	p := pair(t, maps["mirrored"], image.YCbCrSubsampleRatio444, image.Pt(640, 480))
	patch := image.Rect(200, 150, 330, 260)
	for y := range 480 {
		for x := range 640 {
			v := &p.Suspect.Y[p.Suspect.YOffset(x, y)]
			*v = uint8(20 + int(*v)*3/4)
			if image.Pt(x, y).In(patch) {
				*v = 255 - *v/8
			}
		}
	}
	genuine, err := newPyramid(p.Genuine)
	if err != nil {
		t.Fatal(err)
	}
	suspect, err := newPyramid(p.Suspect)
	if err != nil {
		t.Fatal(err)
	}
	s, r := composed(t, p)
	d := newCover(s.compared, genuine, []region{r}).compare(genuine, suspect)
	if got := d.tones[0]; math.Abs(float64(got.gain)/one-0.75) > 0.02 || math.Abs(float64(got.offset)/256-20) > 2 {
		t.Errorf("tone is %+v, want a gain of 0.75 and an offset of 20 levels", got)
	}
	share := float64(s.compared.Dx()) / 640
	for y := range s.compared.Dy() {
		for x := range s.compared.Dx() {
			at := image.Pt(int(float64(x)/share), int(float64(y)/share))
			levels := d.levels[y*s.compared.Dx()+x] / 256
			if at.In(patch.Inset(5)) && levels < 40 {
				t.Fatalf("%d levels at %v, in the patch", levels, at)
			}
			if !at.In(patch.Inset(-5)) && levels > 3 {
				t.Fatalf("%d levels at %v, outside the patch", levels, at)
			}
		}
	}
	hot := s.RGBAAt(s.compared.Min.X+int(265*share), s.compared.Min.Y+int(205*share))
	if apart(hot, heats[len(heats)-1]) > 60 {
		t.Errorf("the patch is %v on the sheet", hot)
	}
}

// TestOutlines looks for the outlines in the middle of each side, and for the numbers beside each corner.
func TestOutlines(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"turned", "cropped", "partly outside", "mirrored, skewed"} {
		m := maps[name]
		s, r := composed(t, pair(t, m, image.YCbCrSubsampleRatio444, image.Pt(640, 480)))
		for _, picture := range []struct {
			at      image.Rectangle
			polygon []point
		}{{s.genuine, r.genuine}, {s.suspect, r.suspect}} {
			corners := placed(picture.polygon, picture.at)
			for i, q := range corners {
				p := corners[(i+len(corners)-1)%len(corners)]
				length := math.Hypot(q[0]-p[0], q[1]-p[1])
				if length < 80 {
					continue
				}
				look := func(out float64) int {
					x := (p[0]+q[0])/2 + out*(q[1]-p[1])/length
					y := (p[1]+q[1])/2 - out*(q[0]-p[0])/length
					return apart(s.RGBAAt(int(math.Floor(x)), int(math.Floor(y))), colours[0])
				}
				if on := min(look(0), look(0.7), look(-0.7)); on > 40 {
					t.Errorf("%s: side %d of %v is not drawn (%d)", name, i, picture.at, on)
				}
				if off := min(look(9), look(-9)); off < 40 {
					t.Errorf("%s: there is an outline beside side %d of %v", name, i, picture.at)
				}
			}
			for i, p := range corners {
				seen := 0
				for y := int(p[1]) - 20; y < int(p[1])+20; y++ {
					for x := int(p[0]) - 20; x < int(p[0])+20; x++ {
						if s.RGBAAt(x, y) == colours[0] {
							seen++
						}
					}
				}
				if seen < 200 {
					t.Errorf("%s: corner %d of %v has no number", name, i, picture.at)
				}
			}
		}
	}
}

// TestCorners tells which corners belong together: from the upper left of the photo on, clockwise there.
func TestCorners(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		region           Region
		genuine, suspect []point
	}{
		"mirrored": {Region{Map: maps["mirrored"]},
			[]point{{0, 0}, {1, 0}, {1, 1}, {0, 1}}, []point{{1, 0}, {0, 0}, {0, 1}, {1, 1}}},
		"turned": {Region{Map: maps["turned"]},
			[]point{{0, 0}, {1, 0}, {1, 1}, {0, 1}}, []point{{1, 0}, {1, 1}, {0, 1}, {0, 0}}},
		"cropped": {Region{Map: [9]float64{2, 0, -0.5, 0, 2, -0.5, 0, 0, 1}},
			[]point{{0.25, 0.25}, {0.75, 0.25}, {0.75, 0.75}, {0.25, 0.75}}, unitSquare},
		"counter-clockwise": {Region{Map: maps["its negative"], Seen: [][2]float64{{0.5, 0.9}, {0.9, 0.5}, {0.2, 0.2}}},
			[]point{{0.2, 0.2}, {0.9, 0.5}, {0.5, 0.9}}, []point{{0.2, 0.2}, {0.9, 0.5}, {0.5, 0.9}}},
		"beyond the photo": {Region{Map: maps["the same"], Seen: [][2]float64{{-1, -1}, {2, -1}, {2, 2}, {-1, 2}}}, unitSquare, unitSquare},
	} {
		r, err := c.region.clip()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, side := range [][2][]point{{r.genuine, c.genuine}, {r.suspect, c.suspect}} {
			got, want := side[0], side[1]
			same := len(got) == len(want)
			for i := range min(len(got), len(want)) {
				same = same && math.Hypot(got[i][0]-want[i][0], got[i][1]-want[i][1]) < 1e-9
			}
			if !same {
				t.Errorf("%s: corners are %v, want %v", name, got, want)
			}
		}
	}
}

// TestPixels holds the pictures of a sheet against those that it once had. They are the same on every machine.
func TestPixels(t *testing.T) {
	t.Parallel()
	// What a sine is may depend on the machine, so this picture is made of whole numbers.
	m := image.NewYCbCr(image.Rect(0, 0, 200, 150), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		x, y := i%m.YStride, i/m.YStride
		m.Y[i] = uint8((x*x/50+y*3)%200 + (x/16+y/16)%2*40)
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = uint8(i%m.CStride+80), uint8(i/m.CStride+90)
	}
	s, err := compose(Pair{
		Genuine: m, Suspect: m, Title: "PART, probability 0.97", Notes: []string{"Edits: mirrored, skewed"},
		Regions: []Region{{Map: maps["mirrored, skewed"]}, {Map: maps["pasted"], Seen: [][2]float64{{0.1, 0.2}, {0.9, 0.3}, {0.4, 0.8}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for _, at := range []image.Rectangle{s.genuine, s.suspect, s.overlaid, s.compared} {
		for y := at.Min.Y; y < at.Max.Y; y++ {
			h.Write(s.Pix[s.PixOffset(at.Min.X, y):s.PixOffset(at.Max.X, y)])
		}
	}
	const want = "966f25fb292764d2"
	if got := hex.EncodeToString(h.Sum(nil)[:8]); got != want {
		t.Errorf("the pixels' hash is %s, want %s: look at a sheet, and put the new one here", got, want)
	}
}

// TestHeats asks that hotter is lighter, so that the map can be read in grey as well.
func TestHeats(t *testing.T) {
	t.Parallel()
	last := -1
	for levels := int32(hottest * 256 / 3); levels <= hottest*256; levels += 64 {
		c := heat(levels, 0)
		l := 299*int(c.R) + 587*int(c.G) + 114*int(c.B)
		if l < last {
			t.Fatalf("%d levels are darker than what is less", levels/256)
		}
		last = l
	}
	if heat(0, 200) != shade(200) || heat(math.MaxInt32, 200) != heats[len(heats)-1] {
		t.Error("the ends of the scale are not the grey and the hottest colour")
	}
}
