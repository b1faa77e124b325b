package local

import (
	"bytes"
	"cmp"
	"runtime"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/index/hamming"
	"touchstone/index/inverted"
)

// view is what memory has of the photos at one revision: a base, and what has changed since. It is immutable, so that a
// search uses it for as long as it likes while changes make others. What a base is mapped from goes with it: a view must
// be kept (keep) until the last of its arrays was read.
type view struct {
	applied uint64             // the revision that it shows
	recipe  fingerprint.Recipe // of all photos, where there are any
	photos  int
	high    uint32 // all rows are below

	features feature.Recipe  // of all photos that have features
	featured int             // photos that have features
	off      map[string]bool // brands that are not searched by features; it is not changed
	hidden   string          // a brand of which spots may have rows, though it is off; empty: there is none

	base     *base
	rows     vector[patch] // of rows that changed since the base
	brands   vector[label] // of brands that changed, by number; so are products
	products vector[label]
	given    *[2]numbers // of brands and products that the base does not have

	p   *hamming.Snapshot[[1]uint64]
	pdq *hamming.Snapshot[fingerprint.Hash256]

	spots *inverted.Snapshot // rows by their features
}

// patch is a row that has changed; one without a row has no photo any more.
type patch struct {
	*row
	brand, product uint32
}

// keep keeps what the view's arrays lie in, up to here.
func (v *view) keep() { runtime.KeepAlive(v) }

// key returns the key of a row's photo, which must be there.
func (v *view) key(at uint32) index.Key {
	if p := v.rows.get(at); p != nil {
		return p.key
	}
	return v.base.key(at)
}

// compare orders the photos of two rows by key.
func (v *view) compare(a, b uint32) int {
	p, q := v.rows.get(a), v.rows.get(b)
	if p == nil && q == nil {
		return cmp.Or(cmp.Compare(v.base.brandOf[a], v.base.brandOf[b]), bytes.Compare(v.base.id(a), v.base.id(b)))
	}
	return v.key(a).Compare(v.key(b))
}

func (v *view) hashes(at uint32) hashes {
	if p := v.rows.get(at); p != nil {
		return p.hashes
	}
	return v.base.hashes(at)
}

// has tells whether a row's photo has features.
func (v *view) has(at uint32) bool {
	if p := v.rows.get(at); p != nil {
		return p.row != nil && p.features != 0
	}
	return int(at) < v.base.rows() && v.base.featured[at] != 0
}

// brand returns the name of a row's brand, which must have a photo.
func (v *view) brand(at uint32) string {
	if p := v.rows.get(at); p != nil {
		return p.key.Brand
	}
	return string(v.base.brands.at(v.base.brandOf[at]))
}

// all has each photo's row looked at, in no order, until look fails.
func (v *view) all(look func(at uint32) error) error {
	for first := uint32(0); first < v.high; first += vectorWidth {
		patches := v.rows.leaf(first)
		for at := first; at < min(first+vectorWidth, v.high); at++ {
			var p *patch
			if len(patches) > 0 {
				p = patches[at-first]
			}
			if p != nil {
				if p.row == nil {
					continue
				}
			} else if int(at) >= v.base.rows() || v.base.brandOf[at] == none {
				continue
			}
			if err := look(at); err != nil {
				return err
			}
		}
	}
	return nil
}

// filter returns the code rows that pass a filter, nil for all, and how many photos these are. The rows must not be
// changed. Errors: index.ErrUnknownBrand, index.ErrUnknownProduct.
func (v *view) filter(f index.Filter) (*hamming.Rows, int, error) {
	var brands, products []*hamming.Rows
	for _, name := range f.Brands {
		rows := v.named(false, name)
		if rows == nil {
			return nil, 0, unknown("brands", "a brand that has photos", name, index.ErrUnknownBrand)
		}
		brands = append(brands, rows)
	}
	for _, name := range f.Products {
		rows := v.named(true, name)
		if rows == nil {
			return nil, 0, unknown("products", "a product that has photos", name, index.ErrUnknownProduct)
		}
		products = append(products, rows)
	}
	rows := union(brands)
	if of := union(products); rows == nil {
		rows = of
	} else if of != nil {
		both := hamming.NewRows()
		both.Union(rows)
		both.Intersect(of)
		rows = both
	}
	if rows == nil {
		return nil, v.photos, nil
	}
	return rows, rows.Len() / 2, nil
}

// named returns the code rows of a brand or a product, nil where it has no photo.
func (v *view) named(product bool, name string) *hamming.Rows {
	known, labels, given := &v.base.brands, &v.brands, &v.given[0]
	if product {
		known, labels, given = &v.base.products, &v.products, &v.given[1]
	}
	number, ok := given.find(known, name)
	if !ok {
		return nil
	}
	k := cacheKey{product, number}
	l := labels.get(number)
	switch {
	case l == nil && int(number) >= known.len():
		return nil // it came later than the view
	case l == nil:
		return v.base.filter(k)
	case l.photos == 0:
		return nil
	}
	if rows := l.rows.Load(); rows != nil {
		return rows
	}
	rows := hamming.NewRows()
	switch {
	case l.from != nil:
		rows.Union(l.from)
	case int(number) < known.len():
		rows.Union(v.base.filter(k))
	}
	for _, at := range l.touched {
		p := v.rows.get(at)
		if has := p.row != nil && (product && p.product == number || !product && p.brand == number); has {
			rows.Add(2*at, 2*at+1)
		} else {
			rows.Remove(2*at, 2*at+1)
		}
	}
	l.rows.Store(rows)
	return rows
}

func unknown(field, want, name string, err error) error {
	return &index.FieldError{Field: field, Want: want + ", got " + quoted(name), Err: err}
}

// union is all rows of several sets; of one, that set itself; of none, nil.
func union(sets []*hamming.Rows) *hamming.Rows {
	if len(sets) == 0 {
		return nil
	}
	if len(sets) == 1 {
		return sets[0]
	}
	all := hamming.NewRows()
	for _, s := range sets {
		all.Union(s)
	}
	return all
}

// names returns the brands and how many photos and products each has, in no order.
func (v *view) names() []index.BrandCount {
	var counts []index.BrandCount
	for i := range uint32(v.base.brands.len()) {
		var c index.BrandCount
		if l := v.brands.get(i); l != nil {
			c = index.BrandCount{Brand: l.name, Photos: l.photos, Products: l.products}
		} else {
			c = index.BrandCount{Brand: string(v.base.brands.at(i)), Photos: len(v.base.ofBrand(i)), Products: v.base.distinct(i)}
		}
		if c.Photos > 0 {
			counts = append(counts, c)
		}
	}
	v.brands.each(uint32(v.base.brands.len()), func(_ uint32, l *label) {
		if l.photos > 0 {
			counts = append(counts, index.BrandCount{Brand: l.name, Photos: l.photos, Products: l.products})
		}
	})
	return counts
}
