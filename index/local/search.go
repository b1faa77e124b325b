package local

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/index/hamming"
	"touchstone/store"
)

// When a search just compares all photos: among few, since the tables cost as much by themselves; and within radii so
// large that half of all photos and more are hits, each for many probes, which would have to be remembered.
const (
	fewPhotos = 1000
	mostPDQ   = 112 // of 256 bits, of which pictures that have nothing in common differ in 128
	mostP     = 26  // of 64
)

// pause is after how many photos a search looks at its context: a millisecond's work.
const pause = 1000

// candidate is a row within the radii.
type candidate struct {
	row    uint32
	pdq, p int
}

// Search implements index.Searcher.
func (x *Index) Search(ctx context.Context, q index.Query) (index.Result, error) {
	if err := x.enter(ctx); err != nil {
		return index.Result{}, err
	}
	defer x.calls.Done()
	if err := q.Validate(); err != nil {
		return index.Result{}, err
	}
	v := x.now.Load()
	defer v.keep()
	r, nearest, err := v.nearest(ctx, q)
	if err != nil {
		return index.Result{}, err
	}
	// What memory has was found at one revision; the photos are read as they stood then.
	for _, n := range nearest {
		if n.Photo, err = x.asOf(n.Photo.Key, r.Revision); err != nil {
			return index.Result{}, err
		}
		r.Neighbors = append(r.Neighbors, n)
	}
	return r, nil
}

// nearest looks in memory: for the result without its neighbours, and for these, in order, of their photos the keys alone.
func (v *view) nearest(ctx context.Context, q index.Query) (r index.Result, nearest []index.Neighbor, err error) {
	if v.photos > 0 && v.recipe != q.Recipe {
		return r, nil, recipeError(q.Recipe, v.recipe)
	}
	rows, searched, err := v.filter(q.Filter)
	if err != nil {
		return r, nil, err
	}
	found, err := v.near(ctx, q, rows, searched)
	if err != nil {
		return r, nil, err
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.pdq, b.pdq), cmp.Compare(a.p, b.p), v.compare(a.row, b.row))
	})
	for _, c := range found[:min(q.Limit, len(found))] {
		nearest = append(nearest, index.Neighbor{Photo: index.Photo{Key: v.key(c.row)}, DistancePDQ: c.pdq, DistanceP: c.p})
	}
	return index.Result{Total: len(found), Searched: searched, Revision: v.applied}, nearest, nil
}

// asOf reads a photo as it stood at a revision. The store may be ahead of memory by changes that are not acknowledged.
func (x *Index) asOf(k index.Key, revision uint64) (index.Photo, error) {
	p, _, err := x.withReference(k, revision)
	return p, err
}

// withReference is asOf, and tells where the photo's features are.
func (x *Index) withReference(k index.Key, revision uint64) (index.Photo, reference, error) {
	r, err := x.store.Get(room, keyOf(k))
	if errors.Is(err, store.ErrNotFound) || err == nil && r.Revision > revision {
		r, err = x.store.At(room, keyOf(k), revision)
	}
	if err != nil {
		return index.Photo{}, reference{}, translate(err)
	}
	return photoIn(r)
}

// near returns the rows of the filter within the radii, in no order.
func (v *view) near(ctx context.Context, q index.Query, filter *hamming.Rows, photos int) ([]candidate, error) {
	var found []candidate
	looked := 0
	look := func(at uint32) (err error) {
		h := v.hashes(at)
		pdq, p := h.distances(q.Probes)
		if pdq <= q.RadiusPDQ || p <= q.RadiusP {
			found = append(found, candidate{at, pdq, p})
		}
		if looked++; looked%pause == 0 {
			err = ctx.Err()
		}
		return err
	}
	if photos <= fewPhotos || q.RadiusPDQ > mostPDQ || q.RadiusP > mostP {
		err := v.among(filter, look)
		return found, err
	}
	var hits []hamming.Hit
	var err error
	if q.RadiusPDQ >= 0 {
		codes := make([]fingerprint.Hash256, len(q.Probes))
		for i, p := range q.Probes {
			codes[i] = p.PDQ
		}
		if hits, err = v.pdq.SearchBatch(ctx, hits, codes, q.RadiusPDQ, filter); err != nil {
			return nil, err
		}
	}
	if q.RadiusP >= 0 {
		codes := make([][1]uint64, len(q.Probes))
		for i, p := range q.Probes {
			codes[i] = [1]uint64{uint64(p.P)}
		}
		if hits, err = v.p.SearchBatch(ctx, hits, codes, q.RadiusP, filter); err != nil {
			return nil, err
		}
	}
	rows := make([]uint32, len(hits))
	for i, h := range hits {
		rows[i] = h.Row / 2
	}
	slices.Sort(rows)
	for _, at := range slices.Compact(rows) {
		if err := look(at); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// among has each row of the filter looked at, in no order, until look fails.
func (v *view) among(filter *hamming.Rows, look func(at uint32) error) error {
	if filter == nil {
		return v.all(look)
	}
	for code := range filter.All() {
		if code%2 != 0 {
			continue
		}
		if err := look(code / 2); err != nil {
			return err
		}
	}
	return nil
}
