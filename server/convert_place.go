package server

import (
	"math"

	"touchstone/match"
	"touchstone/match/align"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// placeTo leaves out a place that was not looked for, and one that no picture can be drawn by: whose outlines differ in
// their corners, or whose numbers are none.
func placeTo(p *match.Place) *touchstonev1.Place {
	if p == nil || len(p.InPhoto) != len(p.InSubject) {
		return nil
	}
	w := &touchstonev1.Place{
		InPhoto:             outlineTo(p.InPhoto),
		InSubject:           outlineTo(p.InSubject),
		Homography:          p.Homography[:],
		SeenShare:           p.Seen,
		CoveredShare:        p.Covered,
		Scale:               p.Scale,
		RotationDegrees:     p.Rotation,
		Mirrored:            p.Mirrored,
		Stretch:             p.Stretch,
		FeaturesAgreeing:    int32(p.Confirmed[1]),
		FeaturesExpected:    int32(p.Features),
		AlikeShare:          p.Alike,
		LumaCorrelation:     p.Correlation,
		HueDifferenceLevels: p.Hue,
	}
	numbers := append([]float64{
		p.Seen, p.Covered, p.Scale, p.Rotation, p.Stretch, p.Alike, p.Correlation, p.Hue,
	}, p.Homography[:]...)
	for _, outline := range [][]align.Point{p.InPhoto, p.InSubject} {
		for _, q := range outline {
			numbers = append(numbers, q.X, q.Y)
		}
	}
	for _, v := range numbers {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	}
	return w
}

// outlineTo holds what the arithmetic may have moved by a hair within the picture.
func outlineTo(corners []align.Point) []*touchstonev1.Point {
	w := make([]*touchstonev1.Point, len(corners))
	for i, q := range corners {
		w[i] = &touchstonev1.Point{X: min(max(q.X, 0), 1), Y: min(max(q.Y, 0), 1)}
	}
	return w
}
