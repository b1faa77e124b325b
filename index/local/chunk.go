package local

import (
	"cmp"
	"slices"
	"sync"

	"touchstone/fingerprint"
)

// chunk is photos on their way into a base, by key.
type chunk struct {
	rows       []uint32 // of each; nil: in turn, behind those of the chunks before
	brands     []run
	products   *register
	productOf  []uint32 // a number in products
	idLens     []uint16
	ids        []byte
	p          []fingerprint.Hash64
	pdq        []fingerprint.Hash256
	content    []uint32
	featured   []uint8
	contentP   []fingerprint.Hash64
	contentPDQ []fingerprint.Hash256
}

// run is photos of one brand.
type run struct {
	brand  string
	photos int
}

// chunkPhotos is how many photos make a chunk full: few, so that arrays need not grow to an unknown size.
const chunkPhotos = 1 << 16

func (c *chunk) photos() int { return len(c.productOf) }

// next is an empty chunk with room for so many photos whose IDs have so many bytes.
func (c *chunk) next(photos, ids, contents int) *chunk {
	return &chunk{
		products: c.products, productOf: make([]uint32, 0, photos), idLens: make([]uint16, 0, photos), ids: make([]byte, 0, ids),
		p: make([]fingerprint.Hash64, 0, photos), pdq: make([]fingerprint.Hash256, 0, photos), content: make([]uint32, 0, photos),
		featured: make([]uint8, 0, photos),
		contentP: make([]fingerprint.Hash64, 0, contents), contentPDQ: make([]fingerprint.Hash256, 0, contents),
	}
}

// add takes a photo whose key comes after those that are there. It keeps nothing that it is given.
func (c *chunk) add(brand, id []byte, product uint32, h *hashes, featured uint8) {
	if n := len(c.brands); n == 0 || c.brands[n-1].brand != string(brand) {
		c.brands = append(c.brands, run{brand: string(brand)})
	}
	c.brands[len(c.brands)-1].photos++
	c.productOf = append(c.productOf, product)
	c.idLens = append(c.idLens, uint16(len(id)))
	c.ids = append(c.ids, id...)
	c.p = append(c.p, h.p[0])
	c.pdq = append(c.pdq, h.pdq[0])
	c.featured = append(c.featured, featured)
	if h.single() {
		c.content = append(c.content, none)
		return
	}
	c.content = append(c.content, uint32(len(c.contentP)))
	c.contentP = append(c.contentP, h.p[1])
	c.contentPDQ = append(c.contentPDQ, h.pdq[1])
}

// register numbers names as they come.
type register struct {
	numbers map[string]uint32
	names   []string // by number
	last    uint32
}

func newRegister() *register { return &register{numbers: map[string]uint32{}} }

// number is the number of a name.
func (r *register) number(name []byte) uint32 {
	if int(r.last) < len(r.names) && r.names[r.last] == string(name) {
		return r.last // photos of a product tend to follow each other
	}
	i, ok := r.numbers[string(name)]
	if !ok {
		i = uint32(len(r.names))
		r.names = append(r.names, string(name))
		r.numbers[r.names[i]] = i
	}
	r.last = i
	return i
}

// sorted are the numbers by name.
func (r *register) sorted() []uint32 {
	order := make([]uint32, len(r.names))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return cmp.Compare(r.names[a], r.names[b]) })
	return order
}

// join makes a base of chunks that follow each other by key, with so many rows.
func join(chunks []*chunk, rows int) *base {
	b := &base{
		brandOf: make([]uint32, rows), productOf: make([]uint32, rows),
		p: make([]fingerprint.Hash64, rows), pdq: make([]fingerprint.Hash256, rows), content: make([]uint32, rows),
		featured: make([]uint8, rows), idEnds: make([]uint32, rows), idBlocks: make([]uint64, (rows+idBlock-1)/idBlock),
	}
	for at := range b.brandOf {
		b.brandOf[at], b.productOf[at] = none, none
	}
	var photos, content, ids int
	var whole sync.WaitGroup
	renumber := b.joinNames(chunks)
	for _, c := range chunks {
		content += len(c.contentP)
	}
	b.contentP, b.contentPDQ = make([]fingerprint.Hash64, 0, content), make([]fingerprint.Hash256, 0, content)
	content = 0
	for _, c := range chunks {
		b.contentP, b.contentPDQ = append(b.contentP, c.contentP...), append(b.contentPDQ, c.contentPDQ...)
		from := part{photos, content, renumber[c.products]}
		whole.Go(func() { b.fill(c, from) })
		photos, content, ids = photos+c.photos(), content+len(c.contentP), ids+len(c.ids)
	}
	whole.Wait()
	b.joinIDs(chunks, ids)
	b.joinOrder(chunks, photos)
	b.joinProducts(photos)
	b.countFeatured()
	return b
}

// part is where a chunk lies in a base.
type part struct {
	photos, content int // that come before
	products        []uint32
}

// row is the row of a chunk's photo.
func (c *chunk) row(i, before int) uint32 {
	if c.rows != nil {
		return c.rows[i]
	}
	return uint32(before + i)
}

// fill fills in what is kept by row, but for the IDs, which come to lie there as lengths.
func (b *base) fill(c *chunk, from part) {
	i := 0
	for _, r := range c.brands {
		brand, _ := b.brands.find(r.brand)
		for range r.photos {
			at := c.row(i, from.photos)
			b.brandOf[at], b.productOf[at] = brand, from.products[c.productOf[i]]
			b.p[at], b.pdq[at], b.content[at], b.featured[at] = c.p[i], c.pdq[i], none, c.featured[i]
			if c.content[i] != none {
				b.content[at] = c.content[i] + uint32(from.content)
			}
			b.idEnds[at] = uint32(c.idLens[i])
			i++
		}
	}
}

// joinNames makes the lists of brands and of products, and returns the latter's numbers for those of each register.
func (b *base) joinNames(chunks []*chunk) map[*register][]uint32 {
	last := ""
	renumber := map[*register][]uint32{}
	var heads []*head
	var sorting sync.WaitGroup
	for _, c := range chunks {
		for _, r := range c.brands {
			if r.brand != last || b.brands.len() == 0 {
				b.brands.append(r.brand)
				last = r.brand
			}
		}
		if renumber[c.products] == nil {
			h := &head{register: c.products}
			heads = append(heads, h)
			renumber[c.products] = make([]uint32, len(c.products.names))
			sorting.Go(func() { h.rest = h.sorted() })
		}
	}
	sorting.Wait()
	for {
		least, found := "", false
		for _, h := range heads {
			if name, ok := h.name(); ok && (!found || name < least) {
				least, found = name, true
			}
		}
		if !found {
			return renumber
		}
		for _, h := range heads {
			if name, ok := h.name(); ok && name == least {
				renumber[h.register][h.rest[0]] = uint32(b.products.len())
				h.rest = h.rest[1:]
			}
		}
		b.products.append(least)
	}
}

// head is where a merge stands in the names of a register.
type head struct {
	*register
	rest []uint32 // numbers by name
}

func (h *head) name() (string, bool) {
	if len(h.rest) == 0 {
		return "", false
	}
	return h.names[h.rest[0]], true
}

// joinIDs lays the IDs out by row; their lengths are in place of their ends.
func (b *base) joinIDs(chunks []*chunk, size int) {
	b.ids = make([]byte, size)
	total := uint64(0)
	for at := range b.idEnds {
		if at%idBlock == 0 {
			b.idBlocks[at/idBlock] = total
		}
		total += uint64(b.idEnds[at])
		b.idEnds[at] = uint32(total - b.idBlocks[at/idBlock])
	}
	before := 0
	for _, c := range chunks {
		if c.rows == nil {
			before += copy(b.ids[before:], c.ids)
			continue
		}
		rest := c.ids
		for i, n := range c.idLens {
			copy(b.id(c.rows[i]), rest[:n])
			rest = rest[n:]
		}
	}
}

func (b *base) joinOrder(chunks []*chunk, photos int) {
	b.order = make([]uint32, 0, photos)
	for _, c := range chunks {
		before := len(b.order)
		for i := range c.photos() {
			b.order = append(b.order, c.row(i, before))
		}
	}
	b.brandStarts = make([]uint32, 0, b.brands.len()+1)
	total, last := 0, ""
	for _, c := range chunks {
		for _, r := range c.brands {
			if r.brand != last || total == 0 {
				b.brandStarts = append(b.brandStarts, uint32(total))
				last = r.brand
			}
			total += r.photos
		}
	}
	b.brandStarts = append(b.brandStarts, uint32(total))
	for at, brand := range b.brandOf {
		if brand == none {
			b.free = append(b.free, uint32(at))
		}
	}
}

// joinProducts groups rows by product, and counts what each brand has of each.
func (b *base) joinProducts(photos int) {
	b.productStarts = make([]uint32, b.products.len()+1)
	for _, product := range b.productOf {
		if product != none {
			b.productStarts[product+1]++
		}
	}
	for i := range b.products.len() {
		b.productStarts[i+1] += b.productStarts[i]
	}
	next := slices.Clone(b.productStarts)
	b.productRows = make([]uint32, photos)
	for at, product := range b.productOf {
		if product != none {
			b.productRows[next[product]] = uint32(at)
			next[product]++
		}
	}
	// Products in order, their rows by brand: so each brand meets its own in order.
	each := func(meet func(brand, product uint32, again bool)) {
		last := make([]uint32, b.brands.len())
		for i := range last {
			last[i] = none
		}
		for product := range uint32(b.products.len()) {
			for _, at := range b.ofProduct(product) {
				brand := b.brandOf[at]
				meet(brand, product, last[brand] == product)
				last[brand] = product
			}
		}
	}
	b.pairStarts = make([]uint32, b.brands.len()+1)
	each(func(brand, _ uint32, again bool) {
		if !again {
			b.pairStarts[brand+1]++
		}
	})
	for i := range b.brands.len() {
		b.pairStarts[i+1] += b.pairStarts[i]
	}
	end := slices.Clone(b.pairStarts)
	b.pairs = make([]uint32, b.pairStarts[b.brands.len()])
	b.pairCounts = make([]uint32, len(b.pairs))
	each(func(brand, product uint32, again bool) {
		if !again {
			b.pairs[end[brand]] = product
			end[brand]++
		}
		b.pairCounts[end[brand]-1]++
	})
}

// codes are what the sets have of a base.
func (b *base) codes() *codes {
	n := b.rows() + len(b.contentP)
	c := &codes{rows: make([]uint32, 0, n), p: make([][1]uint64, 0, n), pdq: make([]fingerprint.Hash256, 0, n)}
	for at, brand := range b.brandOf {
		if brand != none {
			h := b.hashes(uint32(at))
			c.add(uint32(at), &h)
		}
	}
	return c
}

// fold makes a base of a view.
func (v *view) fold() *base {
	defer v.keep()
	var came []uint32 // rows that changed and have photos, by key
	v.rows.each(0, func(at uint32, p *patch) {
		if p.row != nil {
			came = append(came, at)
		}
	})
	slices.SortFunc(came, v.compare)
	c := (&chunk{products: newRegister()}).next(v.photos, len(v.base.ids)+32*len(came), len(v.base.contentP)+len(came))
	c.rows = make([]uint32, 0, v.photos)
	known := make([]uint32, v.base.products.len()) // numbers in c, counted from 1
	fromBase := func(at uint32) {
		product := v.base.productOf[at]
		if known[product] == 0 {
			known[product] = c.products.number(v.base.products.at(product)) + 1
		}
		h := v.base.hashes(at)
		c.rows = append(c.rows, at)
		c.add(v.base.brands.at(v.base.brandOf[at]), v.base.id(at), known[product]-1, &h, v.base.featured[at])
	}
	for _, at := range v.base.order {
		if v.rows.get(at) != nil {
			continue
		}
		for len(came) > 0 && v.compare(came[0], at) < 0 {
			came = v.came(c, came)
		}
		fromBase(at)
	}
	for len(came) > 0 {
		came = v.came(c, came)
	}
	b := join([]*chunk{c}, int(v.high))
	b.recipe, b.features, b.revision = v.recipe, v.features, v.applied
	return b
}

// came adds the first of rows that came since the base.
func (v *view) came(c *chunk, rows []uint32) []uint32 {
	p := v.rows.get(rows[0])
	featured := uint8(0)
	if p.features != 0 {
		featured = 1
	}
	c.rows = append(c.rows, rows[0])
	c.add([]byte(p.key.Brand), []byte(p.key.ID), c.products.number([]byte(p.row.product)), &p.hashes, featured)
	return rows[1:]
}
