package hamming

import (
	"context"
	"math/bits"
	"slices"
)

// tail searches a tail for the queries of the block.
func (w *search) tail(ctx context.Context, v *tailView) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := part{rows: v.rows, codes: v.codes, deaths: &v.tail.deaths}
	scans := 0
	for i := range w.queries {
		q := &w.queries[i]
		q.scan = !w.follow(p, v.chains, q)
		if q.scan {
			scans++
		}
	}
	if scans == 0 {
		return nil
	}
	return w.scan(ctx, p)
}

// follow answers a query by a tail's chains, or reports that a scan is cheaper, in which case it leaves no hits.
func (w *search) follow(p part, ch *chains, q *query) bool {
	m := w.words * wordChunks
	if ch == nil || deepest(w.radius, m) > maxShell {
		return false
	}
	var none [maxChunks]uint32
	q.radii.spread(w.radius, none[:m])
	budget := int(costScan(w.words, len(p.rows)) / costLink)
	before := len(w.hits)
	for c := range m {
		chunk, near := chunkOf(q.code[:], c), flips()[:ball(int(q.radii[c]))]
		if budget -= len(near); budget < 0 {
			w.hits = w.hits[:before]
			return false
		}
		// All chains at once, a link of each in turn, so that their cache misses overlap; and no branch depends on what
		// was loaded, since half of the links end a chain and a wrong guess would wait for the load.
		w.passed = slices.Grow(w.passed[:0], len(near)+budget+1)
		met := w.passed[:cap(w.passed)]
		heads, links := ch.heads[c*chunkValues:][:chunkValues], ch.links[c*ch.slots:][:ch.slots]
		n := 0
		for _, flip := range near {
			slot := heads[chunk^flip].Load()
			met[n] = slot - 1
			n += oneUnlessZero(slot)
		}
		// What passes the ring moves to the front of what was met. The distance in chunk c is not at hand: 0 is the
		// least that it can be.
		next, ring := chunkOf(q.code[:], following(c, m)), q.radii.ring(c, m)
		passed := 0
		for i := 0; i < n; i++ {
			if n > budget {
				w.hits = w.hits[:before]
				return false
			}
			slot := met[i]
			link := links[slot]
			met[n] = link.before() - 1
			n += oneUnlessZero(link.before())
			// Slots newer than the view were linked by a writer since.
			if bits.OnesCount16(link.following()^next) <= ring && int(slot) < len(p.rows) {
				met[passed] = slot
				passed++
			}
		}
		budget -= n
		w.passed = met[:passed]
		w.verify(p, c, q)
	}
	return true
}

// oneUnlessZero is 1, or 0 of 0, without a branch.
func oneUnlessZero(x uint32) int { return int((x | -x) >> 31) }
