package main

import (
	"fmt"
	"math"

	"touchstone/match"
	"touchstone/match/align"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// evidence is what a verdict rests on.
type evidence struct {
	DistancePDQ int     `json:"distance_bits"`   // of 256, between the PDQ hashes
	DistanceP   int     `json:"distance64_bits"` // of 64, between the 64-bit hashes
	Colour      float64 `json:"colour_distance"` // levels of 255
	Place       *place  `json:"place,omitempty"` // where the photo lies in the image, where that was looked for
}

// place is where in an image a photo lies. The wire's Place explains the fields; region is the upright rectangle around
// what is seen of the photo in the image: left, top, width and height in percent of the image's.
type place struct {
	InPhoto          []corner   `json:"in_photo"`
	InSubject        []corner   `json:"in_subject"`
	Region           [4]float64 `json:"region_percent"`
	Homography       []float64  `json:"homography"`
	Seen             float64    `json:"seen_share"`
	Covered          float64    `json:"covered_share"`
	Scale            float64    `json:"scale"`
	Rotation         float64    `json:"rotation_degrees"`
	Mirrored         bool       `json:"mirrored"`
	Stretch          float64    `json:"stretch"`
	FeaturesAgreeing int        `json:"features_agreeing"`
	FeaturesExpected int        `json:"features_expected"`
	Alike            float64    `json:"alike_share"`
	Correlation      float64    `json:"luma_correlation"`
	Hue              float64    `json:"hue_difference_levels"`
}

// corner is x and y, as shares of a picture's width and height.
type corner [2]float64

// evidenceOf is the wire's evidence.
func evidenceOf(e *touchstonev1.Evidence) evidence {
	v := evidence{DistancePDQ: int(e.GetDistanceBits()), DistanceP: int(e.GetDistance64Bits()), Colour: e.GetColourDistance()}
	w := e.GetPlace()
	if w == nil {
		return v
	}
	corners := func(ps []*touchstonev1.Point) []corner {
		cs := make([]corner, len(ps))
		for i, p := range ps {
			cs[i] = corner{p.GetX(), p.GetY()}
		}
		return cs
	}
	v.Place = &place{
		InPhoto: corners(w.GetInPhoto()), InSubject: corners(w.GetInSubject()), Homography: w.GetHomography(),
		Seen: w.GetSeenShare(), Covered: w.GetCoveredShare(), Scale: w.GetScale(), Rotation: w.GetRotationDegrees(),
		Mirrored: w.GetMirrored(), Stretch: w.GetStretch(),
		FeaturesAgreeing: int(w.GetFeaturesAgreeing()), FeaturesExpected: int(w.GetFeaturesExpected()),
		Alike: w.GetAlikeShare(), Correlation: w.GetLumaCorrelation(), Hue: w.GetHueDifferenceLevels(),
	}
	v.Place.Region = around(v.Place.InSubject)
	return v
}

// evidenceHere is that of a match that was made in this process.
func evidenceHere(e *match.Evidence) evidence {
	v := evidence{DistancePDQ: e.DistancePDQ, DistanceP: e.DistanceP, Colour: e.Colour}
	p := e.Place
	if p == nil {
		return v
	}
	corners := func(ps []align.Point) []corner {
		cs := make([]corner, len(ps))
		for i, q := range ps {
			cs[i] = corner{q.X, q.Y}
		}
		return cs
	}
	v.Place = &place{
		InPhoto: corners(p.InPhoto), InSubject: corners(p.InSubject), Homography: p.Homography[:],
		Seen: p.Seen, Covered: p.Covered, Scale: p.Scale, Rotation: p.Rotation, Mirrored: p.Mirrored, Stretch: p.Stretch,
		FeaturesAgreeing: p.Confirmed[1], FeaturesExpected: p.Features,
		Alike: p.Alike, Correlation: p.Correlation, Hue: p.Hue,
	}
	v.Place.Region = around(v.Place.InSubject)
	if !v.Place.finite() {
		v.Place = nil
	}
	return v
}

// finite tells whether JSON can hold the numbers.
func (p *place) finite() bool {
	numbers := append([]float64{p.Seen, p.Covered, p.Scale, p.Rotation, p.Stretch, p.Alike, p.Correlation, p.Hue}, p.Homography...)
	for _, outline := range [][]corner{p.InPhoto, p.InSubject} {
		for _, c := range outline {
			numbers = append(numbers, c[:]...)
		}
	}
	for _, v := range numbers {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// around is the upright rectangle around an outline, in percent to a tenth.
func around(outline []corner) (region [4]float64) {
	if len(outline) == 0 {
		return region
	}
	least, most := outline[0], outline[0]
	for _, c := range outline[1:] {
		for i := range c {
			least[i], most[i] = min(least[i], c[i]), max(most[i], c[i])
		}
	}
	tenth := func(share float64) float64 { return math.Round(1000*share) / 10 }
	return [4]float64{tenth(least[0]), tenth(least[1]), tenth(most[0] - least[0]), tenth(most[1] - least[1])}
}

// where is a place in words: how much of the photo is seen, and in which part of the image; "" where that is not known.
func (e *evidence) where() string {
	if e.Place == nil {
		return ""
	}
	r := e.Place.Region
	return fmt.Sprintf("%.0f%% at %.0f,%.0f,%.0f,%.0f", 100*e.Place.Seen, r[0], r[1], r[2], r[3])
}

// perMillion is a count of false matches among a million images, in words: "0.02/M".
func perMillion(expected float64) string {
	switch {
	case expected < 0.001:
		return "<0.001/M"
	case expected < 10:
		return fmt.Sprintf("%.2g/M", expected)
	}
	return fmt.Sprintf("%.0f/M", expected)
}
