package main

import (
	"cmp"
	"math"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"touchstone/fingerprint/feature"
)

const (
	fan           = 256
	signatureBits = 40
	rounds        = 8       // of k-majority
	sampled       = 1 << 17 // descriptors from which the first level is made
)

// vocabulary is what has been learned.
type vocabulary struct {
	first  []feature.Descriptor
	second [][]feature.Descriptor // by centre of the first level
	bits   [][]uint8              // the same
}

// learn makes a vocabulary. The same descriptors in the same order give the same one.
func learn(all []feature.Descriptor) vocabulary {
	r := rand.New(rand.NewPCG(1, 0))
	sample := make([]feature.Descriptor, min(sampled, len(all)))
	for i, at := range r.Perm(len(all))[:len(sample)] {
		sample[i] = all[at]
	}
	v := vocabulary{first: majority(sample, r), second: make([][]feature.Descriptor, fan), bits: make([][]uint8, fan)}
	where := make([]uint8, len(all))
	parallel((len(all)+4095)/4096, func(part int) {
		for i := part * 4096; i < min(len(all), (part+1)*4096); i++ {
			where[i] = uint8(nearest(v.first, all[i]))
		}
	})
	cells := make([][]feature.Descriptor, fan)
	for i, d := range all {
		cells[where[i]] = append(cells[where[i]], d)
	}
	parallel(fan, func(c int) {
		v.second[c] = majority(cells[c], rand.New(rand.NewPCG(2, uint64(c))))
		v.bits[c] = tell(cells[c], v.second[c])
	})
	return v
}

// majority is k-majority (Grana et al. 2013): k-means with the number of bits that differ as distance, where a centre has
// the bits that most of its members have.
func majority(all []feature.Descriptor, r *rand.Rand) []feature.Descriptor {
	centres := make([]feature.Descriptor, fan)
	if len(all) == 0 {
		return centres
	}
	order := r.Perm(len(all))
	for i := range centres {
		centres[i] = all[order[i%len(order)]]
	}
	where := make([]int, len(all))
	for range rounds {
		parallel((len(all)+1023)/1024, func(part int) {
			for i := part * 1024; i < min(len(all), (part+1)*1024); i++ {
				where[i] = nearest(centres, all[i])
			}
		})
		var members [fan]int
		var ones [fan][256]int
		for i, d := range all {
			members[where[i]]++
			n := &ones[where[i]]
			for w, v := range d {
				for ; v != 0; v &= v - 1 {
					n[w*64+bits.TrailingZeros64(v)]++
				}
			}
		}
		for i := range centres {
			if members[i] == 0 {
				centres[i] = all[r.IntN(len(all))]
				continue
			}
			centres[i] = feature.Descriptor{}
			for b, n := range ones[i] {
				if 2*n > members[i] {
					centres[i][b/64] |= 1 << (b % 64)
				}
			}
		}
	}
	return centres
}

// nearest is the centre nearest to d, the first of equal ones.
func nearest(centres []feature.Descriptor, d feature.Descriptor) int {
	best, at := 257, 0
	for i := range centres {
		if n := centres[i].Distance(d); n < best {
			best, at = n, i
		}
	}
	return at
}

// tell chooses the bits that tell the members of a cell's words apart: those that differ most often from the centre of the
// word, as long as they don't go together with one that was chosen before.
func tell(cell, centres []feature.Descriptor) []uint8 {
	members := min(len(cell), 4096)
	columns := make([][]uint64, 256)
	for b := range columns {
		columns[b] = make([]uint64, members/64+1)
	}
	for i, d := range cell[:members] {
		c := centres[nearest(centres, d)]
		for b := range columns {
			columns[b][i/64] |= (d[b/64] ^ c[b/64]) >> (b % 64) & 1 << (i % 64)
		}
	}
	ones := func(b int) int {
		n := 0
		for _, v := range columns[b] {
			n += bits.OnesCount64(v)
		}
		return n
	}
	together := func(a, b int) float64 {
		both := 0
		for i, v := range columns[a] {
			both += bits.OnesCount64(v & columns[b][i])
		}
		n := float64(max(members, 1))
		p, q := float64(ones(a))/n, float64(ones(b))/n
		return math.Abs(float64(both)/n-p*q) / math.Sqrt(p*(1-p)*q*(1-q)+1e-9)
	}
	order := make([]int, 256)
	for b := range order {
		order[b] = b
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ones(b), ones(a)) })
	var chosen []uint8
	for most := 0.15; len(chosen) < signatureBits; most += 0.1 {
		for _, b := range order {
			if len(chosen) < signatureBits && !slices.Contains(chosen, uint8(b)) &&
				!slices.ContainsFunc(chosen, func(c uint8) bool { return together(int(c), b) > most }) {
				chosen = append(chosen, uint8(b))
			}
		}
	}
	slices.Sort(chosen)
	return chosen
}

// parallel calls f with 0 to n-1 on all processors.
func parallel(n int, f func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := int(next.Add(1) - 1); i < n; i = int(next.Add(1) - 1) {
				f(i)
			}
		})
	}
	group.Wait()
}
