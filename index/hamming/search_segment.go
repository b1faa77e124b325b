package hamming

import (
	"math"
	"math/bits"
	"slices"
	"unsafe"
)

// run is the spans of one table.
type run struct {
	chunk    int
	from, to int // in search.spans
}

// segment searches a segment for all queries.
func (w *search) segment(g *segment) {
	cost := g.costs.Scan
	if len(w.queries) >= manyScans {
		cost = g.costs.Tile
	}
	scans := w.indexAll(g, cost)
	if cost < g.costs.Scan && scans < manyScans {
		// Too few to share the cost.
		scans = w.indexAll(g, g.costs.Scan)
	}
	switch {
	case scans == 0 || w.err != nil:
	case scans < fewScans:
		w.scanEach(g.whole())
	default:
		w.scanTogether(g.whole())
	}
}

// indexAll answers the queries that are not answered yet by the segment's tables, and counts those that have to scan, at
// that cost of a code.
func (w *search) indexAll(g *segment, cost float64) (scans int) {
	for i := range w.queries {
		q := &w.queries[i]
		if q.scan && w.err == nil {
			w.index(g, q, cost*float64(g.slots))
		}
		if q.scan {
			scans++
		}
	}
	return scans
}

// index answers a query by the segment's tables, or leaves it as one that has to scan, which costs so much, without any
// hits.
func (w *search) index(g *segment, q *query, scan float64) {
	before := len(w.hits)
	if w.scanning || len(g.tables) == 0 || deepest(w.radius, g.m) > maxShell {
		return
	}
	all, least := w.plan(g, q, scan)
	if least > scan || !w.spent(10*len(w.spans)) {
		return
	}
	// A query in a cluster may have far more entries pass than others: before much is spent, samples tell. Where queries
	// share a scan, that costs so little that samples would cost as much.
	much := scan / 4
	if scan < g.costs.Scan*float64(g.slots) {
		much = scan / 2
	}
	cost, sampled, done, passed := least+g.costs.Pass*all.passes, false, 0, 0
	w.fetch(g, 0)
	for at, r := range w.runs {
		w.fetch(g, at+1)
		t := g.tables[r.chunk]
		_, near, _ := split(window(q.code[:w.words], t.first), t.group)
		for from := r.from; from < r.to; {
			spent := g.costs.Entry*float64(done) + g.costs.Pass*float64(passed) + costHit*float64(len(w.hits)-before)
			if !sampled && (cost > much || spent > much) {
				if sampled = true; w.dearer(g, q, at, from, len(w.hits)-before, scan) {
					w.hits = w.hits[:before]
					return
				}
			}
			n := piece(w.spans[from:r.to])
			found := kernelNear(w.out, t.near, w.padded(from), n, near)
			w.verify(g, r.chunk, w.spans[from:from+n], w.out[:found], q)
			w.report(g, q)
			for _, s := range w.spans[from : from+n] {
				done += int(s.end - s.start)
			}
			passed += found
			from += n
			if !w.spent(1000 + 20*found) {
				return
			}
		}
	}
	q.scan = false
}

// fetch asks for the first entries of the first spans of a run. The kernels look ahead by themselves, but not from one
// table to the next.
func (w *search) fetch(g *segment, at int) {
	if at >= len(w.runs) {
		return
	}
	r := w.runs[at]
	if n := min(r.to-r.from, 32); n > 0 {
		// The lower half of every other word is where a span starts, and what the others ask for is near at any rate.
		places := unsafe.Slice((*uint64)(unsafe.Pointer(&w.spans[r.from])), 2*n)
		prefetch(unsafe.Pointer(&g.tables[r.chunk].near[0]), 2, places)
	}
}

// What a code within the radius costs, in nanoseconds, wherever it was found, and what it costs besides for each table
// that finds it. Measured 2026-11 on one core of an EPYC (Zen 4); they only decide when to scan instead.
const (
	costReport = 9.0
	costHit    = 8.0
	costBeside = 4.0 // in place of costs.Pass, where what comes next in memory is looked at next
)

// samples is how many entries are looked at to judge a search by.
const samples = 64

// dearer looks at some of the entries that are left, from a run and a span in it on, and tells whether they cost more
// than a scan, which would find the hits again that there are.
func (w *search) dearer(g *segment, q *query, at, from, hits int, scan float64) bool {
	var left load
	for _, s := range w.spans[from:] {
		n := int(s.end - s.start)
		left = left.plus(load{1, n, max(0, n-longSpan), 0})
	}
	step := max(1, left.entries/samples)
	passes, beside, found, fresh := 0, 0, 0, 0
	next := step / 2
	for ; at < len(w.runs); at++ {
		r := w.runs[at]
		t := g.tables[r.chunk]
		y := window(q.code[:w.words], t.first)
		_, near, _ := split(y, t.group)
		for from = max(from, r.from); from < r.to; from++ {
			s := &w.spans[from]
			for ; next < int(s.end-s.start); next += step {
				entry := s.start + uint32(next)
				if bits.OnesCount16(t.near[entry]^near) > int(s.bound) {
					continue
				}
				var x [maxWords]uint64
				if w.words == 1 {
					x[0] = bits.RotateLeft64(t.window(s.tag, entry)^y, -t.first)
				} else {
					g.owner(r.chunk).code(t.at(entry), x[:])
					for i := range x {
						x[i] ^= q.code[i]
					}
					if g.rest(r.chunk) < nearBits && g.in(x[:], r.chunk) > int(w.radii[r.chunk]) {
						continue // verify doesn't fetch it
					}
				}
				passes++
				if next := entry + 1; next < s.end && bits.OnesCount16(t.near[next]^near) <= int(s.bound) &&
					(w.words == 1 || t.at(next)-t.at(entry) <= 2) {
					beside++
				}
				if d := bits.OnesCount64(x[0]) + bits.OnesCount64(x[1]) + bits.OnesCount64(x[2]) + bits.OnesCount64(x[3]); d <= w.radius {
					found++
					if w.radii.finder(&g.layout, x[:w.words]) == r.chunk {
						fresh++
					}
				}
			}
			next -= int(s.end - s.start)
		}
	}
	all := float64(left.entries) / samples
	cost := g.costs.least(left) + all*(g.costs.Pass*float64(passes-beside)+costBeside*float64(beside)) + costHit*all*float64(found) + costReport*all*float64(fresh)
	return cost > scan+costReport*(float64(hits)+all*float64(fresh))
}

// plan spreads the radius, and lists the groups to read of each table. It reports how much there is to read, which it
// counts exactly, so that a query that falls into large groups is seen for what it is, and what that costs at least.
// Where to find that out would be dear by itself, it says more than a scan.
func (w *search) plan(g *segment, q *query, scan float64) (all load, least float64) {
	code := q.code[:w.words]
	var sizes [maxChunks]uint32
	for c, t := range g.tables {
		v := window(code, t.first) >> (64 - t.group)
		sizes[c] = t.starts[v+1] - t.starts[v]
	}
	w.radii.spread(w.radius, sizes[:g.m])
	lookups := 0.0
	for c, t := range g.tables {
		lookups += g.costs.lookup[t.group] * float64(flipsOf[t.group]().ball(int(w.radii[c])))
	}
	// To find the groups out is spent even where a scan turns out to be cheaper.
	if lookups > scan/8 {
		return all, 2 * scan
	}
	w.spans, w.runs = w.spans[:0], w.runs[:0]
	for c, t := range g.tables {
		if w.radii[c] < 0 {
			continue
		}
		from := len(w.spans)
		all = all.plus(w.list(g, c, uint32(window(code, t.first)>>(64-t.group))))
		w.runs = append(w.runs, run{c, from, len(w.spans)})
	}
	w.spans = slices.Grow(w.spans, spanPad)
	return all, lookups + g.costs.least(all)
}

// farStarts is by how many bits a table groups whose starts don't stay in the second cache.
const farStarts = 17

// list appends the spans of table c within its radius of a group, and tells how much there is to read.
func (w *search) list(g *segment, c int, group uint32) (l load) {
	t, radius, bound := g.tables[c], int(w.radii[c]), w.radii.bound(&g.layout, c)
	f, first := flipsOf[t.group](), len(w.spans)
	if t.group >= farStarts {
		w.found = w.found[:0]
		for _, flip := range f.values[:f.ball(radius)] {
			w.found = append(w.found, uint64(group^flip))
		}
		prefetch(unsafe.Pointer(&t.starts[0]), 4, w.found)
		w.found = w.found[:0]
	}
	for d := range radius + 1 {
		before := l.entries
		values := f.values[f.ball(d-1):f.ball(d)]
		w.spans = slices.Grow(w.spans, len(values))
		n := len(w.spans)
		spans := w.spans[:cap(w.spans)]
		for _, flip := range values {
			v := group ^ flip
			start, end := t.starts[v], t.starts[v+1]
			l.entries += int(end - start)
			if end-start > longSpan {
				l.long += int(end - start - longSpan)
			}
			if end-start > spanMost {
				w.spans = spans[:n]
				for ; end-start > spanMost; start += spanMost {
					w.spans = append(w.spans, span{start, start + spanMost, int32(bound - d), v})
				}
				w.spans = slices.Grow(w.spans, len(values))
				n, spans = len(w.spans), w.spans[:cap(w.spans)]
			}
			spans[n] = span{start, end, int32(bound - d), v}
			if start != end {
				n++
			}
		}
		w.spans = spans[:n]
		l.passes += float64(l.entries-before) * min(1, skew*w.radii.share(&g.layout, c, d))
	}
	l.spans = len(w.spans) - first
	return l
}

// skew is how many times more entries pass the ring than would of uniform codes.
const skew = 4

// verify takes entries that passed, each with the number of its span in the upper half, and notes those within the radius
// that chunk c is to answer, or every one if it is so set.
func (w *search) verify(g *segment, c int, spans []span, passed []uint64, q *query) {
	t := g.tables[c]
	group, near, _ := split(window(q.code[:w.words], t.first), t.group)
	if w.words == 1 {
		prefetch(unsafe.Pointer(&t.far[0]), 4, passed)
		y := window(q.code[:1], t.first)
		for _, p := range passed {
			at := uint32(p)
			x := t.window(spans[p>>32].tag, at) ^ y
			d := bits.OnesCount64(x)
			if d > w.radius {
				continue
			}
			x = bits.RotateLeft64(x, -t.first)
			if w.every || w.radii.finder(&g.layout, []uint64{x}) == c {
				if c > 0 || g.here != nil {
					var ok bool
					if at, ok = g.whole().tables[0].find(x ^ q.code[0]); !ok {
						continue
					}
				}
				w.found = append(w.found, uint64(d)<<32|uint64(at))
			}
		}
		return
	}
	if rest := g.rest(c); rest > 0 && rest < nearBits {
		// The near bits begin with those of the chunk that the group doesn't say.
		n := 0
		for _, p := range passed {
			x := uint32(t.near[uint32(p)]^near) >> (nearBits - rest)
			passed[n] = p
			n += isUpTo(bits.OnesCount32(spans[p>>32].tag^group)+bits.OnesCount32(x), int(w.radii[c]))
		}
		passed = passed[:n]
	}
	if t.slots.bytes != nil {
		prefetch(unsafe.Pointer(&t.slots.bytes[0]), uint64(t.slots.width), passed)
		for i, p := range passed {
			passed[i] = uint64(t.slots.at(uint32(p)))
		}
	}
	owner := g.owner(c)
	prefetch(unsafe.Pointer(&owner.codes[0]), 8*maxWords, passed)
	for _, p := range passed {
		slot := uint32(p)
		code := (*[maxWords]uint64)(owner.codes[maxWords*int(slot):])
		if d := distance4(code, &q.code); d <= w.radius {
			x := [maxWords]uint64{code[0] ^ q.code[0], code[1] ^ q.code[1], code[2] ^ q.code[2], code[3] ^ q.code[3]}
			if w.every || w.radii.finder(&g.layout, x[:]) == c {
				if owner != g.whole() {
					var ok bool
					if slot, ok = g.whole().find(code[:]); !ok {
						continue
					}
				}
				w.found = append(w.found, uint64(d)<<32|uint64(slot))
			}
		}
	}
}

// isUpTo is 1 if n is most or less, else 0, without a branch.
func isUpTo(n, most int) int { return 1 - int(uint(most-n)>>63) }

// report turns what was found, slots with their distances above, into hits.
func (w *search) report(g *segment, q *query) {
	prefetch(unsafe.Pointer(&g.rows.bytes[0]), uint64(g.rows.width), w.found)
	for _, f := range w.found {
		w.hit(g, uint32(f), int(f>>32), q.id, math.MaxInt)
	}
	w.found = w.found[:0]
}

// distance4 is the number of bits in which two codes differ.
func distance4(a, b *[maxWords]uint64) int {
	return bits.OnesCount64(a[0]^b[0]) + bits.OnesCount64(a[1]^b[1]) +
		bits.OnesCount64(a[2]^b[2]) + bits.OnesCount64(a[3]^b[3])
}
