package hamming

import (
	"runtime"
	"slices"

	"touchstone/index/internal/offheap"
)

// due says what a merge should take together: segments next to each other, and the oldest tails.
type due struct {
	segment  int // first of the segments
	segments int // how many
	tails    int // how many, from the oldest
}

func (d due) any() bool { return d.segments+d.tails > 0 }

// due takes every tail that no longer grows, and with it the segments that are not much larger than all that is newer;
// also segments that are mostly dead, with what is newer. What is being merged it passes over.
func (snap *snapshot) due(l limits) due {
	first := 0
	for i, g := range snap.segments {
		if g.merging {
			first = i + 1
		}
	}
	d := due{segment: len(snap.segments)}
	for i := range len(snap.tails) - 1 {
		if !snap.tails[i].tail.merging {
			d.tails++
		}
	}
	newer := d.tails * l.tail
	for i := len(snap.segments) - 1; i >= first; i-- {
		g := snap.segments[i]
		alive := g.live - g.died
		if (newer > 0 && alive <= l.ratio*newer) || g.died > alive {
			d.segment = i
		}
		newer += alive
	}
	d.segments = len(snap.segments) - d.segment
	return d
}

// next says what is to be merged now: fresh parts and small segments, and, where a large one is among them, apart from
// these what takes part in a hand-over, of which the large one is told. Only one runs at a time.
func (s *Set[C]) next(snap *snapshot) (small, over due, large int) {
	d := snap.due(s.limits)
	if large = d.largest(snap, s.limits.large); large < 0 {
		return d, over, large
	}
	end := d.segment + d.segments
	small = due{segment: large + 1, segments: end - large - 1, tails: d.tails}
	if !s.handing {
		over = due{segment: d.segment, segments: d.segments}
		small = due{segment: end, tails: d.tails}
	}
	if small.tails == 0 && small.segments < 2 {
		small = due{}
	}
	return small, over, large
}

// wake has merged what is due. It is called under mu.
func (s *Set[C]) wake(snap *snapshot) {
	if s.merging {
		return
	}
	if small, over, _ := s.next(snap); small.any() || over.any() {
		s.merging = true
		go s.merge()
	}
}

// merge makes one segment out of what is due, until nothing is. It runs in its own goroutine, one at a time; mu is held
// only to begin and to end each step. Large segments it leaves to another goroutine, so that fresh parts don't pile up
// meanwhile.
func (s *Set[C]) merge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		snap := s.now.Load()
		d, over, large := s.next(&snap.snapshot)
		if over.any() {
			s.handing = true
			s.setMerging(&snap.snapshot, over)
			go s.handOver(&snap.snapshot, over, large)
		}
		if !d.any() {
			s.merging = false
			s.step()
			return
		}
		s.setMerging(&snap.snapshot, d)
		s.mu.Unlock()
		g := s.merged(&snap.snapshot, d)
		s.mu.Lock()
		s.replace(&snap.snapshot, d, g)
	}
}

// step tells who waits that something has been merged. It is called under mu.
func (s *Set[C]) step() {
	s.steps++
	if !s.merging && !s.handing {
		s.obituary = nil
	}
	s.idle.Broadcast()
}

// largest is the last of the segments that are due with so many rows or more, or -1.
func (d due) largest(snap *snapshot, rows int) int {
	for i := d.segment + d.segments - 1; i >= d.segment; i-- {
		if snap.segments[i].live >= rows {
			return i
		}
	}
	return -1
}

// handOver merges segments of which one is large: each table of that one is given up as soon as the new segment has the
// same. Until the end searches find all rows where they were before. It runs in its own goroutine.
func (s *Set[C]) handOver(snap *snapshot, d due, large int) {
	from := snap.segments[large]
	for _, g := range snap.segments[d.segment : d.segment+d.segments] {
		if g.live > from.live {
			from = g
		}
	}
	rows, codes, mem := s.gather(snap, d)
	heir := s.first(rows, codes, rowsSet(rows), 1, &from.layout)
	mem.Free()
	if len(heir.tables) > 0 {
		s.handTables(from, heir)
	}
	s.mu.Lock()
	s.replace(snap, d, heir)
	s.mu.Unlock()
	collect(heir.tables...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handing = false
	s.step()
	s.wake(&s.now.Load().snapshot)
}

// handTables makes an heir's tables, and hands each over if it is laid out as those of the segment that it is to replace.
func (s *Set[C]) handTables(from, heir *segment) {
	same := heir.layout == from.layout
	here := &segment{body: from.body, tables: []*table{from.tables[0]}}
	tables := slices.Clone(from.tables)
	work := offheap.NewScratch(8 * heir.slots)
	defer work.Free()
	counts := heir.counts(1)
	for c := range heir.m {
		if c > 0 {
			heir.tables[c] = heir.table(c, counts[c], work)
		}
		if !same {
			continue
		}
		tables[c] = heir.tables[c]
		s.mu.Lock()
		now := s.draft()
		at := slices.IndexFunc(now.segments, func(g *segment) bool { return g.body == here.body })
		now.segments[at] = &segment{body: here.body, tables: slices.Clone(tables), here: here, heir: &segment{body: heir.body, tables: slices.Clone(heir.tables)}}
		s.now.Store(now)
		s.step()
		s.mu.Unlock()
		collect(tables[c])
	}
}

// collectable is from how many bytes on what a merge has replaced is not left to the collector's own time: it does not
// know of memory outside its reach.
const collectable = 16 << 20

// collect frees what has just been replaced by such tables, once nobody searches it any more.
func collect(tables ...*table) {
	size := 0
	for _, t := range tables {
		size += len(t.mem.Bytes)
	}
	if size >= collectable {
		runtime.GC()
	}
}

func (s *Set[C]) setMerging(snap *snapshot, d due) {
	for _, g := range snap.segments[d.segment : d.segment+d.segments] {
		g.merging = true
	}
	for i := range d.tails {
		snap.tails[i].tail.merging = true
	}
}

// replace publishes g in the place of what was merged into it, as it was in the given snapshot. The version stays: the set
// has not changed.
func (s *Set[C]) replace(was *snapshot, d due, g *segment) {
	for _, o := range s.obituary {
		if o.version > was.version && g.has.Has(o.row) && !g.deaths.dead(o.row, o.version) {
			g.deaths.mark(o.row, o.version)
			g.died++
		}
	}
	snap := s.draft()
	var merged []*segment
	if g.live > 0 {
		merged = []*segment{g}
	}
	// Segments keep their order, but those in front may have become one in the meantime.
	at := len(snap.segments)
	if d.segments > 0 {
		first := was.segments[d.segment].body
		at = slices.IndexFunc(snap.segments, func(g *segment) bool { return g.body == first })
	}
	snap.segments = slices.Replace(snap.segments, at, at+d.segments, merged...)
	snap.tails = slices.Delete(snap.tails, 0, d.tails)
	s.now.Store(snap)
	s.step()
}

// merged returns a segment of what is alive in what is due. A single worker leaves the other processors to searches.
func (b *recipe) merged(snap *snapshot, d due) *segment {
	rows, codes, mem := b.gather(snap, d)
	defer mem.Free()
	return b.sorted(rows, codes, rowsSet(rows), 1)
}

// gather returns the rows and codes that are alive in what is due, in order, and the memory that they lie in.
func (b *recipe) gather(snap *snapshot, d due) ([]uint32, []uint64, *offheap.Scratch) {
	most := 0
	var cursors []*cursor
	add := func(g *segment) {
		most += g.live
		if c := (&cursor{g: g}); c.next(snap.version) {
			cursors = append(cursors, c)
		}
	}
	for _, g := range snap.segments[d.segment : d.segment+d.segments] {
		add(g)
	}
	for _, v := range snap.tails[:d.tails] {
		rows, flat := v.alive(b.words, snap.version)
		// Never with tables: it is read once, in order.
		small := &recipe{words: b.words, limits: limits{table: len(rows) + 1}}
		add(small.indexed(rows, flat, 1))
	}
	mem := offheap.NewScratch(offheap.Aligned(8*b.words*most) + offheap.Aligned(4*most))
	cut := offheap.CarverOf(mem.Bytes)
	codes, rows := offheap.Carve[uint64](&cut, b.words*most), offheap.Carve[uint32](&cut, most)
	n := 0
	for len(cursors) > 0 {
		first := cursors[0]
		for _, c := range cursors[1:] {
			if o := compareCodes(c.code[:b.words], first.code[:b.words]); o < 0 || o == 0 && c.left[0] < first.left[0] {
				first = c
			}
		}
		copy(codes[n*b.words:], first.code[:b.words])
		rows[n] = first.left[0]
		n++
		if !first.next(snap.version) {
			cursors = slices.DeleteFunc(cursors, func(c *cursor) bool { return c == first })
		}
	}
	return rows[:n], codes[:n*b.words], mem
}

// alive is the rows and codes of a tail that are alive at version.
func (v *tailView) alive(words int, version uint64) (rows []uint32, flat []uint64) {
	for slot, row := range v.rows {
		if !v.tail.deaths.dead(uint32(slot), version) {
			rows = append(rows, row)
			flat = append(flat, v.codes[slot*words:(slot+1)*words]...)
		}
	}
	return rows, flat
}
