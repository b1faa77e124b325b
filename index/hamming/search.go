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
	// patience is for how many nanoseconds, about, a search doesn't look at its context.
	patience = 1_000_000
)

// query is one of those that a search asks.
type query struct {
	code [maxWords]uint64
	id   uint16
	scan bool // the segment at hand has not answered it by tables, and has to be scanned
}

// search is the state of one call: its scratch memory, and what every hit must pass.
type search struct {
	ctx     context.Context
	err     error // the context's, once it was looked at and had one
	looked  int   // since then, in about as many nanoseconds
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
// return. Errors: ErrRadius, and the context's, which is looked at every few milliseconds; dst comes back as it was then.
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
	w.begin(ctx)
	w.words, w.radius, w.version, w.filter, w.hits = v.words(), radius, v.version, filter, dst
	w.scanning = scan
	w.ask(mixed(queries, 1))
	if err := w.parts(&v.snapshot); err != nil {
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

// spent notes about how many nanoseconds something took, and tells whether to go on.
func (w *search) spent(nanoseconds int) bool {
	if w.looked += nanoseconds; w.looked >= patience {
		w.looked, w.err = 0, w.ctx.Err()
	}
	return w.err == nil
}

// release gives the scratch memory back without what belongs to the caller.
func (w *search) release() {
	w.ctx, w.err, w.hits, w.filter, w.every, w.scanning = nil, nil, nil, nil, false, false
	searches.Put(w)
}

// begin has a search look at a context, for the first time at once.
func (w *search) begin(ctx context.Context) { w.ctx, w.err, w.looked = ctx, ctx.Err(), 0 }

func (w *search) parts(snap *snapshot) error {
	for _, g := range snap.segments {
		for i := range w.queries {
			w.queries[i].scan = true
		}
		w.segment(g)
	}
	for i := range snap.tails {
		w.tail(&snap.tails[i])
	}
	return w.err
}

// hit notes what of a segment's slot is alive and passes the filter, but no more rows than most.
func (w *search) hit(g *segment, slot uint32, distance int, id uint16, most int) {
	rows := g.rowsOf(slot, &w.one)
	for len(rows) > 0 && most > 0 && w.spent(5*min(len(rows), 1000)) {
		for _, row := range rows[:min(len(rows), 1000)] {
			if most > 0 && (w.filter == nil || w.filter.Has(row)) && !g.deaths.dead(row, w.version) {
				w.hits = append(w.hits, Hit{Row: row, Distance: uint16(distance), Query: id})
				most--
			}
		}
		rows = rows[min(len(rows), 1000):]
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
