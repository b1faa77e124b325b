package inverted

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"touchstone/fingerprint/feature"
)

// Put inserts or replaces: features[i] become those of rows[i]; they may be none. Every snapshot taken after Put returned
// shows all of it; one taken meanwhile shows all or nothing. Of a row that is given twice, the last features count. It
// keeps neither slice. It panics when their lengths differ, or when a row has more than feature.MaxFeatures features.
//
// A small change goes to a fresh part, which becomes a segment in the background; Put waits only where that can't keep
// pace. A large one is made a segment by Put itself.
func (s *Set) Put(rows []uint32, features [][]feature.Feature) {
	if len(rows) != len(features) {
		panic(fmt.Sprintf("inverted: %d rows with features of %d", len(rows), len(features)))
	}
	if len(rows) > 0 {
		s.put(encoded(rows, features))
	}
}

// together is how many photos at most are sorted into words at once: the more, the more often what lies under a centre of
// the first level is used once it has been fetched.
const together = 16

// encoded is what is kept of photos, by ascending row, each once.
func encoded(rows []uint32, features [][]feature.Feature) []photo {
	v := words()
	all := make([]photo, len(rows))
	var next atomic.Int64
	var group sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), len(rows))
	step := min(max(len(rows)/workers, 1), together)
	for range workers {
		group.Go(func() {
			var s sorter
			for to := int(next.Add(int64(step))); to-step < len(rows); to = int(next.Add(int64(step))) {
				from := to - step
				for i, e := range v.entries(&s, features[from:min(to, len(rows))]) {
					all[from+i] = photo{rows[from+i], e}
				}
			}
		})
	}
	for i, f := range features {
		if len(f) > feature.MaxFeatures {
			group.Wait()
			panic(fmt.Sprintf("inverted: row %d has %d features, want at most %d", rows[i], len(f), feature.MaxFeatures))
		}
	}
	group.Wait()
	slices.SortStableFunc(all, func(a, b photo) int { return cmp.Compare(a.row, b.row) })
	kept := all[:0]
	for i, p := range all {
		if i+1 == len(all) || all[i+1].row != p.row {
			kept = append(kept, p)
		}
	}
	return kept
}

// put is Put of photos by ascending row.
func (s *Set) put(photos []photo) {
	entries := 0
	for _, p := range photos {
		entries += len(p.entries)
	}
	if entries > s.limits.tail || len(photos) > s.limits.docs {
		s.putSegments(photos)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	snap := s.makeRoom(len(photos), entries)
	t := snap.tails[len(snap.tails)-1].tail
	for _, p := range photos {
		snap.bury(p.row)
		snap.born(p)
		t.add(p.row, p.entries)
	}
	snap.tails[len(snap.tails)-1] = t.view()
	s.publish(snap)
}

// putSegments makes segments of the change.
func (s *Set) putSegments(photos []photo) {
	var made []*segment
	for part := range slices.Chunk(photos, s.limits.docs) {
		made = append(made, build(part))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	snap := s.draft()
	for _, p := range photos {
		snap.bury(p.row)
		snap.born(p)
	}
	snap.segments = append(snap.segments, made...)
	s.publish(snap)
}

// Delete removes rows; those that are not there are passed over. Every snapshot taken after Delete returned misses all of
// them; one taken meanwhile misses all or none.
func (s *Set) Delete(rows ...uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	snap := s.draft()
	before := snap.live
	for _, row := range rows {
		snap.bury(row)
	}
	if snap.live != before {
		s.publish(snap)
	}
}

// draft is a copy of the newest snapshot, to be changed and published under mu.
func (s *Set) draft() *Snapshot {
	snap := *s.now.Load()
	snap.version++
	snap.counts = slices.Clone(snap.counts)
	snap.segments = slices.Clone(snap.segments)
	snap.tails = slices.Clone(snap.tails)
	return &snap
}

// publish shows the draft to searches, and sees to it that what should be merged will be. It is called under mu.
func (s *Set) publish(snap *Snapshot) {
	s.now.Store(snap)
	s.wake(snap)
}

// makeRoom returns a draft whose last tail has room for so many photos and entries. It is called under mu, which it may
// let go while it waits.
func (s *Set) makeRoom(docs, entries int) *Snapshot {
	for {
		snap := s.draft()
		if n := len(snap.tails); n > 0 && snap.tails[n-1].tail.fits(s.limits, docs, entries) {
			return snap
		}
		if len(snap.tails) <= s.limits.frozen || !s.flushing {
			snap.tails = append(snap.tails, newTail(s.limits).view())
			return snap
		}
		s.idle.Wait()
	}
}

// born counts a photo that is being added to the draft.
func (v *Snapshot) born(p photo) {
	v.live++
	for _, e := range p.entries {
		v.counts[e.word()]++
	}
}

// bury ends the life of a row at the draft's version, if it is alive. It is called under the set's mu.
func (v *Snapshot) bury(row uint32) {
	for i := len(v.tails) - 1; i >= 0; i-- {
		t := v.tails[i].tail
		doc, ok := t.at[row]
		if !ok {
			continue
		}
		delete(t.at, row)
		t.deaths.mark(doc, v.version)
		v.live--
		for _, e := range t.entries[t.first[doc]:t.first[doc+1]] {
			v.counts[e.word()]--
		}
		return
	}
	for i := len(v.segments) - 1; i >= 0; i-- {
		g := v.segments[i]
		doc, ok := g.find(row)
		if !ok || g.deaths.since(doc) != 0 {
			continue
		}
		g.deaths.mark(doc, v.version)
		g.died++
		v.live--
		eachWord(g.record(doc), func(w uint16) { v.counts[w]-- })
		return
	}
}
