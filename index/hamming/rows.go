package hamming

import (
	"iter"
	"math/bits"
	"slices"
)

// Rows is a set of row numbers, to narrow a search by. The zero Rows is empty and ready to use; as a filter it lets
// nothing pass, while a nil *Rows lets everything pass. Its memory is 4 bytes a row for up to 128 rows; for more it is 512
// bytes for each 4,096 numbers among which it has any, and 8 bytes for each 4,096 up to the highest. It may be read by
// many goroutines at once, but not while one changes it: a search's filter must not change until the search returns.
type Rows struct {
	few   []uint32 // all rows, in order, as long as pages is nil
	pages []*rowPage
	count int
}

const (
	rowPageBits = 1 << 12
	fewRows     = 128
)

type rowPage [rowPageBits / 64]uint64

// NewRows returns a set of the given rows.
func NewRows(rows ...uint32) *Rows {
	r := new(Rows)
	r.Add(rows...)
	return r
}

// Add puts rows into the set.
func (r *Rows) Add(rows ...uint32) {
	for _, row := range rows {
		if r.pages == nil {
			at, there := slices.BinarySearch(r.few, row)
			if there {
				continue
			}
			if len(r.few) < fewRows {
				r.few = slices.Insert(r.few, at, row)
				r.count++
				continue
			}
			r.spread()
		}
		r.set(row)
	}
}

// spread goes over from a list to pages.
func (r *Rows) spread() {
	few := r.few
	r.few, r.pages, r.count = nil, []*rowPage{}, 0
	for _, row := range few {
		r.set(row)
	}
}

// set puts a row into the pages.
func (r *Rows) set(row uint32) {
	p := int(row / rowPageBits)
	if p >= len(r.pages) {
		r.pages = append(r.pages, make([]*rowPage, p+1-len(r.pages))...)
	}
	if r.pages[p] == nil {
		r.pages[p] = new(rowPage)
	}
	word, bit := &r.pages[p][row%rowPageBits/64], uint64(1)<<(row%64)
	if *word&bit == 0 {
		*word |= bit
		r.count++
	}
}

// Remove takes rows out of the set.
func (r *Rows) Remove(rows ...uint32) {
	for _, row := range rows {
		if r.pages == nil {
			if at, there := slices.BinarySearch(r.few, row); there {
				r.few = slices.Delete(r.few, at, at+1)
				r.count--
			}
		} else if r.Has(row) {
			r.pages[row/rowPageBits][row%rowPageBits/64] &^= 1 << (row % 64)
			r.count--
		}
	}
}

// Has tells whether row is in the set. A nil *Rows has none.
func (r *Rows) Has(row uint32) bool {
	if r == nil {
		return false
	}
	if r.pages == nil {
		_, there := slices.BinarySearch(r.few, row)
		return there
	}
	p := row / rowPageBits
	return int(p) < len(r.pages) && r.pages[p] != nil && r.pages[p][row%rowPageBits/64]>>(row%64)&1 != 0
}

// Len is the number of rows in the set. A nil *Rows has none.
func (r *Rows) Len() int {
	if r == nil {
		return 0
	}
	return r.count
}

// Union adds the rows of o, which may be nil.
func (r *Rows) Union(o *Rows) {
	if o == nil {
		return
	}
	if o.pages == nil {
		r.Add(o.few...)
		return
	}
	if r.pages == nil {
		r.spread()
	}
	if len(r.pages) < len(o.pages) {
		r.pages = append(r.pages, make([]*rowPage, len(o.pages)-len(r.pages))...)
	}
	for i, from := range o.pages {
		if from == nil {
			continue
		}
		if r.pages[i] == nil {
			r.pages[i] = new(rowPage)
		}
		for w, b := range from {
			r.count += bits.OnesCount64(b &^ r.pages[i][w])
			r.pages[i][w] |= b
		}
	}
}

// Intersect removes the rows that o, which may be nil, does not have.
func (r *Rows) Intersect(o *Rows) {
	switch {
	case r.pages == nil:
		r.few = slices.DeleteFunc(r.few, func(row uint32) bool { return !o.Has(row) })
		r.count = len(r.few)
		return
	case o == nil || o.pages == nil:
		few := []uint32{}
		for row := range o.All() {
			if r.Has(row) {
				few = append(few, row)
			}
		}
		r.few, r.pages, r.count = few, nil, len(few)
		return
	}
	for i, page := range r.pages {
		if page == nil {
			continue
		}
		var other rowPage
		if i < len(o.pages) && o.pages[i] != nil {
			other = *o.pages[i]
		}
		for w, b := range other {
			r.count -= bits.OnesCount64(page[w] &^ b)
			page[w] &= b
		}
	}
}

// All yields the rows in ascending order. A nil *Rows yields none.
func (r *Rows) All() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if r == nil {
			return
		}
		for _, row := range r.few {
			if !yield(row) {
				return
			}
		}
		for i, page := range r.pages {
			if page == nil {
				continue
			}
			for w, b := range page {
				for ; b != 0; b &= b - 1 {
					if !yield(uint32(i*rowPageBits + w*64 + bits.TrailingZeros64(b))) {
						return
					}
				}
			}
		}
	}
}

// bytes is the memory that r takes.
func (r *Rows) bytes() int {
	n := 4*cap(r.few) + 8*cap(r.pages)
	for _, p := range r.pages {
		if p != nil {
			n += rowPageBits / 8
		}
	}
	return n
}
