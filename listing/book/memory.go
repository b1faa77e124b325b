package book

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/index/hamming"
	"touchstone/listing"
	"touchstone/store"
)

// What memory holds of a listing image: its PDQ hash and, where the content within a border has another one, that; and the
// revision that set its fingerprint, which names the image in the store's log. Rows are numbers of revisions in ascending
// order, so that one leads to the other without a map; of a row, code 2r is the whole picture's and 2r+1 the content's.
type memory struct {
	set   *hamming.Set[fingerprint.Hash256]
	shown []uint64                          // by row, ascending; some name what is no longer remembered, until the next Open
	count int                               // listing images that are remembered
	hits  map[index.Key]map[uint64]struct{} // by photo, the listing images that match it, as shown names them
}

// Budget of bytes a code, and the radius that tables are laid out for: see Near.
const (
	codeBudget = 68
	codeRadius = 31
)

// bordered is in how many bits the content's hash has to differ for it to be looked for by itself: what lies nearer is found
// by the whole picture's.
const bordered = 16

func newSet(rows []uint32, codes []fingerprint.Hash256) *hamming.Set[fingerprint.Hash256] {
	return hamming.NewSet(hamming.Options{Radius: codeRadius, Budget: codeBudget}, rows, codes)
}

// codesOf are a fingerprint's codes: none of a plain one.
func codesOf(f *fingerprint.Fingerprint) []fingerprint.Hash256 {
	switch {
	case f.Recipe == 0 || f.Plain():
		return nil
	case f.Trimmed() && f.Whole.PDQ.Distance(f.Content.PDQ) >= bordered:
		return []fingerprint.Hash256{f.Whole.PDQ, f.Content.PDQ}
	}
	return []fingerprint.Hash256{f.Whole.PDQ}
}

// add shows a listing image whose fingerprint a revision set, later than all before.
func (m *memory) add(shown uint64, f *fingerprint.Fingerprint) {
	row := uint32(len(m.shown))
	m.shown = append(m.shown, shown)
	codes := codesOf(f)
	rows := make([]uint32, len(codes))
	for i := range rows {
		rows[i] = 2*row + uint32(i)
	}
	m.set.Put(rows, codes)
}

// hit notes which photos a listing image matches, and which it matched before.
func (m *memory) hit(before uint64, had []listing.Hit, shown uint64, hits []listing.Hit) {
	for i := range had {
		k := had[i].Photo
		if delete(m.hits[k], before); len(m.hits[k]) == 0 {
			delete(m.hits, k)
		}
	}
	for i := range hits {
		k := hits[i].Photo
		if m.hits[k] == nil {
			m.hits[k] = map[uint64]struct{}{}
		}
		m.hits[k][shown] = struct{}{}
	}
}

// remove forgets what a revision set.
func (m *memory) remove(shown ...uint64) {
	var rows []uint32
	for _, revision := range shown {
		if row, ok := slices.BinarySearch(m.shown, revision); ok {
			rows = append(rows, 2*uint32(row), 2*uint32(row)+1)
		}
	}
	m.set.Delete(rows...)
}

// load reads into memory what the store has.
func (b *Book) load(ctx context.Context) error {
	type entry struct {
		shown uint64
		codes [2]fingerprint.Hash256
		n     uint8
	}
	began := time.Now()
	type hit struct {
		photo index.Key
		shown uint64
	}
	parts := make([][]entry, runtime.GOMAXPROCS(0))
	hits := make([][]hit, len(parts))
	err := b.store.EachPart(ctx, roomListings, len(parts), func(part int, r store.Record) error {
		l, err := recordOf(r)
		if err != nil {
			return err
		}
		e := entry{shown: l.shown}
		e.n = uint8(copy(e.codes[:], codesOf(&l.Fingerprint)))
		parts[part] = append(parts[part], e)
		for i := range l.Hits {
			hits[part] = append(hits[part], hit{l.Hits[i].Photo, l.shown})
		}
		return nil
	})
	if err != nil {
		return translate(err)
	}
	all := parts[0]
	for _, p := range parts[1:] {
		all = append(all, p...)
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.shown, b.shown) })
	m := memory{shown: make([]uint64, len(all)), count: len(all), hits: map[index.Key]map[uint64]struct{}{}}
	for _, part := range hits {
		for _, h := range part {
			m.hit(0, nil, h.shown, []listing.Hit{{Photo: h.photo}})
		}
	}
	rows, codes := make([]uint32, 0, len(all)), make([]fingerprint.Hash256, 0, len(all))
	for i := range all {
		e := &all[i]
		m.shown[i] = e.shown
		for j := range e.n {
			rows, codes = append(rows, 2*uint32(i)+uint32(j)), append(codes, e.codes[j])
		}
	}
	m.set = newSet(rows, codes)
	b.memory = m
	if len(all) > 0 {
		b.log.Info("listing images are in memory", "images", len(all), "took", time.Since(began))
	}
	return nil
}

// Count is how many listing images are remembered.
func (b *Book) Count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.memory.count
}

// Bytes is the memory held to find listing images by.
func (b *Book) Bytes() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.memory.set.Bytes() + 8*int64(cap(b.memory.shown))
}

// Hitting names, as Near does, the listing images that are remembered as matching a photo, in ascending order.
func (b *Book) Hitting(photo index.Key) []uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.memory.hits[photo]))
}

// HitCount is how many listing images match a photo, and of how many sellers they are.
type HitCount struct{ Listings, Sellers int }

// HitCounts counts, by photo ID, the listing images that match a brand's photos.
func (b *Book) HitCounts(ctx context.Context, brand string) (map[string]HitCount, error) {
	b.mu.Lock()
	images := map[uint64][]string{}
	for k, of := range b.memory.hits {
		if k.Brand == brand {
			for shown := range of {
				images[shown] = append(images[shown], k.ID)
			}
		}
	}
	b.mu.Unlock()
	counts := map[string]HitCount{}
	sellers := map[[3]string]bool{}
	for _, shown := range slices.Sorted(maps.Keys(images)) {
		l, err := b.Shown(ctx, shown)
		if errors.Is(err, ErrNotFound) {
			continue // forgotten in the meantime
		}
		if err != nil {
			return nil, err
		}
		for _, id := range images[shown] {
			c := counts[id]
			c.Listings++
			if seller := [3]string{id, l.Marketplace, l.Seller}; !sellers[seller] {
				sellers[seller] = true
				c.Sellers++
			}
			counts[id] = c
		}
	}
	return counts, nil
}

// Near finds for each of several photos, of whose regions in all symmetries the hashes are given, the listing images that have
// a code within radius bits of any of them, and names each by the revision that set its fingerprint, which Shown takes, in
// ascending order. Errors: hamming.ErrRadius, the context's.
func (b *Book) Near(ctx context.Context, photos [][]fingerprint.Hash256, radius int) ([][]uint64, error) {
	b.mu.Lock()
	snapshot, shown := b.memory.set.Snapshot(), b.memory.shown
	b.mu.Unlock()
	near := make([][]uint64, len(photos))
	var queries []fingerprint.Hash256
	var of []int // photo of each query
	var hits []hamming.Hit
	flush := func() (err error) {
		if hits, err = snapshot.SearchBatch(ctx, hits[:0], queries, radius, nil); err != nil {
			return fmt.Errorf("look among listing images: %w", err)
		}
		for _, h := range hits {
			i := of[h.Query]
			near[i] = append(near[i], shown[h.Row/2])
		}
		queries, of = queries[:0], of[:0]
		return nil
	}
	for i, codes := range photos {
		if len(queries)+len(codes) > hamming.MaxQueries {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		for _, c := range codes {
			queries, of = append(queries, c), append(of, i)
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	for i := range near {
		slices.Sort(near[i])
		near[i] = slices.Compact(near[i])
	}
	return near, nil
}
