package local

import (
	"sync"
	"sync/atomic"

	"touchstone/index/hamming"
)

// label is a brand or a product as changes since the base left it. It is not changed, but for rows.
type label struct {
	name     string
	photos   int
	products int // of a brand: distinct ones, the empty one not counted
	featured int // of a brand: photos with features

	from    *hamming.Rows // its code rows at an earlier time; nil: as the base has them
	touched []uint32      // rows that came or went since

	rows atomic.Pointer[hamming.Rows] // its code rows, once somebody asked
}

// touch returns the label to be changed, once a row comes or goes. Only the newest of a label may be touched.
func (l *label) touch(at uint32) *label {
	next := &label{name: l.name, photos: l.photos, products: l.products, featured: l.featured, from: l.from}
	if rows := l.rows.Load(); rows != nil {
		next.from, next.touched = rows, []uint32{at}
	} else {
		next.touched = append(l.touched, at) //nolint:gocritic // the arrays are shared: each label sees its own length
	}
	return next
}

// numbers are those of names that a base does not have, given out in turn. All views on the base share them: of a name
// that came later a view has no label.
type numbers struct {
	given sync.Map // string to uint32
	next  uint32
}

// find returns the number of a name, in the base's names or in those that came since.
func (n *numbers) find(known *names, name string) (uint32, bool) {
	if i, ok := known.find(name); ok {
		return i, true
	}
	if i, ok := n.given.Load(name); ok {
		return i.(uint32), true
	}
	return 0, false
}

// give returns the number of a name, a new one where it has none. One goroutine at a time may give.
func (n *numbers) give(known *names, name string) uint32 {
	i, ok := n.find(known, name)
	if !ok {
		i = n.next
		n.next++
		n.given.Store(name, i)
	}
	return i
}
