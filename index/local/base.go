package local

import (
	"slices"
	"sync"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/index/hamming"
)

// base is what memory has of the photos at one revision: flat arrays without pointers, so that they can be written to a
// file, mapped into memory, and cost the garbage collector nothing. It is immutable. base_file.go has it as a file.
type base struct {
	recipe   fingerprint.Recipe // of all photos, where there are any
	features feature.Recipe     // of all photos that have features
	revision uint64

	// By row; rows without a photo have none as their brand.
	brandOf   []uint32
	productOf []uint32
	p         []fingerprint.Hash64 // of the whole
	pdq       []fingerprint.Hash256
	content   []uint32 // where the hashes of the content are; none: they are those of the whole
	featured  []uint8  // 1: it has features
	idEnds    []uint32 // where the photo's ID ends in ids, counted from its block's start
	idBlocks  []uint64 // where the IDs of each block of idBlock rows start
	ids       []byte

	contentP   []fingerprint.Hash64
	contentPDQ []fingerprint.Hash256

	order []uint32 // rows by key, and so by brand
	free  []uint32 // rows without a photo

	brands      names
	brandStarts []uint32 // where each brand's rows start in order, and the end

	products      names
	productStarts []uint32 // where each product's rows start in productRows, and the end
	productRows   []uint32 // ascending for each product

	pairStarts []uint32 // where each brand's products start in the following two, and the end
	pairs      []uint32 // products, ascending for each brand
	pairCounts []uint32 // photos of each

	withFeatures int      // photos; it is counted, as is the next
	ofBrandWith  []uint32 // of each brand

	mapped *mapping // what the arrays lie in; nil: the heap
	cache  rowsCache
}

// idBlock is how many rows share a block of IDs: 32 bits would not count all.
const idBlock = 1 << 10

// names are strings in ascending order, numbered from 0.
type names struct {
	ends  []uint64
	bytes []byte
}

func (n *names) len() int { return len(n.ends) }

// at returns a name in place.
func (n *names) at(i uint32) []byte {
	start := uint64(0)
	if i > 0 {
		start = n.ends[i-1]
	}
	return n.bytes[start:n.ends[i]]
}

// find returns the number of a name.
func (n *names) find(name string) (uint32, bool) {
	low, high := 0, len(n.ends)
	for low < high {
		mid := int(uint(low+high) / 2)
		if string(n.at(uint32(mid))) < name {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return uint32(low), low < len(n.ends) && string(n.at(uint32(low))) == name
}

func (n *names) append(name string) {
	n.bytes = append(n.bytes, name...)
	n.ends = append(n.ends, uint64(len(n.bytes)))
}

// rows is the number of rows, with those that have no photo.
func (b *base) rows() int { return len(b.brandOf) }

// photos is the number of photos.
func (b *base) photos() int { return len(b.order) }

// id returns the ID of a row's photo in place.
func (b *base) id(at uint32) []byte {
	block := b.ids[b.idBlocks[at/idBlock]:]
	start := uint32(0)
	if at%idBlock > 0 {
		start = b.idEnds[at-1]
	}
	return block[start:b.idEnds[at]]
}

// key returns the key of a row's photo; it shares no memory with the base.
func (b *base) key(at uint32) index.Key {
	return index.Key{Brand: string(b.brands.at(b.brandOf[at])), ID: string(b.id(at))}
}

// row returns a row as a change needs it; it shares no memory with the base.
func (b *base) row(at uint32) *row {
	r := &row{key: b.key(at), product: string(b.products.at(b.productOf[at])), hashes: b.hashes(at)}
	if b.featured[at] != 0 {
		r.features = b.features
	}
	return r
}

// countFeatured counts the photos that have features.
func (b *base) countFeatured() {
	b.withFeatures, b.ofBrandWith = 0, make([]uint32, b.brands.len())
	for at, featured := range b.featured {
		if brand := b.brandOf[at]; featured != 0 && brand != none {
			b.withFeatures++
			b.ofBrandWith[brand]++
		}
	}
}

func (b *base) hashes(at uint32) hashes {
	h := hashes{[2]fingerprint.Hash64{b.p[at], b.p[at]}, [2]fingerprint.Hash256{b.pdq[at], b.pdq[at]}}
	if c := b.content[at]; c != none {
		h.p[1], h.pdq[1] = b.contentP[c], b.contentPDQ[c]
	}
	return h
}

// find returns the row of a key.
func (b *base) find(k index.Key) (at uint32, ok bool) {
	brand, ok := b.brands.find(k.Brand)
	if !ok {
		return 0, false
	}
	of := b.ofBrand(brand)
	i, ok := slices.BinarySearchFunc(of, k.ID, func(at uint32, id string) int {
		switch have := b.id(at); {
		case string(have) < id:
			return -1
		case string(have) > id:
			return 1
		}
		return 0
	})
	if !ok {
		return 0, false
	}
	return of[i], true
}

// ofBrand are the rows of a brand by the photos' IDs, ofProduct those of a product, ascending.
func (b *base) ofBrand(brand uint32) []uint32 {
	return b.order[b.brandStarts[brand]:b.brandStarts[brand+1]]
}
func (b *base) ofProduct(product uint32) []uint32 {
	return b.productRows[b.productStarts[product]:b.productStarts[product+1]]
}

// count is how many photos a brand has of a product.
func (b *base) count(brand, product uint32) int {
	start := b.pairStarts[brand]
	i, ok := slices.BinarySearch(b.pairs[start:b.pairStarts[brand+1]], product)
	if !ok {
		return 0
	}
	return int(b.pairCounts[int(start)+i])
}

// distinct is how many products a brand has, the empty one not counted, which is the first of all where it is there.
func (b *base) distinct(brand uint32) int {
	of := b.pairs[b.pairStarts[brand]:b.pairStarts[brand+1]]
	n := len(of)
	if n > 0 && len(b.products.at(of[0])) == 0 {
		n--
	}
	return n
}

// rowsCache keeps sets of rows that were made of a base's lists.
type rowsCache struct {
	mu   sync.Mutex
	sets map[cacheKey]*hamming.Rows
}

type cacheKey struct {
	product bool // it is of a product, not of a brand
	number  uint32
}

// What the cache keeps: sets that are made in less than some ten microseconds are not worth it, and all brands and
// products of a large store would take more memory than all else.
const (
	cachedLeast = 512
	cachedMost  = 256
)

// filter returns the code rows of a brand or a product, which must not be changed.
func (b *base) filter(k cacheKey) *hamming.Rows {
	of := b.ofProduct
	if !k.product {
		of = b.ofBrand
	}
	list := of(k.number)
	if len(list) < cachedLeast {
		return codeRows(list)
	}
	b.cache.mu.Lock()
	rows := b.cache.sets[k]
	b.cache.mu.Unlock()
	if rows != nil {
		return rows
	}
	rows = codeRows(list)
	b.cache.mu.Lock()
	defer b.cache.mu.Unlock()
	if b.cache.sets == nil {
		b.cache.sets = map[cacheKey]*hamming.Rows{}
	}
	for old := range b.cache.sets {
		if len(b.cache.sets) < cachedMost {
			break
		}
		delete(b.cache.sets, old) // whichever comes first: the order of maps is random
	}
	b.cache.sets[k] = rows
	return rows
}

func codeRows(list []uint32) *hamming.Rows {
	rows := hamming.NewRows()
	for _, at := range list {
		rows.Add(2*at, 2*at+1)
	}
	return rows
}
