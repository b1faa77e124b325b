package hamming

import (
	"cmp"
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
		alive := len(g.rows) - g.died
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
		s.setMerging(snap, d)
		s.mu.Unlock()
		rows, codes := gather(s.words, snap, d)
		// A single worker leaves the other processors to searches.
		g := newSegment(s.words, rows, codes, s.limits, 1)
		s.mu.Lock()
		s.replace(d, g)
		s.idle.Broadcast()
	}
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
		if slot, ok := g.slot(o.row); ok {
			g.deaths.mark(slot, o.version)
			g.died++
		}
	}
	s.obituary = nil
	snap := s.draft()
	var merged []*segment
	if len(g.rows) > 0 {
		merged = []*segment{g}
	}
	snap.segments = slices.Replace(snap.segments, d.segment, d.segment+d.segments, merged...)
	snap.tails = slices.Delete(snap.tails, 0, d.tails)
	s.now.Store(snap)
}

// source is a part being merged: its slots in order of their rows.
type source struct {
	rows   []uint32
	codes  []uint64
	deaths *deaths
	order  []uint32 // slots by row; nil when they are so by themselves
	at     int
}

// skip moves to the next slot alive at version and returns it.
func (c *source) skip(version uint64) (slot uint32, ok bool) {
	for ; c.at < len(c.rows); c.at++ {
		slot = uint32(c.at)
		if c.order != nil {
			slot = c.order[c.at]
		}
		if !c.deaths.dead(slot, version) {
			return slot, true
		}
	}
	return 0, false
}

// gather returns the rows and codes that are alive in what is due, by row.
func gather(words int, snap *snapshot, d due) ([]uint32, []uint64) {
	var sources []*source
	total := 0
	for _, g := range snap.segments[d.segment : d.segment+d.segments] {
		sources = append(sources, &source{rows: g.rows, codes: g.codes, deaths: &g.deaths})
		total += len(g.rows)
	}
	for _, v := range snap.tails[:d.tails] {
		order := make([]uint32, len(v.rows))
		for i := range order {
			order[i] = uint32(i)
		}
		slices.SortFunc(order, func(a, b uint32) int { return cmp.Compare(v.rows[a], v.rows[b]) })
		sources = append(sources, &source{rows: v.rows, codes: v.codes, deaths: &v.tail.deaths, order: order})
		total += len(v.rows)
	}
	rows := make([]uint32, 0, total)
	codes := make([]uint64, 0, total*words)
	for {
		var first *source
		var slot uint32
		for _, c := range sources {
			if at, ok := c.skip(snap.version); ok && (first == nil || c.rows[at] < first.rows[slot]) {
				first, slot = c, at
			}
		}
		if first == nil {
			return rows, codes
		}
		rows = append(rows, first.rows[slot])
		codes = append(codes, first.codes[int(slot)*words:(int(slot)+1)*words]...)
		first.at++
	}
}
