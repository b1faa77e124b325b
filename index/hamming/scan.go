package hamming

import (
	"math"
	"math/bits"
	"slices"
)

const (
	// fewScans is below how many queries each scans by itself, and manyScans from how many on a scan costs each of them
	// what a tile does.
	fewScans  = 3
	manyScans = 16
	// tileCodes is how many codes are looked at for all queries together, and tileQueries for how many at once; the
	// kernel's answer has room for as many pairs as outMost.
	tileCodes   = 512
	tileQueries = outMost / tileCodes
)

// scanEach compares every code of a segment with each of the queries that have to scan.
func (w *search) scanEach(g *segment) {
	for i := range w.queries {
		q := &w.queries[i]
		switch {
		case !q.scan:
		case g.codes == nil:
			w.scanTable(g, q, func() { w.report(g, q) })
		default:
			w.scanCodes(g.codes, q, func() { w.report(g, q) })
		}
	}
}

// scanTable reads table 0, which has all of each code but its group. Neighbouring groups have most bits in common, and in
// those that they have in common they are compared with the query together: what passes is looked at again. It has what it found reported some at a time,
// and looks at the radius anew after each.
func (w *search) scanTable(g *segment, q *query, report func()) {
	t := g.tables[0]
	group, near, far := split(q.code[0], t.group)
	shift := blockShift(t.group, g.slots, w.radius)
	w.spans = slices.Grow(w.spans[:0], outMost+spanPad)
	entries := 0
	flush := func() {
		found := kernelFull(w.out, t.near, t.far, w.padded(0), len(w.spans), near, far)
		for _, p := range w.out[:found] {
			at := uint32(p)
			s := w.spans[p>>32]
			// The group is the last of its block that starts at the entry or before.
			v, past := s.tag<<shift, (s.tag+1)<<shift
			for v+1 < past {
				if middle := v + (past-v)/2; t.starts[middle] <= at {
					v = middle
				} else {
					past = middle
				}
			}
			if d := bits.OnesCount64(t.window(v, at) ^ q.code[0]); d <= w.radius {
				w.found = append(w.found, uint64(d)<<32|uint64(at))
			}
		}
		report()
		w.spans, entries = w.spans[:0], 0
	}
	for b := range uint32(1) << (t.group - shift) {
		bound := w.radius - bits.OnesCount32(b^group>>shift)
		start, end := t.starts[b<<shift], t.starts[(b+1)<<shift]
		if bound < 0 {
			continue
		}
		for start < end {
			n := min(end-start, spanMost)
			if entries+int(n) > outMost {
				if flush(); !w.spent(outMost / 4) {
					return
				}
			}
			w.spans = append(w.spans, span{start, start + n, int32(bound), b})
			start += n
			entries += int(n)
		}
	}
	flush()
}

// blockShift is by how many bits less than the groups the blocks of a scan are told apart. Large blocks cost little by
// themselves, but have more entries pass that the bits left out rule out.
func blockShift(group, slots, radius int) (best int) {
	const costBlock, costPass, costBit = 5.0, 3.0, 5.0 // nanoseconds, measured as those of search_segment.go
	least := math.Inf(1)
	for shift := range group + 1 {
		blocks := math.Ldexp(1, group-shift)
		passes := float64(slots) * binomial(64-shift, radius)
		if cost := costBlock*blocks + passes*(costPass+costBit*float64(shift)); cost < least {
			best, least = shift, cost
		}
	}
	return best
}

// scanCodes finds the codes of an array within the radius, and has them reported some at a time.
func (w *search) scanCodes(codes []uint64, q *query, report func()) {
	n := len(codes) / w.words
	w.spans = slices.Grow(w.spans[:0], 1+spanPad)[:1]
	for from := 0; from < n && w.spent(spanMost/4*w.words); from += spanMost {
		to := min(n, from+spanMost)
		if w.words == 1 {
			w.scan1(codes[from:to], uint32(from), q)
		} else {
			w.spans[0] = span{uint32(from), uint32(to), int32(w.radius), 0}
			for _, p := range w.out[:kernelWide(w.out, codes, w.padded(0), 1, &q.code)] {
				slot := uint32(p)
				d := distance4((*[maxWords]uint64)(codes[maxWords*int(slot):]), &q.code)
				w.found = append(w.found, uint64(d)<<32|uint64(slot))
			}
		}
		report()
	}
}

// scan1 finds those within the radius among some codes of 64 bits, the first of which has the given slot.
func (w *search) scan1(codes []uint64, first uint32, q *query) {
	whole := len(codes) &^ (tileStep - 1)
	for _, p := range w.out[:kernelTile(w.out, codes[:whole], 1, whole, q.code[:1], 1, w.radius)] {
		d := bits.OnesCount64(codes[uint32(p)] ^ q.code[0])
		w.found = append(w.found, uint64(d)<<32|uint64(first+uint32(p)))
	}
	for i, code := range codes[whole:] {
		if d := bits.OnesCount64(code ^ q.code[0]); d <= w.radius {
			w.found = append(w.found, uint64(d)<<32|uint64(first)+uint64(whole+i))
		}
	}
}

// tileStep is what the number of a tile's codes is a multiple of.
const tileStep = 8

// scanTogether compares every code of a segment with all queries that have to scan, a tile of codes at a time.
func (w *search) scanTogether(g *segment) {
	w.asked = w.asked[:0]
	var ids []int
	for i := range w.queries {
		if q := &w.queries[i]; q.scan {
			w.asked = append(w.asked, q.code[:w.words]...)
			ids = append(ids, i)
		}
	}
	w.tile = slices.Grow(w.tile[:0], w.words*tileCodes)[:w.words*tileCodes]
	group := uint32(0)
	for from := 0; from < g.slots; from += tileCodes {
		n := min(tileCodes, g.slots-from)
		// Behind the last code come zeros, which are dropped again.
		whole := (n + tileStep - 1) &^ (tileStep - 1)
		clear(w.tile)
		if g.codes == nil {
			group = g.tables[0].windows(w.tile[:n], uint32(from), group)
		} else {
			for i := range n {
				for word := range w.words {
					w.tile[word*whole+i] = g.codes[(from+i)*w.words+word]
				}
			}
		}
		for first := 0; first < len(ids); first += tileQueries {
			count := min(tileQueries, len(ids)-first)
			asked := w.asked[first*w.words : (first+count)*w.words]
			if !w.spent(n * count * w.words / 16) {
				return
			}
			for _, p := range w.out[:kernelTile(w.out, w.tile, w.words, whole, asked, count, w.radius)] {
				i := int(uint32(p))
				if i >= n {
					continue
				}
				q := &w.queries[ids[first+int(p>>32)]]
				d := bits.OnesCount64(w.tile[i] ^ q.code[0])
				for word := 1; word < w.words; word++ {
					d += bits.OnesCount64(w.tile[word*whole+i] ^ q.code[word])
				}
				w.hit(g, uint32(from+i), d, q.id, math.MaxInt)
			}
		}
	}
}
