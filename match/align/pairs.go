package align

import (
	"cmp"
	"math"
	"slices"

	"touchstone/fingerprint/feature"
)

// pair is a feature of the photo and one of the subject that may show the same spot.
type pair struct {
	photo, subject int32
	distance       int     // bits
	p, q           Point   // where they are
	size           float64 // diameter of the subject's, in units of its longer side
	scale          int8    // enlargement, in sixteenths of an octave
	turn           uint8   // clockwise, 256ths
}

// Bounds of what is paired. Unrelated descriptors differ in some 128 bits; the nearest of a thousand in 70 to 90.
const (
	nearBits  = 52
	mostPairs = 256
)

// pairUp lists the nearest features of the subject to each of the photo, the surest pairs first.
func pairUp(photo *feature.Set, subject []feature.Feature, columns *columns, frame Point) []pair {
	own := Frame(photo.Width, photo.Height)
	var ps []pair
	for i := range photo.Features {
		f := &photo.Features[i]
		t := columns.nearest(f.Descriptor) // two, since spots repeat
		for _, n := range [...]near{t.first, t.second} {
			if n.distance <= nearBits {
				g := &subject[n.at]
				ps = append(ps, pair{
					photo: int32(i), subject: int32(n.at), distance: n.distance,
					p: place(f, own), q: place(g, frame), size: diameter(g),
					scale: int8(max(min(int(f.Size)-int(g.Size), 127), -128)),
					turn:  g.Angle - f.Angle,
				})
			}
		}
	}
	slices.SortFunc(ps, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.photo, b.photo), cmp.Compare(a.subject, b.subject))
	})
	return ps[:min(len(ps), mostPairs)]
}

// place is where a feature lies in a picture of that frame.
func place(f *feature.Feature, frame Point) Point {
	return Point{float64(f.X) / math.MaxUint16 * frame.X, float64(f.Y) / math.MaxUint16 * frame.Y}
}

// diameter is a feature's, in units of the picture's longer side.
func diameter(f *feature.Feature) float64 { return diameters[f.Size] }

var diameters = func() (d [256]float64) {
	for i := range d {
		d[i] = math.Exp2(-float64(i) / 16)
	}
	return d
}()
