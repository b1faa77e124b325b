package hamming

import "sync/atomic"

// tail is a part that takes fresh codes, by one writer at a time, while readers use the views published so far. Slots
// are given out in order of arrival.
//
// Once it is large enough it keeps, for each chunk and value, a chain of the slots that have it, newest first. Slots in
// chains and heads are counted from 1; 0 ends a chain. A link never changes once a head leads to it, so a reader may
// follow chains while the writer extends them: it meets slots newer than its view, and passes over them.
type tail struct {
	words  int
	limits limits
	deaths deaths

	// The writer's own:
	rows    []uint32
	codes   []uint64
	chains  *chains
	slots   map[uint32]uint32 // of the rows that are alive here
	merging bool
}

// The chunks of a tail have 16 bits, whatever those of segments have.
const (
	chunkBits   = 16
	chunkValues = 1 << chunkBits
	wordChunks  = 64 / chunkBits
)

// chunkOf is chunk c of a code.
func chunkOf(code []uint64, c int) uint16 {
	return uint16(code[c/wordChunks] >> (64 - chunkBits - c%wordChunks*chunkBits))
}

// following is the chunk after c in the ring of m, a power of two.
func following(c, m int) int { return (c + 1) & (m - 1) }

// chains has heads[chunk*chunkValues+value] and links[chunk*slots+slot].
type chains struct {
	slots int // the most that the tail takes
	heads []atomic.Uint32
	links []link
}

// maxTail is the most slots that a link can tell apart.
const maxTail = 1<<16 - 1

// link is what a slot has in a chain: the slot before it in the upper half, and its own following chunk in the lower.
type link uint32

func newLink(before uint32, following uint16) link { return link(before<<16 | uint32(following)) }
func (l link) before() uint32                      { return uint32(l >> 16) }
func (l link) following() uint16                   { return uint16(l) }

// tailView is a tail as of one version: its first len(rows) slots.
type tailView struct {
	tail   *tail // for deaths alone, as far as readers are concerned
	rows   []uint32
	codes  []uint64
	chains *chains // nil in a small tail
}

func newTail(words int, l limits) *tail {
	return &tail{words: words, limits: l, slots: make(map[uint32]uint32)}
}

// room is the number of codes that still fit.
func (t *tail) room() int { return t.limits.tail - len(t.rows) }

// add takes a row that is not alive here. It shows in views made later.
func (t *tail) add(row uint32, code []uint64) {
	t.slots[row] = uint32(len(t.rows))
	t.rows = append(t.rows, row)
	t.codes = append(t.codes, code...)
	switch {
	case t.chains != nil:
		t.link(len(t.rows) - 1)
	case len(t.rows) >= t.limits.chain:
		m := t.words * wordChunks
		t.chains = &chains{slots: t.limits.tail, heads: make([]atomic.Uint32, m*chunkValues), links: make([]link, m*t.limits.tail)}
		for slot := range t.rows {
			t.link(slot)
		}
	}
}

func (t *tail) link(slot int) {
	m := t.words * wordChunks
	code := t.codes[slot*t.words:]
	for c := range m {
		head := &t.chains.heads[c*chunkValues+int(chunkOf(code, c))]
		t.chains.links[c*t.chains.slots+slot] = newLink(head.Load(), chunkOf(code, following(c, m)))
		head.Store(uint32(slot) + 1)
	}
}

// view is the tail as it is now.
func (t *tail) view() tailView {
	return tailView{tail: t, rows: t.rows, codes: t.codes, chains: t.chains}
}

func (v *tailView) bytes() int64 {
	n := 4*cap(v.rows) + 8*cap(v.codes)
	if v.chains != nil {
		n += 4 * (len(v.chains.heads) + len(v.chains.links))
	}
	return int64(n)
}
