package feature

// corner is a spot that was detected on a level of the pyramid.
type corner struct {
	x, y  int
	level int
	score float32
	angle uint8
}

// circle are the offsets of FAST's ring of 16 pixels, clockwise from the top.
var circle = [16][2]int{
	{0, -3}, {1, -3}, {2, -2}, {3, -1}, {3, 0}, {3, 1}, {2, 2}, {1, 3},
	{0, 3}, {-1, 3}, {-2, 2}, {-3, 1}, {-3, 0}, {-3, -1}, {-2, -2}, {-1, -3},
}

// fast9 tells whether 9 contiguous pixels of the ring are all brighter or all darker than the centre by more than t
// (Rosten and Drummond 2006).
func fast9(pix []uint8, at int, ring *[16]int, t int) bool {
	c := int(pix[at])
	hi, lo := c+t, c-t
	// Nine contiguous ones hold at least two of the four that lie at right angles, next to each other.
	n, s, e, w := int(pix[at+ring[0]]), int(pix[at+ring[8]]), int(pix[at+ring[4]]), int(pix[at+ring[12]])
	bright := (n > hi || s > hi) && (e > hi || w > hi)
	dark := (n < lo || s < lo) && (e < lo || w < lo)
	if !bright && !dark {
		return false
	}
	var b, d uint32
	for i, o := range ring {
		v := int(pix[at+o])
		if v > hi {
			b |= 1 << i
		}
		if v < lo {
			d |= 1 << i
		}
	}
	return run9(b) || run9(d)
}

func run9(m uint32) bool {
	m |= m << 16
	m &= m >> 1
	m &= m >> 2
	m &= m >> 4 // runs of 8
	return m&(m>>1)&0xffff != 0
}

// harris is the corner measure of Harris and Stephens over a 7x7 window, of Sobel gradients.
func harris(p plane, x, y int) float32 {
	var a, b, c int
	for dy := -3; dy <= 3; dy++ {
		r0, r1, r2 := p.pix[(y+dy-1)*p.stride+x-4:][:9], p.pix[(y+dy)*p.stride+x-4:][:9], p.pix[(y+dy+1)*p.stride+x-4:][:9]
		for i := 1; i < 8; i++ {
			gx := int(r0[i+1]) - int(r0[i-1]) + 2*(int(r1[i+1])-int(r1[i-1])) + int(r2[i+1]) - int(r2[i-1])
			gy := int(r2[i-1]) - int(r0[i-1]) + 2*(int(r2[i])-int(r0[i])) + int(r2[i+1]) - int(r0[i+1])
			a += gx * gx
			b += gy * gy
			c += gx * gy
		}
	}
	const scale = 1.0 / (4 * 7 * 255)
	const s4 = scale * scale * scale * scale
	fa, fb, fc := float32(a), float32(b), float32(c)
	return (fa*fb - fc*fc - 0.04*(fa+fb)*(fa+fb)) * s4
}

const border = 20 // pixels of a level along its edges without corners

// detect finds the corners of a level that are maxima of their 3x3 surroundings.
func detect(p plane, level int, out []corner) []corner {
	if p.w <= 2*border || p.h <= 2*border {
		return out
	}
	var ring [16]int
	for i, o := range circle {
		ring[i] = o[1]*p.stride + o[0]
	}
	scores := make([][]float32, 3)
	for i := range scores {
		scores[i] = make([]float32, p.w)
	}
	found := make([][]int, 3)
	for y := border; y <= p.h-border; y++ {
		cur := scores[y%3]
		clear(cur)
		found[y%3] = found[y%3][:0]
		if y < p.h-border {
			for x := border; x < p.w-border; x++ {
				if fast9(p.pix, y*p.stride+x, &ring, threshold) {
					if s := harris(p, x, y); s > 0 {
						cur[x] = s
						found[y%3] = append(found[y%3], x)
					}
				}
			}
		}
		if y == border {
			continue
		}
		// Maxima of the row before.
		up, mid, down := scores[(y+1)%3], scores[(y+2)%3], cur
		for _, x := range found[(y+2)%3] {
			s := mid[x]
			if s > mid[x-1] && s >= mid[x+1] && s > up[x-1] && s > up[x] && s > up[x+1] && s >= down[x-1] && s >= down[x] && s >= down[x+1] {
				out = append(out, corner{x: x, y: y - 1, level: level, score: s})
			}
		}
	}
	return out
}

// threshold is FAST's, in levels of luma.
const threshold = 8
