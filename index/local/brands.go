package local

import (
	"context"
	"maps"

	"touchstone/index"
	"touchstone/store"
)

// Brand implements index.Searcher.
func (x *Index) Brand(ctx context.Context, brand string) (index.BrandSettings, error) {
	if err := x.enter(ctx); err != nil {
		return index.BrandSettings{}, err
	}
	defer x.calls.Done()
	if err := index.CheckBrand(brand); err != nil {
		return index.BrandSettings{}, err
	}
	return x.now.Load().settings(brand), nil
}

// SetBrand implements index.Index. What a brand that is switched on has is read while it is off still, so that searches
// see all of it or nothing; photos that are put meanwhile are in the set already, and hidden as well.
func (x *Index) SetBrand(ctx context.Context, brand string, s index.BrandSettings) error {
	if err := x.enter(ctx); err != nil {
		return err
	}
	defer x.calls.Done()
	if err := index.CheckBrand(brand); err != nil {
		return err
	}
	select {
	case x.settling <- struct{}{}:
		defer func() { <-x.settling }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if x.now.Load().settings(brand) == s {
		return nil
	}
	if err := x.store.Err(); err != nil {
		return translate(err)
	}
	if s.Partial {
		if err := x.warm(ctx, brand); err != nil {
			x.cool(brand)
			return err
		}
	}
	span, err := x.store.Commit(ctx, func(v *store.View) ([]store.Change, error) {
		at := x.plan.at(v.Next() - 1)
		at.revision = v.Next()
		x.plan.add(at)
		return []store.Change{{Kind: kindSettled, Room: brandRoom, Key: []byte(brand), Value: encodeBrand(s)}}, nil
	})
	if err != nil {
		if s.Partial {
			x.cool(brand)
		}
		return translate(err)
	}
	x.apply(span, func(m *memory, c *codes) { m.treat(brand, s, c) })
	return nil
}

// settings are how the view treats a brand.
func (v *view) settings(brand string) index.BrandSettings {
	return index.BrandSettings{Partial: !v.off[brand]}
}

// searches tells whether features of the brand's photos go into the set.
func (m *memory) searches(brand string) bool {
	return !m.now.off[brand] || m.warming != nil && m.warming.brand == brand
}

// treat has memory treat a brand otherwise. One that is switched on must have been warmed, or will be.
func (m *memory) treat(brand string, s index.BrandSettings, c *codes) {
	off := maps.Clone(m.now.off)
	if off == nil {
		off = map[string]bool{}
	}
	if delete(off, brand); !s.Partial {
		off[brand] = true
		c.plain = m.now.withFeatures(brand)
	}
	m.now.off, m.now.hidden, m.warming = off, "", nil
}

// withFeatures returns the rows of a brand's photos that have features.
func (v *view) withFeatures(brand string) (rows []uint32) {
	of := v.named(false, brand)
	if of == nil {
		return nil
	}
	for code := range of.All() {
		if code%2 == 0 && v.has(code/2) {
			rows = append(rows, code/2)
		}
	}
	return rows
}

// warming is a brand whose features are being read into the set of them.
type warming struct {
	brand   string
	touched map[uint32]bool // rows that have been put since, or have gone
}

// warmPage is how many photos of a brand are read at once: few, since changes wait while they are put into the set.
const warmPage = 64

// warm reads the features of a brand that is off into the set, hidden from searches.
func (x *Index) warm(ctx context.Context, brand string) error {
	x.mu.Lock()
	x.memory.warming = &warming{brand, map[uint32]bool{}}
	x.memory.now.hidden = brand
	x.now.Store(x.memory.view())
	x.mu.Unlock()
	return eachOfBrand(ctx, x.store, brand, func(page []described) {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.memory.take(page)
		x.memory.snapshot()
		x.now.Store(x.memory.view())
	})
}

// cool lets go of what warm has read.
func (x *Index) cool(brand string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	m := x.memory
	m.sets.change(&codes{plain: m.now.withFeatures(brand)})
	m.now.hidden, m.warming = "", nil
	m.snapshot()
	x.now.Store(m.view())
	x.stir()
}

// warm reads the features of a brand into the set while nobody else uses the memory.
func (m *memory) warm(ctx context.Context, s *store.Store, brand string) error {
	err := eachOfBrand(ctx, s, brand, func(page []described) { m.take(page) })
	m.snapshot()
	return err
}

// take puts features into the set that were read from the store: of those photos that memory has with them. What has
// changed since warming began is there already, and what is still to be changed is put then.
func (m *memory) take(page []described) {
	var c codes
	for _, d := range page {
		at, ok := m.find(d.key)
		if !ok || d.revision > m.now.applied || m.warming != nil && m.warming.touched[at] {
			continue
		}
		c.spotted, c.spots = append(c.spotted, at), append(c.spots, d.spots)
	}
	m.sets.change(&c)
}
