package hamming

import "sync/atomic"

// limits are the sizes at which a set changes its shape; tests make them small.
type limits struct {
	tail   int // most codes in one fresh part, maxTail at most
	chain  int // codes from which a fresh part keeps chains; below, it is scanned
	table  int // codes from which a segment keeps tables; below, it is scanned
	frozen int // most full fresh parts that await merging before Put waits
	parts  int // most segments before a large Put waits for a merge
	ratio  int // a segment is merged with what is newer once that has 1/ratio of its codes
	large  int // rows from which a segment hands its tables over one by one when it is merged
}

// With a ratio of 4, 2 million codes lie in 4 segments at most. A fresh part that is full adds up to half of what a
// segment of a million costs a search: a larger one would add more, a smaller one would be merged more often.
var defaultLimits = limits{tail: 1 << 15, chain: 1 << 10, table: 1 << 12, frozen: 4, parts: 8, ratio: 8, large: 1 << 20}

// snapshot is the set at one version. It is immutable but for deaths, which carry the version at which they happened, so
// that a snapshot shows the same codes for as long as it is used.
//
// A row is alive in at most one part at each version.
type snapshot struct {
	version  uint64
	live     int
	segments []*segment // oldest first
	tails    []tailView // oldest first; the last one takes fresh codes, the others await merging
}

// deaths tells since which version things have been dead: rows of a segment, or slots of a tail, deleted or replaced by a
// code elsewhere. What it is made of comes into being with the first death.
type deaths struct{ top atomic.Pointer[deathTop] }

const (
	deathPageBits = 8
	deathMidBits  = 12
)

type (
	deathTop  [1 << (32 - deathMidBits - deathPageBits)]atomic.Pointer[deathMid]
	deathMid  [1 << deathMidBits]atomic.Pointer[deathPage]
	deathPage [1 << deathPageBits]atomic.Uint64
)

// made is what p points to, which is made first where there is nothing. Only one goroutine may ask at a time.
func made[T any](p *atomic.Pointer[T]) *T {
	v := p.Load()
	if v == nil {
		v = new(T)
		p.Store(v)
	}
	return v
}

// mark records that n is dead from version on. Only one goroutine may mark at a time.
func (d *deaths) mark(n uint32, version uint64) {
	mid := made(&made(&d.top)[n>>(deathMidBits+deathPageBits)])
	made(&mid[n>>deathPageBits%(1<<deathMidBits)])[n%(1<<deathPageBits)].Store(version)
}

// dead tells whether n is dead at version.
func (d *deaths) dead(n uint32, version uint64) bool {
	top := d.top.Load()
	if top == nil {
		return false
	}
	mid := top[n>>(deathMidBits+deathPageBits)].Load()
	if mid == nil {
		return false
	}
	page := mid[n>>deathPageBits%(1<<deathMidBits)].Load()
	if page == nil {
		return false
	}
	since := page[n%(1<<deathPageBits)].Load()
	return since != 0 && since <= version
}
