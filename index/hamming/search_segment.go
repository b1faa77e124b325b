package hamming

import (
	"context"
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
func (w *search) segment(ctx context.Context, g *segment) error {
	scans, looked := 0, 0
	for i := range w.queries {
		q := &w.queries[i]
		if looked += w.index(g, q); q.scan {
			scans++
		}
		if looked >= patience || i == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			looked = 0
		}
	}
	switch {
	case scans == 0:
		return nil
	case scans < fewScans:
		return w.scanEach(ctx, g)
	}
	return w.scanTogether(ctx, g)
}

// index answers a query by the segment's tables, or says that it has to scan, in which case it leaves no hits. It
// returns about how many entries it looked at.
func (w *search) index(g *segment, q *query) (looked int) {
	before := len(w.hits)
	q.scan = true
	if w.scanning || len(g.tables) == 0 || deepest(w.radius, g.m) > maxShell {
		return 0
	}
	scan := g.costs.scan * float64(g.slots)
	entries, ok := w.plan(g, q, scan)
	if !ok {
		return len(w.spans)
	}
	// What is left to do is held against a scan again and again: a query in a cluster may have far more entries pass
	// than others.
	done, passed := 0, 0
	for _, r := range w.runs {
		t := g.tables[r.chunk]
		y := window(q.code[:w.words], t.first)
		_, near, _ := split(y, t.group)
		for from := r.from; from < r.to; {
			n := piece(w.spans[from:r.to])
			found := kernelNear(w.out, t.near, w.padded(from), n, near)
			if found > 0 {
				w.verify(g, r.chunk, w.spans[from:from+n], w.out[:found], q)
				w.report(g, q)
			}
			for _, s := range w.spans[from : from+n] {
				done += int(s.end - s.start)
			}
			passed += found
			from += n
			left := float64(entries-done) * (g.costs.entry + g.costs.pass*float64(passed)/float64(done))
			if left > scan {
				w.hits = w.hits[:before]
				return done
			}
		}
	}
	q.scan = false
	return entries
}

// plan spreads the radius, and lists the groups to read of each table. It reports how many entries these have, and
// whether that is worth while: it counts exactly, so that a query that falls into large groups is seen for what it is.
func (w *search) plan(g *segment, q *query, scan float64) (entries int, ok bool) {
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
		return 0, false
	}
	w.spans, w.runs = w.spans[:0], w.runs[:0]
	passes := 0.0
	for c, t := range g.tables {
		if w.radii[c] < 0 {
			continue
		}
		from := len(w.spans)
		n, p := w.list(t, uint32(window(code, t.first)>>(64-t.group)), int(w.radii[c]), w.radii.bound(&g.layout, c))
		entries, passes = entries+n, passes+p
		w.runs = append(w.runs, run{c, from, len(w.spans)})
	}
	w.spans = slices.Grow(w.spans, spanPad)
	return entries, lookups+g.costs.estimate(len(w.spans), entries, passes) <= scan
}

// list appends the spans of the groups of t within a radius of one, and tells how many entries they have, and how many
// of them should pass.
func (w *search) list(t *table, group uint32, radius, bound int) (entries int, passes float64) {
	f := flipsOf[t.group]()
	w.spans = slices.Grow(w.spans, f.ball(radius)+spanPad)
	for d := range radius + 1 {
		before := entries
		values := f.values[f.ball(d-1):f.ball(d)]
		w.spans = slices.Grow(w.spans, len(values))
		n := len(w.spans)
		spans := w.spans[:cap(w.spans)]
		for _, flip := range values {
			v := group ^ flip
			start, end := t.starts[v], t.starts[v+1]
			entries += int(end - start)
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
		passes += float64(entries-before) * min(1, skew*binomial(nearBits, bound-d))
	}
	return entries, passes
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
				if c > 0 {
					at, _ = g.tables[0].find(x ^ q.code[0])
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
	prefetch(unsafe.Pointer(&g.codes[0]), 8*maxWords, passed)
	for _, p := range passed {
		slot := uint32(p)
		code := (*[maxWords]uint64)(g.codes[maxWords*int(slot):])
		if d := distance4(code, &q.code); d <= w.radius {
			x := [maxWords]uint64{code[0] ^ q.code[0], code[1] ^ q.code[1], code[2] ^ q.code[2], code[3] ^ q.code[3]}
			if w.every || w.radii.finder(&g.layout, x[:]) == c {
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
		w.hit(g, uint32(f), int(f>>32), q.id)
	}
	w.found = w.found[:0]
}

// distance4 is the number of bits in which two codes differ.
func distance4(a, b *[maxWords]uint64) int {
	return bits.OnesCount64(a[0]^b[0]) + bits.OnesCount64(a[1]^b[1]) +
		bits.OnesCount64(a[2]^b[2]) + bits.OnesCount64(a[3]^b[3])
}
