package overlay

import (
	"errors"
	"image"
	"math"
)

// plane is a rectangle of samples.
type plane struct {
	pix                   []uint8
	stride, width, height int
}

// layer is a picture's planes: luma, and two of chroma that may have fewer samples.
type layer [3]plane

// pyramid is a picture in halving sizes, so that a sample of it may stand for many of its pixels.
type pyramid struct {
	layers        []layer // the first is the picture itself
	width, height int
	across, down  float64 // pixels that a sample of chroma stands for
}

// newPyramid reads from the picture as long as the pyramid is used.
func newPyramid(m *image.YCbCr) (pyramid, error) {
	if m == nil {
		return pyramid{}, errors.New("is missing")
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	if m.Rect.Min != (image.Point{}) || w < 1 || h < 1 {
		return pyramid{}, errors.New("is empty or does not start at the origin")
	}
	across, down := 1, 1
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio444:
	case image.YCbCrSubsampleRatio422:
		across = 2
	case image.YCbCrSubsampleRatio420:
		across, down = 2, 2
	case image.YCbCrSubsampleRatio440:
		down = 2
	case image.YCbCrSubsampleRatio411:
		across = 4
	case image.YCbCrSubsampleRatio410:
		across, down = 4, 2
	default:
		return pyramid{}, errors.New("is subsampled in an unknown way")
	}
	cw, ch := (w+across-1)/across, (h+down-1)/down
	first := layer{
		{m.Y, m.YStride, w, h},
		{m.Cb, m.CStride, cw, ch},
		{m.Cr, m.CStride, cw, ch},
	}
	for _, p := range first {
		if p.stride < p.width || len(p.pix) < p.stride*(p.height-1)+p.width {
			return pyramid{}, errors.New("lacks samples")
		}
	}
	p := pyramid{[]layer{first}, w, h, float64(across), float64(down)}
	for l := first; max(l[0].width, l[0].height) > 1; {
		for i := range l {
			l[i] = l[i].halved()
		}
		p.layers = append(p.layers, l)
	}
	return p, nil
}

// halved returns the plane with squares of two by two samples made one, their mean.
func (p plane) halved() plane {
	w, h := (p.width+1)/2, (p.height+1)/2
	out := plane{make([]uint8, w*h), w, w, h}
	for y := range h {
		upper := p.pix[2*y*p.stride:][:p.width]
		lower := p.pix[min(2*y+1, p.height-1)*p.stride:][:p.width]
		row := out.pix[y*w:][:w]
		for x := range row {
			i, j := 2*x, min(2*x+1, p.width-1)
			row[x] = uint8((int(upper[i]) + int(upper[j]) + int(lower[i]) + int(lower[j]) + 2) / 4)
		}
	}
	return out
}

// spot is a place in a picture and the parallelogram around it that a sample stands for, in the picture's pixels.
type spot struct {
	x, y           float64 // the middle
	rightX, rightY float64 // one side
	downX, downY   float64 // the other
}

// grown returns the spot with its sides that many times as long.
func (s spot) grown(n float64) spot {
	return spot{s.x, s.y, s.rightX * n, s.rightY * n, s.downX * n, s.downY * n}
}

// shorter returns the length of the shorter side.
func (s spot) shorter() float64 { return math.Sqrt(min(s.squares())) }

// squares returns the squares of the sides' lengths.
//
// Products are converted before they are added, here and elsewhere: so no machine rounds once where others round twice.
func (s spot) squares() (right, down float64) {
	return float64(s.rightX*s.rightX) + float64(s.rightY*s.rightY), float64(s.downX*s.downX) + float64(s.downY*s.downY)
}

// taps says where a picture is read for a spot: in the layer whose samples are next smaller than the spot, at its middle
// or, where the spot is larger than a sample, at four places around. They lie as far out as it takes for the five to
// have the variance of the spot, so that there is no jump between layers.
func (p pyramid) taps(s spot) (level int, at [4]spot, n int) {
	right, down := s.squares()
	square, side := max(right, down), 1.0
	for level+1 < len(p.layers) && 4*side <= square {
		level++
		side *= 4
	}
	const negligible = 1.0 / 64
	share := 0.0
	if square > side {
		share = math.Sqrt((1 - side/square) / 12)
	}
	if !(share > negligible) {
		at[0] = s
		return level, at, 1
	}
	for i, sign := range [4][2]float64{{-1, -1}, {1, -1}, {-1, 1}, {1, 1}} {
		u, v := sign[0]*share, sign[1]*share
		at[i].x = s.x + float64(u*s.rightX) + float64(v*s.downX)
		at[i].y = s.y + float64(u*s.rightY) + float64(v*s.downY)
	}
	return level, at, 4
}

// luma returns the luma of a spot, in 256ths of a level.
func (p pyramid) luma(s spot) int {
	level, at, n := p.taps(s)
	size := float64(int(1) << level)
	sum := 0
	for _, t := range at[:n] {
		sum += p.layers[level][0].at(t.x/size, t.y/size)
	}
	return sum / n
}

// colour returns the colour of a spot, in levels.
func (p pyramid) colour(s spot) (c [3]uint8) {
	level, at, n := p.taps(s)
	size := float64(int(1) << level)
	var sums [3]int
	for _, t := range at[:n] {
		x, y := t.x/size, t.y/size
		sums[0] += p.layers[level][0].at(x, y)
		sums[1] += p.layers[level][1].at(x/p.across, y/p.down)
		sums[2] += p.layers[level][2].at(x/p.across, y/p.down)
	}
	for i, sum := range sums {
		c[i] = uint8((sum/n + 128) >> 8)
	}
	return c
}

// at returns what lies at a place of the plane, in 256ths of a level, interpolated between the four samples around.
// Outside it is as at the nearest side.
func (p plane) at(x, y float64) int {
	i, a := between(x, p.width)
	j, b := between(y, p.height)
	upper, lower := p.pix[j*p.stride:][:p.width], p.pix[min(j+1, p.height-1)*p.stride:][:p.width]
	k := min(i+1, p.width-1)
	top := int(upper[i])*(256-a) + int(upper[k])*a
	bottom := int(lower[i])*(256-a) + int(lower[k])*a
	return (top*(256-b) + bottom*b + 128) >> 8
}

// between returns the sample before a place along a side, and how far on to the next the place is, in 256ths. The
// samples stand in the middle of their squares.
func between(v float64, n int) (i, part int) {
	v -= 0.5
	switch {
	case !(v > 0): // NaN as well
		return 0, 0
	case v >= float64(n-1):
		return n - 1, 0
	}
	f := int(v * 256)
	return f >> 8, f & 255
}
