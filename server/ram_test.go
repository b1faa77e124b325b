package server_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"touchstone/index"
)

// ram is an index in memory that looks at every photo.
type ram struct {
	mu       sync.Mutex
	closed   bool
	revision uint64
	photos   map[index.Key]index.Photo
	past     map[index.Key][]index.Photo // revision alone: deleted
}

func newRAM() *ram {
	return &ram{photos: map[index.Key]index.Photo{}, past: map[index.Key][]index.Photo{}}
}

func (r *ram) enter(ctx context.Context) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil, index.ErrClosed
	}
	return r.mu.Unlock, nil
}

func (r *ram) sorted(f index.Filter) []index.Photo {
	var ps []index.Photo
	for _, p := range r.photos {
		if (len(f.Brands) == 0 || slices.Contains(f.Brands, p.Brand)) && (len(f.Products) == 0 || slices.Contains(f.Products, p.Product)) {
			ps = append(ps, p)
		}
	}
	slices.SortFunc(ps, func(a, b index.Photo) int { return a.Key.Compare(b.Key) })
	return ps
}

func (r *ram) Search(ctx context.Context, q index.Query) (res index.Result, err error) {
	leave, err := r.enter(ctx)
	if err != nil {
		return res, err
	}
	defer leave()
	for _, b := range q.Filter.Brands {
		if len(r.sorted(index.Filter{Brands: []string{b}})) == 0 {
			return res, index.ErrUnknownBrand
		}
	}
	for _, p := range q.Filter.Products {
		if len(r.sorted(index.Filter{Products: []string{p}})) == 0 {
			return res, index.ErrUnknownProduct
		}
	}
	res.Revision = r.revision
	for _, p := range r.sorted(q.Filter) {
		res.Searched++
		n := index.Neighbor{Photo: p, DistancePDQ: 256, DistanceP: 64}
		for _, probe := range q.Probes {
			n.DistancePDQ = min(n.DistancePDQ, probe.PDQ.Distance(p.Fingerprint.Whole.PDQ), probe.PDQ.Distance(p.Fingerprint.Content.PDQ))
			n.DistanceP = min(n.DistanceP, probe.P.Distance(p.Fingerprint.Whole.P), probe.P.Distance(p.Fingerprint.Content.P))
		}
		if n.DistancePDQ <= q.RadiusPDQ || n.DistanceP <= q.RadiusP {
			res.Total++
			res.Neighbors = append(res.Neighbors, n)
		}
	}
	slices.SortStableFunc(res.Neighbors, func(a, b index.Neighbor) int { return a.DistancePDQ - b.DistancePDQ })
	res.Neighbors = res.Neighbors[:min(len(res.Neighbors), q.Limit)]
	return res, nil
}

func (r *ram) Get(ctx context.Context, k index.Key) (index.Photo, error) {
	leave, err := r.enter(ctx)
	if err != nil {
		return index.Photo{}, err
	}
	defer leave()
	p, ok := r.photos[k]
	if !ok {
		return p, index.ErrNotFound
	}
	return p, nil
}

func (r *ram) At(ctx context.Context, k index.Key, revision uint64) (p index.Photo, err error) {
	leave, err := r.enter(ctx)
	if err != nil {
		return p, err
	}
	defer leave()
	if revision > r.revision {
		return p, index.ErrQuery
	}
	for _, was := range r.past[k] {
		if was.Revision <= revision {
			p = was
		}
	}
	if p.Brand == "" {
		return p, index.ErrNotFound
	}
	return p, nil
}

func (r *ram) List(ctx context.Context, f index.Filter, after index.Key, limit int) ([]index.Photo, error) {
	leave, err := r.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	ps := slices.DeleteFunc(r.sorted(f), func(p index.Photo) bool { return p.Key.Compare(after) <= 0 })
	return ps[:min(len(ps), limit)], nil
}

func (r *ram) Brands(ctx context.Context) ([]index.BrandCount, error) {
	leave, err := r.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var bs []index.BrandCount
	products := map[string]bool{}
	for _, p := range r.sorted(index.Filter{}) {
		if n := len(bs); n == 0 || bs[n-1].Brand != p.Brand {
			bs = append(bs, index.BrandCount{Brand: p.Brand})
			clear(products)
		}
		b := &bs[len(bs)-1]
		b.Photos++
		if p.Product != "" {
			products[p.Product] = true
		}
		b.Products = len(products)
	}
	return bs, nil
}

func (r *ram) change(p index.Photo) index.Photo {
	r.revision++
	p.Revision, p.Updated = r.revision, time.Now().UTC()
	p.Labels = maps.Clone(p.Labels)
	r.photos[p.Key] = p
	r.past[p.Key] = append(r.past[p.Key], p)
	return p
}

func (r *ram) Put(ctx context.Context, photos ...index.Photo) ([]index.Stored, error) {
	leave, err := r.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	out := make([]index.Stored, len(photos))
	for i, p := range photos {
		there, ok := r.photos[p.Key]
		switch {
		case !ok:
			p.Added = time.Now().UTC()
			out[i] = index.Stored{Outcome: index.Added, Photo: r.change(p)}
		case there.Original == p.Original:
			out[i] = index.Stored{Outcome: index.Unchanged, Photo: there}
		default:
			p.Added = there.Added
			out[i] = index.Stored{Outcome: index.Replaced, Photo: r.change(p)}
		}
	}
	return out, nil
}

func (r *ram) Update(ctx context.Context, k index.Key, m index.Metadata, revision uint64) (p index.Photo, err error) {
	leave, err := r.enter(ctx)
	if err != nil {
		return p, err
	}
	defer leave()
	p, ok := r.photos[k]
	if !ok {
		return p, index.ErrNotFound
	}
	if revision != 0 && p.Revision != revision {
		return p, index.ErrConflict
	}
	p.Metadata = m
	return r.change(p), nil
}

func (r *ram) Delete(ctx context.Context, k index.Key) error {
	leave, err := r.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if _, ok := r.photos[k]; !ok {
		return index.ErrNotFound
	}
	delete(r.photos, k)
	r.revision++
	r.past[k] = append(r.past[k], index.Photo{Revision: r.revision})
	return nil
}

func (r *ram) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return index.ErrClosed
	}
	r.closed = true
	return nil
}
