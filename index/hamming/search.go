package hamming

import (
	"context"
	"fmt"
	"runtime"
	"sync"
)

const (
	// spanMost is the most entries of a span: larger groups are cut.
	spanMost = 1 << 12
	// outMost is the most entries that a kernel is given at once.
	outMost = 2 * spanMost
	// patience is how many entries are looked at between looks at the context: less than a millisecond's work.
	patience = 1 << 21
)

// query is one of those that a search asks.
type query struct {
	code [maxWords]uint64
	id   uint16
	scan bool // the segment at hand has not answered it by tables, and has to be scanned
}

// search is the state of one call: its scratch memory, and what every hit must pass.
type search struct {
	words   int
	radius  int
	version uint64
	filter  *Rows
	hits    []Hit
	queries []query

	scanning bool // without tables
	every    bool // that is found, not only what the chunk at hand is to answer
	radii    radii
	spans    []span // of the query at hand
	runs     []run
	out      []uint64
	found    []uint64 // slots within the radius, their distances in the upper half
	slots    []uint32
	one      [1]uint32
	tile     []uint64
	asked    []uint64
}

var searches = sync.Pool{New: func() any { return &search{out: make([]uint64, outMost+outPad)} }}

func newSearch() *search { return searches.Get().(*search) }

// Search appends to dst, in no particular order, every row that the filter has (nil: every row) and whose code lies
// within radius bits of the query, and returns the extended slice. The answer is that of one moment between call and
// return. Errors: ErrRadius, and the context's, which is looked at between steps that take a millisecond or two; dst comes
// back as it was then.
func (s *Set[C]) Search(ctx context.Context, dst []Hit, q C, radius int, filter *Rows) ([]Hit, error) {
	return s.Snapshot().Search(ctx, dst, q, radius, filter)
}

// SearchBatch is Search for several queries at once, on the same state of the set; Hit.Query tells which of them found
// the row. Queries that must scan share their passes over memory, and so cost a fraction of single ones; for others the
// gain is small. Errors: as Search, and ErrQueries.
func (s *Set[C]) SearchBatch(ctx context.Context, dst []Hit, queries []C, radius int, filter *Rows) ([]Hit, error) {
	return s.Snapshot().SearchBatch(ctx, dst, queries, radius, filter)
}

// Search is Set.Search.
func (v *Snapshot[C]) Search(ctx context.Context, dst []Hit, q C, radius int, filter *Rows) ([]Hit, error) {
	return v.SearchBatch(ctx, dst, []C{q}, radius, filter)
}

// Scan is Search by reading every code: what tables answer is held against it.
func (v *Snapshot[C]) Scan(ctx context.Context, dst []Hit, q C, radius int, filter *Rows) ([]Hit, error) {
	return v.search(ctx, dst, []C{q}, radius, filter, true)
}

// SearchBatch is Set.SearchBatch.
func (v *Snapshot[C]) SearchBatch(ctx context.Context, dst []Hit, queries []C, radius int, filter *Rows) ([]Hit, error) {
	return v.search(ctx, dst, queries, radius, filter, false)
}

func (v *Snapshot[C]) search(ctx context.Context, dst []Hit, queries []C, radius int, filter *Rows, scan bool) ([]Hit, error) {
	if err := v.checkRadius(radius); err != nil {
		return dst, err
	}
	if len(queries) > MaxQueries {
		return dst, fmt.Errorf("hamming: %w: %d, want %d at most", ErrQueries, len(queries), MaxQueries)
	}
	w := newSearch()
	defer w.release()
	w.words, w.radius, w.version, w.filter, w.hits = v.words(), radius, v.version, filter, dst
	w.scanning = scan
	w.ask(mixed(queries, 1))
	if err := w.parts(ctx, &v.snapshot); err != nil {
		return dst, fmt.Errorf("hamming: search: %w", err)
	}
	runtime.KeepAlive(v)
	return w.hits, nil
}

func (v *Snapshot[C]) checkRadius(radius int) error {
	if most := 64 * v.words(); radius < 0 || radius > most {
		return fmt.Errorf("hamming: %w: %d, want 0 to %d bits", ErrRadius, radius, most)
	}
	return nil
}

// ask sets the queries.
func (w *search) ask(flat []uint64) {
	w.queries = w.queries[:0]
	for i := 0; i < len(flat); i += w.words {
		q := query{id: uint16(i / w.words)}
		copy(q.code[:], flat[i:i+w.words])
		w.queries = append(w.queries, q)
	}
}

// release gives the scratch memory back without what belongs to the caller.
func (w *search) release() {
	w.hits, w.filter, w.every, w.scanning = nil, nil, false, false
	searches.Put(w)
}

func (w *search) parts(ctx context.Context, snap *snapshot) error {
	for _, g := range snap.segments {
		for i := range w.queries {
			w.queries[i].scan = true
		}
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

// hit notes what of a segment's slot is alive and passes the filter.
func (w *search) hit(g *segment, slot uint32, distance int, id uint16) {
	for _, row := range g.rowsOf(slot, &w.one) {
		if (w.filter == nil || w.filter.Has(row)) && !g.deaths.dead(row, w.version) {
			w.hits = append(w.hits, Hit{Row: row, Distance: uint16(distance), Query: id})
		}
	}
}

// piece is how many of the spans a kernel can be given at once.
func piece(spans []span) int {
	entries := uint32(0)
	for i, s := range spans {
		if entries += s.end - s.start; entries > outMost {
			return i
		}
	}
	return len(spans)
}

// padded is spans[from:] with what kernels may read behind.
func (w *search) padded(from int) []span { return w.spans[from : len(w.spans)+spanPad] }
