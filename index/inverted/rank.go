package inverted

import (
	"cmp"
	"container/heap"
	"slices"
)

// scored is a row with its score in 256ths of a vote.
type scored struct {
	row   uint32
	score uint32
}

// below tells whether s ranks behind o.
func (s scored) below(o scored) bool {
	return s.score < o.score || s.score == o.score && s.row > o.row
}

// worst is a heap with the row on top that ranks last.
type worst []scored

func (h worst) Len() int           { return len(h) }
func (h worst) Less(i, j int) bool { return h[i].below(h[j]) }
func (h worst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is heap's.
func (h *worst) Push(x any) { *h = append(*h, x.(scored)) }

// Pop is heap's.
func (h *worst) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// rank makes hits of the witnesses.
func (v *Snapshot) rank(w *work, q *Query, mirrored bool) []Hit {
	w.sort()
	top := worst(w.best[:0])
	for i := 0; i < len(w.witnesses); {
		from, photo, sum := i, w.witnesses[i].photo(), uint64(0)
		for ; i < len(w.witnesses) && w.witnesses[i].photo() == photo; i++ {
			sum += w.vote(w.witnesses[i])
		}
		full := len(top) == q.Limit
		if most := 2 * sum >> scoreShift; most == 0 || full && most < uint64(top[0].score) {
			continue
		}
		x := scored{score: w.score(w.witnesses[from:i])}
		if x.score == 0 || full && x.score < top[0].score {
			continue
		}
		x.row = v.row(photo)
		if full && !top[0].below(x) || q.Keep != nil && !q.Keep(x.row) {
			continue
		}
		if full {
			top[0] = x
			heap.Fix(&top, 0)
		} else {
			heap.Push(&top, x)
		}
	}
	w.best = top
	hits := make([]Hit, len(top))
	for i, s := range top {
		hits[i] = Hit{Row: s.row, Votes: float32(s.score) / 256, Mirrored: mirrored}
	}
	slices.SortFunc(hits, compareHits)
	return hits
}

// vote is what a witness weighs.
func (w *work) vote(x witness) uint64 { return w.weights[x.feature()] * nearness[x.differ()] }

// score is what the witnesses of a row come to, which are in order of features.
func (w *work) score(all []witness) uint32 {
	g := w.group[:0]
	for _, x := range all {
		if n := len(g); n > 0 && g[n-1].feature() == x.feature() {
			if nearer(x, g[n-1]) {
				g[n-1] = x
			}
			continue
		}
		g = append(g, x)
	}
	w.group = g
	if len(g) > 1 {
		slices.SortFunc(g, func(a, b witness) int {
			return cmp.Or(cmp.Compare(a.entry, b.entry), cmp.Compare(w.vote(b), w.vote(a)), cmp.Compare(a.key, b.key))
		})
	}
	var sums [angles]uint64
	for i, x := range g {
		if i == 0 || g[i-1].entry != x.entry {
			sums[x.direction()] += w.vote(x)
		}
	}
	best := uint64(0)
	for i, s := range sums {
		best = max(best, 2*s+sums[(i+1)%angles]+sums[(i+angles-1)%angles])
	}
	return uint32(best >> scoreShift)
}

// nearer orders witnesses of one feature and row.
func nearer(a, b witness) bool {
	return a.differ() < b.differ() || a.differ() == b.differ() && a.entry < b.entry
}

// sort sorts the witnesses by photo and leaves those of one in their order: by digits of 11 bits, lowest first.
func (w *work) sort() {
	const digit = 11
	if len(w.other) < len(w.witnesses) {
		w.other = make([]witness, len(w.witnesses)+len(w.witnesses)/4)
	}
	from, to := w.witnesses, w.other[:len(w.witnesses)]
	for shift := 32; shift < 64; shift += digit {
		var counts [1 << digit]int
		for _, x := range from {
			counts[x.key>>shift&(1<<digit-1)]++
		}
		if len(from) == 0 || counts[from[0].key>>shift&(1<<digit-1)] == len(from) {
			continue
		}
		at := 0
		for i, n := range counts {
			counts[i] = at
			at += n
		}
		for _, x := range from {
			place := &counts[x.key>>shift&(1<<digit-1)]
			to[*place] = x
			*place++
		}
		from, to = to, from
	}
	w.witnesses, w.other = from, to[:cap(to)]
}

// bestOf is the best hits, each row once.
func bestOf(hits []Hit, limit int) []Hit {
	slices.SortFunc(hits, compareHits)
	seen := make(map[uint32]bool, len(hits))
	kept := hits[:0]
	for _, h := range hits {
		if len(kept) < limit && !seen[h.Row] {
			seen[h.Row] = true
			kept = append(kept, h)
		}
	}
	return kept
}

// compareHits orders hits by votes, then row, then plain before mirrored.
func compareHits(a, b Hit) int {
	mirrored := func(h Hit) int {
		if h.Mirrored {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(b.Votes, a.Votes), cmp.Compare(a.Row, b.Row), cmp.Compare(mirrored(a), mirrored(b)))
}
