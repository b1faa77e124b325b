package overlay_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"

	"touchstone/picture/overlay"
)

var identity = [9]float64{1, 0, 0, 0, 1, 0, 0, 0, 1}

// scene draws a picture without symmetry.
func scene(w, h int) *image.YCbCr {
	m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	for y := range h {
		for x := range w {
			m.Y[m.YOffset(x, y)] = uint8(255 * (x + 2*y + x*y%7) / (w + 2*h + 7))
			m.Cb[m.COffset(x, y)], m.Cr[m.COffset(x, y)] = uint8(255*x/w), uint8(255*y/h)
		}
	}
	return m
}

// TestPNG reads back what is written.
func TestPNG(t *testing.T) {
	t.Parallel()
	p := overlay.Pair{Genuine: scene(60, 40), Suspect: scene(50, 70), Title: "COPY", Regions: []overlay.Region{{Map: identity}}}
	b, err := overlay.PNG(p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	want, err := overlay.Draw(p)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := got.(*image.RGBA); !ok || m.Rect != want.Rect || !bytes.Equal(m.Pix, want.Pix) {
		t.Errorf("the PNG is another picture: %T of %v, want %v", got, got.Bounds(), want.Rect)
	}
}

// TestBounds draws what is large, small, long and high: the sheet stays within its bounds. Equal pairs, equal sheets.
func TestBounds(t *testing.T) {
	t.Parallel()
	notes := slices.Repeat([]string{strings.Repeat("long ", 500)}, 20)
	several := slices.Repeat([]overlay.Region{{Map: identity}}, 4)
	for name, p := range map[string]overlay.Pair{
		"one pixel":  {Genuine: scene(1, 1), Suspect: scene(1, 1), Regions: several[:1]},
		"large":      {Genuine: scene(700, 600), Suspect: scene(600, 700), Regions: several, Title: notes[0], Notes: notes},
		"lines":      {Genuine: scene(5000, 1), Suspect: scene(1, 5000), Regions: several[:1], Notes: notes},
		"no regions": {Genuine: scene(100, 2500), Suspect: scene(30, 10), Title: "NONE"},
		"no text":    {Genuine: scene(10, 10), Suspect: scene(10, 10)},
	} {
		m, err := overlay.Draw(p)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if m.Rect.Min != (image.Point{}) || m.Rect.Dx() != overlay.MaxWidth || m.Rect.Dy() > overlay.MaxHeight {
			t.Errorf("%s: %v", name, m.Rect)
		}
		if len(p.Regions) == 0 && m.Rect.Dy() > overlay.MaxHeight/2 {
			t.Errorf("%s: %v has a second row", name, m.Rect)
		}
		again, err := overlay.Draw(p)
		if err != nil || !bytes.Equal(m.Pix, again.Pix) {
			t.Errorf("%s: another picture the second time (%v)", name, err)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	whole := scene(40, 30)
	short := *whole
	short.Cr = short.Cr[:10]
	unknown := *whole
	unknown.SubsampleRatio = 77
	inner, ok := whole.SubImage(image.Rect(4, 4, 20, 20)).(*image.YCbCr)
	if !ok {
		t.Fatal("a part of a picture is of another kind")
	}
	region := func(m [9]float64, seen ...[2]float64) []overlay.Region { return []overlay.Region{{Map: m, Seen: seen}} }
	for name, c := range map[string]struct {
		pair overlay.Pair
		want error
	}{
		"no photo":         {overlay.Pair{Suspect: whole}, overlay.ErrPicture},
		"no suspect image": {overlay.Pair{Genuine: whole}, overlay.ErrPicture},
		"empty":            {overlay.Pair{Genuine: whole, Suspect: &image.YCbCr{}}, overlay.ErrPicture},
		"not from origin":  {overlay.Pair{Genuine: inner, Suspect: whole}, overlay.ErrPicture},
		"short plane":      {overlay.Pair{Genuine: whole, Suspect: &short}, overlay.ErrPicture},
		"unknown chroma":   {overlay.Pair{Genuine: whole, Suspect: &unknown}, overlay.ErrPicture},
		"no map":           {overlay.Pair{Genuine: whole, Suspect: whole, Regions: region([9]float64{})}, overlay.ErrRegion},
		"NaN":              {overlay.Pair{Genuine: whole, Suspect: whole, Regions: region([9]float64{8: math.NaN()})}, overlay.ErrRegion},
		"infinite":         {overlay.Pair{Genuine: whole, Suspect: whole, Regions: region([9]float64{0: math.Inf(1), 4: 1, 8: 1})}, overlay.ErrRegion},
		"singular":         {overlay.Pair{Genuine: whole, Suspect: whole, Regions: region([9]float64{1, 1, 0, 1, 1, 0, 0, 0, 1})}, overlay.ErrRegion},
		"horizon":          {overlay.Pair{Genuine: whole, Suspect: whole, Regions: region([9]float64{1, 0, 0, 0, 1, 0, -2, 0, 1})}, overlay.ErrRegion},
		"on the horizon":   {overlay.Pair{Genuine: whole, Suspect: whole, Regions: region([9]float64{1, 0, 0, 0, 1, 0, -1, 0, 1})}, overlay.ErrRegion},
		"elsewhere":        {overlay.Pair{Genuine: whole, Suspect: whole, Regions: region([9]float64{1, 0, 3, 0, 1, 0, 0, 0, 1})}, overlay.ErrRegion},
		"tiny":             {overlay.Pair{Genuine: whole, Suspect: whole, Regions: region([9]float64{1e-4, 0, 0.5, 0, 1e-4, 0.5, 0, 0, 1})}, overlay.ErrRegion},
		"two corners":      {overlay.Pair{Genuine: whole, Suspect: whole, Regions: region(identity, [2]float64{0, 0}, [2]float64{1, 1})}, overlay.ErrRegion},
		"flat polygon":     {overlay.Pair{Genuine: whole, Suspect: whole, Regions: region(identity, [2]float64{0, 0}, [2]float64{1, 1}, [2]float64{0.5, 0.5})}, overlay.ErrRegion},
		"polygon outside":  {overlay.Pair{Genuine: whole, Suspect: whole, Regions: region(identity, [2]float64{2, 0}, [2]float64{3, 0}, [2]float64{2, 1})}, overlay.ErrRegion},
		"NaN corner":       {overlay.Pair{Genuine: whole, Suspect: whole, Regions: region(identity, [2]float64{0, 0}, [2]float64{1, 0}, [2]float64{math.NaN(), 1})}, overlay.ErrRegion},
		"too many corners": {overlay.Pair{Genuine: whole, Suspect: whole, Regions: region(identity, make([][2]float64, 257)...)}, overlay.ErrRegion},
		"too many regions": {overlay.Pair{Genuine: whole, Suspect: whole, Regions: slices.Repeat(region(identity), 17)}, overlay.ErrRegion},
	} {
		if m, err := overlay.Draw(c.pair); !errors.Is(err, c.want) || m != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if b, err := overlay.PNG(c.pair); !errors.Is(err, c.want) || b != nil {
			t.Errorf("%s: PNG returns %v, want %v", name, err, c.want)
		}
	}
}

// FuzzDraw draws whatever the map and the polygon are: a sheet within the bounds, or an error that has a name.
func FuzzDraw(f *testing.F) {
	f.Add(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.1, 0.2, 0.9, 0.8, "COPY")
	f.Add(0.8, 0.1, 0.05, 0.05, 0.9, 0.02, 0.2, 0.15, 1.0, -0.5, 0.2, 1.9, 0.8, "PART")
	f.Add(-1.0, 0.0, 1.0, 0.0, 1.0, 0.0, -1.0, 1e-7, 1.0, 0.0, 0.0, 1.0, 1.0, "\xff手")
	f.Add(1e300, 0.0, -1e300, 1e-300, 1.0, math.Inf(1), 0.0, math.NaN(), 1.0, 0.0, 0.0, 1.0, 1.0, "")
	genuine, suspect := scene(24, 18), scene(16, 21)
	f.Fuzz(func(t *testing.T, a, b, c, d, e, f, g, h, i, left, top, right, bottom float64, title string) {
		m, err := overlay.Draw(overlay.Pair{
			Genuine: genuine, Suspect: suspect, Title: title, Notes: []string{title},
			Regions: []overlay.Region{
				{Map: [9]float64{a, b, c, d, e, f, g, h, i}, Seen: [][2]float64{{left, top}, {right, top}, {right, bottom}, {left, bottom}}},
			},
		})
		switch {
		case errors.Is(err, overlay.ErrRegion):
		case err != nil:
			t.Fatalf("an error without a name: %v", err)
		case m.Rect.Dx() > overlay.MaxWidth || m.Rect.Dy() > overlay.MaxHeight:
			t.Fatalf("%v is beyond the bounds", m.Rect)
		}
	})
}
