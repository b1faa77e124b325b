package fingerprint

import "image"

const (
	// borderNoise is how far a sample of a border may lie from the border's colour, in each of Y, Cb, Cr, of 255: what
	// JPEG at quality 30 does to a flat border beside an edge.
	borderNoise = 14
	// borderStray is the share of a border line's samples that may lie further off, in thousandths.
	borderStray = 5
	// minContent is the least side of a content box, as a share of the picture's: what is smaller is no picture in a
	// frame but a speck on a sheet.
	minContent = 1.0 / 8
	// mostFrames bounds how many borders lie inside each other.
	mostFrames = 4
)

// frames returns the rectangles, in pixels of the original, that remain as its uniform borders are taken off one after
// the other, outermost first. Each lies within the one before; none when there is no border.
func (p Picture) frames() []image.Rectangle {
	at := p.Image.Rect
	var found []image.Rectangle
	for len(found) < mostFrames {
		inner := p.peel(at)
		if inner == at {
			break
		}
		size := p.Image.Rect.Size()
		if float64(inner.Dx()) < minContent*float64(size.X) || float64(inner.Dy()) < minContent*float64(size.Y) {
			break
		}
		found = append(found, p.original(inner))
		at = inner
	}
	return found
}

// original takes a rectangle from cells of the reduced picture to pixels of the original.
func (p Picture) original(r image.Rectangle) image.Rectangle {
	d := p.denom()
	r = r.Sub(p.Image.Rect.Min)
	return image.Rect(r.Min.X*d, r.Min.Y*d, min(r.Max.X*d, p.Width), min(r.Max.Y*d, p.Height))
}

// peel takes the border of one colour off the rectangle: the colour of the first uniform one of its four outer lines.
func (p Picture) peel(r image.Rectangle) image.Rectangle {
	lines := []func(image.Rectangle) image.Rectangle{
		func(r image.Rectangle) image.Rectangle { return image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+1) },
		func(r image.Rectangle) image.Rectangle { return image.Rect(r.Min.X, r.Max.Y-1, r.Max.X, r.Max.Y) },
		func(r image.Rectangle) image.Rectangle { return image.Rect(r.Min.X, r.Min.Y, r.Min.X+1, r.Max.Y) },
		func(r image.Rectangle) image.Rectangle { return image.Rect(r.Max.X-1, r.Min.Y, r.Max.X, r.Max.Y) },
	}
	for _, line := range lines {
		c := p.middle(line(r))
		if !p.uniform(line(r), c) {
			continue
		}
		inner := r
		for inner.Dy() > 1 && p.uniform(lines[0](inner), c) {
			inner.Min.Y++
		}
		for inner.Dy() > 1 && p.uniform(lines[1](inner), c) {
			inner.Max.Y--
		}
		for inner.Dx() > 1 && p.uniform(lines[2](inner), c) {
			inner.Min.X++
		}
		for inner.Dx() > 1 && p.uniform(lines[3](inner), c) {
			inner.Max.X--
		}
		return inner
	}
	return r
}

type colour struct{ y, cb, cr int }

// middle is the median of each component along a line of cells.
func (p Picture) middle(line image.Rectangle) colour {
	var ys, bs, rs [256]int
	n := 0
	for y := line.Min.Y; y < line.Max.Y; y++ {
		for x := line.Min.X; x < line.Max.X; x++ {
			c := p.Image.COffset(x, y)
			ys[p.Image.Y[p.Image.YOffset(x, y)]]++
			bs[p.Image.Cb[c]]++
			rs[p.Image.Cr[c]]++
			n++
		}
	}
	return colour{median(&ys, n), median(&bs, n), median(&rs, n)}
}

// median is that of n values, counted by value.
func median(counts *[256]int, n int) int {
	seen := 0
	for v, c := range counts {
		seen += c
		if 2*seen >= n {
			return v
		}
	}
	return 255
}

// uniform tells whether a line of cells has that one colour, but for noise.
func (p Picture) uniform(line image.Rectangle, c colour) bool {
	stray := line.Dx() * line.Dy() * borderStray / 1000
	for y := line.Min.Y; y < line.Max.Y; y++ {
		for x := line.Min.X; x < line.Max.X; x++ {
			k := p.Image.COffset(x, y)
			if apart(p.Image.Y[p.Image.YOffset(x, y)], c.y) || apart(p.Image.Cb[k], c.cb) || apart(p.Image.Cr[k], c.cr) {
				if stray--; stray < 0 {
					return false
				}
			}
		}
	}
	return true
}

func apart(v uint8, c int) bool {
	d := int(v) - c
	return d > borderNoise || d < -borderNoise
}
