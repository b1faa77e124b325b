// Package hamming answers radius queries over sets of 64- or 256-bit codes in memory: every row whose code differs from
// the query's in at most so many bits. It promises exactness (the answer is what a scan of all codes would give), that a
// change is seen by every search that starts after it, whole or not at all, and that searches never wait for changes. It
// does no I/O, knows nothing of what rows stand for, and keeps nothing across a restart.
//
// How it works: a code is cut into chunks of 16 bits, and for each chunk a table groups the codes by that chunk's value.
// Codes within the radius must lie near the query in some chunk, and, with the chunks in a ring, in that one and the
// next together; plan.go has the argument. Each table entry carries the next chunk, so that nearly all candidates are
// dismissed by two bytes of a sequential run, before their codes are fetched. Where that would still cost more than
// reading every code, every code is read.
//
// The caveat that bites: real perceptual hashes are skewed. A query that falls into a cluster of near-blank pictures
// gets the whole cluster as its answer, and no index makes that small.
package hamming

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// Code is a code of 64 or 256 bits. The order of its bits does not matter to the answers; searches are fastest where it is
// a grid of 8x8 or 16x16 row by row, as it is in perceptual hashes (mix.go tells why).
type Code interface{ ~[1]uint64 | ~[4]uint64 }

// Hit is a row within the radius of a query.
type Hit struct {
	Row      uint32
	Distance uint16 // bits in which the row's code differs from the query's
	Query    uint16 // which of SearchMany's queries; 0 from Search
}

// ErrRadius is returned when a radius is negative or exceeds the bits of a code.
var ErrRadius = errors.New("radius out of range")

// ErrQueries is returned when SearchMany is asked more than MaxQueries queries at once.
var ErrQueries = errors.New("too many queries at once")

// MaxQueries is the most queries that one SearchMany takes.
const MaxQueries = 1 << 16

// Set maps rows to codes and finds the rows near a code. A row is a number of the caller's choice and has one code at
// most. All methods may be called at once from many goroutines; changes are made one after the other. The zero Set is
// not usable: NewSet makes one.
//
// A code takes about 37 bytes if it has 64 bits, and 134 if it has 256; the fresh part adds 1.5 and 6 MiB, once it has a
// thousand codes. While parts are merged, they and what comes of them are held both.
type Set[C Code] struct {
	words  int // per code
	limits limits
	now    atomic.Pointer[snapshot]

	mu       sync.Mutex
	idle     sync.Cond // of mu; signalled after each step of a merge
	merging  bool
	obituary []obituary // deaths in the parts under merge, since it began
}

// NewSet returns a set that holds codes[i] as rows[i]; both may be nil. It is Put on an empty set: a million codes are
// indexed at once, on all processors.
func NewSet[C Code](rows []uint32, codes []C) *Set[C] {
	return newSet(defaultLimits, rows, codes)
}

func newSet[C Code](l limits, rows []uint32, codes []C) *Set[C] {
	var c C
	l.tail = min(l.tail, maxTail)
	s := &Set[C]{words: len(c), limits: l}
	s.idle.L = &s.mu
	s.now.Store(&snapshot{tails: []tailView{{tail: newTail(s.words, l)}}})
	s.Put(rows, codes)
	return s
}

// Len is the number of rows that have a code.
func (s *Set[C]) Len() int { return s.now.Load().live }

// Bytes is the memory held by codes, row numbers and tables; what a merge under way holds besides is not counted.
func (s *Set[C]) Bytes() int64 {
	snap := s.now.Load()
	var n int64
	for _, g := range snap.segments {
		n += g.bytes()
	}
	for i := range snap.tails {
		n += snap.tails[i].bytes()
	}
	return n
}

// Wait returns once no merge is under way. The goroutine that merges is the only one that a set leaves running: who has
// stopped changing a set and waited may forget it.
func (s *Set[C]) Wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.merging {
		s.idle.Wait()
	}
}

// mustPair panics when rows and codes can't belong together.
func mustPair(rows, codes int) {
	if rows != codes {
		panic(fmt.Sprintf("hamming: %d rows with %d codes", rows, codes))
	}
}
