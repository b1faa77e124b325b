// Package hamming answers questions of nearness over sets of 64- or 256-bit codes in memory: every row whose code differs
// from a query's in at most so many bits, and the k rows whose codes differ least. It promises exactness (the answer is
// what a scan of all codes would give), that a change is seen by every search that starts after it, whole or not at all,
// and that searches never wait for changes. It knows nothing of what rows stand for.
//
// How it works: a code is cut into chunks, and for each chunk a table groups the codes by its value. Codes within the
// radius must lie near the query in some chunk, and, with the chunks in a ring, in that one and the next together;
// plan.go has the argument. Each table entry carries the bits that follow the group's, so that nearly all candidates are
// dismissed by two bytes of a sequential run; what passes is compared whole. Where that would cost more than reading
// every code, every code is read. What things cost is measured when a segment is built, and decides both how its codes
// are cut and when a query scans instead.
//
// Codes live in segments, which never change, and in a fresh part that takes changes one by one; in the background the
// fresh part is merged into segments, and small segments into larger ones.
//
// The caveat that bites: real perceptual hashes are skewed. A query that falls into a cluster of near-blank pictures
// gets the whole cluster as its answer, and no index makes that small.
package hamming

import (
	"context"
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
	Query    uint16 // which of SearchBatch's queries; 0 from Search
}

// ErrRadius is returned when a radius is negative or exceeds the bits of a code.
var ErrRadius = errors.New("radius out of range")

// ErrQueries is returned when SearchBatch is asked more than MaxQueries queries at once.
var ErrQueries = errors.New("too many queries at once")

// MaxQueries is the most queries that one SearchBatch takes.
const MaxQueries = 1 << 16

// Options of a set; the zero value is the default.
type Options struct {
	// Radius is what most searches will ask for: tables are laid out for it, though every radius is answered. 0: 8 of 64
	// bits, 31 of 256.
	Radius int
	// Budget is how many bytes a code may take, tables and row number included, where it can be chosen: more makes
	// searches faster. What can't do with less takes that. 0: 28 of 64 bits and 84 of 256, or as many as come to 64 and
	// 512 MiB in smaller segments.
	Budget float64
}

func (o *Options) radius(words int) int {
	switch {
	case o.Radius > 0:
		return o.Radius
	case words == 1:
		return 8
	}
	return 31
}

func (o *Options) bytes(words, n int) float64 {
	switch {
	case o.Budget > 0:
		return o.Budget
	case words == 1:
		return max(28, 64<<20/float64(n))
	}
	return max(84, 512<<20/float64(n))
}

// Set maps rows to codes and finds the rows near a code. A row is a number of the caller's choice and has one code at
// most; a set holds fewer than 1<<32 rows. All methods may be called at once from many goroutines; changes are made one after the other. The zero Set is
// not usable: NewSet makes one.
type Set[C Code] struct {
	recipe
	now atomic.Pointer[Snapshot[C]]

	mu       sync.Mutex
	idle     sync.Cond  // of mu; signalled after each step of a merge
	steps    int        // of merges so far
	merging  bool       // merge runs
	handing  bool       // handOver runs
	obituary []obituary // deaths in parts under merge, since the first of the merges that run began
}

// Snapshot is a set as it was at one moment, for as long as it is kept; it keeps the memory of that moment. All methods
// may be called at once from many goroutines.
type Snapshot[C Code] struct{ snapshot }

// NewSet returns a set that holds codes[i] as rows[i]; both may be nil. It is Put on an empty set: a million codes are
// indexed at once, on all processors. It panics as Put does.
func NewSet[C Code](o Options, rows []uint32, codes []C) *Set[C] {
	return newSet(defaultLimits, o, rows, codes)
}

func newSet[C Code](l limits, o Options, rows []uint32, codes []C) *Set[C] {
	var c C
	l.tail = min(l.tail, maxTail)
	s := &Set[C]{recipe: recipe{words: len(c), limits: l, opts: o}}
	s.idle.L = &s.mu
	s.now.Store(&Snapshot[C]{snapshot{tails: []tailView{{tail: newTail(s.words, l)}}}})
	s.Put(rows, codes)
	return s
}

// Snapshot is the set as it is now. It costs nothing.
func (s *Set[C]) Snapshot() *Snapshot[C] { return s.now.Load() }

// Len is the number of rows that have a code.
func (s *Set[C]) Len() int { return s.Snapshot().Len() }

// Len is the number of rows that had a code.
func (v *Snapshot[C]) Len() int { return v.live }

func (v *Snapshot[C]) words() int {
	var c C
	return len(c)
}

// Bytes is the memory held by codes, row numbers and tables; what a merge under way holds besides is not counted.
func (s *Set[C]) Bytes() int64 {
	snap := s.now.Load()
	var n int64
	for _, g := range snap.segments {
		n += g.whole().bytes()
	}
	for i := range snap.tails {
		n += snap.tails[i].bytes()
	}
	return n
}

// Wait returns once no merge is under way. The goroutines that merge are the only ones that a set leaves running: who has
// stopped changing a set and waited may forget it.
func (s *Set[C]) Wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.merging || s.handing {
		s.idle.Wait()
	}
}

// WaitStep waits while a merge is under way, but only until it has replaced something, and tells whether one still is. Who
// keeps a snapshot had better take a new one then: the old one keeps the memory of what was replaced. Errors: the
// context's.
func (s *Set[C]) WaitStep(ctx context.Context) (merging bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.idle.Broadcast()
	})
	defer stop()
	for before := s.steps; (s.merging || s.handing) && s.steps == before && ctx.Err() == nil; {
		s.idle.Wait()
	}
	return s.merging || s.handing, ctx.Err()
}

// mustPair panics when rows and codes can't belong together.
func mustPair(rows, codes int) {
	if rows != codes {
		panic(fmt.Sprintf("hamming: %d rows with %d codes", rows, codes))
	}
}
