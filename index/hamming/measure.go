package hamming

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
	"unsafe"

	"touchstone/index/internal/offheap"
)

// lineEntries is how many near bits of entries a line of the cache holds.
const lineEntries = 64 * 8 / nearBits

// measure finds out what things cost on this machine, in the memory of a segment that is being built: its table 0 and
// its codes. It takes a few milliseconds. Each measurement is the best of several, since whatever else the machine does
// adds to it.
func measure(words int, t *table, codes []uint64) costs {
	n := len(codes) / words
	w := newSearch()
	defer w.release()
	r := rand.New(rand.NewPCG(1, uint64(n)))
	best := func(prepare, f func()) float64 {
		least := time.Duration(1 << 62)
		for range 7 {
			prepare()
			began := time.Now()
			f()
			least = min(least, time.Since(began))
		}
		return max(float64(least.Nanoseconds()), 1)
	}
	// Spans of few entries, of more and of many, so that what a span and what an entry costs can be told apart: one after
	// the other, and of such rounds the quickest as a whole, so that all are of one moment.
	const spans, few, longs = 512, 4, 32
	cost := func(count, length int) float64 {
		w.spans = w.spans[:0]
		for range count {
			from := min(t.starts[r.Uint32N(1<<t.group)], uint32(max(0, n-length)))
			w.spans = append(w.spans, span{from, min(from+uint32(length), uint32(n)), 0, 0})
		}
		began := time.Now()
		w.each(func(from, n int) int { return kernelNear(w.out, t.near, w.padded(from), n, 0) })
		return max(float64(time.Since(began).Nanoseconds()), 1) / float64(count)
	}
	var k costs
	quickest := math.Inf(1)
	for range 9 {
		short, medium, long := cost(spans, few), cost(spans, longSpan), cost(longs, spanMost)
		if sum := short + medium + long; sum < quickest {
			quickest = sum
			// A line of the cache more costs a part at least of what the first costs, whatever a clock says.
			k.Entry = max((medium-short)/(longSpan-few), short/(4*lineEntries))
			k.Probe = max(short-few*k.Entry, 1)
			k.Long = max((long-medium)/(spanMost-longSpan), k.Entry/4)
		}
	}
	// What it takes to list the groups, in tables of several sizes.
	groups := make([]uint32, 1024)
	for bits := range k.lookup {
		region := codes[:min(len(codes), (4<<bits)/8)]
		if bits < minGroup || len(region) < (4<<bits)/8 && bits > minGroup {
			if bits > minGroup {
				k.lookup[bits] = k.lookup[bits-1]
			}
			continue
		}
		k.lookup[bits] = best(func() {
			for i := range groups {
				groups[i] = r.Uint32N(uint32(len(region)))
			}
		}, func() {
			w.spans = slices.Grow(w.spans[:0], len(groups))[:len(groups)]
			for i, v := range groups {
				w.spans[i] = span{uint32(region[v]), uint32(region[v] >> 32), 0, v}
			}
		}) / float64(len(groups))
	}
	const passes = 1024
	places := make([]uint64, passes)
	k.Pass = best(func() {
		for i := range places {
			places[i] = r.Uint64N(uint64(n))
		}
	}, func() {
		prefetch(unsafe.Pointer(&codes[0]), uint64(8*words), places)
		sum := uint64(0)
		for _, p := range places {
			sum += codes[int(p)*words]
		}
		w.one[0] = uint32(sum)
	}) / passes
	if words == maxWords {
		k.Pass *= 2 // for the slot before
	}
	part := min(n, 1<<18)
	from := 0
	k.Scan = best(func() {
		if from += part; from+part > n {
			from = 0
		}
		w.spans = w.spans[:0]
		for at := from; at < from+part; at += spanMost {
			w.spans = append(w.spans, span{uint32(at), uint32(min(at+spanMost, from+part)), 0, 0})
		}
	}, func() {
		var none [maxWords]uint64
		w.each(func(from, n int) int {
			if words == 1 {
				return kernelFull(w.out, t.near, t.far, w.padded(from), n, 0, 0)
			}
			return kernelWide(w.out, codes, w.padded(from), n, &none)
		})
	}) / float64(part)
	const tiles, asked = 8, 64
	queries := make([]uint64, asked*words)
	k.Tile = best(func() {
		for i := range queries {
			queries[i] = r.Uint64()
		}
	}, func() {
		tile := codes[:min(n/tileStep*tileStep, tileCodes)*words]
		for range tiles {
			for first := 0; first < asked; first += tileQueries {
				kernelTile(w.out, tile, words, len(tile)/words, queries[first*words:], tileQueries, 16*words)
			}
		}
	}) / float64(tiles*asked*max(1, min(n/tileStep*tileStep, tileCodes)))
	return k
}

// each has a kernel called with the spans, piece by piece.
func (w *search) each(kernel func(from, n int) int) {
	w.spans = slices.Grow(w.spans, spanPad)
	for from := 0; from < len(w.spans); {
		n := piece(w.spans[from:])
		kernel(from, n)
		from += n
	}
}

// ReadBandwidth measures how many bytes a second one processor reads from memory in order: what no scan can exceed. It
// takes a second or so, and memory of 256 MiB meanwhile.
func ReadBandwidth() float64 {
	const size = 256 << 20
	mem := offheap.NewScratch(size)
	defer mem.Free()
	words := unsafe.Slice((*uint64)(unsafe.Pointer(&mem.Bytes[0])), size/8)
	for i := range words {
		words[i] = uint64(i)
	}
	least := time.Duration(1 << 62)
	for range 10 {
		began := time.Now()
		if kernelSum(words) != uint64(len(words)-1)*uint64(len(words)/2) {
			panic("hamming: a sum came out wrong")
		}
		least = min(least, time.Since(began))
	}
	return size / least.Seconds()
}
