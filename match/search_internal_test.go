package match

import (
	"math"
	"testing"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/match/align"
)

// TestNowhere holds that a guess that leads nowhere leaves a finding as it was.
func TestNowhere(t *testing.T) {
	set := feature.Set{Recipe: feature.Current, Width: 8, Height: 8, Thumbnail: feature.Thumbnail{
		Width: 8, Height: 8, Y: make([]uint8, 64), Cb: make([]uint8, 16), Cr: make([]uint8, 16),
	}}
	s := subject{description: Description{Fingerprint: fingerprint.Fingerprint{Box: fingerprint.WholeBox()}}, place: align.OfSet(set)}
	h := &hunt{s: &s}
	none := math.NaN()
	for name, m := range map[string]align.Map{
		"no numbers": {none, none, none, none, none, none, none, none, none},
		"flat":       {0, 0, 0.5, 0, 0, 0.5, 0, 0, 1},
	} {
		f := finding{whole: judge(s, nil, s.sized())}
		f.weigh()
		h.verify(&f, &set, align.Guess{Map: m})
		if f.place != nil || f.odds != plainOdds {
			t.Errorf("%s: odds %v, %+v", name, f.odds, f.place)
		}
	}
}
