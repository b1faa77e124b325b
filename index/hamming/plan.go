package hamming

import (
	"math"
	"math/bits"
	"sync"
)

// Why few candidates are enough. Take two codes that differ in at most r bits; let d[c] be how many of them lie in chunk
// c, and give the m chunks radii t[c] that sum to r-m+1, -1 the least. Then the numbers d[c]-t[c]-1 are whole and sum to
// less than 0. By the cycle lemma (Dvoretzky and Motzkin 1947) there is a chunk from which on, going round the ring,
// every partial sum is less than 0. The first two of those sums say that
//
//	d[c] <= t[c]   and   d[c]+d[c+1] <= t[c]+t[c+1]+1
//
// The first condition alone, the pigeonhole, tells which groups of which tables to read; the second (compare Qin and
// Xiao, "Pigeonring", VLDB 2018) dismisses most of their entries by the 16 bits that they carry. A code that fulfils
// both in several chunks is answered by the first of them.

// maxShell is the largest radius of a chunk for which tables are read.
const maxShell = 4

// flips are all values of so many bits that have up to maxShell of them set, by the number of bits set; those with up
// to t of them are the first ball(t).
type flips struct {
	values []uint32
	upTo   [maxShell + 1]int
}

// ball is the number of values within t bits of one; that of -1 is 0.
func (f *flips) ball(t int) int {
	if t < 0 {
		return 0
	}
	return f.upTo[t]
}

var flipsOf = func() (of [maxGroup + 1]func() *flips) {
	for width := range of {
		of[width] = sync.OnceValue(func() *flips {
			f := new(flips)
			for n := range maxShell + 1 {
				// The next larger value with as many bits set, from the least one on (Warren, "Hacker's Delight", 2-1).
				for v := uint64(1)<<n - 1; v < 1<<width; {
					f.values = append(f.values, uint32(v))
					if n == 0 {
						break
					}
					low := v & -v
					up := v + low
					v = up | (v^up)>>2/low
				}
				f.upTo[n] = len(f.values)
			}
			return f
		})
	}
	return of
}()

// radii are t[c] of the chunks.
type radii [maxChunks]int8

// deepest is the largest radius of a chunk when a search's is spread over m.
func deepest(radius, m int) int { return (radius+m)/m - 1 }

// spread gives out a search's radius: as evenly as can be, the larger shares to chunks that lie apart, since two of them
// beside each other would let more entries pass, and among such to those whose own groups are the smallest.
func (t *radii) spread(radius int, sizes []uint32) {
	m := len(sizes)
	base, more := (radius+1)/m-1, (radius+1)%m
	place := func(i, offset int) int { return (i*m/more + offset) % m }
	best, least := 0, uint64(1<<63)
	for offset := range m {
		sum := uint64(0)
		for i := range more {
			sum += uint64(sizes[place(i, offset)])
		}
		if sum < least {
			best, least = offset, sum
		}
	}
	for c := range sizes {
		t[c] = int8(base)
	}
	for i := range more {
		t[place(i, best)]++
	}
}

// ring is the most that chunk c and the following one may differ in together.
func (t *radii) ring(l *layout, c int) int { return int(t[c]) + int(t[l.following(c)]) + 1 }

// bound is the most that the group and the near bits of table c may differ in together.
func (t *radii) bound(l *layout, c int) int {
	if l.rest(c) >= nearBits {
		return int(t[c])
	}
	return t.ring(l, c)
}

// share is how many of the entries of table c in a group at distance d would have the rest of their codes fetched, if
// codes were uniform.
func (t *radii) share(l *layout, c, d int) float64 {
	rest := l.rest(c)
	if rest == 0 || rest >= nearBits {
		return binomial(nearBits, t.bound(l, c)-d)
	}
	return binomial(rest, int(t[c])-d) * binomial(nearBits-rest, t.ring(l, c)-d)
}

// finder is the chunk through which a code is found that differs from the query's in the bits of x; -1 if in none.
func (t *radii) finder(l *layout, x []uint64) int {
	first := l.in(x, 0)
	d := first
	for c := range l.m {
		next := first
		if c+1 < l.m {
			next = l.in(x, c+1)
		}
		if d <= int(t[c]) && d+next <= t.ring(l, c) {
			return c
		}
		d = next
	}
	return -1
}

// binomial is the share of values of n bits that have at most k of them set.
func binomial(n, k int) float64 {
	if k < 0 {
		return 0
	}
	share, sum := math.Ldexp(1, -n), 0.0
	for i := range min(k, n) + 1 {
		sum += share
		share = share * float64(n-i) / float64(i+1)
	}
	return sum
}

// costs are what things cost on this machine and these codes, in nanoseconds; measured (measure.go).
type costs struct {
	Probe float64 // fetch the first entries of a group
	Entry float64 // compare the near bits of an entry
	Long  float64 // the same, of entries beyond the first longSpan of a group, which are fetched in time by themselves
	Pass  float64 // fetch and compare the rest of a code
	Scan  float64 // compare the next code of all
	Tile  float64 // the same, for each of many queries at once

	lookup [maxGroup + 1]float64 // find a group in a table by so many bits
}

// longSpan is up to how many entries of a group each is taken to cost the same.
const longSpan = 256

// load is what there is to read of tables.
type load struct {
	spans   int
	entries int
	long    int     // of the entries
	passes  float64 // expected
}

func (l load) plus(o load) load {
	return load{l.spans + o.spans, l.entries + o.entries, l.long + o.long, l.passes + o.passes}
}

// least is what a load costs if nothing passes; what it takes to find the groups left aside.
func (k *costs) least(l load) float64 {
	return k.Probe*float64(l.spans) + k.Entry*float64(l.entries-l.long) + k.Long*float64(l.long)
}

// expected is the cost of a search of n codes, if they were uniform, within a radius, by tables of a layout; larger than
// any scan where tables can't answer it.
func (k *costs) expected(l *layout, n, radius int) float64 {
	scan := k.Scan * float64(n)
	if deepest(radius, l.m) > maxShell {
		return 2 * scan
	}
	var t radii
	var none [maxChunks]uint32
	t.spread(radius, none[:l.m])
	cost := 0.0
	for c := range l.m {
		f := flipsOf[l.group[c]]()
		for d := range int(t[c]) + 1 {
			probes := float64(f.ball(d) - f.ball(d-1))
			entries := probes * float64(n) / float64(uint64(1)<<l.group[c])
			cost += (k.Probe+k.lookup[l.group[c]])*probes + (k.Entry+k.Pass*t.share(l, c, d))*entries
		}
	}
	return min(cost, 2*scan)
}

// choose returns the layout by which n codes take at most so many bytes each and a search within radius costs least;
// where none is as small as that, the smallest.
func (k *costs) choose(words, n, radius int, most float64) layout {
	var best layout
	bestCost, bestSize := 0.0, 0.0
	for m := maxChunks; m >= max(3, words); m-- {
		if words == 1 && m > 64/minGroup {
			continue
		}
		for group := minGroup; group <= min(maxGroup, max(minGroup, bits.Len(uint(n))), (64*words+m-1)/m); group++ {
			l := newLayout(words, m, group)
			size := l.size(n)
			if best.m != 0 && size > max(most, bestSize) {
				continue
			}
			cost := k.expected(&l, n, radius)
			if best.m == 0 || bestSize > most && size < bestSize || size <= most && cost < bestCost {
				best, bestCost, bestSize = l, cost, size
			}
		}
	}
	return best
}

// size estimates the bytes that a code takes in a segment of n, all different.
func (l *layout) size(n int) float64 {
	slot := float64(packedWidth(uint32(n)))
	size := slot + 1.0/4 // its row; which rows there are, and whether it has several
	for c := range l.m {
		size += 2 + 4*float64(uint64(1)<<l.group[c])/float64(n)
		switch {
		case l.words == 1:
			size += 4
		case c > 0:
			size += slot
		}
	}
	if l.words == maxWords {
		size += 8 * maxWords
	}
	return size
}
