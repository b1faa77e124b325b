package feature

const margin = 24 // pixels around a smooth plane, repeating those at its edges

// smooth is a plane after blurring, with a margin.
type smooth struct {
	pix    []uint8
	w, h   int
	stride int
	origin int // of pixel 0, 0 in pix
}

// blur filters the plane by [3 8 13 16 13 8 3]/64 in both directions: nearly a Gaussian of a standard deviation of 1.5
// pixels. The plane must be one of ours.
func (p plane) blur() smooth {
	stride := padded(p.w + 2*margin)
	s := smooth{make([]uint8, stride*(p.h+2*margin)+64), p.w, p.h, stride, margin*stride + margin}
	n := p.stride // whole blocks: what comes after the row's end is overwritten by the margin
	line := make([]uint16, 4+n+4+64)
	for y := range p.h {
		var rows [7][]uint8
		for k := range rows {
			rows[k] = p.long(min(max(y+k-3, 0), p.h-1))
		}
		mid := line[4:]
		blurDown(mid[:n], &rows)
		for k := range 3 {
			line[3-k], mid[p.w+k] = mid[0], mid[p.w-1]
		}
		to := s.pix[(margin+y)*stride:]
		blurAcross(to[margin:margin+n], line[1:]) // what is in the next row is overwritten in turn
		for x := range margin {
			to[x], to[margin+p.w+x] = to[margin], to[margin+p.w-1]
		}
	}
	first, last := s.pix[margin*stride:][:stride], s.pix[(margin+p.h-1)*stride:][:stride]
	for y := range margin {
		copy(s.pix[y*stride:], first)
		copy(s.pix[(margin+p.h+y)*stride:], last)
	}
	return s
}
