package hamming

import (
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

// maxShell is the largest radius of a chunk for which tables are read: it needs 2,517 probes.
const maxShell = 4

// ball is the number of 16-bit values within t bits of one, for t up to maxShell; that of -1 is 0.
func ball(t int) int {
	if t < 0 {
		return 0
	}
	return [...]int{1, 17, 137, 697, 2517}[t]
}

// flipPad is how many flips a kernel may read past those that it is given.
const flipPad = 8

// flips returns all 16-bit values of at most maxShell bits, by number of bits, in an array that is longer by flipPad.
var flips = sync.OnceValue(func() []uint16 {
	all := make([]uint16, 0, ball(maxShell)+flipPad)
	for n := range maxShell + 1 {
		for v := range chunkValues {
			if bits.OnesCount16(uint16(v)) == n {
				all = append(all, uint16(v))
			}
		}
	}
	return all
})

// radii are t[c] of the chunks.
type radii [maxChunks]int8

// deepest is the largest radius of a chunk when a search's is spread over m.
func deepest(radius, m int) int { return (radius+m)/m - 1 }

// spread gives out a search's radius: as evenly as can be, the larger shares to the chunks whose own group is the
// smallest.
func (t *radii) spread(radius int, sizes []uint32) {
	m := len(sizes)
	base := (radius+1)/m - 1
	for c := range sizes {
		t[c] = int8(base)
	}
	for range (radius + 1) % m {
		best := -1
		for c, size := range sizes {
			if int(t[c]) == base && (best < 0 || size < sizes[best]) {
				best = c
			}
		}
		t[best]++
	}
}

// ring is the most that chunk c and the following one of m may differ in together.
func (t *radii) ring(c, m int) int { return int(t[c]) + int(t[following(c, m)]) + 1 }

// finder is the chunk through which a code is found that differs from the query's in the bits of x; -1 if in none.
func (t *radii) finder(x []uint64) int {
	m := len(x) * wordChunks
	for c := range m {
		d := bits.OnesCount16(chunkOf(x, c))
		if d <= int(t[c]) && d+bits.OnesCount16(chunkOf(x, following(c, m))) <= t.ring(c, m) {
			return c
		}
	}
	return -1
}

// What things cost, in nanoseconds: measured 2026-11 on one core of a 2.4 GHz EPYC (Zen 3) over 1 and 2 million codes.
// They only decide when to scan instead; a factor of 2 moves that border by a few bits of radius.
const (
	costProbe = 8.0  // look up a group
	costEntry = 0.5  // compare an entry's next chunk
	costFetch = 14.0 // fetch and compare a code out of order
	costLink  = 5.0  // one step along a chain, and the code there
)

// costScan is the cost of a code in a scan, by words.
func costScan(words int) float64 {
	if words == 1 {
		return 0.8
	}
	return 2.2
}

// cost estimates a search of tables that reads so many groups with so many entries in them.
func (t *radii) cost(m, probes, entries int) float64 {
	// The share of entries that pass the ring is that of a uniform chunk, four times over: skew.
	widest := 0
	for c := range m {
		widest = max(widest, t.ring(c, m)-int(t[c]))
	}
	pass := 1.0
	if widest <= maxShell {
		pass = min(1, 4*float64(ball(widest))/chunkValues)
	}
	return costProbe*float64(probes) + (costEntry+costFetch*pass)*float64(entries)
}
