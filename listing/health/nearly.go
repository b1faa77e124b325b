package health

import (
	"math"

	"touchstone/fingerprint/feature"
)

// How far the thumbnails of duplicates may differ, which are laid under a grid, so that an edge which lies half a pixel
// further along counts for little. Measured 2026-11-24 on photos of five shops and two collections: of 82 that were saved
// anew at half the size 77 are near, at 80% of it 79, at twice the size and as large as they were all; of 262 pairs that
// match calls copies without an edit, nearly all of them variants of an article, 6: two that are one picture, and four that
// differ in the legs of a sofa, a pattern of white on white and the like.
const (
	cells      = 12  // on a side
	cellLuma   = 6.0 // levels of 255 beyond which a cell differs
	cellChroma = 4.5 // of either chroma
	cellsMost  = 4   // cells that may differ
)

// grid is the mean of each cell of a plane, row by row.
type grid [cells * cells]float64

// nearly tells whether two thumbnails show the same, colours included.
func nearly(a, b *feature.Thumbnail) bool {
	luma, cb, cr := gridsOf(a)
	otherLuma, otherCb, otherCr := gridsOf(b)
	n := 0
	for i := range luma {
		if math.Abs(luma[i]-otherLuma[i]) > cellLuma || math.Abs(cb[i]-otherCb[i]) > cellChroma || math.Abs(cr[i]-otherCr[i]) > cellChroma {
			n++
		}
	}
	return n <= cellsMost
}

func gridsOf(t *feature.Thumbnail) (luma, cb, cr grid) {
	w, h := (t.Width+1)/2, (t.Height+1)/2
	return gridOf(t.Y, t.Width, t.Height), gridOf(t.Cb, w, h), gridOf(t.Cr, w, h)
}

// gridOf lays a grid over a plane. A pixel counts for each cell by as much of it as lies there.
func gridOf(plane []uint8, w, h int) (g grid) {
	columns := make([][]portion, w)
	for x := range columns {
		columns[x] = cellsOf(x, w)
	}
	for y := range h {
		rows := cellsOf(y, h)
		for x := range w {
			for _, r := range rows {
				for _, c := range columns[x] {
					g[r.cell*cells+c.cell] += r.share * c.share * float64(plane[y*w+x])
				}
			}
		}
	}
	return g
}

// portion is what a pixel has of a cell, along one side: shares of the cell's length.
type portion struct {
	cell  int
	share float64
}

// cellsOf returns the cells of a side that a pixel lies in, of so many pixels.
func cellsOf(at, pixels int) []portion {
	from, to := float64(at)*cells/float64(pixels), float64(at+1)*cells/float64(pixels)
	var all []portion
	for c := int(from); float64(c) < to && c < cells; c++ {
		all = append(all, portion{c, min(to, float64(c+1)) - max(from, float64(c))})
	}
	return all
}
