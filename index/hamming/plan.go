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

// What things cost, in nanoseconds, out of the caches: measured 2026-11 on one core of an EPYC (Zen 3, AVX2, shared)
// over 1 and 2 million codes. They only decide when to scan instead. That border lies near a radius of 16 of 64 bits and
// 64 of 256, where either way takes milliseconds; a factor of 2 in a constant moves it by a bit or two.
const (
	costProbe = 12.0 // look up a group and fetch its entries
	costEntry = 0.3  // compare an entry's following chunk
	costFetch = 30.0 // fetch and compare a code out of order
	costLink  = 5.0  // go one step along a chain
	costScan1 = 1.6  // compare the next code of 64 bits
	costScan4 = 4.5  // compare the next code of 256 bits
)

// skew is how many times more entries pass the ring than would of uniform codes.
const skew = 4

// costScan is the cost of a scan of n codes.
func costScan(words, n int) float64 {
	if words == 1 {
		return costScan1 * float64(n)
	}
	return costScan4 * float64(n)
}

// cost estimates a search of tables that reads so many groups with so many entries in them.
func (t *radii) cost(m, probes, entries int) float64 {
	// Nearly all values within t[c] of the query's are at that distance.
	left := 0
	for c := range m {
		left = max(left, t.ring(c, m)-int(t[c]))
	}
	pass := 1.0
	if left <= maxShell {
		pass = min(1, skew*float64(ball(left))/chunkValues)
	}
	return costProbe*float64(probes) + (costEntry+costFetch*pass)*float64(entries)
}
