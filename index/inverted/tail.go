package inverted

import "sync/atomic"

// tail is a part that takes fresh photos, by one writer at a time, while readers use the views published so far. Its
// entries have slots in order of arrival, and for each word a chain of slots, newest first. Slots in chains are counted
// from 1; 0 ends a chain. A link never changes once a head leads to it, so a reader may follow chains while the writer
// extends them: it meets slots newer than its view, and passes over them.
type tail struct {
	deaths deaths
	heads  []atomic.Uint32 // by word
	chains []link          // by slot, all there will be

	// The writer's own:
	rows    []uint32          // by photo, in order of arrival
	first   []uint32          // by photo the slot of its first entry, and where the last one's end
	entries []entry           // by slot
	at      map[uint32]uint32 // photos by row, of those that are alive here
}

// link is an entry in its chain: all that a search looks at, in a line of the cache.
type link struct {
	entry entry
	doc   uint32 // its photo
	next  uint32 // slot
}

// tailView is a tail as of one version.
type tailView struct {
	tail    *tail // for deaths and chains alone, as far as readers are concerned
	rows    []uint32
	first   []uint32
	entries []entry
}

func newTail(l limits) *tail {
	return &tail{heads: make([]atomic.Uint32, wordCount), chains: make([]link, l.tail), first: []uint32{0}, at: make(map[uint32]uint32)}
}

// fits tells whether there is room for so many more photos with so many entries.
func (t *tail) fits(l limits, docs, entries int) bool {
	return len(t.rows)+docs <= l.docs && len(t.entries)+entries <= len(t.chains)
}

// add takes a row that is not alive here. It shows in views made later.
func (t *tail) add(row uint32, entries []entry) {
	doc := uint32(len(t.rows))
	t.at[row] = doc
	t.rows = append(t.rows, row)
	for _, e := range entries {
		slot := len(t.entries)
		t.entries = append(t.entries, e)
		head := &t.heads[e.word()]
		t.chains[slot] = link{e, doc, head.Load()}
		head.Store(uint32(slot) + 1)
	}
	t.first = append(t.first, uint32(len(t.entries)))
}

// view is the tail as it is now.
func (t *tail) view() tailView {
	return tailView{tail: t, rows: t.rows, first: t.first, entries: t.entries}
}

// photo is the entries of a photo.
func (v *tailView) photo(doc uint32) []entry { return v.entries[v.first[doc]:v.first[doc+1]] }

func (v *tailView) bytes() int64 {
	return int64(4*(len(v.tail.heads)+cap(v.rows)+cap(v.first)) + 16*len(v.tail.chains) + 8*cap(v.entries))
}

// alive is the photos of a view that live at version.
func (v *tailView) alive(version uint64) []photo {
	var all []photo
	for doc, row := range v.rows {
		if !v.tail.deaths.dead(uint32(doc), version) {
			all = append(all, photo{row, v.photo(uint32(doc))})
		}
	}
	return all
}
