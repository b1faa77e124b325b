package feature

// plane is one channel of a picture. Planes that are made here have rows of a multiple of 64 bytes and 64 more bytes after
// the last, so that kernels need no special case for what is left at a row's end.
type plane struct {
	pix    []uint8
	w, h   int
	stride int
}

// padded is the least multiple of 64 that is not less than n.
func padded(n int) int { return (n + 63) &^ 63 }

func newPlane(w, h int) plane {
	s := padded(w)
	return plane{make([]uint8, s*h+64), w, h, s}
}

func (p plane) row(y int) []uint8 { return p.pix[y*p.stride:][:p.w] }

// long is p as rows that kernels may run over to their padded ends. The plane must be one of ours.
func (p plane) long(y int) []uint8 { return p.pix[y*p.stride:][:p.stride] }

// halve is the plane at half its size, each pixel the mean of four; an odd last column or row is left out.
func (p plane) halve() plane {
	q := newPlane(p.w/2, p.h/2)
	for y := range q.h {
		halveRow(q.row(y), p.row(2*y), p.row(2*y+1))
	}
	return q
}

// tap tells which pixels of a line make one of a line that is shorter, but by less than half: three in a row, with
// weights in 128ths.
type tap struct {
	from    int
	weights [3]uint8
}

// taps cuts a line of n pixels into m equal parts, n/2 < m <= n.
func taps(n, m int) []tap {
	ts := make([]tap, m)
	for i := range ts {
		// The part lies from i*n to (i+1)*n, in mths of a pixel.
		lo, hi := i*n, (i+1)*n
		first := lo / m
		left, largest := 128, 0
		var w [3]int
		for k := range w {
			at := (first + k) * m
			w[k] = (256*max(0, min(hi, at+m)-max(lo, at)) + n) / (2 * n)
			left -= w[k]
			if w[k] > w[largest] {
				largest = k
			}
		}
		if w[0] == w[2] {
			largest = 1 // for the sake of mirror images
		}
		w[largest] += left
		if w[largest] == 128 { // the kernels' weights are signed
			w[largest]--
			w[(largest+1)%3]++
		}
		ts[i] = tap{first, [3]uint8{uint8(w[0]), uint8(w[1]), uint8(w[2])}}
	}
	return ts
}

// resize is the plane at another size, no larger in either direction, each pixel the mean of its part of the picture.
func (p plane) resize(w, h int) plane {
	switch {
	case w == p.w && h == p.h:
		return p
	case 2*w <= p.w || 2*h <= p.h:
		return p.shrink(w, h)
	}
	q := newPlane(w, h)
	across := newAcross(p.w, w)
	line := make([]uint8, padded(p.w)+64)
	for y, t := range taps(p.h, h) {
		a := p.row(t.from)
		b, c := p.row(min(t.from+1, p.h-1)), p.row(min(t.from+2, p.h-1)) // of weight 0 where there is none
		mixRows(line[:p.w], a, b, c, t.weights)
		acrossRow(q.row(y), line, &across)
	}
	return q
}

// across resizes lines.
type across struct {
	taps    []tap
	offsets []uint32 // two for each 8 pixels made: where the 16 pixels begin from which 4 are made
	table   []uint8  // 64 for each 8 pixels made: for each of them, which 4 of the 16, and their weights
	reach   int      // the last pixel that is read
}

func newAcross(n, m int) across {
	a := across{taps: taps(n, m), reach: n - 1}
	for i := 0; i+8 <= m; i += 8 {
		var table [64]uint8
		for j, t := range a.taps[i:][:8] {
			first := a.taps[i+j&^3].from
			if j&3 == 0 {
				a.offsets = append(a.offsets, uint32(first))
				a.reach = first + 15
			}
			for k, w := range t.weights {
				table[4*j+k] = uint8(t.from - first + k)
				table[32+4*j+k] = w
			}
		}
		a.table = append(a.table, table[:]...)
	}
	return a
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

// shrink is resize for any size. It is slow.
func (p plane) shrink(w, h int) plane {
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

// reduce is the plane at w by h, no larger than it: by halves as far as they go, which is much faster than in one step and
// gives nearly the same. It also returns how much of the width and height is in the result, since halves leave out odd
// lines.
func (p plane) reduce(w, h int) (q plane, across, down float64) {
	q = p
	for q.w >= 2*w && q.h >= 2*h {
		q = q.halve()
		w, h = min(w, q.w), min(h, q.h)
	}
	n := 1
	for p.w/(2*n) >= q.w && p.h/(2*n) >= q.h {
		n *= 2
	}
	return q.resize(w, h), float64(q.w*n) / float64(p.w), float64(q.h*n) / float64(p.h)
}
