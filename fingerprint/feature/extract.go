package feature

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// Tuning of a pyramid's use.
type Options struct {
	Side int // long side at most
	Most int
}

const stepsPerOctave = 3

// View is a set with the pixels it came from.
type View struct {
	Set
	levels []plane // smoothed
	planes []plane
	sizes  []float64 // size of level relative to base: 2^(-i/3)
}

// Extract ...
func Extract(img *image.YCbCr, width, height int, o Options) *View {
	base := plane{img.Y[img.YOffset(img.Rect.Min.X, img.Rect.Min.Y):], img.Rect.Dx(), img.Rect.Dy(), img.YStride}
	long := max(base.w, base.h)
	v := &View{}
	v.Recipe, v.Width, v.Height = Current, width, height
	v.Thumbnail = thumbnail(img)
	if long > o.Side {
		f := float64(o.Side) / float64(long)
		base = base.resize(max(1, int(math.Round(float64(base.w)*f))), max(1, int(math.Round(float64(base.h)*f))))
	}
	for i := 0; ; i++ {
		f := math.Exp2(-float64(i) / stepsPerOctave)
		var l plane
		if i < stepsPerOctave {
			l = base.resize(max(1, int(math.Round(float64(base.w)*f))), max(1, int(math.Round(float64(base.h)*f))))
		} else {
			l = v.planes[i-stepsPerOctave].halve()
		}
		if min(l.w, l.h) < 8 && i > 0 {
			break
		}
		v.planes = append(v.planes, l)
	}
	var corners []corner
	byLevel := make([][]corner, len(v.planes))
	for i, l := range v.planes {
		byLevel[i] = detect(l, i, nil)
	}
	corners = spread(v.planes, byLevel, o.Most)
	smooth := make([]plane, len(v.planes))
	for _, c := range corners {
		l := v.planes[c.level]
		if smooth[c.level].pix == nil {
			smooth[c.level] = l.blur().blur().blur()
		}
		a := angleOf(l, c.x, c.y)
		d := describe(smooth[c.level], c.x, c.y, a)
		share := func(x, n int) uint16 { return uint16(math.Round((float64(x) + 0.5) / float64(n) * 65535)) }
		// diameter of the spot in base = 31 * 2^(level/3); relative to the side
		diameter := 31 * float64(max(base.w, base.h)) / float64(max(l.w, l.h)) / float64(max(base.w, base.h))
		size := -16 * math.Log2(diameter)
		v.Features = append(v.Features, Feature{share(c.x, l.w), share(c.y, l.h), uint8(min(max(math.Round(size), 0), 255)), a, d})
	}
	v.levels = smooth
	return v
}

// Plane is one channel of a picture at a reduced size.
type Plane struct {
	Pix           []uint8
	Width, Height int
	Stride        int
}

// Lumas are the levels of the pyramid, largest first.
func (v *View) Lumas() []Plane {
	var ps []Plane
	for _, p := range v.planes {
		ps = append(ps, Plane{p.pix, p.w, p.h, p.stride})
	}
	return ps
}

// spread chooses corners, the strongest of each cell first.
func spread(planes []plane, byLevel [][]corner, most int) []corner {
	total := 0.0
	for i := range planes {
		total += math.Exp2(-float64(i) / stepsPerOctave) // share of a level by its side, rather than its area
	}
	var out []corner
	var rest []corner
	carry := 0.0
	for i := range planes {
		quota := carry + float64(most)*math.Exp2(-float64(i)/stepsPerOctave)/total
		n := int(quota)
		carry = quota - float64(n)
		chosen, left := pick(planes[i], byLevel[i], n)
		if len(chosen) < n {
			carry += float64(n - len(chosen))
		}
		out = append(out, chosen...)
		rest = append(rest, left...)
	}
	if len(out) < most {
		slices.SortStableFunc(rest, func(a, b corner) int { return cmp.Compare(b.score, a.score) })
		out = append(out, rest[:min(len(rest), most-len(out))]...)
	}
	return out
}

// pick takes n corners of a level, spread over a grid.
func pick(p plane, cs []corner, n int) (chosen, left []corner) {
	if len(cs) <= n {
		return cs, nil
	}
	// Cells such that there are about n/4 of them.
	cells := max(1, float64(n)/4)
	side := math.Sqrt(float64(p.w) * float64(p.h) / cells)
	gw, gh := int(math.Ceil(float64(p.w)/side)), int(math.Ceil(float64(p.h)/side))
	slices.SortStableFunc(cs, func(a, b corner) int { return cmp.Compare(b.score, a.score) })
	rank := make([]int, gw*gh)
	type ranked struct {
		corner
		rank int
	}
	rs := make([]ranked, len(cs))
	for i, c := range cs {
		cell := int(float64(c.y)/side)*gw + int(float64(c.x)/side)
		rs[i] = ranked{c, rank[cell]}
		rank[cell]++
	}
	slices.SortStableFunc(rs, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	for i, r := range rs {
		if i < n {
			chosen = append(chosen, r.corner)
		} else {
			left = append(left, r.corner)
		}
	}
	return chosen, left
}

func thumbnail(img *image.YCbCr) Thumbnail {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	f := min(1, MaxThumbnail/float64(max(w, h)))
	t := Thumbnail{Width: max(1, int(math.Round(float64(w)*f))), Height: max(1, int(math.Round(float64(h)*f)))}
	luma := plane{img.Y[img.YOffset(img.Rect.Min.X, img.Rect.Min.Y):], w, h, img.YStride}
	t.Y = luma.resize(t.Width, t.Height).flat()
	x, y := img.Rect.Max.X-1, img.Rect.Max.Y-1
	o := img.COffset(img.Rect.Min.X, img.Rect.Min.Y)
	last := img.COffset(x, y)
	cw, ch := (last-o)%img.CStride+1, (last-o)/img.CStride+1
	tw, th := halved(t.Width), halved(t.Height)
	chroma := func(pix []uint8) []uint8 {
		return plane{pix[o:], cw, ch, img.CStride}.resize(min(tw, cw), min(th, ch)).grow(tw, th)
	}
	t.Cb, t.Cr = chroma(img.Cb), chroma(img.Cr)
	return t
}

func (p plane) flat() []uint8 {
	if p.stride == p.w {
		return append([]uint8(nil), p.pix[:p.w*p.h]...)
	}
	out := make([]uint8, 0, p.w*p.h)
	for y := range p.h {
		out = append(out, p.row(y)...)
	}
	return out
}

// grow repeats pixels where the plane is smaller.
func (p plane) grow(w, h int) []uint8 {
	out := make([]uint8, 0, w*h)
	for y := range h {
		r := p.row(y * p.h / h)
		for x := range w {
			out = append(out, r[x*p.w/w])
		}
	}
	return out
}

// Describe computes the descriptor at a place, given in units of the longer side, of a spot of that diameter, as a share of
// the longer side, and angle. It is not ok where the spot does not lie well inside.
func (v *View) Describe(x, y, diameter float64, angle uint8) (d Descriptor, ok bool) {
	want := 31 / diameter
	best, gap := -1, math.Inf(1)
	for i, l := range v.planes {
		if g := math.Abs(math.Log(float64(max(l.w, l.h)) / want)); g < gap {
			best, gap = i, g
		}
	}
	if gap > 0.3 {
		return d, false
	}
	l := v.planes[best]
	long := float64(max(l.w, l.h))
	px, py := int(math.Floor(x*long)), int(math.Floor(y*long))
	if px < 15 || py < 15 || px >= l.w-15 || py >= l.h-15 {
		return d, false
	}
	if v.levels[best].pix == nil {
		v.levels[best] = l.blur().blur().blur()
	}
	return describe(v.levels[best], px, py, angle), true
}
