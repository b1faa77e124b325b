package feature

// plane is one channel of a picture.
type plane struct {
	pix    []uint8
	w, h   int
	stride int
}

func newPlane(w, h int) plane { return plane{make([]uint8, w*h), w, h, w} }

func (p plane) row(y int) []uint8 { return p.pix[y*p.stride:][:p.w] }

// halve is the plane at half its size, each pixel the mean of four; an odd last column or row is left out.
func (p plane) halve() plane {
	q := newPlane(p.w/2, p.h/2)
	for y := range q.h {
		a, b, to := p.row(2*y), p.row(2*y+1), q.row(y)
		a, b = a[:2*len(to)], b[:2*len(to)]
		for x := range to {
			to[x] = uint8((uint32(a[2*x]) + uint32(a[2*x+1]) + uint32(b[2*x]) + uint32(b[2*x+1]) + 2) >> 2)
		}
	}
	return q
}

// span is which pixels of a line make one of a shorter line, and with what weights, in 65536ths.
type span struct {
	from    int
	weights []uint32
}

// spans cuts a line of n pixels into m equal parts, m at most n.
func spans(n, m int) []span {
	s := make([]span, m)
	for i := range s {
		// The part lies from i*n to (i+1)*n, in mths of a pixel.
		lo, hi := i*n, (i+1)*n
		s[i].from = lo / m
		left := uint32(1 << 16)
		for at := lo / m; at*m < hi; at++ {
			part := min(hi, (at+1)*m) - max(lo, at*m)
			w := uint32((part<<16 + n/2) / n)
			if (at+1)*m >= hi {
				w = left
			}
			left -= w
			s[i].weights = append(s[i].weights, w)
		}
	}
	return s
}

// resize is the plane at another size, no larger in either direction, each pixel the mean of its part of the picture.
func (p plane) resize(w, h int) plane {
	if w == p.w && h == p.h {
		return p
	}
	q := newPlane(w, h)
	across, down := spans(p.w, w), spans(p.h, h)
	sums := make([]uint32, p.w)
	for y, v := range down {
		clear(sums)
		for i, weight := range v.weights {
			weight >>= 8
			for x, c := range p.row(v.from + i) {
				sums[x] += weight * uint32(c)
			}
		}
		to := q.row(y)
		for x, s := range across {
			var sum uint64
			for i, weight := range s.weights {
				sum += uint64(weight) * uint64(sums[s.from+i])
			}
			to[x] = uint8((sum + 1<<23) >> 24)
		}
	}
	return q
}

// blur is the plane after a 5x5 binomial filter, which has a standard deviation of one pixel; edges are repeated.
func (p plane) blur() plane {
	q := newPlane(p.w, p.h)
	rows := make([]uint16, 5*p.w) // filtered along, by row modulo 5
	along := func(y int) {
		from, to := p.row(min(max(y, 0), p.h-1)), rows[(y+5)%5*p.w:][:p.w]
		n := len(from)
		at := func(x int) uint16 { return uint16(from[min(max(x, 0), n-1)]) }
		for x := range to {
			if x < 2 || x >= n-2 {
				to[x] = at(x-2) + at(x+2) + 4*(at(x-1)+at(x+1)) + 6*at(x)
				continue
			}
			f := from[x-2 : x+3]
			to[x] = uint16(f[0]) + uint16(f[4]) + 4*(uint16(f[1])+uint16(f[3])) + 6*uint16(f[2])
		}
	}
	for y := -2; y < 2; y++ {
		along(y)
	}
	for y := range p.h {
		along(y + 2)
		r := func(d int) []uint16 { return rows[(y+d+5)%5*p.w:][:p.w] }
		a, b, c, d, e, to := r(-2), r(-1), r(0), r(1), r(2), q.row(y)
		for x := range to {
			to[x] = uint8((uint32(a[x]) + uint32(e[x]) + 4*(uint32(b[x])+uint32(d[x])) + 6*uint32(c[x]) + 128) >> 8)
		}
	}
	return q
}
