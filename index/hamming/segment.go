package hamming

import (
	"cmp"
	"slices"
	"sort"
	"sync/atomic"

	"touchstone/index/internal/offheap"
)

// segment is an immutable part of a set. Its codes are sorted, each is there once however many rows have it, and a code's
// place among them is its slot.
type segment struct {
	*body
	tables []*table // by chunk; none in a small segment

	// While a segment's tables are handed over, one by one, to the one that it is merged into, so that the memory of both
	// is never needed at once, those that come from there only say which codes to look for here.
	here *segment // with table 0; nil in a segment with tables of its own alone
	heir *segment
}

// whole is the segment that has the codes and rows.
func (g *segment) whole() *segment {
	if g.here != nil {
		return g.here
	}
	return g
}

// owner is the segment to whose slots the entries of table c refer.
func (g *segment) owner(c int) *segment {
	if g.here != nil && g.tables[c] == g.heir.tables[c] {
		return g.heir
	}
	return g.whole()
}

// body is what a segment has beside its tables.
type body struct {
	layout
	slots  int
	live   int             // rows
	codes  []uint64        // words for each slot; none where table 0 has them, since it takes codes of 64 bits apart
	rows   packed          // a slot's row; of one that is shared, where in extra its rows are
	shared []uint64        // a bit for each slot
	extra  []uint32        // for each shared slot the number of its rows, and these in ascending order
	has    *Rows           // all rows
	mem    *offheap.Memory // what codes, rows, shared and has lie in
	costs  costs
	deaths deaths // of rows
	saved  atomic.Pointer[saved]

	// Guarded by the set's mu:
	died    int
	merging bool
}

// table lists a segment's slots grouped by the first bits of one chunk. Where codes have 64 bits, an entry has all that
// the group doesn't say of its code, near and far. Where they have 256, it has the slot instead of far; in table 0, in
// which codes are sorted, that is the entry's own place.
type table struct {
	first  int      // bit at which the chunk begins
	group  int      // bits that say the group
	starts []uint32 // the entries of group v are starts[v] to starts[v+1]
	near   []uint16 // for each entry, the bits that follow the group's
	far    []uint32 // for each entry, the bits that follow these
	slots  packed   // for each entry, the slot
	mem    *offheap.Memory
}

// code puts a slot's code into c.
func (g *segment) code(slot uint32, c []uint64) {
	if g.codes != nil {
		copy(c, g.codes[int(slot)*g.words:][:g.words])
		return
	}
	c[0] = g.tables[0].window(g.tables[0].groupOf(slot), slot)
}

// window is all that a table of codes of 64 bits says of entry at in group v.
func (t *table) window(v, at uint32) uint64 { return unite(v, t.near[at], t.far[at], t.group) }

// groupOf is the group of an entry.
func (t *table) groupOf(at uint32) uint32 {
	return uint32(sort.Search(1<<t.group, func(v int) bool { return t.starts[v+1] > at }))
}

// find is the slot of a code of 64 bits in table 0, which is sorted.
func (t *table) find(code uint64) (slot uint32, ok bool) {
	v, near, far := split(code, t.group)
	low, high := t.starts[v], t.starts[v+1]
	want := uint64(near)<<32 | uint64(far)
	for low < high {
		at := low + (high-low)/2
		if got := uint64(t.near[at])<<32 | uint64(t.far[at]); got < want {
			low = at + 1
		} else {
			high = at
		}
	}
	return low, low < t.starts[v+1] && t.near[low] == near && t.far[low] == far
}

// find is the slot of a code.
func (g *segment) find(code []uint64) (slot uint32, ok bool) {
	t := g.tables[0]
	if g.words == 1 {
		return t.find(code[0])
	}
	v, _, _ := split(code[0], t.group)
	low, high := int(t.starts[v]), int(t.starts[v+1])
	at, ok := sort.Find(high-low, func(i int) int { return compareCodes(code, g.codes[(low+i)*g.words:][:g.words]) })
	return uint32(low + at), ok
}

// at is the slot of an entry of a table of 256-bit codes.
func (t *table) at(entry uint32) uint32 {
	if t.slots.bytes == nil {
		return entry
	}
	return t.slots.at(entry)
}

// rowsOf is the rows of a slot; one is put into buffer.
func (g *body) rowsOf(slot uint32, buffer *[1]uint32) []uint32 {
	r := g.rows.at(slot)
	if g.shared[slot/64]>>(slot%64)&1 == 0 {
		buffer[0] = r
		return buffer[:]
	}
	return g.extra[r+1:][:g.extra[r]]
}

func (g *segment) bytes() int64 {
	n := 8*len(g.codes) + len(g.rows.bytes) + 8*len(g.shared) + 4*len(g.extra) + g.has.bytes()
	for _, t := range g.tables {
		if t != nil {
			n += 4*len(t.starts) + 2*len(t.near) + 4*len(t.far) + len(t.slots.bytes)
		}
	}
	return int64(n)
}

// compareCodes orders codes.
func compareCodes(a, b []uint64) int {
	for i := range a {
		if c := cmp.Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// cursor goes through a segment's codes and rows in their order.
type cursor struct {
	g     *segment
	slot  uint32
	group uint32 // of slot in table 0
	code  [maxWords]uint64
	left  []uint32 // of the slot's rows
	one   [1]uint32
}

// next moves to the next row alive at version, and tells whether there is one: left[0] and code.
func (c *cursor) next(version uint64) bool {
	for {
		if len(c.left) > 0 {
			c.left = c.left[1:]
		}
		for len(c.left) == 0 {
			if int(c.slot) == c.g.slots {
				return false
			}
			if c.g.codes != nil {
				copy(c.code[:], c.g.codes[int(c.slot)*c.g.words:][:c.g.words])
			} else {
				t := c.g.tables[0]
				for t.starts[c.group+1] <= c.slot {
					c.group++
				}
				c.code[0] = t.window(c.group, c.slot)
			}
			c.left = c.g.rowsOf(c.slot, &c.one)
			c.slot++
		}
		if !c.g.deaths.dead(c.left[0], version) {
			return true
		}
	}
}

// duplicateRows drops all but the last of each row's codes, in place.
func duplicateRows(words int, rows []uint32, flat []uint64) ([]uint32, []uint64, *Rows) {
	if has, ok := ascendingRows(rows); ok {
		return rows, flat, has
	}
	var seen Rows
	seen.spread()
	to := len(rows)
	for i := len(rows) - 1; i >= 0; i-- {
		if seen.Has(rows[i]) {
			continue
		}
		seen.set(rows[i])
		to--
		rows[to] = rows[i]
		copy(flat[to*words:(to+1)*words], flat[i*words:(i+1)*words])
	}
	return rows[to:], flat[to*words:], &seen
}

// ascendingRows is the set of rows, if these are in ascending order without repetition.
func ascendingRows(rows []uint32) (*Rows, bool) {
	for i := 1; i < len(rows); i++ {
		if rows[i] <= rows[i-1] {
			return nil, false
		}
	}
	return rowsSet(rows), true
}

// rowsSet is the set of rows that are all different.
func rowsSet(rows []uint32) *Rows {
	r := new(Rows)
	r.spread()
	if len(rows) > 0 {
		r.pages = make([]*rowPage, slices.Max(rows)/rowPageBits+1)
	}
	for _, row := range rows {
		p := r.pages[row/rowPageBits]
		if p == nil {
			p = new(rowPage)
			r.pages[row/rowPageBits] = p
		}
		p[row%rowPageBits/64] |= 1 << (row % 64)
	}
	r.count = len(rows)
	return r
}
