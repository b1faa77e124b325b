package fingerprint

import (
	"cmp"
	"image"
	"math"
	"slices"
)

// colourGrid is the number of cells along each side of a Colour.
const colourGrid = 4

const cells = colourGrid * colourGrid

// Colour is the small colour signature of a region: its mean colour in each cell of a 4x4 grid, row by row from the top
// left, three bytes a cell: Y, Cb, Cr of full-range BT.601, as in JPEG. The hashes see grey alone; this tells colour
// variants of one product apart.
type Colour [cells * 3]uint8

// Distance is the mean over the cells of the Euclidean distance of their colours, 0 to 442, in levels of 255.
func (c Colour) Distance(o Colour) float64 {
	var sum float64
	for i := 0; i < len(c); i += 3 {
		y, b, r := float64(c[i])-float64(o[i]), float64(c[i+1])-float64(o[i+1]), float64(c[i+2])-float64(o[i+2])
		sum += math.Sqrt(y*y + b*b + r*r)
	}
	return sum / cells
}

// Relief is the correlation of the luma of the cells, -1 to 1: how alike light and dark are spread, whatever the
// brightness and the contrast. That of grids without any contrast is 0.
func (c Colour) Relief(o Colour) float64 {
	var mc, mo float64
	for i := 0; i < len(c); i += 3 {
		mc += float64(c[i]) / cells
		mo += float64(o[i]) / cells
	}
	// The added noise, a level or so for each cell, keeps flat grids from looking alike.
	const noise = 9
	cc, oo, co := float64(noise), float64(noise), 0.0
	for i := 0; i < len(c); i += 3 {
		x, y := float64(c[i])-mc, float64(o[i])-mo
		cc += x * x
		oo += y * y
		co += x * y
	}
	return co / math.Sqrt(cc*oo)
}

// Chroma is the root mean square distance of the cells' colours from grey, 0 to 181, in levels.
func (c Colour) Chroma() float64 {
	var sum float64
	for i := range cells {
		v := c.chroma(i)
		sum += v * v
	}
	return math.Sqrt(sum / cells)
}

// colourSamples is how many samples of chroma a cell's mean is taken from, along each side, at the most.
const colourSamples = 16

// What Hue and Shade leave to edits of the whole picture, and to banners and patches over parts of it.
const (
	palest, strongest = 0.6, 1.6 // by which chroma may be scaled
	fitCells          = 12       // cells that the scale is fitted to, those that fit best
	subjectCells      = 8        // cells that are taken for what the picture shows
	subjectRank       = 4        // of the differences in those, counted from the least, what is taken for that of the subject
	white             = 235      // luma of a cell of white backdrop, at the least
	whiteShift        = 5        // by which it may change, at the most
	whiteCells        = 2        // of which there must be so many, for the picture to have a backdrop
)

// Hue is how far the colours of o differ from those of c other than by being paler or stronger as a whole, 0 to 362, in
// levels of chroma: what remains when c's chroma is scaled, by 0.6 to 1.6, to come as near to o's as it can. Of the
// eight most colourful cells the one with the fourth-least rest counts, so that neither backdrop nor a banner over some
// of them does. It is 0 where o has no colour at all, as copies in grey have none.
func (c Colour) Hue(o Colour) float64 {
	if o.Chroma() < 0.5 {
		return 0
	}
	var rest, vivid [cells]float64
	for i := range cells {
		vivid[i] = max(c.chroma(i), o.chroma(i))
	}
	residuals := func(scale float64) {
		for i := range rest {
			b := float64(o[3*i+1]) - 128 - scale*(float64(c[3*i+1])-128)
			r := float64(o[3*i+2]) - 128 - scale*(float64(c[3*i+2])-128)
			rest[i] = math.Hypot(b, r)
		}
	}
	// The scale that fits all cells shows which fit worst; what counts is the scale that fits the others.
	residuals(c.scale(o, math.Inf(1), &rest))
	sorted := rest
	slices.Sort(sorted[:])
	residuals(c.scale(o, sorted[fitCells-1], &rest))
	return ranked(&rest, &vivid)
}

// Shade is how far o is lighter or darker than c where c is darkest, 0 to 255, in levels of luma, if the white backdrop
// has stayed as it was: brightness or contrast of the whole picture was not changed, then. Of the eight darkest cells
// the one with the fourth-least difference counts. It is 0 where there is no such backdrop.
func (c Colour) Shade(o Colour) float64 {
	var shift, dark [cells]float64
	backdrop := 0
	for i := range cells {
		x, y := float64(c[3*i]), float64(o[3*i])
		shift[i], dark[i] = math.Abs(x-y), -min(x, y)
		if x > white && shift[i] <= whiteShift {
			backdrop++
		}
	}
	if backdrop < whiteCells {
		return 0
	}
	return ranked(&shift, &dark)
}

// ranked is the value of rank subjectRank among those of the subjectCells cells of most weight.
func ranked(values, weight *[cells]float64) float64 {
	var order [cells]int
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order[:], func(a, b int) int { return cmp.Compare(weight[b], weight[a]) })
	var of [subjectCells]float64
	for i := range of {
		of[i] = values[order[i]]
	}
	slices.Sort(of[:])
	return of[subjectRank-1]
}

// chroma is the distance of a cell's colour from grey, in levels.
func (c Colour) chroma(cell int) float64 {
	return math.Hypot(float64(c[3*cell+1])-128, float64(c[3*cell+2])-128)
}

// scale is by how much c's chroma is to be multiplied to come nearest to o's, within palest and strongest, in the cells
// whose rest is at most so much.
func (c Colour) scale(o Colour, most float64, rest *[cells]float64) float64 {
	var cc, co float64
	for i, v := range rest {
		if v > most {
			continue
		}
		cb, cr := float64(c[3*i+1])-128, float64(c[3*i+2])-128
		cc += cb*cb + cr*cr
		co += cb*(float64(o[3*i+1])-128) + cr*(float64(o[3*i+2])-128)
	}
	if cc == 0 {
		return 1
	}
	return min(max(co/cc, palest), strongest)
}

// colours computes the signature of a rectangle, in pixels of the original, whose luma the block holds already.
func (p Picture) colours(b *block, r image.Rectangle) (c Colour) {
	d := p.Reduction
	first := p.Image.COffset(p.Image.Rect.Min.X, p.Image.Rect.Min.Y)
	// Bounds of the rectangle in chroma samples, of which each stands for dx by dy cells.
	dx, dy := chromaCells(p.Image.SubsampleRatio)
	most := p.Image.Rect.Size()
	mostX, mostY := (most.X+dx-1)/dx, (most.Y+dy-1)/dy
	edge := func(from, length, i, step, most int) int {
		return min((from+length*i/colourGrid+d*step/2)/(d*step), most)
	}
	for i := range colourGrid {
		y0, y1 := edge(r.Min.Y, r.Dy(), i, dy, mostY), edge(r.Min.Y, r.Dy(), i+1, dy, mostY)
		y0, y1, stepY := samples(y0, y1, mostY)
		for j := range colourGrid {
			x0, x1 := edge(r.Min.X, r.Dx(), j, dx, mostX), edge(r.Min.X, r.Dx(), j+1, dx, mostX)
			x0, x1, stepX := samples(x0, x1, mostX)
			var cb, cr, n int
			for y := y0; y < y1; y += stepY {
				at := first + y*p.Image.CStride
				for x := x0; x < x1; x += stepX {
					cb += int(p.Image.Cb[at+x])
					cr += int(p.Image.Cr[at+x])
					n++
				}
			}
			k := 3 * (colourGrid*i + j)
			c[k] = b.mean(i, j)
			c[k+1], c[k+2] = uint8((cb+n/2)/n), uint8((cr+n/2)/n)
		}
	}
	return c
}

// samples spreads colourSamples at the most evenly, about the middle, over a range that may be empty, of which there are
// most. There is one at the least.
func samples(from, to, most int) (first, end, step int) {
	if to <= from {
		from = min(from, most-1)
		return from, from + 1, 1
	}
	step = (to-from-1)/colourSamples + 1
	return from + (to-from-1)%step/2, to, step
}

// mean is the mean luma of a cell of the colour grid.
func (b *block) mean(i, j int) uint8 {
	const cell = side / colourGrid
	var sum float32
	for y := i * cell; y < (i+1)*cell; y++ {
		for _, v := range b[y*side+j*cell : y*side+(j+1)*cell] {
			sum += v
		}
	}
	return uint8(min(max(math.Round(float64(sum)/(cell*cell)), 0), 255))
}

// chromaCells returns how many luma samples across and down share a chroma sample.
func chromaCells(r image.YCbCrSubsampleRatio) (int, int) {
	switch r {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}
