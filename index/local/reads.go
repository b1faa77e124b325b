package local

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"touchstone/index"
	"touchstone/store"
)

// Get implements index.Searcher.
func (x *Index) Get(ctx context.Context, k index.Key) (index.Photo, error) {
	if err := x.enter(ctx); err != nil {
		return index.Photo{}, err
	}
	defer x.calls.Done()
	return x.get(k)
}

func (x *Index) get(k index.Key) (index.Photo, error) {
	if k.Validate() != nil {
		return index.Photo{}, index.ErrNotFound
	}
	return x.asOf(k, x.now.Load().applied) // what is told of a photo, searches show
}

// At implements index.Searcher.
func (x *Index) At(ctx context.Context, k index.Key, revision uint64) (index.Photo, error) {
	if err := x.enter(ctx); err != nil {
		return index.Photo{}, err
	}
	defer x.calls.Done()
	key := []byte{0} // of no photo: a revision that is not there yet is told all the same
	if k.Validate() == nil {
		key = keyOf(k)
	}
	r, err := x.store.At(room, key, revision)
	if err != nil {
		return index.Photo{}, translate(err)
	}
	return photoOf(r)
}

// Brands implements index.Searcher.
func (x *Index) Brands(ctx context.Context) ([]index.BrandCount, error) {
	if err := x.enter(ctx); err != nil {
		return nil, err
	}
	defer x.calls.Done()
	v := x.now.Load()
	defer v.keep()
	counts := v.names()
	slices.SortFunc(counts, func(a, b index.BrandCount) int { return strings.Compare(a.Brand, b.Brand) })
	return counts, nil
}

// fewKeys is up to how many photos of a filter are sorted and read one by one, rather than found by reading all.
const fewKeys = 10_000

// List implements index.Searcher.
func (x *Index) List(ctx context.Context, f index.Filter, after index.Key, limit int) ([]index.Photo, error) {
	if err := x.enter(ctx); err != nil {
		return nil, err
	}
	defer x.calls.Done()
	if err := index.CheckLimit(limit); err != nil {
		return nil, err
	}
	v := x.now.Load()
	defer v.keep()
	rows, n, err := v.filter(f)
	if err != nil {
		return nil, err
	}
	if rows == nil || n > fewKeys {
		return x.scan(ctx, f, after, limit)
	}
	var keys []index.Key
	for code := range rows.All() {
		if code%2 != 0 {
			continue
		}
		if k := v.key(code / 2); k.Compare(after) > 0 {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, index.Key.Compare)
	var page []index.Photo
	for _, k := range keys {
		if len(page) == limit {
			break
		}
		p, err := x.get(k)
		if errors.Is(err, index.ErrNotFound) {
			continue // deleted in the meantime
		}
		if err != nil {
			return nil, err
		}
		if passes(f, &p) {
			page = append(page, p)
		}
	}
	return page, nil
}

// scan lists by reading all photos, or those of the filter's brands, from the store.
func (x *Index) scan(ctx context.Context, f index.Filter, after index.Key, limit int) ([]index.Photo, error) {
	prefixes := [][]byte{nil}
	if len(f.Brands) > 0 {
		brands := slices.Compact(slices.Sorted(slices.Values(f.Brands)))
		prefixes = prefixes[:0]
		for _, b := range brands {
			prefixes = append(prefixes, append([]byte(b), 0))
		}
	}
	var from []byte
	if after != (index.Key{}) {
		from = keyOf(after)
	}
	var page []index.Photo
	for _, prefix := range prefixes {
		r := store.Range{Prefix: prefix, After: from}
		if bytes.Compare(from, prefix) < 0 {
			r.After = nil
		}
		for more := true; more; {
			var records []store.Record
			var err error
			if records, more, err = x.store.Scan(ctx, room, r, min(limit, 1000)); err != nil {
				return nil, translate(err)
			}
			for _, rec := range records {
				r.After = rec.Key
				p, err := photoOf(rec)
				if err != nil {
					return nil, err
				}
				if !passes(f, &p) {
					continue
				}
				if page = append(page, p); len(page) == limit {
					return page, nil
				}
			}
		}
	}
	return page, nil
}

func passes(f index.Filter, p *index.Photo) bool {
	return (len(f.Brands) == 0 || slices.Contains(f.Brands, p.Brand)) &&
		(len(f.Products) == 0 || slices.Contains(f.Products, p.Product))
}
