package inverted

import (
	"cmp"
	"runtime"
	"slices"
)

// wake has made a segment of full fresh parts, and merged segments that are due. It is called under mu.
func (s *Set) wake(snap *Snapshot) {
	if !s.flushing && len(snap.tails) > 1 {
		s.flushing = true
		go s.flush()
	}
	if from, to := snap.due(s.limits); !s.merging && from < to {
		s.merging = true
		go s.merge()
	}
}

// due says which segments should be merged: the first, and the one after the last. Those are segments that are not much
// larger than all that is newer, or mostly dead, as long as what comes of them is no larger than a segment may be.
func (v *Snapshot) due(l limits) (from, to int) {
	for to = len(v.segments); to > 0; to-- {
		newer := 0
		from = to
		mostlyDead := false
		for i := to - 1; i >= 0; i-- {
			g := v.segments[i]
			alive := len(g.rows) - g.died
			if newer+alive > l.docs {
				break
			}
			if i == to-1 && g.died > alive {
				mostlyDead = true
			}
			if newer > 0 && alive <= l.ratio*newer {
				from = i
			}
			newer += alive
		}
		if from < to {
			return from, to
		}
		if mostlyDead {
			return to - 1, to
		}
	}
	return 0, 0
}

// flush makes segments of fresh parts that no longer grow, until there is none. It runs in its own goroutine, one at a
// time; mu is held only to begin and to end each step.
func (s *Set) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		was := s.now.Load()
		if len(was.tails) < 2 {
			s.flushing = false
			s.step()
			return
		}
		s.mu.Unlock()
		full := was.tails[0]
		photos := full.alive(was.version)
		slices.SortFunc(photos, func(a, b photo) int { return cmp.Compare(a.row, b.row) })
		g := build(photos)
		s.mu.Lock()
		for doc, row := range full.rows {
			g.follow(row, full.tail.deaths.since(uint32(doc)), was.version)
		}
		snap := *s.now.Load()
		snap.tails = slices.Clone(snap.tails[1:])
		if len(g.rows) > 0 {
			snap.segments = append(slices.Clone(snap.segments), g)
		}
		s.publish(&snap)
		s.step()
	}
}

// merge makes one segment out of those that are due, until none are. It runs in its own goroutine, one at a time; mu is
// held only to begin and to end each step.
func (s *Set) merge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		was := s.now.Load()
		from, to := was.due(s.limits)
		if from == to {
			s.merging = false
			s.step()
			return
		}
		s.mu.Unlock()
		old := was.segments[from:to]
		g := merged(old, was.version)
		s.mu.Lock()
		size := int64(0)
		for _, o := range old {
			for doc, row := range o.rows {
				g.follow(row, o.deaths.since(uint32(doc)), was.version)
			}
			size += o.bytes()
		}
		snap := *s.now.Load()
		var fresh []*segment
		if len(g.rows) > 0 {
			fresh = []*segment{g}
		}
		// Others may have been added behind these, but nothing else changes segments.
		snap.segments = slices.Replace(slices.Clone(snap.segments), from, to, fresh...)
		s.now.Store(&snap)
		s.step()
		if size >= collectable {
			s.mu.Unlock()
			runtime.GC()
			s.mu.Lock()
		}
	}
}

// collectable is from how many bytes on what a merge has replaced is not left to the collector's own time: it does not
// know of memory outside its reach.
const collectable = 16 << 20

// follow repeats the death of a row, if it happened after what this segment is made of.
func (g *segment) follow(row uint32, since, version uint64) {
	if since <= version {
		return
	}
	if doc, ok := g.find(row); ok && g.deaths.since(doc) == 0 {
		g.deaths.mark(doc, since)
		g.died++
	}
}

// step tells who waits that something has been merged. It is called under mu.
func (s *Set) step() {
	s.steps++
	s.idle.Broadcast()
}

// merged is one segment of what lives in some at version.
func merged(old []*segment, version uint64) *segment {
	type place struct{ row, from, doc uint32 }
	var places []place
	entries, lists := 0, 0
	renamed := make([][]uint32, len(old))
	for i, g := range old {
		renamed[i] = make([]uint32, len(g.rows))
		for doc, row := range g.rows {
			if g.deaths.dead(uint32(doc), version) {
				renamed[i][doc] = gone
				continue
			}
			record := g.record(uint32(doc))
			places = append(places, place{row, uint32(i), uint32(doc)})
			entries += recordCount(record)
			lists += len(record)
		}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.row, b.row) })
	out := newSegment(len(places), entries, lists)
	record := out.lists[:0]
	for doc, p := range places {
		renamed[p.from][p.doc] = uint32(doc)
		out.rows[doc] = p.row
		record = append(record, old[p.from].record(p.doc)...)
		out.ends[doc] = uint32(len(record))
	}
	at := uint32(0)
	for w := range wordCount {
		out.starts[w] = at
		for i, g := range old {
			names := renamed[i]
			for e := g.starts[w]; e < g.starts[w+1]; e++ {
				rest := g.rest[e]
				if doc := names[rest>>12]; doc != gone {
					out.near[at], out.rest[at] = g.near[e], doc<<12|rest&0xfff
					at++
				}
			}
		}
	}
	out.starts[wordCount] = at
	runtime.KeepAlive(old)
	return out
}

// gone is the new name of a photo that is dead.
const gone = 1<<32 - 1
