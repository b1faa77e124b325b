package main

import (
	"bytes"
	"image"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseEdit(t *testing.T) {
	good := map[string]madeEdit{
		"crop=5": {"crop", 5}, "border=20": {"border", 20}, "reshoot": {"reshoot", 2}, "reshoot=3": {"reshoot", 3}, "none": {"none", 1},
	}
	for s, want := range good {
		if got, err := parseEdit(s); err != nil || got != want {
			t.Errorf("parseEdit(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "crop", "crop=", "crop=0", "crop=46", "crop=5%", "border=-1", "reshoot=4", "none=1", "melt=1"} {
		if got, err := parseEdit(s); err == nil {
			t.Errorf("parseEdit(%q) = %v, want an error", s, got)
		}
	}
}

func TestMadeEdits(t *testing.T) {
	p := drawn(1, 400, 300)
	for _, tc := range []struct {
		edit madeEdit
		size image.Point
	}{
		{madeEdit{"crop", 5}, image.Pt(360, 270)}, {madeEdit{"border", 20}, image.Pt(560, 420)},
		{madeEdit{"none", 1}, image.Pt(400, 300)}, {madeEdit{"reshoot", 1}, image.Pt(1280, 960)}, {madeEdit{"reshoot", 3}, image.Pt(1280, 960)},
	} {
		shot := func(seed uint64) *image.RGBA { return tc.edit.make(p, rand.New(rand.NewPCG(seed, 0))) }
		got := shot(7)
		if got.Rect.Size() != tc.size {
			t.Errorf("%v is %v, want %v", tc.edit, got.Rect.Size(), tc.size)
		}
		if !bytes.Equal(got.Pix, shot(7).Pix) {
			t.Errorf("%v differs from one time to the next", tc.edit)
		}
		if tc.edit.name == "reshoot" && bytes.Equal(got.Pix, shot(8).Pix) {
			t.Errorf("%v is the same whatever the seed", tc.edit)
		}
	}
	if got, want := cropped(p, 5).RGBAAt(0, 0), p.RGBAAt(20, 15); got != want {
		t.Errorf("cropped begins with %v, want %v", got, want)
	}
}

// The quadrilateral's corners lead to the square's.
func TestUnsquare(t *testing.T) {
	quad := [4][2]float64{{10, 20}, {300, 40}, {280, 260}, {30, 200}}
	m := unsquare(quad)
	for i, want := range [4][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}} {
		x, y := quad[i][0], quad[i][1]
		z := m[6]*x + m[7]*y + m[8]
		got := [2]float64{(m[0]*x + m[1]*y + m[2]) / z, (m[3]*x + m[4]*y + m[5]) / z}
		if d := cmp.Diff(want, got, near); d != "" {
			t.Errorf("corner %d (-want +got):\n%s", i, d)
		}
	}
}

func TestAround(t *testing.T) {
	if got, want := around([]corner{{0.5, 0.25}, {1, 0.3}, {0.6, 0.75}}), [4]float64{50, 25, 50, 50}; got != want {
		t.Errorf("around = %v, want %v", got, want)
	}
	if got := around(nil); got != [4]float64{} {
		t.Errorf("around nothing = %v", got)
	}
}

func TestPercentiles(t *testing.T) {
	all := make([]found, 100)
	for i := range all {
		all[len(all)-1-i].took = 1e6 * (1 + time.Duration(i))
	}
	if p50, p99 := percentiles(all); p50 != 50 || p99 != 99 {
		t.Errorf("percentiles %v and %v, want 50 and 99", p50, p99)
	}
}
