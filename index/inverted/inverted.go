// Package inverted finds the rows that share features with a picture. This is a stand-in that compares all with all.
package inverted

import (
	"bytes"
	"cmp"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"touchstone/fingerprint/feature"
)

// ErrFiles is returned when files are not those of a set.
var ErrFiles = errors.New("not the files of a set")

// Set is rows and their features.
type Set struct {
	mu   sync.Mutex
	rows map[uint32][]feature.Feature // never changed
}

// NewSet is an empty set.
func NewSet() *Set { return &Set{rows: map[uint32][]feature.Feature{}} }

// Put inserts or replaces.
func (s *Set) Put(rows []uint32, features [][]feature.Feature) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := maps.Clone(s.rows)
	for i, at := range rows {
		next[at] = slices.Clone(features[i])
	}
	s.rows = next
}

// Delete removes rows.
func (s *Set) Delete(rows ...uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := maps.Clone(s.rows)
	for _, at := range rows {
		delete(next, at)
	}
	s.rows = next
}

// Len is the number of rows.
func (s *Set) Len() int { return s.Snapshot().Len() }

// Len is the number of rows.
func (s *Snapshot) Len() int { return len(s.rows) }

// Snapshot is the set as it is now.
func (s *Set) Snapshot() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Snapshot{s.rows}
}

// WaitStep does nothing.
func (s *Set) WaitStep(ctx context.Context) (merging bool, err error) { return false, ctx.Err() }

// Wait does nothing.
func (s *Set) Wait() {}

// Snapshot is a set at a moment.
type Snapshot struct{ rows map[uint32][]feature.Feature }

// Query asks for rows.
type Query struct {
	Features []feature.Feature
	Mirrored bool
	Limit    int
	Keep     func(row uint32) bool // nil: all
}

// Hit is a row that shares features.
type Hit struct {
	Row      uint32
	Votes    float32
	Mirrored bool
}

// Search returns the rows with most votes.
func (s *Snapshot) Search(ctx context.Context, q Query) ([]Hit, error) {
	var hits []Hit
	for at, features := range s.rows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if q.Keep != nil && !q.Keep(at) {
			continue
		}
		h := Hit{Row: at, Votes: votes(q.Features, features, false)}
		if q.Mirrored {
			if v := votes(q.Features, features, true); v > h.Votes {
				h.Votes, h.Mirrored = v, true
			}
		}
		if h.Votes > 0 {
			hits = append(hits, h)
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int { return cmp.Or(cmp.Compare(b.Votes, a.Votes), cmp.Compare(a.Row, b.Row)) })
	return hits[:min(q.Limit, len(hits))], nil
}

func votes(query, features []feature.Feature, mirrored bool) (n float32) {
	for _, f := range query {
		d := f.Descriptor
		if mirrored {
			d = d.Mirrored()
		}
		if slices.ContainsFunc(features, func(g feature.Feature) bool { return d.Distance(g.Descriptor) <= 56 }) {
			n++
		}
	}
	return n
}

// Save writes the set to files.
func (s *Snapshot) Save(_ context.Context, dir, prefix string) (about []byte, files []string, err error) {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s.rows); err != nil {
		return nil, nil, err
	}
	f, err := os.CreateTemp(dir, prefix+"*")
	if err != nil {
		return nil, nil, err
	}
	_, err = f.Write(b.Bytes())
	name := filepath.Base(f.Name())
	return fmt.Appendf(nil, "%s %d", name, crc32.ChecksumIEEE(b.Bytes())), []string{name}, errors.Join(err, f.Sync(), f.Close())
}

// OpenSet reads what Save wrote.
func OpenSet(dir string, about []byte) (*Set, error) {
	var name string
	var sum uint32
	if _, err := fmt.Sscan(string(about), &name, &sum); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFiles, err)
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil || crc32.ChecksumIEEE(b) != sum {
		return nil, fmt.Errorf("%w: %s", ErrFiles, name)
	}
	s := NewSet()
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(&s.rows); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFiles, err)
	}
	return s, nil
}
