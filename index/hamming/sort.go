package hamming

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// digit is how many bits a pass of a sort looks at: its 256 heaps are written line by line, all of which the first cache
// holds.
const digit = 8

// parallel runs f(0) to f(n-1) at once and returns when all have.
func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n - 1 {
		wg.Go(func() { f(i + 1) })
	}
	f(0)
	wg.Wait()
}

// share is where the part of worker i begins when n things are given to so many.
func share(n, i, workers int) int { return int(int64(n) * int64(i) / int64(workers)) }

// pairs are keys with a value each.
type pairs struct {
	keys   []uint64
	values []uint32
}

func (p pairs) slice(from, to int) pairs { return pairs{p.keys[from:to], p.values[from:to]} }

// fewPairs is below which number pairs are sorted by comparing.
const fewPairs = 1 << 9

// sortPairs sorts by key, and pairs of the same key by tie. The outcome is in to; from is spoilt.
func sortPairs(from, to pairs, workers int, tie func(a, b uint32) int) {
	n := len(from.keys)
	if n < fewPairs {
		copy(to.keys, from.keys)
		copy(to.values, from.values)
		to.sort(tie)
		return
	}
	heaps := from.partition(to, workers)
	var next atomic.Int32
	parallel(workers, func(int) {
		for {
			h := int(next.Add(1)) - 1
			if h >= 1<<digit {
				return
			}
			a, b := to.slice(heaps[h], heaps[h+1]), from.slice(heaps[h], heaps[h+1])
			if len(a.keys) >= fewPairs {
				a.pass(b, 64-3*digit)
				b.pass(a, 64-2*digit)
				a.settle(3*digit, tie)
			} else {
				a.settle(digit, tie)
			}
		}
	})
}

// partition puts pairs into heaps by the highest digit of their keys, each in the order of the pairs, and returns where heaps
// begin.
func (p pairs) partition(to pairs, workers int) *[1<<digit + 1]int {
	n := len(p.keys)
	counts := make([][1 << digit]int, workers)
	parallel(workers, func(w int) {
		count := &counts[w]
		for _, k := range p.keys[share(n, w, workers):share(n, w+1, workers)] {
			count[k>>(64-digit)]++
		}
	})
	heaps := starts(counts)
	parallel(workers, func(w int) {
		at := &counts[w]
		first := share(n, w, workers)
		for i, k := range p.keys[first:share(n, w+1, workers)] {
			h := k >> (64 - digit)
			to.keys[at[h]], to.values[at[h]] = k, p.values[first+i]
			at[h]++
		}
	})
	return heaps
}

// starts turns the counts of each worker into where its part of each heap begins, and returns where heaps do.
func starts(counts [][1 << digit]int) *[1<<digit + 1]int {
	heaps := new([1<<digit + 1]int)
	sum := 0
	for h := range 1 << digit {
		heaps[h] = sum
		for w := range counts {
			counts[w][h], sum = sum, sum+counts[w][h]
		}
	}
	heaps[1<<digit] = sum
	return heaps
}

// pass sorts by one digit, which begins at bit shift, into to; pairs equal in it stay in order.
func (p pairs) pass(to pairs, shift int) {
	var at [1 << digit]int
	for _, k := range p.keys {
		at[uint8(k>>shift)]++
	}
	sum := 0
	for h, n := range at {
		at[h], sum = sum, sum+n
	}
	for i, k := range p.keys {
		h := uint8(k >> shift)
		to.keys[at[h]], to.values[at[h]] = k, p.values[i]
		at[h]++
	}
}

// settle sorts pairs that are in order of the highest so many bits of their keys, 1 or more.
func (p pairs) settle(sorted int, tie func(a, b uint32) int) {
	shift := (64 - sorted) & 63
	for i := 0; i < len(p.keys); {
		j := i + 1
		for high := p.keys[i] >> shift; j < len(p.keys) && p.keys[j]>>shift == high; {
			j++
		}
		if j-i > 1 {
			p.slice(i, j).sort(tie)
		}
		i = j
	}
}

// sort sorts pairs that are in no order.
func (p pairs) sort(tie func(a, b uint32) int) {
	if len(p.keys) <= 16 {
		p.insertion(tie)
	} else {
		p.compare(tie)
	}
}

func (p pairs) insertion(tie func(a, b uint32) int) {
	for i := 1; i < len(p.keys); i++ {
		k, v := p.keys[i], p.values[i]
		j := i
		for ; j > 0 && (p.keys[j-1] > k || p.keys[j-1] == k && tie(p.values[j-1], v) > 0); j-- {
			p.keys[j], p.values[j] = p.keys[j-1], p.values[j-1]
		}
		p.keys[j], p.values[j] = k, v
	}
}

func (p pairs) compare(tie func(a, b uint32) int) {
	type pair struct {
		key   uint64
		value uint32
	}
	all := make([]pair, len(p.keys))
	for i, k := range p.keys {
		all[i] = pair{k, p.values[i]}
	}
	slices.SortFunc(all, func(a, b pair) int {
		if c := cmp.Compare(a.key, b.key); c != 0 {
			return c
		}
		return tie(a.value, b.value)
	})
	for i, a := range all {
		p.keys[i], p.values[i] = a.key, a.value
	}
}
