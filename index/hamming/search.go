package hamming

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"sync"
)

// block is the number of queries that go through a part together.
const block = 16

// query is one of a block's queries, and how it goes through the part at hand.
type query struct {
	code  [maxWords]uint64
	id    uint16
	scan  bool
	radii radii
}

// search is the state of one call: its scratch memory, and what every hit must pass.
type search struct {
	words   int
	radius  int
	version uint64
	filter  *Rows
	hits    []Hit
	queries []query  // of the block
	passed  []uint32 // entries of a table that passed the ring
}

var searches = sync.Pool{New: func() any { return new(search) }}

// Search appends to dst, in no particular order, every row that the filter has (nil: every row) and whose code lies
// within radius bits of the query, and returns the extended slice. The answer is that of one moment between call and
// return. Errors: ErrRadius, and the context's, which is looked at between steps of about a millisecond; dst comes back
// as it was then.
func (s *Set[C]) Search(ctx context.Context, dst []Hit, q C, radius int, filter *Rows) ([]Hit, error) {
	return s.SearchMany(ctx, dst, []C{q}, radius, filter)
}

// SearchMany is Search for several queries at once, on the same state of the set; Hit.Query tells which of them found
// the row. It costs less than as many searches, since they share passes over memory. Errors: as Search, and ErrQueries.
func (s *Set[C]) SearchMany(ctx context.Context, dst []Hit, queries []C, radius int, filter *Rows) ([]Hit, error) {
	if radius < 0 || radius > 64*s.words {
		return dst, fmt.Errorf("hamming: %w: %d, want 0 to %d bits", ErrRadius, radius, 64*s.words)
	}
	if len(queries) > MaxQueries {
		return dst, fmt.Errorf("hamming: %w: %d, want %d at most", ErrQueries, len(queries), MaxQueries)
	}
	snap := s.now.Load()
	w := searches.Get().(*search)
	defer w.release()
	w.words, w.radius, w.version, w.filter, w.hits = s.words, radius, snap.version, filter, dst
	for first := 0; first < len(queries); first += block {
		w.queries = w.queries[:0]
		for i := first; i < min(first+block, len(queries)); i++ {
			q := query{id: uint16(i)}
			mixed(q.code[:0], queries[i:i+1])
			w.queries = append(w.queries, q)
		}
		if err := w.parts(ctx, snap); err != nil {
			return dst, fmt.Errorf("hamming: search: %w", err)
		}
	}
	return w.hits, nil
}

// release gives the scratch memory back without what belongs to the caller.
func (w *search) release() {
	w.hits, w.filter = nil, nil
	searches.Put(w)
}

func (w *search) parts(ctx context.Context, snap *snapshot) error {
	for _, g := range snap.segments {
		if err := w.segment(ctx, g); err != nil {
			return err
		}
	}
	for i := range snap.tails {
		if err := w.tail(ctx, &snap.tails[i]); err != nil {
			return err
		}
	}
	return nil
}

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
	if m == 0 || (w.radius+1+m-1)/m-1 > maxShell {
		return false
	}
	limit := costScan(w.words) * float64(len(g.rows))
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
	words := w.words
	if words == 1 {
		for _, slot := range w.passed {
			if x := [1]uint64{p.codes[slot] ^ q.code[0]}; distance1(x) <= w.radius && q.radii.finder(x[:]) == c {
				w.hit(p, slot, distance1(x), q)
			}
		}
		return
	}
	for _, slot := range w.passed {
		x := difference4((*[4]uint64)(p.codes[4*int(slot):]), &q.code)
		if d := distance4(&x); d <= w.radius && q.radii.finder(x[:]) == c {
			w.hit(p, slot, d, q)
		}
	}
}

// part is what searches read of a segment or a tail.
type part struct {
	rows   []uint32
	codes  []uint64
	deaths *deaths
}

// hit appends a slot within the radius if it is alive and the filter has its row.
func (w *search) hit(p part, slot uint32, distance int, q *query) {
	row := p.rows[slot]
	if w.filter != nil && !w.filter.Has(row) || p.deaths.dead(slot, w.version) {
		return
	}
	w.hits = append(w.hits, Hit{Row: row, Distance: uint16(distance), Query: q.id})
}

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
	if ch == nil || (w.radius+1+m-1)/m-1 > maxShell {
		return false
	}
	var none [maxChunks]uint32
	q.radii.spread(w.radius, none[:m])
	budget := int(costScan(w.words) / costLink * float64(len(p.rows)))
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

func oneUnlessZero(x uint32) int { return int((x | -x) >> 31) }
