package indextest

import (
	"cmp"
	"context"
	"slices"

	"touchstone/fingerprint/feature"
	"touchstone/index"
)

// near is up to how many bits two features are taken for one.
const near = 56

func (x *ram) Features(_ context.Context, k index.Key, revision uint64) (feature.Set, error) {
	if err := x.enter(); err != nil {
		return feature.Set{}, err
	}
	defer x.mu.Unlock()
	if revision > x.revision {
		return feature.Set{}, index.ErrQuery
	}
	p, ok := x.photos[k]
	if revision > 0 && !x.has("tells the present features for the past") {
		ok = false
		for _, m := range slices.Backward(x.log) {
			if m.revision <= revision {
				p, ok = m.photos[k]
				break
			}
		}
	}
	switch {
	case !ok, p.Features == nil && !x.has("has features of every photo"):
		return feature.Set{}, index.ErrNotFound
	case p.Features == nil:
		return feature.Set{}, nil
	case x.has("shares memory"):
		return *p.Features, nil
	}
	return cloneSet(*p.Features), nil
}

func (x *ram) Candidates(ctx context.Context, q index.CandidateQuery) (r index.CandidateResult, err error) {
	if err := x.enter(); err != nil {
		return r, err
	}
	defer x.mu.Unlock()
	if err := q.Validate(); err != nil && !x.has("takes any query for candidates") {
		return r, err
	}
	if err := ctx.Err(); err != nil && !x.has("ignores the context for candidates") {
		return r, err
	}
	photos := x.sorted()
	for _, p := range photos {
		if p.Features != nil && p.Features.Recipe != q.Recipe && !x.has("compares recipes of features") {
			return r, index.ErrRecipe
		}
	}
	if err := unknown(photos, q.Filter); err != nil && !x.has("takes unknown names for no candidates") {
		return r, err
	}
	for _, p := range photos {
		if p.Features == nil || !passes(q.Filter, p) && !x.has("ignores filters of candidates") || x.off[p.Brand] && !x.has("searches brands that are off") {
			continue
		}
		r.Searched++
		c := index.Candidate{Photo: x.out(p), Votes: votes(q.Features, p.Features.Features)}
		if q.Mirrored || x.has("mirrors unasked") {
			if v := votes(mirrored(q.Features), p.Features.Features); v > c.Votes {
				c.Votes, c.Mirrored = v, !x.has("does not tell what is mirrored")
			}
		}
		if c.Votes == 0 {
			continue
		}
		if f := cloneSet(*p.Features); !x.has("returns candidates without features") {
			c.Photo.Features = &f
		}
		r.Candidates = append(r.Candidates, c)
	}
	if x.has("counts candidates for photos") {
		r.Searched = len(r.Candidates)
	}
	slices.SortFunc(r.Candidates, func(a, b index.Candidate) int {
		if x.has("orders candidates by key") {
			return a.Photo.Key.Compare(b.Photo.Key)
		}
		if x.has("breaks ties of candidates by age") {
			return cmp.Or(cmp.Compare(b.Votes, a.Votes), cmp.Compare(a.Photo.Revision, b.Photo.Revision))
		}
		return cmp.Or(cmp.Compare(b.Votes, a.Votes), a.Photo.Key.Compare(b.Photo.Key))
	})
	if !x.has("returns all candidates") {
		r.Candidates = r.Candidates[:min(max(q.Limit, 0), len(r.Candidates))]
	}
	r.Revision = x.revision
	return r, nil
}

func mirrored(features []feature.Feature) []feature.Feature {
	turned := make([]feature.Feature, len(features))
	for i, f := range features {
		turned[i] = f.Mirrored()
	}
	return turned
}

func votes(query, features []feature.Feature) (n float64) {
	for _, f := range query {
		if slices.ContainsFunc(features, func(g feature.Feature) bool { return f.Descriptor.Distance(g.Descriptor) <= near }) {
			n++
		}
	}
	return n
}

func (x *ram) Brand(_ context.Context, brand string) (index.BrandSettings, error) {
	if err := x.enter(); err != nil {
		return index.BrandSettings{}, err
	}
	defer x.mu.Unlock()
	if err := index.CheckBrand(brand); err != nil {
		return index.BrandSettings{}, err
	}
	return index.BrandSettings{Partial: !x.off[brand]}, nil
}

func (x *ram) SetBrand(ctx context.Context, brand string, s index.BrandSettings) error {
	if err := x.enter(); err != nil {
		return err
	}
	defer x.mu.Unlock()
	if err := index.CheckBrand(brand); err != nil && !x.has("settles any brand") {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if x.off[brand] == !s.Partial && !x.has("settles what is settled") {
		return nil
	}
	if x.has("settles brands with photos alone") && !slices.ContainsFunc(x.sorted(), func(p index.Photo) bool { return p.Brand == brand }) {
		return nil
	}
	x.off[brand] = !s.Partial
	if x.has("drops features of brands that are off") && !s.Partial {
		for k, p := range x.photos {
			if k.Brand == brand {
				p.Features = nil
				x.photos[k] = p
			}
		}
	}
	x.revision++
	x.commit()
	return nil
}
