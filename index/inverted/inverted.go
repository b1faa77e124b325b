// Package inverted finds, among photos that are known by their local features, those that share enough of them with a
// picture to be worth a closer look. It promises the same answer for the same photos and the same query, whatever the
// history of the set; that a change is seen by every snapshot taken after it, whole or not at all; and that searches
// never wait for changes. It does not promise to find every photo, nor that what it finds matches: features agree by
// chance, and where they lie is not looked at. It knows nothing of what rows stand for.
//
// How it works: a trained vocabulary (vocabulary.go) sorts descriptors into 65,536 words. For each word the photos'
// features lie in a row, each by 40 bits of its descriptor, its direction and its photo: Hamming embedding (Jégou, Douze,
// Schmid 2008), 8 bytes a feature, and 1.3 that say which words a photo has. A query's feature is compared with those of
// its words, and votes for the photos whose signatures are near; search.go says how votes are weighed. What a query reads
// is bounded: where its words have more than that, the rarest come first.
//
// Entries live in segments, which never change, and in a fresh part that takes changes one by one; in the background the
// fresh part becomes a segment, and small segments are merged into larger ones.
//
// The caveat that bites: what all photos of a set share, such as a watermark, tells none of them apart, and counts for
// nothing.
package inverted

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"touchstone/fingerprint/feature"
)

// Query is a picture to look for.
type Query struct {
	Features []feature.Feature     // at most feature.MaxFeatures, in any order
	Mirrored bool                  // look for its mirror image as well
	Limit    int                   // most hits, 1 or more
	Keep     func(row uint32) bool // whether a row may be a hit; nil: all. It is asked in no order, of few rows
}

// Hit is a row that shares features with a query.
type Hit struct {
	Row      uint32
	Votes    float32 // above 0; 1 is what a feature gives that agrees in every bit and does so with nothing else in the set
	Mirrored bool    // it is the query's mirror image that has so many
}

// ErrQuery is returned when a query has a limit below 1 or too many features.
var ErrQuery = errors.New("query out of range")

// Set maps rows to features. A row is a number of the caller's choice. All methods may be called at once from many
// goroutines; changes are made one after the other. The zero Set is not usable: NewSet makes one.
type Set struct {
	limits limits
	now    atomic.Pointer[Snapshot]

	mu       sync.Mutex
	idle     sync.Cond // of mu; signalled after each step of a merge
	steps    int       // of merges so far
	flushing bool      // flush runs
	merging  bool      // merge runs
}

// limits are the sizes at which a set changes its shape; tests make them small.
type limits struct {
	tail   int // most entries in one fresh part
	frozen int // most full fresh parts that await their segment before Put waits
	docs   int // most photos of a segment, maxDocs at most
	ratio  int // a segment is merged with what is newer once it has no more than ratio times that

	read      int // most entries that a query reads for one orientation in large sets
	witnesses int // most that a feature of a query may have in small sets
}

// With a ratio of 3 a million photos lie in some seven segments. A fresh part has the features of 330 photos, and its
// chains stay in the nearer caches.
var defaultLimits = limits{tail: 1 << 16, frozen: 16, docs: maxDocs, ratio: 3, read: 5 << 20, witnesses: 1 << 10}

// Snapshot is a set as it was at one moment, for as long as it is kept; it keeps the memory of that moment. All methods
// may be called at once from many goroutines.
//
// It is immutable but for deaths, which carry the version at which they happened. A row is alive in at most one part at
// each version.
type Snapshot struct {
	limits   limits
	version  uint64
	live     int
	counts   []uint32   // of the living entries, by word
	segments []*segment // oldest first
	tails    []tailView // oldest first; the last one takes fresh rows, the others await their segment
}

// NewSet returns an empty set.
func NewSet() *Set { return newSet(defaultLimits) }

func newSet(l limits) *Set {
	l.docs = min(l.docs, maxDocs)
	s := &Set{limits: l}
	s.idle.L = &s.mu
	s.now.Store(&Snapshot{limits: l, counts: make([]uint32, wordCount)})
	return s
}

// Snapshot is the set as it is now. It costs nothing.
func (s *Set) Snapshot() *Snapshot { return s.now.Load() }

// Len is the number of rows that were put and not deleted, those without features among them.
func (s *Set) Len() int { return s.Snapshot().Len() }

// Len is the number of rows that the set had.
func (v *Snapshot) Len() int { return v.live }

// Bytes is the memory held; what a merge under way holds besides is not counted.
func (s *Set) Bytes() int64 {
	snap := s.now.Load()
	n := int64(4 * len(snap.counts))
	for _, g := range snap.segments {
		n += g.bytes()
	}
	for i := range snap.tails {
		n += snap.tails[i].bytes()
	}
	return n
}

// Wait returns once no merge is under way. The goroutines that merge are the only ones that a set leaves running: who has
// stopped changing a set and waited may forget it.
func (s *Set) Wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.flushing || s.merging {
		s.idle.Wait()
	}
}

// WaitStep waits while a merge is under way, but only until it has replaced something, and tells whether one still is. Who
// keeps a snapshot had better take a new one then: the old one keeps the memory of what was replaced. Errors: the
// context's.
func (s *Set) WaitStep(ctx context.Context) (merging bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.idle.Broadcast()
	})
	defer stop()
	for before := s.steps; (s.flushing || s.merging) && s.steps == before && ctx.Err() == nil; {
		s.idle.Wait()
	}
	return s.flushing || s.merging, ctx.Err()
}
