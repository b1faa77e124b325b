package fingerprint_test

import (
	"math"
	"testing"

	"touchstone/fingerprint"
)

// painted is a grid of one colour.
func painted(y, cb, cr uint8) (c fingerprint.Colour) {
	for i := 0; i < len(c); i += 3 {
		c[i], c[i+1], c[i+2] = y, cb, cr
	}
	return c
}

func TestColourOfQuarters(t *testing.T) {
	img := framed(scene(1, 200, 200), 400, 400, 0, 0, 100, 90, 200)
	f := of(t, whole(img))
	last := f.Whole.Colour[len(f.Whole.Colour)-3:]
	if last[0] != 100 || last[1] != 90 || last[2] != 200 {
		t.Errorf("the lower right cell is %v, want [100 90 200]", last)
	}
}

func TestColourMeasures(t *testing.T) {
	grey, red, paleRed, blue := painted(100, 128, 128), painted(100, 108, 228), painted(140, 114, 198), painted(100, 228, 108)
	if d := grey.Distance(painted(130, 128, 128)); d != 30 {
		t.Errorf("distance of greys 30 apart = %v", d)
	}
	if d := red.Hue(paleRed); d > 0.01 {
		t.Errorf("a paler red has another hue by %v", d)
	}
	if d := paleRed.Hue(red); d > 0.01 {
		t.Errorf("a stronger red has another hue by %v", d)
	}
	if d := red.Hue(blue); d < 50 {
		t.Errorf("red and blue differ in hue by %v only", d)
	}
	if d := red.Hue(grey); d != 0 {
		t.Errorf("red made grey has another hue by %v", d)
	}
	if c := grey.Chroma(); c != 0 {
		t.Errorf("chroma of grey = %v", c)
	}
	if c := red.Chroma(); math.Abs(c-math.Hypot(20, 100)) > 0.01 {
		t.Errorf("chroma of red = %v", c)
	}
	if d := grey.Hue(red); d < 50 {
		t.Errorf("grey and red differ in hue by %v only", d)
	}
	// A patch over a quarter of the picture is passed over.
	patched := red
	for i := 0; i < 12; i += 3 {
		patched[i+1], patched[i+2] = 250, 10
	}
	if d := red.Hue(patched); d > red.Hue(blue)/3 {
		t.Errorf("a patch changes the hue by %v", d)
	}
	// A product on white in another shade; the same brightened as a whole.
	product := func(backdrop, y uint8) fingerprint.Colour {
		c := painted(backdrop, 128, 128)
		for _, cell := range []int{5, 6, 9, 10, 13, 14} {
			c[3*cell] = y
		}
		return c
	}
	if d := product(255, 40).Shade(product(254, 130)); d != 90 {
		t.Errorf("a product 90 lighter on the same white has a shade that differs by %v", d)
	}
	if d := product(225, 40).Shade(product(255, 130)); d != 0 {
		t.Errorf("a brightened picture has a shade that differs by %v", d)
	}
	f, g := of(t, whole(scene(1, 100, 100))), of(t, whole(scene(2, 100, 100)))
	if r := f.Whole.Colour.Relief(f.Whole.Colour); r < 0.99 || r > 1 {
		t.Errorf("relief with itself = %v", r)
	}
	if r := f.Whole.Colour.Relief(g.Whole.Colour); r > 0.8 {
		t.Errorf("relief of different pictures = %v", r)
	}
	if r := grey.Relief(grey); r != 0 {
		t.Errorf("relief of flat grids = %v", r)
	}
}
