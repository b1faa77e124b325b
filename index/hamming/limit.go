package hamming

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// ErrLimit is returned when a limit is below 1.
var ErrLimit = errors.New("limit out of range")

// SearchLimit is Search for those who want the nearest hits and the number of all: it appends at most limit of them, by
// distance, then row, and returns how many rows lie within the radius besides. Errors: as Search, and ErrLimit.
func (s *Set[C]) SearchLimit(ctx context.Context, dst []Hit, q C, radius, limit int, filter *Rows) ([]Hit, int, error) {
	return s.Snapshot().SearchLimit(ctx, dst, q, radius, limit, filter)
}

// SearchLimit is Set.SearchLimit.
func (v *Snapshot[C]) SearchLimit(ctx context.Context, dst []Hit, q C, radius, limit int, filter *Rows) ([]Hit, int, error) {
	if limit < 1 {
		return dst, 0, fmt.Errorf("hamming: %w: %d, want 1 or more", ErrLimit, limit)
	}
	all, err := v.Search(ctx, dst, q, radius, filter)
	if err != nil {
		return dst, 0, err
	}
	hits := all[len(dst):]
	total := len(hits)
	// Only what may be among the nearest is sorted: a cluster may have a hundred thousand hits.
	var counts [64*maxWords + 1]int
	for _, h := range hits {
		counts[h.Distance]++
	}
	furthest, within := 0, counts[0]
	for within < min(limit, total) {
		furthest++
		within += counts[furthest]
	}
	hits = slices.DeleteFunc(hits, func(h Hit) bool { return int(h.Distance) > furthest })
	sortHits(hits)
	return all[:len(dst)+min(limit, len(hits))], total, nil
}

// sortHits sorts by distance, then row.
func sortHits(hits []Hit) {
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Row, b.Row))
	})
}
