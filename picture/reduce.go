package picture

import "image"

// maxReduction bounds the power of two by which a picture is made smaller.
const maxReduction = 64

// Sides are the pixels that a picture's sides keep at the least when it is reduced. A side that is 0 or negative asks for
// nothing; where neither asks, and where the original has less than is asked for, the picture is not reduced.
type Sides struct{ Shorter, Longer int }

// reduction returns the largest power of two that leaves a picture what is to be kept.
func (keep Sides) reduction(width, height int) int {
	leaves := func(length, side, n int) bool { return side <= 0 || int64(length) >= int64(side)*int64(n) }
	n := 1
	for (keep.Shorter > 0 || keep.Longer > 0) && n < maxReduction &&
		leaves(min(width, height), keep.Shorter, 2*n) && leaves(max(width, height), keep.Longer, 2*n) {
		n *= 2
	}
	return n
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// cells says how a stored picture is cut into squares, each of which becomes a pixel. They are counted from the corner
// that is the upright picture's upper left, so that a picture gives the same pixels in all eight orientations; those at
// the opposite sides may be incomplete.
type cells struct {
	side                  int // a power of two
	fromRight, fromBottom bool
}

// lead returns how much of the first cell is missing along a side.
func (c cells) lead(length int, fromEnd bool) int {
	if !fromEnd {
		return 0
	}
	return (c.side - length%c.side) % c.side
}

// span returns the bounds of the i-th cell along a side.
func (c cells) span(i, length, lead int) (from, to int) {
	return max(0, i*c.side-lead), min(length, (i+1)*c.side-lead)
}

// reduce returns the picture with each cell made one pixel, its mean; m itself where cells are single pixels. Chroma is
// reduced alike and stays subsampled as it is.
func reduce(m *image.YCbCr, c cells) *image.YCbCr {
	if c.side == 1 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewYCbCr(image.Rect(0, 0, ceilDiv(w, c.side), ceilDiv(h, c.side)), m.SubsampleRatio)
	c.reducePlane(plane{out.Y, out.YStride}, plane{m.Y, m.YStride}, w, h)
	cw, ch := chromaSize(m.SubsampleRatio, w, h)
	c.reducePlane(plane{out.Cb, out.CStride}, plane{m.Cb, m.CStride}, cw, ch)
	c.reducePlane(plane{out.Cr, out.CStride}, plane{m.Cr, m.CStride}, cw, ch)
	return out
}

// reducePlane fills dst with the means of the cells of src, which is w by h samples.
func (c cells) reducePlane(dst, src plane, w, h int) {
	b := newBoxes(c, w, h, 1)
	for y := range h {
		if !b.add(src.pix[y*src.stride:][:w]) {
			continue
		}
		row := dst.pix[b.row*dst.stride:]
		for x := range b.across {
			row[x] = b.mean(x, 0)
		}
		b.next()
	}
}

// boxes sums the rows of a picture into a row of cells at a time. A cell is at most 64 by 64 samples of 8 bits.
type boxes struct {
	cells
	width, height, channels int
	across                  int // cells
	leadX, leadY            int
	y                       int // of the next row
	row                     int // of cells
	sums                    []uint32
}

func newBoxes(c cells, width, height, channels int) *boxes {
	across := ceilDiv(width, c.side)
	return &boxes{
		cells: c, width: width, height: height, channels: channels, across: across,
		leadX: c.lead(width, c.fromRight), leadY: c.lead(height, c.fromBottom), sums: make([]uint32, across*channels),
	}
}

// add adds the next row, its channels interleaved. It tells whether the row of cells is complete.
func (b *boxes) add(row []uint8) bool {
	if b.channels == 1 {
		for i := range b.sums {
			from, to := b.span(i, b.width, b.leadX)
			var sum uint32
			for _, v := range row[from:to] {
				sum += uint32(v)
			}
			b.sums[i] += sum
		}
	} else {
		for i := range b.across {
			from, to := b.span(i, b.width, b.leadX)
			var s0, s1, s2 uint32
			for cell := row[3*from : 3*to]; len(cell) >= 3; cell = cell[3:] {
				s0 += uint32(cell[0])
				s1 += uint32(cell[1])
				s2 += uint32(cell[2])
			}
			b.sums[3*i] += s0
			b.sums[3*i+1] += s1
			b.sums[3*i+2] += s2
		}
	}
	b.y++
	_, end := b.span(b.row, b.height, b.leadY)
	return b.y == end
}

// mean returns the mean of a channel in a cell of the row that is complete.
func (b *boxes) mean(x, channel int) uint8 {
	left, right := b.span(x, b.width, b.leadX)
	top, bottom := b.span(b.row, b.height, b.leadY)
	count := uint32((right - left) * (bottom - top))
	return uint8((b.sums[x*b.channels+channel] + count/2) / count)
}

// next begins the next row of cells.
func (b *boxes) next() {
	clear(b.sums)
	b.row++
}

// Reduced is the picture reduced further, by a power of two, as far as its shorter side keeps at least side pixels; p itself
// where it can't be. It shares no pixels with p otherwise.
func (p *Picture) Reduced(side int) *Picture {
	b := p.Image.Rect
	n := min(Sides{Shorter: side}.reduction(b.Dx(), b.Dy()), maxReduction/p.Reduction)
	if n <= 1 {
		return p
	}
	q := *p
	q.Image, q.Reduction = reduce(p.Image, cells{side: n}), p.Reduction*n
	return &q
}
