package hamming

import (
	"runtime"
	"slices"
)

// obituary is a death in a part that is being merged: it must be repeated in the segment that comes of it.
type obituary struct {
	row     uint32
	version uint64
}

// Put inserts or replaces: codes[i] becomes the code of rows[i]. Every search that starts after Put returned sees all of
// it; one that overlaps it sees all or nothing. Of a row that is given twice, the last code counts. It keeps neither
// slice and panics when their lengths differ.
//
// A small change goes to a fresh part, which is merged into the indexed ones in the background; Put waits only where
// merging can't keep pace. A large one is indexed by Put itself, on all processors.
func (s *Set[C]) Put(rows []uint32, codes []C) {
	mustPair(len(rows), len(codes))
	if len(rows) == 0 {
		return
	}
	s.put(rows, mixed(codes, runtime.GOMAXPROCS(0)))
}

// put is Put of codes in the order of bits that sets keep; it may change flat.
func (s *Set[C]) put(rows []uint32, flat []uint64) {
	if len(rows) == 0 {
		return
	}
	if len(rows) > s.limits.tail {
		s.putSegment(rows, flat)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	snap := s.makeRoom(len(rows))
	t := snap.tails[len(snap.tails)-1].tail
	snap.version++
	for i, row := range rows {
		if !s.bury(snap, row) {
			snap.live++
		}
		t.add(row, flat[i*s.words:(i+1)*s.words])
	}
	snap.tails[len(snap.tails)-1] = t.view()
	s.publish(snap)
}

// Delete removes the codes of rows; rows that have none are passed over. Every search that starts after Delete returned
// misses all of them; one that overlaps it misses all or none.
func (s *Set[C]) Delete(rows ...uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	snap := s.draft()
	snap.version++
	before := snap.live
	for _, row := range rows {
		if s.bury(snap, row) {
			snap.live--
		}
	}
	if snap.live != before {
		s.publish(snap)
	}
}

// putSegment makes a segment of the change.
func (s *Set[C]) putSegment(rows []uint32, flat []uint64) {
	g := s.indexed(slices.Clone(rows), flat, runtime.GOMAXPROCS(0))
	s.mu.Lock()
	defer s.mu.Unlock()
	for (s.merging || s.handing) && len(s.now.Load().segments) >= s.limits.parts {
		s.idle.Wait()
	}
	snap := s.draft()
	snap.version++
	if snap.live == 0 {
		snap.live = g.live
	} else {
		for row := range g.has.All() {
			if !s.bury(snap, row) {
				snap.live++
			}
		}
	}
	snap.segments = append(snap.segments, g)
	s.publish(snap)
}

// draft is a copy of the newest snapshot, to be changed and published under mu.
func (s *Set[C]) draft() *Snapshot[C] {
	snap := *s.now.Load()
	snap.segments = slices.Clone(snap.segments)
	snap.tails = slices.Clone(snap.tails)
	return &snap
}

// publish shows the draft to searches, and sees to it that what should be merged will be. It is called under mu.
func (s *Set[C]) publish(snap *Snapshot[C]) {
	s.now.Store(snap)
	s.wake(&snap.snapshot)
}

// makeRoom returns a draft whose last tail has room for n codes. It is called under mu, which it may let go while it
// waits for a merge.
func (s *Set[C]) makeRoom(n int) *Snapshot[C] {
	for {
		snap := s.draft()
		if snap.tails[len(snap.tails)-1].tail.room() >= n {
			return snap
		}
		if len(snap.tails) <= s.limits.frozen || !s.merging {
			snap.tails = append(snap.tails, newTail(s.words, s.limits).view())
			return snap
		}
		s.idle.Wait()
	}
}

// bury ends the life of a row's code at the draft's version, and tells whether it had one. It is called under mu.
func (s *Set[C]) bury(snap *Snapshot[C], row uint32) bool {
	for i := len(snap.tails) - 1; i >= 0; i-- {
		t := snap.tails[i].tail
		slot, ok := t.slots[row]
		if !ok {
			continue
		}
		delete(t.slots, row)
		t.deaths.mark(slot, snap.version)
		s.note(t.merging, row, snap.version)
		return true
	}
	for i := len(snap.segments) - 1; i >= 0; i-- {
		g := snap.segments[i]
		if !g.has.Has(row) || g.deaths.dead(row, snap.version) {
			continue
		}
		g.deaths.mark(row, snap.version)
		g.died++
		s.note(g.merging, row, snap.version)
		return true
	}
	return false
}

func (s *Set[C]) note(merging bool, row uint32, version uint64) {
	if merging {
		s.obituary = append(s.obituary, obituary{row, version})
	}
}
