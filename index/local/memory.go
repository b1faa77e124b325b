package local

import (
	"slices"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
)

// memory makes views: it takes changes one after the other, and each leaves a view that shares nearly all with the one
// before. It is not safe for use by several goroutines; its views are.
type memory struct {
	now   view // unfinished while a change is under way
	sets  sets
	owner *owner // of the change under way

	changed map[index.Key]uint32 // rows of the photos that changed since the base; none: it is gone
	pairs   map[pair]int         // photos of a brand and a product, where that changed
	free    []uint32             // rows without a photo
	warming *warming             // a brand whose features are being read, if one is

	// While a base is being made of an earlier view: what has changed since, to be repeated on top of it.
	recording bool
	record    []step
}

// pair is the numbers of a brand and a product.
type pair struct{ brand, product uint32 }

// step is that a row was set: to nil where the photo went.
type step struct {
	at  uint32
	row *row
}

// newMemory has what a base and sets have, which must show the same.
func newMemory(b *base, s sets) *memory {
	m := &memory{sets: s, free: slices.Clone(b.free)}
	m.now = view{applied: b.revision, recipe: b.recipe, features: b.features, photos: b.photos(), high: uint32(b.rows())}
	m.stand(b)
	m.snapshot()
	return m
}

// stand begins anew on a base, with nothing changed.
func (m *memory) stand(b *base) {
	m.changed, m.pairs = map[index.Key]uint32{}, map[pair]int{}
	m.now.base, m.now.rows, m.now.brands, m.now.products = b, vector[patch]{}, vector[label]{}, vector[label]{}
	m.now.featured = b.withFeatures
	m.now.given = new([2]numbers)
	m.now.given[0].next, m.now.given[1].next = uint32(b.brands.len()), uint32(b.products.len())
}

func (m *memory) snapshot() {
	m.now.p, m.now.pdq, m.now.spots = m.sets.p.Snapshot(), m.sets.pdq.Snapshot(), m.sets.spots.Snapshot()
}

// view is what the last change left.
func (m *memory) view() *view {
	v := m.now
	return &v
}

// change makes changes that have no key in common, and then shows that revision.
func (m *memory) change(revision uint64, change func(c *codes)) {
	m.owner = new(owner)
	var c codes
	change(&c)
	m.sets.change(&c)
	m.now.applied = revision
	m.snapshot()
	m.owner = nil
}

// find returns the row of a key.
func (m *memory) find(k index.Key) (at uint32, ok bool) {
	if at, ok := m.changed[k]; ok {
		return at, at != none
	}
	return m.now.base.find(k)
}

// put adds a photo, or puts it in the place of the one that has its key. What goes into the sets is left in c; spots may
// be nil where the photo's brand is not searched by features.
func (m *memory) put(r *row, recipe fingerprint.Recipe, spots []feature.Feature, c *codes) {
	m.now.recipe = recipe
	if r.features != 0 {
		m.now.features = r.features
	}
	at, ok := m.find(r.key)
	if ok {
		m.spot(at, r, spots, c)
		old := m.now.hashes(at)
		if old != r.hashes {
			if r.single() && !old.single() {
				c.gone = append(c.gone, 2*at+1)
			}
			c.add(at, &r.hashes)
		}
		m.set(at, r)
		return
	}
	if n := len(m.free); n > 0 {
		at, m.free = m.free[n-1], m.free[:n-1]
	} else {
		at = m.now.high
		m.now.high++
	}
	m.spot(at, r, spots, c)
	c.add(at, &r.hashes)
	m.set(at, r)
}

// spot leaves in c what the set of features has of a row once it is r, nil where the photo goes.
func (m *memory) spot(at uint32, r *row, spots []feature.Feature, c *codes) {
	if m.warming != nil {
		m.warming.touched[at] = true
	}
	if r != nil && r.features != 0 && m.searches(r.key.Brand) {
		c.spotted, c.spots = append(c.spotted, at), append(c.spots, spots)
	} else if at < m.now.high && m.now.has(at) {
		c.plain = append(c.plain, at)
	}
}

// update notes a photo's new metadata.
func (m *memory) update(k index.Key, product string) {
	if at, ok := m.find(k); ok {
		r := &row{key: k, product: product, hashes: m.now.hashes(at)}
		if m.now.has(at) {
			r.features = m.now.features
		}
		m.set(at, r)
	}
}

// remove takes a photo out, if it is there. What leaves the sets is left in c.
func (m *memory) remove(k index.Key, c *codes) {
	at, ok := m.find(k)
	if !ok {
		return
	}
	c.gone = append(c.gone, 2*at, 2*at+1)
	m.spot(at, nil, nil, c)
	m.set(at, nil)
	m.changed[k] = none
	m.free = append(m.free, at)
}

// set is what every change of a row comes down to; nil takes its photo away.
func (m *memory) set(at uint32, r *row) {
	if m.recording {
		m.record = append(m.record, step{at, r})
	}
	b := m.now.base
	old := m.now.rows.get(at)
	if old == nil && int(at) < b.rows() && b.brandOf[at] != none {
		old = &patch{row: b.row(at), brand: b.brandOf[at], product: b.productOf[at]}
	}
	next := &patch{row: r}
	if r != nil {
		next.brand = m.now.given[0].give(&b.brands, r.key.Brand)
		next.product = m.now.given[1].give(&b.products, r.product)
		m.changed[r.key] = at
	}
	m.now.rows.set(at, next, m.owner)
	if old != nil && old.row != nil && r != nil && old.brand == next.brand && old.product == next.product && old.features == r.features {
		return
	}
	if old != nil && old.row != nil {
		m.label(at, old, -1)
	}
	if r != nil {
		m.label(at, next, 1)
	}
}

// label counts a row's photo in or out, with its brand and its product.
func (m *memory) label(at uint32, p *patch, by int) {
	b := m.now.base
	brand, product := m.now.brands.get(p.brand), m.now.products.get(p.product)
	if brand == nil {
		brand = &label{name: p.key.Brand}
		if int(p.brand) < b.brands.len() {
			brand.photos, brand.products, brand.featured = len(b.ofBrand(p.brand)), b.distinct(p.brand), int(b.ofBrandWith[p.brand])
		}
	}
	if product == nil {
		product = &label{name: p.row.product}
		if int(p.product) < b.products.len() {
			product.photos = len(b.ofProduct(p.product))
		}
	}
	brand, product = brand.touch(at), product.touch(at)
	brand.photos += by
	if p.features != 0 {
		brand.featured += by
		m.now.featured += by
	}
	product.photos += by
	k := pair{p.brand, p.product}
	photos, ok := m.pairs[k]
	if !ok && int(p.brand) < b.brands.len() && int(p.product) < b.products.len() {
		photos = b.count(p.brand, p.product)
	}
	m.pairs[k] = photos + by
	if p.row.product != "" && min(photos, photos+by) == 0 {
		brand.products += by
	}
	m.now.brands.set(p.brand, brand, m.owner)
	m.now.products.set(p.product, product, m.owner)
	m.now.photos += by
}

// rebase goes over to a base that was made of the view at which recording began.
func (m *memory) rebase(b *base) {
	record, photos := m.record, b.photos()
	m.recording, m.record = false, nil
	m.owner = new(owner)
	m.stand(b)
	m.now.photos = photos
	for _, s := range record {
		var was *patch
		if was = m.now.rows.get(s.at); was == nil && s.row == nil {
			was = &patch{row: b.row(s.at)}
		}
		m.set(s.at, s.row)
		if s.row == nil {
			m.changed[was.key] = none
		}
	}
	m.owner = nil
}
