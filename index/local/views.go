package local

import (
	"maps"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/index/hamming"
)

// views is what memory holds of the photos: what to find them by. It is not safe for use by several goroutines.
//
// A photo has a row, and a region of it a code row: twice the photo's row for the whole, one more for the content. Sets
// of rows hold both code rows of a photo, so that they serve as filters of searches as they are.
type views struct {
	recipe fingerprint.Recipe // of all photos, where there are any
	byKey  map[index.Key]uint32
	rows   []row
	free   []uint32 // rows without a photo

	p        *hamming.Set[[1]uint64]
	pdq      *hamming.Set[fingerprint.Hash256]
	brands   map[string]*brand
	products map[string]*hamming.Rows
}

// row is a photo as memory has it.
type row struct {
	key     index.Key
	product string
	p       [2]fingerprint.Hash64 // whole, content
	pdq     [2]fingerprint.Hash256
}

type brand struct {
	rows     *hamming.Rows
	photos   int
	products map[string]int // photos of each
}

func newViews() *views {
	return &views{
		byKey:    map[index.Key]uint32{},
		p:        hamming.NewSet[[1]uint64](hamming.Options{}, nil, nil),
		pdq:      hamming.NewSet[fingerprint.Hash256](hamming.Options{}, nil, nil),
		brands:   map[string]*brand{},
		products: map[string]*hamming.Rows{},
	}
}

// codes is what goes into the sets for some photos.
type codes struct {
	rows []uint32
	p    [][1]uint64
	pdq  []fingerprint.Hash256
}

func (c *codes) add(at uint32, r *row) {
	for part := range uint32(2) {
		if part == 1 && r.p[1] == r.p[0] && r.pdq[1] == r.pdq[0] {
			break
		}
		c.rows = append(c.rows, 2*at+part)
		c.p = append(c.p, [1]uint64{uint64(r.p[part])})
		c.pdq = append(c.pdq, r.pdq[part])
	}
}

// enter makes room for a photo whose key is free, without its codes.
func (v *views) enter(p *index.Photo, c *codes) {
	f := &p.Fingerprint
	r := row{p.Key, p.Product, [2]fingerprint.Hash64{f.Whole.P, f.Content.P}, [2]fingerprint.Hash256{f.Whole.PDQ, f.Content.PDQ}}
	at := uint32(len(v.rows))
	if n := len(v.free); n > 0 {
		at, v.free = v.free[n-1], v.free[:n-1]
		v.rows[at] = r
	} else {
		v.rows = append(v.rows, r)
	}
	v.recipe = f.Recipe
	v.byKey[p.Key] = at
	v.label(at, &v.rows[at])
	c.add(at, &r)
}

// put adds a photo, or puts it in the place of the one that has its key.
func (v *views) put(p *index.Photo) {
	v.remove(p.Key)
	var c codes
	v.enter(p, &c)
	v.p.Put(c.rows, c.p)
	v.pdq.Put(c.rows, c.pdq)
}

// update notes a photo's new metadata.
func (v *views) update(p *index.Photo) {
	at := v.byKey[p.Key]
	r := &v.rows[at]
	if r.product == p.Product {
		return
	}
	v.unlabel(at, r)
	r.product = p.Product
	v.label(at, r)
}

// remove takes a photo out, if it is there.
func (v *views) remove(k index.Key) {
	at, ok := v.byKey[k]
	if !ok {
		return
	}
	v.p.Delete(2*at, 2*at+1)
	v.pdq.Delete(2*at, 2*at+1)
	v.unlabel(at, &v.rows[at])
	delete(v.byKey, k)
	v.rows[at] = row{}
	v.free = append(v.free, at)
}

// label notes a row under its brand and its product.
func (v *views) label(at uint32, r *row) {
	b := v.brands[r.key.Brand]
	if b == nil {
		b = &brand{rows: hamming.NewRows(), products: map[string]int{}}
		v.brands[r.key.Brand] = b
	}
	b.rows.Add(2*at, 2*at+1)
	b.photos++
	b.products[r.product]++
	if v.products[r.product] == nil {
		v.products[r.product] = hamming.NewRows()
	}
	v.products[r.product].Add(2*at, 2*at+1)
}

func (v *views) unlabel(at uint32, r *row) {
	b := v.brands[r.key.Brand]
	b.rows.Remove(2*at, 2*at+1)
	if b.products[r.product]--; b.products[r.product] == 0 {
		delete(b.products, r.product)
	}
	if b.photos--; b.photos == 0 {
		delete(v.brands, r.key.Brand)
	}
	rows := v.products[r.product]
	rows.Remove(2*at, 2*at+1)
	if rows.Len() == 0 {
		delete(v.products, r.product)
	}
}

// filter returns the rows that pass a filter, nil for all, and how many photos these are. The rows must not be changed.
// Errors: index.ErrUnknownBrand, index.ErrUnknownProduct.
func (v *views) filter(f index.Filter) (*hamming.Rows, int, error) {
	var brands, products []*hamming.Rows
	for _, name := range f.Brands {
		b := v.brands[name]
		if b == nil {
			return nil, 0, unknown("brands", "a brand that has photos", name, index.ErrUnknownBrand)
		}
		brands = append(brands, b.rows)
	}
	for _, name := range f.Products {
		rows := v.products[name]
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
		return nil, len(v.byKey), nil
	}
	return rows, rows.Len() / 2, nil
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

// distances are the least distances of a row's regions from the probes.
func (r *row) distances(probes []index.Probe) (pdq, p int) {
	pdq, p = 256, 64
	for i := range probes {
		q := &probes[i]
		pdq = min(pdq, q.PDQ.Distance(r.pdq[0]), q.PDQ.Distance(r.pdq[1]))
		p = min(p, q.P.Distance(r.p[0]), q.P.Distance(r.p[1]))
	}
	return pdq, p
}

// names returns the brands and how many photos and products each has, in no order.
func (v *views) names() []index.BrandCount {
	counts := make([]index.BrandCount, 0, len(v.brands))
	for name, b := range maps.All(v.brands) {
		n := len(b.products)
		if b.products[""] > 0 {
			n--
		}
		counts = append(counts, index.BrandCount{Brand: name, Photos: b.photos, Products: n})
	}
	return counts
}
