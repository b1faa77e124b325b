package fingerprint_test

import (
	"testing"

	"touchstone/fingerprint"
)

func symmetries() []fingerprint.Symmetry {
	all := make([]fingerprint.Symmetry, fingerprint.Symmetries)
	for i := range all {
		all[i] = fingerprint.Symmetry(i)
	}
	return all
}

// TestProbesUndoSymmetries: of a turned picture, the probe of that symmetry is the picture's own description.
func TestProbesUndoSymmetries(t *testing.T) {
	img := scene(4, 500, 400)
	want := of(t, whole(img)).Whole
	for _, y := range symmetries() {
		t.Run(y.String(), func(t *testing.T) {
			a, err := fingerprint.Analyse(whole(turned(img, y)))
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, p := range a.Probes() {
				if p.Part != fingerprint.PartWhole || p.Symmetry != y {
					continue
				}
				found = true
				// PDQ samples a pixel right of and below the middle, so a mirrored picture is not sampled at the
				// mirrored places.
				if d := p.PDQ.Distance(want.PDQ); d > 20 {
					t.Errorf("PDQ is %d bits off", d)
				}
				if d := p.P.Distance(want.P); d > 4 {
					t.Errorf("P is %d bits off", d)
				}
				if d := p.Colour.Distance(want.Colour); d > 2 {
					t.Errorf("colours are %.2f levels off", d)
				}
			}
			if !found {
				t.Error("no probe has it")
			}
		})
	}
}

// TestTurnIsNearlyExact bounds what the hashes alone lose against the transform.
func TestTurnIsNearlyExact(t *testing.T) {
	for seed := range uint64(15) {
		a, err := fingerprint.Analyse(whole(scene(seed, 160, 160)))
		if err != nil {
			t.Fatal(err)
		}
		f := a.Fingerprint()
		for _, p := range a.Probes() {
			r := f.Whole
			if p.Part == fingerprint.PartContent {
				r = f.Content
			}
			if p.Part == fingerprint.PartFramed {
				continue
			}
			got := r.Turn(p.Symmetry.Inverse())
			if d := got.PDQ.Distance(p.PDQ); d > 24 {
				t.Errorf("seed %d, %v: PDQ is %d bits off", seed, p.Symmetry, d)
			}
			if d := got.P.Distance(p.P); d > 16 {
				t.Errorf("seed %d, %v: P is %d bits off", seed, p.Symmetry, d)
			}
			if got.Colour != p.Colour {
				t.Errorf("seed %d, %v: colours differ", seed, p.Symmetry)
			}
		}
	}
}

func TestTurnAndInverse(t *testing.T) {
	r := of(t, whole(scene(6, 128, 128))).Whole
	for _, y := range symmetries() {
		if got := r.Turn(y).Turn(y.Inverse()); got != r {
			t.Errorf("%v and its inverse make another region", y)
		}
		if y.Inverse().Inverse() != y || y.Swaps() != y.Inverse().Swaps() {
			t.Errorf("%v: its inverse is %v", y, y.Inverse())
		}
		b := fingerprint.Box{Left: 100, Top: 2000, Right: 30000, Bottom: 60000}
		if got := y.Inverse().Box(y.Box(b)); got != b {
			t.Errorf("%v and its inverse move the box to %v", y, got)
		}
	}
}

func TestBoxTurns(t *testing.T) {
	b := fingerprint.Box{Left: 0, Top: 0, Right: 10, Bottom: 20} // the upper left corner
	const full = 65535
	for y, want := range map[fingerprint.Symmetry]fingerprint.Box{
		fingerprint.Identity:    b,
		fingerprint.Mirrored:    {Left: full - 10, Top: 0, Right: full, Bottom: 20},
		fingerprint.Flipped:     {Left: 0, Top: full - 20, Right: 10, Bottom: full},
		fingerprint.Rotated180:  {Left: full - 10, Top: full - 20, Right: full, Bottom: full},
		fingerprint.Transposed:  {Left: 0, Top: 0, Right: 20, Bottom: 10},
		fingerprint.Rotated90:   {Left: full - 20, Top: 0, Right: full, Bottom: 10},
		fingerprint.Rotated270:  {Left: 0, Top: full - 10, Right: 20, Bottom: full},
		fingerprint.Transversed: {Left: full - 20, Top: full - 10, Right: full, Bottom: full},
	} {
		if got := y.Box(b); got != want {
			t.Errorf("%v moves the box to %v, want %v", y, got, want)
		}
	}
}
