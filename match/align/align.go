// Package align finds where a genuine photo lies in another picture, the subject: from features that agree in position,
// size and angle, and then from the pixels themselves. It says how well what lies there looks like the photo, and leaves
// to its callers what that amounts to.
//
// Places are Points in units of the picture's longer side, so that circles stay round whatever the picture's shape.
//
// The caveat that bites: features agree by chance as well, in any two pictures. An alignment is a guess until Verify has
// held it against the pixels.
package align

import (
	"touchstone/fingerprint/feature"
)

// Subject is a picture in which photos are looked for. It may be used by one goroutine at a time.
type Subject struct {
	set     feature.Set
	mirror  []feature.Feature // of the mirrored picture; made when first needed, as are columns
	columns [2]*columns       // of the descriptors, as it stands and mirrored
	view    *feature.View     // nil: only the set is known
	lumas   []feature.Plane   // largest first
	cb, cr  feature.Plane
}

// OfView is a subject whose pixels are there.
func OfView(v *feature.View) *Subject {
	s := &Subject{set: v.Set, view: v, lumas: v.Lumas()}
	s.cb, s.cr = v.Chroma()
	return s
}

// OfSet is a subject of which no more is known than a set: its thumbnail stands for its pixels, and its features for what
// could be described anew.
func OfSet(s feature.Set) *Subject {
	t := &s.Thumbnail
	plane := func(pix []uint8, w, h int) feature.Plane {
		return feature.Plane{Pix: pix, Width: w, Height: h, Stride: w, Across: 1 / float64(w), Down: 1 / float64(h)}
	}
	w, h := (t.Width+1)/2, (t.Height+1)/2
	return &Subject{
		set: s, lumas: []feature.Plane{plane(t.Y, t.Width, t.Height)}, cb: plane(t.Cb, w, h), cr: plane(t.Cr, w, h),
	}
}

// features are the subject's, as it stands or mirrored.
func (s *Subject) features(mirrored bool) ([]feature.Feature, *columns) {
	fs, c := s.set.Features, &s.columns[0]
	if mirrored {
		if s.mirror == nil {
			s.mirror = make([]feature.Feature, len(fs))
			for i, f := range fs {
				s.mirror[i] = f.Mirrored()
			}
		}
		fs, c = s.mirror, &s.columns[1]
	}
	if *c == nil {
		*c = columnsOf(fs)
	}
	return fs, *c
}

// Features are the subject's, as it stands. They must not be changed.
func (s *Subject) Features() []feature.Feature { return s.set.Features }

// Size is the subject's in pixels, as far as its shape goes.
func (s *Subject) Size() (width, height int) { return s.set.Width, s.set.Height }

// Frame is the picture's lower right corner.
func Frame(width, height int) Point {
	long := float64(max(width, height))
	return Point{float64(width) / long, float64(height) / long}
}

// frame is the subject's.
func (s *Subject) frame() Point { return Frame(s.set.Width, s.set.Height) }
