package hamming

import (
	"context"
	"math/bits"
	"slices"
)

// segment searches a segment for the queries of the block.
func (w *search) segment(ctx context.Context, g *segment) error {
	p := part{rows: g.rows, codes: g.codes, deaths: &g.deaths}
	scans := 0
	for i := range w.queries {
		q := &w.queries[i]
		q.scan = !w.plan(g, q)
		if q.scan {
			scans++
		}
	}
	for c := range g.tables {
		if scans == len(w.queries) {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range w.queries {
			if q := &w.queries[i]; !q.scan && q.radii[c] >= 0 {
				w.table(p, &g.tables[c], c, q)
			}
		}
	}
	if scans == 0 {
		return nil
	}
	return w.scan(ctx, p)
}

// plan decides for one query whether the segment's tables should be read, and with which radii. It counts what there is
// to read exactly, so that a query that falls into large groups is seen for what it is.
func (w *search) plan(g *segment, q *query) bool {
	m := len(g.tables)
	if m == 0 || deepest(w.radius, m) > maxShell {
		return false
	}
	limit := costScan(w.words, len(g.rows))
	var sizes [maxChunks]uint32
	for c := range g.tables {
		v := int(chunkOf(q.code[:], c))
		sizes[c] = g.tables[c].starts[v+1] - g.tables[c].starts[v]
	}
	q.radii.spread(w.radius, sizes[:m])
	probes := 0
	for c := range m {
		probes += ball(int(q.radii[c]))
	}
	if q.radii.cost(m, probes, 0) > limit {
		return false
	}
	entries, most := 0, 0
	for c := range g.tables {
		before := entries
		starts, chunk := g.tables[c].starts, chunkOf(q.code[:], c)
		for _, flip := range flips()[:ball(int(q.radii[c]))] {
			v := int(chunk ^ flip)
			entries += int(starts[v+1] - starts[v])
		}
		most = max(most, entries-before)
	}
	w.passed = slices.Grow(w.passed[:0], most+1)
	return q.radii.cost(m, probes, entries) <= limit
}

// table reads the groups of one table near the query's chunk c, and the codes of the entries that pass.
func (w *search) table(p part, t *table, c int, q *query) {
	m := w.words * wordChunks
	chunk, next, ring := chunkOf(q.code[:], c), chunkOf(q.code[:], following(c, m)), q.radii.ring(c, m)
	w.passed = probe(w.passed[:0], t, chunk, flips()[:ball(int(q.radii[c]))], next, ring)
	for i, at := range w.passed {
		w.passed[i] = t.slots[at]
	}
	w.verify(p, c, q)
}

// verify appends those of the passed slots that are hits and that chunk c is to answer.
func (w *search) verify(p part, c int, q *query) {
	if w.words == 1 {
		for _, slot := range w.passed {
			code := p.codes[slot]
			if d := bits.OnesCount64(code ^ q.code[0]); d <= w.radius && q.radii.finder([]uint64{code ^ q.code[0]}) == c {
				w.hit(p, slot, d, q)
			}
		}
		return
	}
	for _, slot := range w.passed {
		code := (*[4]uint64)(p.codes[4*int(slot):])
		if d := distance4(code, &q.code); d <= w.radius {
			x := [4]uint64{code[0] ^ q.code[0], code[1] ^ q.code[1], code[2] ^ q.code[2], code[3] ^ q.code[3]}
			if q.radii.finder(x[:]) == c {
				w.hit(p, slot, d, q)
			}
		}
	}
}
