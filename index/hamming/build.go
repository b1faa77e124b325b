package hamming

import (
	"cmp"
	"math/bits"
	"sync/atomic"
	"unsafe"

	"touchstone/index/internal/offheap"
)

// How a segment is built: codes are sorted, equal ones collapsed, and table 0 filled in that order. The other tables are
// partitioned in two passes, by the highest eight bits of the group and then by the others, so that what is written
// at random stays in the caches.

// recipe is what segments are built by.
type recipe struct {
	words    int
	limits   limits
	opts     Options
	measured [33]atomic.Pointer[costs] // by the number of bits of the number of slots
}

// costsOf are those of a segment of such codes. They are measured once for each power of two: merges would spend more on
// it than on small segments themselves.
func (b *recipe) costsOf(t *table, codes []uint64) costs {
	slots := len(codes) / b.words
	known := &b.measured[bits.Len(uint(slots))]
	if k := known.Load(); k != nil {
		return *k
	}
	k := measure(b.words, t, codes)
	known.Store(&k)
	return k
}

// indexed returns a segment of codes in any order; rows may repeat, and then the last code counts. It may change both
// slices.
func (b *recipe) indexed(rows []uint32, flat []uint64, workers int) *segment {
	rows, flat, has := duplicateRows(b.words, rows, flat)
	n := len(rows)
	mem := offheap.NewScratch(2*offheap.Aligned(8*n) + 2*offheap.Aligned(4*n) + offheap.Aligned(8*len(flat)))
	defer mem.Free()
	c := offheap.CarverOf(mem.Bytes)
	to := pairs{offheap.Carve[uint64](&c, n), offheap.Carve[uint32](&c, n)}
	if b.words == 1 {
		sortPairs(pairs{flat, rows}, to, workers, cmp.Compare[uint32])
		return b.sorted(to.values, to.keys, has, workers)
	}
	from := pairs{offheap.Carve[uint64](&c, n), offheap.Carve[uint32](&c, n)}
	for i := range n {
		from.keys[i], from.values[i] = flat[i*maxWords], uint32(i)
	}
	sortPairs(from, to, workers, func(i, j uint32) int {
		return cmp.Or(compareCodes(flat[int(i)*maxWords:][1:maxWords], flat[int(j)*maxWords:][1:maxWords]), cmp.Compare(rows[i], rows[j]))
	})
	codes := offheap.Carve[uint64](&c, len(flat))
	parallel(workers, func(w int) {
		for i := share(n, w, workers); i < share(n, w+1, workers); i++ {
			at := to.values[i]
			*(*[maxWords]uint64)(codes[i*maxWords:]) = *(*[maxWords]uint64)(flat[int(at)*maxWords:])
			from.values[i] = rows[at]
		}
	})
	return b.sorted(from.values, codes, has, workers)
}

// sorted returns a segment of codes in order, rows of the same code in order, none of them twice. It keeps neither, but
// changes codes.
func (b *recipe) sorted(rows []uint32, codes []uint64, has *Rows, workers int) *segment {
	g := b.first(rows, codes, has, workers, nil)
	if len(g.tables) == 0 {
		return g
	}
	work := offheap.NewScratch(8 * g.slots)
	defer work.Free()
	counts := g.counts(workers)
	for c := 1; c < g.m; c++ {
		g.tables[c] = g.table(c, counts[c], work)
	}
	return g
}

// first is sorted, but only table 0 is there, if the segment is to have any. What is given for layout, if anything, is
// kept to unless another number of chunks is better.
func (b *recipe) first(rows []uint32, codes []uint64, has *Rows, workers int, given *layout) *segment {
	g := &segment{body: b.collapse(rows, codes, has, workers)}
	codes = codes[:g.slots*b.words]
	if g.codes != nil {
		copy(g.codes, codes)
	}
	if g.slots < b.limits.table {
		return g
	}
	g.layout = newLayout(b.words, 64*b.words/minGroup, minGroup)
	first := firstTable(&g.layout, codes, workers)
	g.costs = b.costsOf(first, codes)
	best := g.costs.choose(b.words, g.slots, b.opts.radius(b.words), b.opts.bytes(b.words, g.slots))
	if given != nil && best.m == given.m {
		best = *given
	}
	regroup := best.group[0] != g.group[0]
	if g.layout = best; regroup {
		first = firstTable(&g.layout, codes, workers)
	}
	g.tables = make([]*table, g.m)
	g.tables[0] = first
	return g
}

// same tells whether two codes are equal.
func (b *recipe) same(codes []uint64, i, j int) bool {
	return codes[i*b.words] == codes[j*b.words] && (b.words == 1 ||
		*(*[maxWords]uint64)(codes[i*maxWords:]) == *(*[maxWords]uint64)(codes[j*maxWords:]))
}

// collapse moves the different codes to the front and notes the rows of each.
func (b *recipe) collapse(rows []uint32, codes []uint64, has *Rows, workers int) *body {
	n := len(rows)
	// Of the codes that equal the one before: how many there are, and how many begin such a run.
	var again, runs atomic.Int64
	var most atomic.Uint32
	parallel(workers, func(w int) {
		from, to := share(n, w, workers), share(n, w+1, workers)
		same, first, highest := 0, 0, uint32(0)
		for i := from; i < to; i++ {
			highest = max(highest, rows[i])
			if i > 0 && b.same(codes, i-1, i) {
				same++
				if i == 1 || !b.same(codes, i-2, i-1) {
					first++
				}
			}
		}
		again.Add(int64(same))
		runs.Add(int64(first))
		for old := most.Load(); old < highest && !most.CompareAndSwap(old, highest); old = most.Load() {
		}
	})
	slots := n - int(again.Load())
	extra := int(again.Load() + 2*runs.Load()) // a run has its number besides
	g := &body{layout: layout{words: b.words}, slots: slots, live: n, has: has}
	g.rows.width = packedWidth(max(most.Load(), uint32(extra)))
	flat := 0
	if b.words == maxWords || slots < b.limits.table {
		flat = slots * b.words
	}
	g.mem = offheap.NewMemory(offheap.Aligned(8*flat) + offheap.Aligned(packedSize(slots, g.rows.width)) + offheap.Aligned(8*(slots/64+1)) + offheap.Aligned(4*extra))
	c := offheap.CarverOf(g.mem.Bytes)
	g.codes = offheap.Carve[uint64](&c, flat)
	g.rows.bytes = offheap.Carve[byte](&c, packedSize(slots, g.rows.width))
	g.shared = offheap.Carve[uint64](&c, slots/64+1)
	g.extra = offheap.Carve[uint32](&c, extra)[:0]
	if extra == 0 {
		parallel(workers, func(w int) {
			for i := share(n, w, workers); i < share(n, w+1, workers); i++ {
				g.rows.set(uint32(i), rows[i])
			}
		})
		return g
	}
	slot := 0
	for i := 0; i < n; slot++ {
		j := i + 1
		for j < n && b.same(codes, i, j) {
			j++
		}
		if j-i > 1 {
			g.rows.set(uint32(slot), uint32(len(g.extra)))
			g.shared[slot/64] |= 1 << (slot % 64)
			g.extra = append(append(g.extra, uint32(j-i)), rows[i:j]...)
		} else {
			g.rows.set(uint32(slot), rows[i])
		}
		for word := range b.words {
			codes[slot*b.words+word] = codes[i*b.words+word]
		}
		i = j
	}
	return g
}

// newTable makes room for the table of chunk c.
func newTable(l *layout, c, n int) *table {
	t := &table{first: int(l.first[c]), group: int(l.group[c])}
	size := offheap.Aligned(4*(1<<t.group+1)) + offheap.Aligned(2*n)
	width := packedWidth(uint32(n))
	switch {
	case l.words == 1:
		size += offheap.Aligned(4 * n)
	case c > 0:
		size += offheap.Aligned(packedSize(n, width))
	}
	t.mem = offheap.NewMemory(size)
	cut := offheap.CarverOf(t.mem.Bytes)
	t.starts = offheap.Carve[uint32](&cut, 1<<t.group+1)
	t.near = offheap.Carve[uint16](&cut, n)
	switch {
	case l.words == 1:
		t.far = offheap.Carve[uint32](&cut, n)
	case c > 0:
		t.slots = packed{offheap.Carve[byte](&cut, packedSize(n, width)), width}
	}
	return t
}

// firstTable makes table 0 of sorted codes.
func firstTable(l *layout, codes []uint64, workers int) *table {
	n := len(codes) / l.words
	t := newTable(l, 0, n)
	parallel(workers, func(w int) {
		from, to := share(n, w, workers), share(n, w+1, workers)
		// Each worker notes the starts of the groups after that of the code before its own, up to that of its last.
		next := uint32(0)
		if from > 0 {
			next = uint32(codes[(from-1)*l.words]>>(64-t.group)) + 1
		}
		for i := from; i < to; i++ {
			v, near, far := split(codes[i*l.words], t.group)
			for ; next <= v; next++ {
				t.starts[next] = uint32(i)
			}
			t.near[i] = near
			if l.words == 1 {
				t.far[i] = far
			}
		}
		if w == workers-1 {
			for ; next <= 1<<t.group; next++ {
				t.starts[next] = uint32(n)
			}
		}
	})
	return t
}

// counts tells for each table how many codes of each worker's share go to each heap.
func (g *segment) counts(workers int) [][][1 << digit]int {
	counts := make([][][1 << digit]int, g.m)
	for c := range counts {
		counts[c] = make([][1 << digit]int, workers)
	}
	parallel(workers, func(w int) {
		if g.words > 1 {
			for c := range g.m {
				count := &counts[c][w]
				g.windows(int(g.first[c]), share(g.slots, w, workers), share(g.slots, w+1, workers), func(_ int, windows []uint64) {
					for _, y := range windows {
						count[y>>(64-digit)]++
					}
				})
			}
			return
		}
		// A window is the whole code: one reading is enough for all tables.
		g.windows(0, share(g.slots, w, workers), share(g.slots, w+1, workers), func(_ int, windows []uint64) {
			for c := range g.m {
				count, shift := &counts[c][w], 64-digit-g.first[c]
				for _, y := range windows {
					count[uint8(y>>(shift&63))]++
				}
			}
		})
	})
	return counts
}

// table makes the table of chunk c, 1 or more, from table 0 or the codes. Its entries are in order of their slots within
// a group. work has 8 bytes for each slot.
func (g *segment) table(c int, counts [][1 << digit]int, work *offheap.Scratch) *table {
	workers := len(counts)
	t := newTable(&g.layout, c, g.slots)
	// What is sorted: the window from the chunk on, or of long codes the group, the bits near it, and the slot.
	var keys []uint64
	if g.slots > 0 {
		keys = unsafe.Slice((*uint64)(unsafe.Pointer(&work.Bytes[0])), g.slots)
	}
	heaps := starts(counts)
	// A heap says the first digit of its keys: dropping it leaves room for slots of 32 bits beside the longest groups.
	drop, keep := 0, ^uint64(0)
	if g.words > 1 {
		drop = digit
		keep <<= 64 + digit - t.group - nearBits
	}
	parallel(workers, func(w int) {
		at := &counts[w]
		g.windows(t.first, share(g.slots, w, workers), share(g.slots, w+1, workers), func(slot int, windows []uint64) {
			for i, y := range windows {
				h := y >> (64 - digit)
				keys[at[h]] = y<<drop&keep | uint64(slot+i)&^keep
				at[h]++
			}
		})
	})
	var next atomic.Int32
	parallel(workers, func(int) {
		for {
			h := int(next.Add(1)) - 1
			if h >= 1<<digit {
				return
			}
			t.fill(keys[heaps[h]:heaps[h+1]], uint32(heaps[h]), uint32(h)<<(t.group-digit), g.words)
		}
	})
	// Filling moved each start to the end of its group, which is the start of the following one.
	copy(t.starts[1:], t.starts[:1<<t.group])
	t.starts[0] = 0
	return t
}

// fill puts the entries of a heap, which begins at the given one, into their groups, the first of which is given.
func (t *table) fill(keys []uint64, begin, group uint32, words int) {
	starts := t.starts[group:][:1<<(t.group-digit)]
	mask := uint64(len(starts) - 1)
	shift := (64 - t.group) & 63
	if words > 1 {
		shift += digit // which table dropped
	}
	for _, y := range keys {
		starts[y>>shift&mask]++
	}
	for v, n := range starts {
		starts[v], begin = begin, begin+n
	}
	if words == 1 {
		for _, y := range keys {
			_, near, far := split(y, t.group)
			v := y >> shift & mask
			at := starts[v]
			starts[v]++
			t.near[at], t.far[at] = near, far
		}
		return
	}
	slots := uint64(1)<<(shift-nearBits) - 1
	for _, y := range keys {
		v := y >> shift & mask
		at := starts[v]
		starts[v]++
		t.near[at] = uint16(y >> (shift - nearBits))
		t.slots.set(at, uint32(y&slots))
	}
}

// windows has take called with the windows of slots from a bit on, some at a time, the first of which is given.
func (g *segment) windows(first, from, to int, take func(slot int, windows []uint64)) {
	var buffer [512]uint64
	group := uint32(0)
	if g.words == 1 && from < to {
		group = g.tables[0].groupOf(uint32(from))
	}
	for ; from < to; from += len(buffer) {
		windows := buffer[:min(len(buffer), to-from)]
		if g.words == 1 {
			group = g.tables[0].windows(windows, uint32(from), group)
			for i, y := range windows {
				windows[i] = bits.RotateLeft64(y, first)
			}
		} else {
			w, s := first/64, first%64
			next := (w + 1) % maxWords
			for i := range windows {
				code := (*[maxWords]uint64)(g.codes[(from+i)*maxWords:])
				windows[i] = code[w]<<s | code[next]>>(64-s)
			}
		}
		take(from, windows)
	}
}

// windows puts what the table says of the entries from the given one on, which lies in the given group or a later one,
// into dst, and returns the group of the last.
func (t *table) windows(dst []uint64, from, group uint32) uint32 {
	shift := (64 - t.group - nearBits) & 63
	for len(dst) > 0 {
		for t.starts[group+1] <= from {
			group++
		}
		n := min(len(dst), int(t.starts[group+1]-from))
		near, far := t.near[from:][:n], t.far[from:][:n]
		for i := range dst[:n] {
			dst[i] = (uint64(group)<<nearBits|uint64(near[i]))<<shift | uint64(far[i])
		}
		dst, from = dst[n:], from+uint32(n)
	}
	return group
}
