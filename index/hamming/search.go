package hamming

import (
	"context"
	"fmt"
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
// return. Errors: ErrRadius, and the context's, which is looked at between steps that take a few milliseconds at a million
// codes; dst comes back as it was then.
func (s *Set[C]) Search(ctx context.Context, dst []Hit, q C, radius int, filter *Rows) ([]Hit, error) {
	return s.SearchMany(ctx, dst, []C{q}, radius, filter)
}

// SearchMany is Search for several queries at once, on the same state of the set; Hit.Query tells which of them found
// the row. Queries that must scan share their passes over memory; others cost about what as many searches would.
// Errors: as Search, and ErrQueries.
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
