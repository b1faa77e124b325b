package hamming

import (
	"runtime"
	"slices"
)

// due says what a merge should take together: all segments from one on, and the oldest tails.
type due struct {
	segment  int // first of the segments
	segments int // how many, up to the newest
	tails    int // how many, from the oldest
}

func (d due) any() bool { return d.segments+d.tails > 0 }

// due takes every tail that no longer grows, and with it the segments that are not much larger than all that is newer;
// also segments that are mostly dead, with what is newer.
func (snap *snapshot) due(l limits) due {
	d := due{segment: len(snap.segments), tails: len(snap.tails) - 1}
	newer := d.tails * l.tail
	for i := len(snap.segments) - 1; i >= 0; i-- {
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

// merge makes one segment out of what is due, until nothing is. It runs in its own goroutine, one at a time; mu is held
// only to begin and to end each step.
func (s *Set[C]) merge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		snap := s.now.Load()
		d := snap.due(s.limits)
		if !d.any() {
			s.merging = false
			s.idle.Broadcast()
			return
		}
		largest := d.largest(&snap.snapshot)
		if largest != nil && largest.live >= s.limits.large && d.tails > 0 {
			// Fresh parts first: tables can be handed over between segments alone.
			d = due{segment: len(snap.segments), tails: d.tails}
			largest = nil
		}
		s.setMerging(&snap.snapshot, d)
		s.mu.Unlock()
		var g *segment
		if largest != nil && largest.live >= s.limits.large {
			g = s.handOver(&snap.snapshot, d, largest)
		} else {
			g = s.merged(&snap.snapshot, d)
		}
		s.mu.Lock()
		s.replace(d, g)
		s.idle.Broadcast()
		if g.live >= s.limits.large {
			s.mu.Unlock()
			collect(g.tables...)
			s.mu.Lock()
		}
	}
}

// collectable is from how many bytes on what a merge has replaced is not left to the collector's own time: it does not
// know of memory outside its reach.
const collectable = 16 << 20

// collect frees what has just been replaced by such tables, once nobody searches it any more.
func collect(tables ...*table) {
	size := 0
	for _, t := range tables {
		size += len(t.mem.bytes)
	}
	if size >= collectable {
		runtime.GC()
	}
}

// largest is the largest of the segments that are due, if there are any.
func (d due) largest(snap *snapshot) (largest *segment) {
	for _, g := range snap.segments[d.segment : d.segment+d.segments] {
		if largest == nil || g.live > largest.live {
			largest = g
		}
	}
	return largest
}

// handOver is merged for segments of which one is large: each table of that one is given up as soon as the new segment
// has the same. Until the end searches find all rows where they were before.
func (s *Set[C]) handOver(snap *snapshot, d due, from *segment) *segment {
	rows, codes, mem := s.gather(snap, d)
	heir := s.first(rows, codes, rowsSet(rows), 1, &from.layout)
	mem.free()
	if len(heir.tables) == 0 {
		return heir
	}
	same := heir.layout == from.layout
	here := &segment{body: from.body, tables: []*table{from.tables[0]}}
	tables := slices.Clone(from.tables)
	work := newScratch(8 * heir.slots)
	defer work.free()
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
		s.mu.Unlock()
		collect(tables[c])
	}
	return heir
}

func (s *Set[C]) setMerging(snap *snapshot, d due) {
	for _, g := range snap.segments[d.segment:] {
		g.merging = true
	}
	for i := range d.tails {
		snap.tails[i].tail.merging = true
	}
}

// replace publishes g in the place of what was merged into it. The version stays: the set has not changed.
func (s *Set[C]) replace(d due, g *segment) {
	for _, o := range s.obituary {
		if g.has.Has(o.row) && !g.deaths.dead(o.row, o.version) {
			g.deaths.mark(o.row, o.version)
			g.died++
		}
	}
	s.obituary = nil
	snap := s.draft()
	var merged []*segment
	if g.live > 0 {
		merged = []*segment{g}
	}
	snap.segments = slices.Replace(snap.segments, d.segment, d.segment+d.segments, merged...)
	snap.tails = slices.Delete(snap.tails, 0, d.tails)
	s.now.Store(snap)
}

// merged returns a segment of what is alive in what is due. A single worker leaves the other processors to searches.
func (b *recipe) merged(snap *snapshot, d due) *segment {
	rows, codes, mem := b.gather(snap, d)
	defer mem.free()
	return b.sorted(rows, codes, rowsSet(rows), 1)
}

// gather returns the rows and codes that are alive in what is due, in order, and the memory that they lie in.
func (b *recipe) gather(snap *snapshot, d due) ([]uint32, []uint64, *scratch) {
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
	mem := newScratch(aligned(8*b.words*most) + aligned(4*most))
	cut := carver{bytes: mem.bytes}
	codes, rows := carve[uint64](&cut, b.words*most), carve[uint32](&cut, most)
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
