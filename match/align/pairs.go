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
	scale          float64 // binary logarithm of the enlargement
	turn           float64 // radians, clockwise
}

// Bounds of what is paired. Unrelated descriptors differ in some 128 bits; the nearest of a thousand in 70 to 90.
const (
	nearBits  = 64
	mostPairs = 256
	perPhoto  = 2 // subject features for one of the photo: spots repeat
)

// pairUp lists the nearest features of the subject to each of the photo, the surest pairs first.
func pairUp(photo *feature.Set, subject []feature.Feature, frame Point) []pair {
	own := Frame(photo.Width, photo.Height)
	var ps []pair
	for i := range photo.Features {
		f := &photo.Features[i]
		for _, n := range nearest(f.Descriptor, subject) {
			if n.distance <= nearBits {
				g := &subject[n.at]
				ps = append(ps, pair{
					photo: int32(i), subject: int32(n.at), distance: n.distance,
					p: place(f, own), q: place(g, frame), size: diameter(g),
					scale: float64(int(f.Size)-int(g.Size)) / 16,
					turn:  float64(int8(g.Angle-f.Angle)) / 128 * math.Pi,
				})
			}
		}
	}
	slices.SortFunc(ps, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.photo, b.photo), cmp.Compare(a.subject, b.subject))
	})
	return ps[:min(len(ps), mostPairs)]
}

// near is a feature by its distance.
type near struct{ at, distance int }

// nearest are the two features whose descriptors are nearest, the nearer first; of equal ones the first.
func nearest(d feature.Descriptor, among []feature.Feature) [perPhoto]near {
	first, second := near{-1, 257}, near{-1, 257}
	for i := range among {
		n := d.Distance(among[i].Descriptor)
		if n >= second.distance {
			continue
		}
		if n < first.distance {
			first, second = near{i, n}, first
		} else {
			second = near{i, n}
		}
	}
	return [perPhoto]near{first, second}
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
