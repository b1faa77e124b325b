package inverted

import "sync/atomic"

// deaths tells since which version photos of a part have been dead: deleted, or replaced by one elsewhere. What it is made
// of comes into being with the first death.
type deaths struct{ top atomic.Pointer[deathTop] }

const deathPageBits = 8

type (
	deathTop  [maxDocs >> deathPageBits]atomic.Pointer[deathPage]
	deathPage [1 << deathPageBits]atomic.Uint64
)

// made is what p points to, which is made first where there is nothing. Only one goroutine may ask at a time.
func made[T any](p *atomic.Pointer[T]) *T {
	v := p.Load()
	if v == nil {
		v = new(T)
		p.Store(v)
	}
	return v
}

// mark records that a photo is dead from version on. Only one goroutine may mark at a time.
func (d *deaths) mark(doc uint32, version uint64) {
	page := made(&made(&d.top)[doc>>deathPageBits])
	page[doc%(1<<deathPageBits)].Store(version)
}

// since is the version from which on a photo is dead, 0 for one that lives.
func (d *deaths) since(doc uint32) uint64 {
	top := d.top.Load()
	if top == nil {
		return 0
	}
	page := top[doc>>deathPageBits].Load()
	if page == nil {
		return 0
	}
	return page[doc%(1<<deathPageBits)].Load()
}

// dead tells whether a photo is dead at version.
func (d *deaths) dead(doc uint32, version uint64) bool {
	since := d.since(doc)
	return since != 0 && since <= version
}
