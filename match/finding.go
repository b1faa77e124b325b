package match

import (
	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/match/align"
)

// Evidence is why a match was given its verdict.
type Evidence struct {
	// Of whole pictures, and what remains of them without borders: the pair of parts that fit best.
	DistancePDQ   int                  // bits, 0 to 256
	DistanceP     int                  // bits, 0 to 64
	Colour        float64              // mean distance of the colour grids' cells, 0 (equal) to 442, in levels of 255
	Symmetry      fingerprint.Symmetry // what was done to the photo to make the subject
	SubjectRegion fingerprint.Part     // part of the subject that fits
	PhotoRegion   fingerprint.Part     // part of the photo that it fits
	WholeOdds     float64              // log-odds that the subject was made from the photo, by the above alone

	// Where in the subject the photo lies; nil where that was not looked for, or nothing to go by was known of either.
	Place *Place
}

// Place is where in the subject the photo lies, and how well what lies there looks like it.
type Place struct {
	align.Fit
	// What is seen of the photo: its outline in the photo, and in the subject, corner for corner, as shares of width and
	// height, 0 to 1.
	InPhoto, InSubject []align.Point
	// Homography is Fit.Map in shares of width and height, row by row.
	Homography [9]float64
	Scale      float64 // pixels of the subject for one of the photo; 0 where a size is not known
	Rotation   float64 // degrees, clockwise, -180 to 180, after mirroring
	Stretch    float64 // 1 or more: the enlargement along one direction over that across

	assumed bool // it follows from the whole pictures: no feature could be held against the pixels, which look alike
}

// finding is what is known of a photo that the subject may have been made from.
type finding struct {
	photo index.Photo
	whole fit
	place *Place
	odds  float64

	same    bool // the subject is the very file that the photo was described from
	crowded bool // other photos were found in other parts of the subject
}

func (f *finding) evidence() Evidence {
	w := &f.whole
	return Evidence{w.pdq, w.p, w.colour, w.probe.Symmetry, w.probe.Part, w.part, w.odds, f.place}
}

// assumedAlike is the least correlation of luma at which whole pictures are believed where there are no features.
const assumedAlike = 0.9

// locate describes a fit in the terms of a Place.
func locate(fit align.Fit, photo, subject sized) *Place {
	p := &Place{Fit: fit}
	own, frame := align.Frame(photo.width, photo.height), align.Frame(subject.width, subject.height)
	a, b := align.Region(&fit.Map, own, frame)
	shares := func(ps []align.Point, of align.Point) []align.Point {
		out := make([]align.Point, len(ps))
		for i, q := range ps {
			out[i] = align.Point{X: q.X / of.X, Y: q.Y / of.Y}
		}
		return out
	}
	p.InPhoto, p.InSubject = shares(a, own), shares(b, frame)
	to := align.Map{own.X, 0, 0, 0, own.Y, 0, 0, 0, 1}
	from := align.Map{1 / frame.X, 0, 0, 0, 1 / frame.Y, 0, 0, 0, 1}
	h := fit.Map.After(&to)
	p.Homography = from.After(&h)
	scale, turn, stretch, _ := fit.Map.Shape(align.Point{X: own.X / 2, Y: own.Y / 2})
	p.Scale = scale * float64(max(subject.width, subject.height)) / float64(max(photo.width, photo.height))
	p.Rotation, p.Stretch = degrees(turn), stretch
	p.assumed = p.Features == 0 && p.Pairs == 0 && p.Correlation >= assumedAlike
	return p
}

// relate is what is known of a photo and a subject, without an index.
func relate(photo, subject *subject) finding {
	f := finding{whole: judge(*subject, subject.probes(), photo.sized())}
	f.same = subject.description.same(&photo.description.Original)
	f.weigh()
	set := photo.description.Features
	if set == nil || subject.place == nil {
		return f
	}
	h := &hunt{s: subject}
	f.photo.Original = photo.description.Original
	h.verify(&f, set, f.supposed(set, subject.place))
	if f.same {
		return f
	}
	for _, mirrored := range []bool{false, true} {
		if g := subject.place.Find(set, mirrored); g.Pairs >= fewPairs {
			h.verify(&f, set, g)
		}
	}
	return f
}
