package hamming

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
)

// ErrNearest is returned when Nearest is asked for less than one row.
var ErrNearest = errors.New("number of nearest rows out of range")

// Nearest appends to dst the k rows of the filter (nil: of all) whose codes are nearest to the query, by distance, then
// row, and returns the extended slice; if there are not so many rows, all of them. The answer is exact: it is what sorting
// all rows would give. Errors: ErrNearest (k below 1), and the context's, as Search; dst comes back as it was then.
func (s *Set[C]) Nearest(ctx context.Context, dst []Hit, q C, k int, filter *Rows) ([]Hit, error) {
	return s.Snapshot().Nearest(ctx, dst, q, k, filter)
}

// Nearest is Set.Nearest.
//
// The radius grows step by step, and each step reads the groups that are new to it. Once a step's radius r is done, every
// code within r has been met, whatever else has: so when k rows are known within r, no others can be nearer, and that is
// the proof. Where tables would cost more than reading all codes, all codes are read, within the distance of the k-th row
// known so far.
func (v *Snapshot[C]) Nearest(ctx context.Context, dst []Hit, q C, k int, filter *Rows) ([]Hit, error) {
	if k < 1 {
		return dst, fmt.Errorf("hamming: %w: %d, want 1 or more", ErrNearest, k)
	}
	k = min(k, v.live+1)
	w := newSearch()
	defer w.release()
	w.begin(ctx)
	w.words, w.version, w.filter, w.every, w.hits = v.words(), v.version, filter, true, dst
	w.ask(mixed([]C{q}, 1))
	n := nearest{search: w, snap: &v.snapshot, query: &w.queries[0], k: k, limit: 4*k + 32}
	w.radius = 64 * w.words
	if err := n.run(); err != nil {
		return dst, fmt.Errorf("hamming: nearest: %w", err)
	}
	hits := w.hits[len(dst):]
	sortHits(hits)
	runtime.KeepAlive(v)
	return w.hits[:len(dst)+min(k, len(hits))], nil
}

// nearest is a search for the k nearest rows. search.radius is the distance within which they are known to be.
type nearest struct {
	*search
	snap  *snapshot
	query *query
	k     int
	known []candidate // of parts already read, some more than once
	limit int         // of known, before it is put in order
}

// candidate is a distance, a part of the snapshot and a slot in it, in this order from the highest bits on.
type candidate uint64

const (
	slotBits = 32
	partBits = 22
)

func (c candidate) distance() int { return int(c >> (slotBits + partBits)) }
func (c candidate) part() int     { return int(c >> slotBits & (1<<partBits - 1)) }
func (c candidate) slot() uint32  { return uint32(c) }

// step is how far a segment has been read.
type step struct {
	radii radii
	sizes [maxChunks]uint32 // of the query's own groups
	cost  float64           // of what was read
	done  bool              // all of it
}

func (n *nearest) run() error {
	for i := range n.snap.tails {
		n.scanTail(i)
	}
	steps := make([]step, len(n.snap.segments))
	left := 0
	for i, g := range n.snap.segments {
		if len(g.tables) == 0 {
			n.scanSegment(i)
			steps[i].done = true
			continue
		}
		left++
		for c, t := range g.tables {
			v := window(n.query.code[:n.words], t.first) >> (64 - t.group)
			steps[i].sizes[c] = t.starts[v+1] - t.starts[v]
			steps[i].radii[c] = -1
		}
	}
	for reached := -1; left > 0; {
		if n.settle(reached) >= n.k || n.err != nil {
			break
		}
		reached = n.next(reached)
		for i, g := range n.snap.segments {
			s := &steps[i]
			if s.done || n.extend(i, g, s, reached) {
				continue
			}
			s.done = true
			left--
			n.scanSegment(i)
		}
	}
	n.settle(n.radius)
	for _, c := range n.known {
		n.emit(c)
	}
	return n.err
}

// A step is worth while if by its end a share of the rows wanted are expected, and is the last for a query whose rows are
// somewhere near where they are expected if most of them are.
const (
	likely = 0.25
	enough = 0.9
)

// next is the radius of the step after one: such that all chunks have the same radius, as long as that is cheap; then
// where so many rows would be if codes were uniform, and a bit more each time; and never further than the rows are known
// to lie.
func (n *nearest) next(reached int) int {
	m := n.snap.segments[0].m
	for _, g := range n.snap.segments {
		m = max(m, g.m)
	}
	next := reached + 1
	switch {
	case next < 2*m:
		next = next/m*m + m - 1
	case next < 3*m:
		if next = 3*m - 1; n.expected(next) < likely {
			next = min(n.usual(next), (maxShell+1)*m-1)
		}
	}
	return min(next, n.radius)
}

// expected is what share of the rows wanted would lie within a radius if codes were uniform.
func (n *nearest) expected(radius int) float64 {
	slots := 0
	for _, g := range n.snap.segments {
		slots += g.slots
	}
	return binomial(64*n.words, radius) * float64(slots) / float64(n.k)
}

// usual is the least radius, from one on, within which enough of them would.
func (n *nearest) usual(from int) int {
	for from < 64*n.words && n.expected(from) < enough {
		from++
	}
	return from
}

// extend reads what a radius adds to a segment's step, or reports that it is cheaper to read the whole segment.
func (n *nearest) extend(part int, g *segment, s *step, radius int) bool {
	if deepest(radius, g.m) > maxShell {
		return false
	}
	before := s.radii
	n.radii.spread(radius, s.sizes[:g.m])
	for c := range g.m {
		// What is spread depends on the radius alone, but not every spread contains the one before.
		n.radii[c] = max(n.radii[c], before[c])
	}
	s.radii = n.radii
	n.spans, n.runs = n.spans[:0], n.runs[:0]
	code := n.query.code[:n.words]
	var all load
	for c, t := range g.tables {
		if n.radii[c] < 0 || n.radii[c] == before[c] && n.radii.bound(&g.layout, c) == before.bound(&g.layout, c) {
			continue
		}
		from := len(n.spans)
		all = all.plus(n.list(g, c, uint32(window(code, t.first)>>(64-t.group))))
		n.runs = append(n.runs, run{c, from, len(n.spans)})
	}
	scan := g.costs.Scan * float64(g.slots)
	if s.cost += g.costs.least(all); s.cost > scan {
		return false
	}
	// What has been spent is lost if it ends in a scan: go on only if the rows known so far show that it won't.
	if s.cost > scan/16 && g.costs.expected(&g.layout, g.slots, min(n.radius, n.usual(radius))) > scan {
		return false
	}
	if s.cost+g.costs.Pass*all.passes > scan/4 && len(n.runs) > 0 && n.dearer(g, n.query, 0, 0, 0, scan) {
		return false
	}
	n.spans = slices.Grow(n.spans, spanPad)
	for _, r := range n.runs {
		t := g.tables[r.chunk]
		_, near, _ := split(window(code, t.first), t.group)
		for from := r.from; from < r.to; {
			count := piece(n.spans[from:r.to])
			found := kernelNear(n.out, t.near, n.padded(from), count, near)
			n.verify(g, r.chunk, n.spans[from:from+count], n.out[:found], n.query)
			n.offer(part)
			s.cost += g.costs.Pass * float64(found)
			if !n.spent(1000 + 20*found) {
				return true
			}
			from += count
		}
	}
	return true
}

// offer takes what was found in a part, slots and their distances.
func (n *nearest) offer(part int) {
	for _, f := range n.found {
		if d := int(f >> 32); d <= n.radius {
			n.known = append(n.known, candidate(d)<<(slotBits+partBits)|candidate(part)<<slotBits|candidate(uint32(f)))
			if len(n.known) >= n.limit {
				n.settle(n.radius)
				n.limit = max(4*n.k+32, 2*len(n.known))
			}
		}
	}
	n.found = n.found[:0]
}

// settle puts what is known in order, drops what has no rows or can't be among the nearest, and returns how many rows are
// known within a distance.
func (n *nearest) settle(distance int) (within int) {
	slices.Sort(n.known)
	kept := n.known[:0]
	rows := 0
	for _, c := range slices.Compact(n.known) {
		if rows >= n.k && c.distance() > n.radius {
			break
		}
		before := len(n.hits)
		n.emit(c)
		has := len(n.hits) - before
		n.hits = n.hits[:before]
		if has == 0 {
			continue
		}
		kept = append(kept, c)
		if rows < n.k && rows+has >= n.k {
			n.radius = c.distance()
		}
		if rows += has; c.distance() <= distance {
			within = rows
		}
	}
	n.known = kept
	return within
}

// emit notes the rows of a candidate as hits, k at most: of one code, the first are as near as any.
func (n *nearest) emit(c candidate) {
	if c.part() < len(n.snap.segments) {
		n.hit(n.snap.segments[c.part()], c.slot(), c.distance(), 0, n.k)
		return
	}
	n.fresh(&n.snap.tails[c.part()-len(n.snap.segments)], c.slot(), c.distance(), n.query)
}

func (n *nearest) scanTail(i int) {
	n.scanCodes(n.snap.tails[i].codes, n.query, func() { n.offer(len(n.snap.segments) + i) })
}

func (n *nearest) scanSegment(i int) {
	g := n.snap.segments[i].whole()
	if g.codes == nil {
		n.scanTable(g, n.query, func() { n.offer(i) })
	} else {
		n.scanCodes(g.codes, n.query, func() { n.offer(i) })
	}
}
