package feature

import "math/bits"

// spot is a place of a level that was detected.
type spot struct {
	x, y   int32 // pixels of the level
	dx, dy int8  // 256ths of a pixel, from the pixel's centre
	level  int32
	score  uint16
}

const (
	reach  = 2 // pixels between those whose differences make the Hessian
	border = 6 // pixels of a level along its edges without spots
	least  = 6 // determinants, in quarters, that are not above are noise
)

// detect finds where, on the level of that number, the determinant of the Hessian is largest among its neighbours: blobs and corners, but not
// edges (Beaudet 1978; Bay et al. 2006).
func detect(l *level, number int) []spot {
	s := &l.smooth
	var out []spot
	if s.w <= 2*border || s.h <= 2*border {
		return out
	}
	n := padded(s.w - 2*border + 2) // from one pixel before the first
	var rows [3][]uint16
	for i := range rows {
		rows[i] = make([]uint16, n+64)
	}
	peaks := make([]uint32, n/32)
	fill := func(y int) []uint16 {
		at := s.origin + y*s.stride + border - 1 - reach
		to := rows[y%3]
		curveRow(to[:n], s.pix[at-reach*s.stride:], s.pix[at:], s.pix[at+reach*s.stride:])
		return to
	}
	a, b := fill(border-1), fill(border)
	for y := border; y < s.h-border; y++ {
		c := fill(y + 1)
		peakRow(peaks, a, b, c, least)
		for i, m := range peaks {
			for ; m != 0; m &= m - 1 {
				x := 32*i + bits.TrailingZeros32(m) // of rows: one less than that of b
				if x >= s.w-2*border {
					break
				}
				p := spot{x: int32(x + border), y: int32(y), level: int32(number), score: b[x+1]}
				if k := len(out) - 1; k >= 0 && out[k].y == p.y && out[k].x == p.x-1 && out[k].level == p.level {
					continue // a plateau
				}
				p.dx, p.dy = vertex(b[x], b[x+1], b[x+2]), vertex(a[x+1], b[x+1], c[x+1])
				out = append(out, p)
			}
		}
		a, b = b, c
	}
	return out
}

// vertex is where a parabola through three values at -1, 0 and 1 has its maximum, in 256ths: -128 to 127.
func vertex(a, b, c uint16) int8 {
	d := 2*int32(b) - int32(a) - int32(c)
	if d <= 0 {
		return 0
	}
	return int8(min(max(128*(int32(c)-int32(a))/d, -128), 127))
}
