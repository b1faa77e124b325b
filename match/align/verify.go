package align

import (
	"math"
	"slices"

	"touchstone/fingerprint/feature"
)

// Fit is an alignment that was held against the pixels, and what was seen.
type Fit struct {
	Map      Map  // from the photo to the subject as it stands
	Mirrored bool // left and right are exchanged
	Pairs    int  // features found in both pictures that agree with it

	Features  int     // of the photo, that lie well within the subject
	Median    int     // bits by which half of these differ at most from what the subject has at their place; 256: there are none
	Confirmed [3]int  // of these, how many differ in at most Bits
	Seen      float64 // share of the photo's area that lies within the subject, 0 to 1
	Covered   float64 // share of the subject's area that it takes, 0 to 1

	Blocks, Textured int     // of the photo's thumbnail that are seen; of these, with texture
	Alike            float64 // share of the latter that look alike, by their contrast, 0 to 1
	Plain            float64 // share of the blocks that have no texture in the photo
	PlainKept        float64 // of these, the share that has none in the subject either, and about the same brightness, after what was done to that of all
	Correlation      float64 // of luma over all that is seen, -1 to 1

	Hue           float64 // mean difference in chroma where they look alike, in levels
	Shade         float64 // mean difference in luma there
	Chroma        float64 // mean distance from grey there, of the photo
	SubjectChroma float64 // and of the subject
}

// Bits are the counts of differing bits up to which features are counted as confirmed. On the same photo half of what is
// not covered differs in 10 to 25; features of unrelated pictures differ in 128, and in some 60 where silhouettes coincide.
var bits = [3]int{24, 40, 56}

// fewRows is how many pixels the thumbnail's shorter side has at the least where a guess is refined. What a dozen rows or
// fewer say of where a photo lies across them is off by up to a seventh of its height.
const fewRows = 15

// Verify refines a guess and tells how well what lies there looks like the photo.
func (s *Subject) Verify(photo *feature.Set, g Guess) Fit {
	t := &photo.Thumbnail
	own := Frame(photo.Width, photo.Height)
	full := gridOf(photo)
	half := full.halve()
	m := g.Map
	scale, _, _, _ := m.Shape(Point{own.X / 2, own.Y / 2})
	coarse, fine := s.level(max(half.dx, half.dy), scale, g.Mirrored), s.level(max(full.dx, full.dy), scale, g.Mirrored)
	if min(full.w, full.h) >= fewRows {
		m = refine(m, half.marks(), &coarse, own, 6)
		ms := full.marks()
		m = refine(m, ms, &fine, own, 6)
		m = refine(m, ms, &fine, own, 8)
	}
	ds := s.confirm(photo, &m, g.Mirrored)
	if doubtful := below(ds, bits[1]) < g.Pairs; doubtful {
		if before := s.confirm(photo, &g.Map, g.Mirrored); below(before, bits[1]) > below(ds, bits[1])+2 {
			m, ds = g.Map, before
		}
	}
	f := Fit{Map: m, Mirrored: g.Mirrored, Pairs: g.Pairs, Features: len(ds), Median: 256}
	if len(ds) > 0 {
		f.Median = ds[len(ds)/2]
	}
	for i, n := range bits {
		f.Confirmed[i] = below(ds, n)
	}
	w := full.warp(&m, &fine)
	alike := f.appear(full, w)
	f.colour(full, t, s, &m, g.Mirrored, w, alike)
	if g.Mirrored {
		back := Map{-1, 0, s.frame().X, 0, 1, 0, 0, 0, 1}
		f.Map = back.After(&m)
	}
	f.Seen, f.Covered = overlap(&f.Map, own, s.frame())
	return f
}

// below is how many of the sorted distances are at most n.
func below(ds []int, n int) int {
	at, _ := slices.BinarySearch(ds, n+1)
	return at
}

// confirm describes the subject anew where the photo's features should lie, and returns by how many bits each differs
// that lies well within, sorted.
func (s *Subject) confirm(photo *feature.Set, m *Map, mirrored bool) []int {
	if s.view == nil {
		return s.recall(photo, m, mirrored)
	}
	own, width := Frame(photo.Width, photo.Height), s.frame().X
	ds := make([]int, 0, len(photo.Features))
	for i := range photo.Features {
		f := &photo.Features[i]
		p := place(f, own)
		q, ok := m.Apply(p)
		if !ok {
			continue
		}
		scale, turn, _, _ := m.Shape(p)
		angle := f.Angle + uint8(int(math.Round(turn/math.Pi*128)))
		if mirrored {
			q.X, angle = width-q.X, 128-angle
		}
		d, ok := s.view.Describe(q.X, q.Y, diameter(f)*scale, angle)
		if !ok {
			continue
		}
		if mirrored {
			d = d.Mirrored()
		}
		ds = append(ds, d.Distance(f.Descriptor))
	}
	slices.Sort(ds)
	return ds
}

// recall is confirm where the subject's pixels are not there: by its features that lie where they should. What has none
// there is left out: whether one was found depends on much else.
func (s *Subject) recall(photo *feature.Set, m *Map, mirrored bool) []int {
	own, frame := Frame(photo.Width, photo.Height), s.frame()
	var ds []int
	theirs, _ := s.features(mirrored)
	for i := range photo.Features {
		f := &photo.Features[i]
		p := place(f, own)
		q, ok := m.Apply(p)
		if !ok {
			continue
		}
		scale, _, _, _ := m.Shape(p)
		want := diameter(f) * scale
		least := 257
		for j := range theirs {
			o := &theirs[j]
			r := place(o, frame)
			if d := diameter(o); d > 1.4*want || want > 1.4*d || math.Hypot(r.X-q.X, r.Y-q.Y) > 0.08*want+0.005*scale {
				continue
			}
			least = min(least, f.Descriptor.Distance(o.Descriptor))
		}
		if least <= 256 {
			ds = append(ds, least)
		}
	}
	slices.Sort(ds)
	return ds
}
