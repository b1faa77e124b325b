package hamming

import (
	"touchstone/index/internal/offheap"
)

var smallLimits = limits{tail: SmallTail, chain: SmallChain, table: SmallTable, frozen: 2, parts: 3, ratio: 2, large: SmallLarge}

// Small returns a Set that changes its shape at small sizes, so that tests cross every border.
func Small[C Code](rows []uint32, codes []C) *Set[C] {
	return newSet(smallLimits, Options{}, rows, codes)
}

// The borders of Small.
const (
	SmallTail  = 64
	SmallChain = 24
	SmallTable = 200
	SmallLarge = 400
)

// Parts counts the segments and tails of a set as it is now.
func (s *Set[C]) Parts() (segments, tails int) {
	snap := s.now.Load()
	return len(snap.segments), len(snap.tails)
}

// Mix reorders the bits of a code as sets do.
func Mix[C Code](c C) (m C) {
	flat := mixed([]C{c}, 1)
	for i := range len(m) {
		m[i] = flat[i]
	}
	return m
}

// OpenSmall is OpenSet for a set as Small makes it.
func OpenSmall[C Code](dir string, description []byte) (*Set[C], error) {
	return openSet[C](smallLimits, Options{}, dir, description)
}

// Summed is the manifest of a text.
func Summed(text []byte) []byte {
	return offheap.Summed(text)
}

// ByTables is the snapshot for searches that never scan where tables can answer.
func (v *Snapshot[C]) ByTables() *Snapshot[C] {
	always := &Snapshot[C]{v.snapshot}
	always.segments = nil
	for _, g := range v.segments {
		b := &body{layout: g.layout, slots: g.slots, live: g.live, codes: g.codes, rows: g.rows, shared: g.shared,
			extra: g.extra, has: g.has, mem: g.mem, costs: g.costs}
		b.costs.Scan, b.costs.Tile = 1e9, 1e9
		always.segments = append(always.segments, &segment{body: b, tables: g.tables})
	}
	return always
}
