package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/index/hamming"
	"touchstone/index/inverted"
	"touchstone/store"
)

// decodeFeatures reads a blob of that revision, which must be of that recipe.
func decodeFeatures(revision uint64, recipe feature.Recipe, b []byte) (f feature.Set, err error) {
	if err := f.UnmarshalBinary(b); err != nil {
		return f, fmt.Errorf("%w: features of revision %d: %w", index.ErrCorrupt, revision, err)
	}
	if f.Recipe != recipe {
		return f, fmt.Errorf("%w: features of revision %d: %w", index.ErrCorrupt, revision, featuresError(f.Recipe, recipe))
	}
	return f, nil
}

// Features implements index.Searcher.
func (x *Index) Features(ctx context.Context, k index.Key, revision uint64) (f feature.Set, err error) {
	if err := x.enter(ctx); err != nil {
		return f, err
	}
	defer x.calls.Done()
	applied := x.now.Load().applied
	switch {
	case revision == 0:
		revision = applied
	case revision > applied:
		return f, &index.FieldError{Field: "as_of_revision", Want: fmt.Sprintf("%d at most, got %d", applied, revision), Err: index.ErrQuery}
	}
	if k.Validate() != nil {
		return f, index.ErrNotFound
	}
	_, at, err := x.withReference(k, revision)
	if err != nil {
		return f, err
	}
	if at == (reference{}) {
		return f, fmt.Errorf("%w: photo %q has no features", index.ErrNotFound, k)
	}
	b, err := x.store.Blob(at.revision)
	if err != nil {
		return f, lost(err)
	}
	return decodeFeatures(at.revision, at.recipe, b)
}

// lost has features that a photo says it has and the store does not be damage.
func lost(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: %w", index.ErrCorrupt, err)
	}
	return translate(err)
}

// Candidates implements index.Searcher.
func (x *Index) Candidates(ctx context.Context, q index.CandidateQuery) (r index.CandidateResult, err error) {
	if err := x.enter(ctx); err != nil {
		return r, err
	}
	defer x.calls.Done()
	if err := q.Validate(); err != nil {
		return r, err
	}
	v := x.now.Load()
	defer v.keep()
	hits, searched, err := v.candidates(ctx, q)
	if err != nil {
		return r, err
	}
	r.Searched, r.Revision = searched, v.applied
	if len(hits) == 0 {
		return r, nil
	}
	r.Candidates = make([]index.Candidate, len(hits))
	at, blobs := make([]reference, len(hits)), make([]uint64, len(hits))
	for i, h := range hits {
		c := &r.Candidates[i]
		c.Votes, c.Mirrored = float64(h.Votes), h.Mirrored
		if c.Photo, at[i], err = x.withReference(v.key(h.Row), v.applied); err != nil {
			return index.CandidateResult{}, err
		}
		blobs[i] = at[i].revision
	}
	err = x.store.Blobs(ctx, blobs, func(i int, b []byte) error {
		f, err := decodeFeatures(at[i].revision, at[i].recipe, b)
		r.Candidates[i].Photo.Features = &f
		return err
	})
	if err != nil {
		return index.CandidateResult{}, lost(err)
	}
	return r, nil
}

// mostTied is how many rows are looked at to find those that come first among equals.
const mostTied = 4 * index.MaxCandidates

// candidates looks in memory: for rows, in order, and how many were looked at.
func (v *view) candidates(ctx context.Context, q index.CandidateQuery) ([]inverted.Hit, int, error) {
	if v.featured > 0 && v.features != q.Recipe {
		return nil, 0, featuresError(q.Recipe, v.features)
	}
	rows, _, err := v.filter(q.Filter)
	if err != nil {
		return nil, 0, err
	}
	var keep func(at uint32) bool
	if rows != nil || v.hidden != "" {
		keep = func(at uint32) bool {
			return (rows == nil || rows.Has(2*at)) && (v.hidden == "" || v.brand(at) != v.hidden)
		}
	}
	var hits []inverted.Hit
	for most := q.Limit + 1; ; most *= 2 { // rows have no order that lasts, so of equals all are asked for
		hits, err = v.spots.Search(ctx, inverted.Query{Features: q.Features, Mirrored: q.Mirrored, Limit: most, Keep: keep})
		if err != nil {
			return nil, 0, err
		}
		if len(hits) < most || hits[most-1].Votes < hits[q.Limit-1].Votes || most >= mostTied {
			break
		}
	}
	slices.SortFunc(hits, func(a, b inverted.Hit) int { return cmp.Or(cmp.Compare(b.Votes, a.Votes), v.compare(a.Row, b.Row)) })
	return hits[:min(q.Limit, len(hits))], v.searchedOf(q.Filter, rows), nil
}

// searched is how many photos there are whose features are searched.
func (v *view) searched() int {
	n := v.featured
	for brand := range v.off {
		n -= v.featuredOf(brand)
	}
	return n
}

// featuredOf is how many photos with features a brand has.
func (v *view) featuredOf(brand string) int {
	number, ok := v.given[0].find(&v.base.brands, brand)
	if !ok {
		return 0
	}
	if l := v.brands.get(number); l != nil {
		return l.featured
	}
	if int(number) >= v.base.brands.len() {
		return 0 // it came later than the view
	}
	return int(v.base.ofBrandWith[number])
}

// searchedOf is how many photos of a filter, whose code rows are given, are searched by their features.
func (v *view) searchedOf(f index.Filter, rows *hamming.Rows) (n int) {
	switch {
	case rows == nil:
		return v.searched()
	case len(f.Products) == 0:
		for _, brand := range slices.Compact(slices.Sorted(slices.Values(f.Brands))) {
			if !v.off[brand] {
				n += v.featuredOf(brand)
			}
		}
		return n
	}
	for code := range rows.All() {
		if at := code / 2; code%2 == 0 && v.has(at) && (len(v.off) == 0 || !v.off[v.brand(at)]) {
			n++
		}
	}
	return n
}

// described is a photo's features as the store has them.
type described struct {
	key      index.Key
	revision uint64 // that they are of
	spots    []feature.Feature
}

// eachOfBrand shows the features of a brand's photos, as they are now, some at a time.
func eachOfBrand(ctx context.Context, s *store.Store, brand string, look func([]described)) error {
	prefix := append([]byte(brand), 0)
	for r, more := (store.Range{Prefix: prefix}), true; more; {
		records, m, err := s.Scan(ctx, room, r, warmPage)
		if err != nil {
			return translate(err)
		}
		more = m
		var page []described
		var at []reference
		var blobs []uint64
		for _, rec := range records {
			r.After = rec.Key
			g, err := glance(rec)
			if err != nil {
				return err
			}
			if g.features != (reference{}) {
				page = append(page, described{key: g.row().key, revision: g.features.revision})
				at, blobs = append(at, g.features), append(blobs, g.features.revision)
			}
		}
		err = s.Blobs(ctx, blobs, func(i int, b []byte) error {
			f, err := decodeFeatures(at[i].revision, at[i].recipe, b)
			page[i].spots = f.Features
			return err
		})
		if err != nil {
			return lost(err)
		}
		look(page)
	}
	return nil
}

// switchedOff returns the brands that are not searched by features.
func switchedOff(ctx context.Context, s *store.Store) (map[string]bool, error) {
	off := map[string]bool{}
	for r, more := (store.Range{}), true; more; {
		records, m, err := s.Scan(ctx, brandRoom, r, 1000)
		if err != nil {
			return nil, translate(err)
		}
		more = m
		for _, rec := range records {
			r.After = rec.Key
			settings, err := decodeBrand(rec.Value)
			if err != nil {
				return nil, err
			}
			if !settings.Partial {
				off[string(rec.Key)] = true
			}
		}
	}
	return off, nil
}

// How features are put into an empty set: so many photos' at once, of which the set makes a segment without a step
// between, by so many goroutines at the most. That is some 20 MB for each of them.
const (
	fillBatch   = 2048
	fillWorkers = 8
)

// fill reads features into a set, blobs[row] for each row that has not 0 there, in the order in which they lie on the
// disk. It counts the photos that are done in read.
func fill(ctx context.Context, s *store.Store, set *inverted.Set, blobs []uint64, read *atomic.Int64) error {
	var rows []uint32
	for at, blob := range blobs {
		if blob != 0 {
			rows = append(rows, uint32(at))
		}
	}
	slices.SortFunc(rows, func(a, b uint32) int { return cmp.Compare(blobs[a], blobs[b]) })
	batches := slices.Collect(slices.Chunk(rows, fillBatch))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(len(batches), fillWorkers, 2*runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(batches) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				batch := batches[i]
				wanted, spots := make([]uint64, len(batch)), make([][]feature.Feature, len(batch))
				for i, at := range batch {
					wanted[i] = blobs[at]
				}
				err := s.Blobs(ctx, wanted, func(i int, b []byte) error {
					var f feature.Set
					if err := f.UnmarshalBinary(b); err != nil {
						return fmt.Errorf("%w: features of revision %d: %w", index.ErrCorrupt, wanted[i], err)
					}
					spots[i] = f.Features
					return nil
				})
				if err != nil {
					cancel(lost(err))
					return
				}
				set.Put(batch, spots)
				read.Add(int64(len(batch)))
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}
