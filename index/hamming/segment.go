package hamming

import (
	"slices"
	"sync"
	"sync/atomic"
)

const (
	chunkBits   = 16
	chunkValues = 1 << chunkBits
	wordChunks  = 64 / chunkBits
	maxWords    = 4
	maxChunks   = maxWords * wordChunks

	// nextPad is how many entries the kernels may read past the end of a table's next.
	nextPad = 16
)

// chunkOf is chunk c of the code that starts at code[0].
func chunkOf(code []uint64, c int) uint16 {
	return uint16(code[c/wordChunks] >> (c % wordChunks * chunkBits))
}

// following is the chunk after c in the ring of m, a power of two.
func following(c, m int) int { return (c + ringStep) & (m - 1) }

// segment is an immutable part of a set, its codes sorted by row. A code's place among them is its slot.
type segment struct {
	words  int
	rows   []uint32 // ascending
	codes  []uint64 // words for each slot
	tables []table  // one for each chunk, or none in a small segment
	deaths deaths

	// Guarded by the set's mu:
	died    int
	merging bool
}

// table lists a segment's slots grouped by one chunk's value.
type table struct {
	starts *[chunkValues + 1]uint32 // the entries of value v are starts[v] to starts[v+1]
	next   []uint16                 // for each entry, the chunk that follows in the ring; padded
	slots  []uint32                 // for each entry, the slot
}

// newSegment indexes codes, sorted by row without repetition, with that many workers. It keeps both slices.
func newSegment(words int, rows []uint32, codes []uint64, l limits, workers int) *segment {
	g := &segment{words: words, rows: rows, codes: codes, deaths: newDeaths(len(rows))}
	if len(rows) < l.table {
		return g
	}
	g.tables = make([]table, words*wordChunks)
	var todo atomic.Int32
	build := func() {
		for c := int(todo.Add(1)) - 1; c < len(g.tables); c = int(todo.Add(1)) - 1 {
			g.tables[c] = newTable(words, codes, c)
		}
	}
	var wg sync.WaitGroup
	for range min(workers, len(g.tables)) - 1 {
		wg.Go(build)
	}
	build()
	wg.Wait()
	return g
}

// newTable sorts by counting: one pass for the sizes of the groups, one to fill them.
func newTable(words int, codes []uint64, c int) table {
	n := len(codes) / words
	t := table{starts: new([chunkValues + 1]uint32), next: make([]uint16, n+nextPad), slots: make([]uint32, n)}
	word, shift := c/wordChunks, c%wordChunks*chunkBits
	for i := word; i < len(codes); i += words {
		t.starts[uint16(codes[i]>>shift)]++
	}
	sum := uint32(0)
	for v, count := range t.starts {
		t.starts[v] = sum
		sum += count
	}
	after := following(c, words*wordChunks)
	afterWord, afterShift := after/wordChunks, after%wordChunks*chunkBits
	for slot := range n {
		at := &t.starts[uint16(codes[slot*words+word]>>shift)]
		t.next[*at] = uint16(codes[slot*words+afterWord] >> afterShift)
		t.slots[*at] = uint32(slot)
		*at++
	}
	// Filling moved each start to the end of its group, which is the start of the following one.
	copy(t.starts[1:], t.starts[:chunkValues])
	t.starts[0] = 0
	return t
}

// slot finds the slot of a row.
func (g *segment) slot(row uint32) (uint32, bool) {
	i, ok := slices.BinarySearch(g.rows, row)
	return uint32(i), ok
}

func (g *segment) bytes() int64 {
	n := 4*len(g.rows) + 8*len(g.codes)
	for i := range g.tables {
		n += 4*len(g.tables[i].starts) + 2*len(g.tables[i].next) + 4*len(g.tables[i].slots)
	}
	return int64(n)
}
