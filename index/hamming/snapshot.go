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
}

// With a ratio of 4, 2 million codes lie in 4 segments at most. A fresh part that is full adds up to half of what a
// segment of a million costs a search: a larger one would add more, a smaller one would be merged more often.
var defaultLimits = limits{tail: 1 << 15, chain: 1 << 10, table: 1 << 12, frozen: 4, parts: 8, ratio: 4}

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

// deathPage is the number of slots that share a page of deaths.
const deathPage = 1 << 10

// deaths tells since which version the slots of a part have been dead: deleted, or replaced by a code elsewhere. Pages
// come into being with their first death.
type deaths struct {
	pages []atomic.Pointer[[deathPage]atomic.Uint64]
}

func newDeaths(slots int) deaths {
	return deaths{make([]atomic.Pointer[[deathPage]atomic.Uint64], (slots+deathPage-1)/deathPage)}
}

// mark records that slot is dead from version on. Only one goroutine may mark at a time.
func (d *deaths) mark(slot uint32, version uint64) {
	p := &d.pages[slot/deathPage]
	page := p.Load()
	if page == nil {
		page = new([deathPage]atomic.Uint64)
		p.Store(page)
	}
	page[slot%deathPage].Store(version)
}

// dead tells whether slot is dead at version.
func (d *deaths) dead(slot uint32, version uint64) bool {
	page := d.pages[slot/deathPage].Load()
	if page == nil {
		return false
	}
	since := page[slot%deathPage].Load()
	return since != 0 && since <= version
}
