package inverted

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"unsafe"

	"touchstone/fingerprint/feature"
)

// How votes come about. Each feature of a query is compared with the entries of the words that it is assigned to. Those
// whose signatures are near enough are its witnesses; the fewer it has among the living, the more each of its votes
// weighs: the square of log2(2N/witnesses) as a share of log2(2N), for N photos. A vote also weighs less the more bits
// differ. In a photo a feature of the query votes once, for the nearest entry, and an entry gets one vote, the heaviest:
// a pattern that repeats says no more than one of its parts does. Votes are sorted by how far the feature is turned, and
// the score is that of the best direction, with half of what its neighbours have (weak geometric consistency).
//
// All of that is done in whole numbers, and all choices between equals are by what is compared, not by where it lies:
// so the answer is the same whatever parts a set consists of.

// witnessShare says which features of a query are dropped: those that have more witnesses than limits.witnesses, and more
// than one for so many photos. They tell nothing apart, and there may be a million of them.
const witnessShare = 32

// rankCost is how many times as useful an entry of the nearest word is as one of the second and of the third.
var rankCost = [maxAssigned]uint64{2, 5, 8}

// bounds say in how many of its bits a signature may differ among so many photos, and in how many of those that are looked
// at first: what differs in more is more often there by chance. The first bound decides what a search costs, since each
// entry that keeps it is a miss of the cache, and is made stricter as sets grow; the other costs little. What they were
// chosen by is in BENCHMARKS.md.
func bounds(photos int) (all, near int) {
	switch {
	case photos < 1<<13:
		return 11, 8
	case photos < 1<<17:
		return 10, 7
	}
	return 9, 6
}

// most is how many entries a query may read for one orientation among so many photos: from three tenths of the limit on, the
// more, the larger the set, since in a small one the rarer words tell as much.
func (l limits) most(photos int) uint64 {
	return uint64(min(l.read/10*3+7*photos/2, l.read))
}

// nearness is the weight of a vote by the bits that differ, 256 for none: exp(-(d/8)²).
var nearness = [...]uint64{256, 252, 240, 222, 199, 173, 146, 119, 94, 72, 54, 39}

// logOf is 256 times the logarithm of n to base 2, about, from 1 on.
func logOf(n uint64) uint64 {
	l := bits.Len64(n) - 1
	return uint64(l)<<8 + (n<<8>>l)&255
}

// rarity is what a vote weighs of a feature that has so many witnesses among so many photos: 4096 for one in very many.
func rarity(witnesses, photos int) uint64 {
	all := logOf(2 * uint64(photos))
	part := logOf(uint64(witnesses))
	if part >= all {
		return 0
	}
	share := all - part
	return share * share << 12 / (all * all)
}

// scoreShift takes the sum of weights, each up to 4096*256 and counted twice, to 256ths of a vote. So a score has less
// than 24 bits, and a float32 holds it.
const scoreShift = 13

// witness is an entry whose signature is near that of a feature of the query: photo<<32 | feature<<16 | bits that
// differ<<8 | direction, and the entry. Photos are numbered through all parts of the snapshot: their rows are looked up
// for the few that may be hits.
type witness struct {
	key   uint64
	entry entry
}

func (w witness) photo() uint32  { return uint32(w.key >> 32) }
func (w witness) feature() int   { return int(w.key >> 16 & 0xffff) }
func (w witness) differ() int    { return int(w.key >> 8 & 0xff) }
func (w witness) direction() int { return int(w.key & 0xff) }

// reading is a word to be read for a feature of the query. Its key is cost<<16 | feature<<2 | rank, where words of a
// feature have a rank, from 0 for the nearest.
type reading struct {
	key  uint64
	word uint16
}

func (r reading) feature() int { return int(r.key >> 2 & (feature.MaxFeatures - 1)) }

// work is the memory of a search, used again by others.
type work struct {
	sorter
	features  []feature.Feature // the query's, then mirrored ones
	readings  []reading
	some      []reading // of them
	places    []uint32
	witnesses []witness
	other     []witness // for sorting
	weights   []uint64  // by feature
	group     []witness
	best      []scored
}

var works = sync.Pool{New: func() any { return new(work) }}

// Search returns the photos that share features with a query, at most Limit of them: by votes, highest first, then by
// row. A row comes once, with the orientation in which it has more votes. Errors: ErrQuery, the context's.
func (v *Snapshot) Search(ctx context.Context, q Query) ([]Hit, error) {
	if q.Limit < 1 {
		return nil, fmt.Errorf("inverted: %w: limit %d, want 1 or more", ErrQuery, q.Limit)
	}
	if len(q.Features) > feature.MaxFeatures {
		return nil, fmt.Errorf("inverted: %w: %d features, want at most %d", ErrQuery, len(q.Features), feature.MaxFeatures)
	}
	defer runtime.KeepAlive(v)
	w, _ := works.Get().(*work)
	defer works.Put(w)
	if v.live == 0 || len(q.Features) == 0 {
		return nil, ctx.Err()
	}
	w.features = append(w.features[:0], q.Features...)
	if q.Mirrored {
		for i := range q.Features {
			w.features = append(w.features, q.Features[i].Mirrored())
		}
	}
	w.descriptors = w.descriptors[:0]
	for i := range w.features {
		w.descriptors = append(w.descriptors, w.features[i].Descriptor)
	}
	words().assign(&w.sorter)
	hits, err := v.search(ctx, w, &q, false)
	if err != nil {
		return nil, err
	}
	if q.Mirrored {
		mirrored, err := v.search(ctx, w, &q, true)
		if err != nil {
			return nil, err
		}
		hits = bestOf(append(hits, mirrored...), q.Limit)
	}
	return hits, nil
}

// search is Search for one orientation, of features that have been assigned.
func (v *Snapshot) search(ctx context.Context, w *work, q *Query, mirrored bool) ([]Hit, error) {
	vocabulary := words()
	features, assigned := w.features[:len(q.Features)], w.sorter.best
	if mirrored {
		features, assigned = w.features[len(q.Features):], assigned[len(q.Features):]
	}
	w.plan(assigned[:len(features)], v.counts, v.limits.most(v.live))
	w.witnesses = w.witnesses[:0]
	w.weights = append(w.weights[:0], make([]uint64, len(features))...)
	most := max(v.limits.witnesses, v.live/witnessShare)
	for i := 0; i < len(w.readings); {
		if i&15 == 0 || len(w.witnesses) > 1<<20 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		n, before := w.readings[i].feature(), len(w.witnesses)
		for ; i < len(w.readings) && w.readings[i].feature() == n; i++ {
			if len(w.witnesses)-before > most {
				continue // it is dropped below
			}
			if i+ahead < len(w.readings) {
				v.fetch(int(w.readings[i+ahead].word))
				v.fetchChains(int(w.readings[i+soon].word))
			}
			word := w.readings[i].word
			f := &features[n]
			v.read(w, newEntry(word, f.Angle, vocabulary.signature(&f.Descriptor, word)), uint64(n))
		}
		found := len(w.witnesses) - before
		switch {
		case found > most:
			w.witnesses = w.witnesses[:before]
		case found > 0:
			w.weights[n] = rarity(found, v.live)
		}
	}
	return v.rank(w, q, mirrored), ctx.Err()
}

// plan says which words are to be read for each feature, in that order: all, or else those of which a part read is the
// most useful, as many as may be read.
func (w *work) plan(assigned [][maxAssigned]uint32, counts []uint32, most uint64) {
	w.readings = w.readings[:0]
	total := uint64(0)
	var totals [costClasses]uint64
	for i := range assigned {
		for rank, near := range assigned[i] {
			word := uint16(near)
			n := uint64(counts[word])
			if n == 0 {
				continue
			}
			cost := n * rankCost[rank]
			total += n
			totals[costClass(cost)] += n
			w.readings = append(w.readings, reading{cost<<16 | uint64(i)<<2 | uint64(rank), word})
		}
	}
	if total <= most {
		return
	}
	// All of the classes of lower costs are read, and of one the first ones by key.
	class := 0
	for ; totals[class] <= most; class++ {
		most -= totals[class]
	}
	some := w.some[:0]
	for _, r := range w.readings {
		if costClass(r.key>>16) == class {
			some = append(some, r)
		}
	}
	slices.SortFunc(some, func(a, b reading) int { return cmp.Compare(a.key, b.key) })
	end := uint64(0) // the lowest key that is not read
	for _, r := range some {
		n := uint64(counts[r.word])
		if n > most {
			end = r.key
			break
		}
		most -= n
	}
	kept := w.readings[:0]
	for _, r := range w.readings {
		if r.key < end {
			kept = append(kept, r)
		}
	}
	w.readings, w.some = kept, some
}

// costClass is about the logarithm of a cost, so that costs of a lower class are lower; costClasses is how many there are.
const costClasses = 33*8 + 8

func costClass(cost uint64) int {
	shift := max(bits.Len64(cost)-4, 0)
	return shift<<3 + int(cost>>shift)
}

// read appends the witnesses of feature n of the query, of which e is the entry in one of its words.
func (v *Snapshot) read(w *work, e entry, n uint64) {
	most, first := bounds(v.live)
	near, word, base := e.near(), int(e.word()), uint32(0)
	for _, g := range v.segments {
		from, to := g.starts[word], g.starts[word+1]
		if need := int(to-from) + lane; len(w.places) < need {
			w.places = make([]uint32, need+need/2)
		}
		found := kernelNear(w.places, g.near[from:to], near, uint32(first))
		all, rest := g.near[from:to], g.rest[from:to]
		before := len(w.witnesses)
		w.witnesses = slices.Grow(w.witnesses, found)
		passed, kept := w.witnesses[before:before+found], 0
		// Each is written down and kept or not without a branch: memory is asked for the next ones meanwhile, where a
		// mispredicted branch would wait for each.
		for _, at := range w.places[:found] {
			r := rest[at]
			other := rejoined(e.word(), all[at], r)
			differ := bits.OnesCount64(other.signature() ^ e.signature())
			passed[kept] = newWitness(base+(r>>12), n, differ, e, other)
			kept += int(uint(differ-most-1) >> (bits.UintSize - 1))
		}
		passed = passed[:kept]
		if g.deaths.top.Load() != nil {
			passed = slices.DeleteFunc(passed, func(x witness) bool { return g.deaths.dead(x.photo()-base, v.version) })
		}
		w.witnesses = w.witnesses[:before+len(passed)]
		base += uint32(len(g.rows))
	}
	for i := range v.tails {
		t := &v.tails[i]
		for slot := t.tail.heads[word].Load(); slot != 0; {
			l := &t.tail.chains[slot-1]
			fresh := int(slot) > len(t.entries)
			slot = l.next
			differ := bits.OnesCount64(l.entry.signature() ^ e.signature())
			if fresh || differ > most || bits.OnesCount32(l.entry.near()^near) > first {
				continue
			}
			if !t.tail.deaths.dead(l.doc, v.version) {
				w.witnesses = append(w.witnesses, newWitness(base+l.doc, n, differ, e, l.entry))
			}
		}
		base += uint32(len(t.rows))
	}
}

// ahead is by how many words the beginning of a list is asked for before it is read, soon the same for the first link of a
// chain, and firstLines how many lines of the cache that beginning is: the kernel asks for the others.
const (
	ahead      = 6
	soon       = 3
	firstLines = 16
)

// fetch asks for the entries of a word, of chains for where they begin.
func (v *Snapshot) fetch(word int) {
	for _, g := range v.segments {
		from, to := g.starts[word], g.starts[word+1]
		if from == to {
			continue
		}
		var places [firstLines]uint32
		n := 0
		for at := from; at < to && n < firstLines; at += lane {
			places[n] = at
			n++
		}
		prefetch(unsafe.Pointer(&g.near[0]), 4, places[:n])
	}
	for i := range v.tails {
		prefetch(unsafe.Pointer(&v.tails[i].tail.heads[word]), 0, []uint32{0})
	}
}

// fetchChains asks for the first link of a word's chains.
func (v *Snapshot) fetchChains(word int) {
	for i := range v.tails {
		if t := v.tails[i].tail; len(t.chains) > 0 {
			prefetch(unsafe.Pointer(&t.chains[0]), uint64(unsafe.Sizeof(link{})), []uint32{max(t.heads[word].Load(), 1) - 1})
		}
	}
}

func newWitness(photo uint32, n uint64, differ int, e, other entry) witness {
	direction := (e.angle() - other.angle()) % angles
	return witness{uint64(photo)<<32 | n<<16 | uint64(differ)<<8 | uint64(direction), other}
}

// row is the row of a photo by its number.
func (v *Snapshot) row(photo uint32) uint32 {
	for _, g := range v.segments {
		if photo < uint32(len(g.rows)) {
			return g.rows[photo]
		}
		photo -= uint32(len(g.rows))
	}
	for i := range v.tails {
		rows := v.tails[i].rows
		if photo < uint32(len(rows)) {
			return rows[photo]
		}
		photo -= uint32(len(rows))
	}
	panic("inverted: a photo of no part")
}
