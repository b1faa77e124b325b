package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// EachPart reads a room's records as they are now by several goroutines: that many parts of it at the most, of like size,
// each by key, and no key of a part behind those of the next. look is called by one goroutine for each part, until it
// fails for any. A Record's slices must not be kept nor changed: they are used again.
//
// It is for reading all of a large room: pages are read from the file, many that lie together at once, where the map would
// fetch each by itself. It holds a read transaction all the while, so that the file grows under writes meanwhile. Errors:
// those of look, ErrCorrupt, ErrInvalid, ErrClosed, the context's, the system's.
func (s *Store) EachPart(ctx context.Context, room string, parts int, look func(part int, r Record) error) error {
	if parts < 1 || room == "" || len(room) > MaxRoom {
		return fmt.Errorf("%w: %d parts of a room of %d bytes", ErrInvalid, parts, len(room))
	}
	return s.read(func(tx *bolt.Tx, until uint64, ahead bool) error {
		b := tx.Bucket(bucketState).Bucket([]byte(room))
		switch {
		case b == nil:
			return ctx.Err()
		case ahead:
			return eachOf(func(take func(Record) bool) error {
				return scanHistory(ctx, tx, room, Range{At: until}, take)
			}, look)
		case b.Root() == 0: // the room lies within another page
			return eachOf(func(take func(Record) bool) error { return scanState(ctx, tx, room, Range{}, take) }, look)
		}
		f, err := os.Open(s.path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it was only read
		w := newWalker(tx, f)
		leaves := []uint64{uint64(b.Root())}
		for {
			below, err := w.branches(leaves)
			if err != nil {
				return err
			}
			if len(below) == 0 {
				break
			}
			leaves = below
		}
		return w.parts(ctx, room, leaves, min(parts, len(leaves)), look)
	})
}

// eachOf shows all that a scan takes as one part.
func eachOf(scan func(take func(Record) bool) error, look func(part int, r Record) error) error {
	var err error
	scanned := scan(func(r Record) bool {
		err = look(0, r)
		return err == nil
	})
	if err != nil {
		return err
	}
	return scanned
}

// parts reads leaves in so many parts.
func (w *walker) parts(ctx context.Context, room string, leaves []uint64, parts int, look func(part int, r Record) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	ends := make([][2][]byte, parts) // first and last keys
	for part := range parts {
		wg.Go(func() {
			var buf, last []byte
			from, to := len(leaves)*part/parts, len(leaves)*(part+1)/parts
			for ids := range slices.Chunk(leaves[from:to], windowPages) {
				if ctx.Err() != nil {
					return
				}
				if err := w.window(&buf, ids, func(id uint64, b []byte) error {
					return records(room, id, b, func(r Record) error {
						switch {
						case last == nil:
							ends[part][0] = bytes.Clone(r.Key)
						case bytes.Compare(r.Key, last) <= 0:
							return damaged(id, "has keys out of order")
						}
						last = append(last[:0], r.Key...)
						return look(part, r)
					})
				}); err != nil {
					cancel(err)
					return
				}
			}
			ends[part][1] = last
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	for i := range parts - 1 {
		if before, next := ends[i][1], ends[i+1][0]; before != nil && next != nil && bytes.Compare(before, next) >= 0 {
			return damaged(leaves[len(leaves)*(i+1)/parts], "has keys out of order")
		}
	}
	return nil
}

// How pages are read: so many in a go, with those that lie between them where that are few, and by several goroutines
// where it is more than a few pieces that lie apart.
const (
	windowPages = 256
	windowGap   = 3
	fetchAlone  = 8
)

// window reads pages into buf, and shows them in the order in which they are given.
func (w *walker) window(buf *[]byte, ids []uint64, look func(id uint64, b []byte) error) error {
	read, err := w.extents(buf, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		b := read.page(id, w.page)
		if b == nil {
			return damaged(id, "is not in use, though another leads to it")
		}
		if binary.NativeEndian.Uint32(b[12:]) > 0 { // it takes more pages
			if b, err = w.load(id, nil); err != nil {
				return err
			}
		}
		if err := look(id, b); err != nil {
			return err
		}
	}
	return nil
}

// extent is some pages that lie together, extents are such, in order.
type (
	extent struct {
		first uint64
		b     []byte
	}
	extents []extent
)

// extents reads those of the pages that there are into buf: what lies near each other at once.
func (w *walker) extents(buf *[]byte, ids []uint64) (read extents, err error) {
	sorted := slices.Sorted(slices.Values(ids))
	rest := *buf
	for i := 0; i < len(sorted); {
		if sorted[i] < 2 || sorted[i] >= w.high {
			i++
			continue
		}
		end := i + 1
		for end < len(sorted) && sorted[end] < w.high && sorted[end]-sorted[end-1] <= windowGap {
			end++
		}
		size := int64(sorted[end-1]-sorted[i]+1) * w.page
		if int64(len(rest)) < size { // the next window finds the room
			*buf = make([]byte, len(*buf)+int(size))
			rest = *buf
		}
		read, rest = append(read, extent{sorted[i], rest[:size]}), rest[size:]
		i = end
	}
	if err := w.fetch(read); err != nil {
		return nil, err
	}
	return read, nil
}

// fetch reads extents, many at once where they are many.
func (w *walker) fetch(all extents) error {
	errs := make([]error, min(skimmers, (len(all)+fetchAlone-1)/fetchAlone))
	part := func(i int) {
		for _, e := range all[len(all)*i/len(errs) : len(all)*(i+1)/len(errs)] {
			if _, err := w.f.ReadAt(e.b, int64(e.first)*w.page); err != nil {
				errs[i] = err
				return
			}
		}
	}
	if len(errs) == 1 {
		part(0)
		return errs[0]
	}
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { part(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// page returns a page that was read, nil where it was not.
func (x extents) page(id uint64, size int64) []byte {
	i, ok := slices.BinarySearchFunc(x, id, func(e extent, id uint64) int { return cmp.Compare(e.first, id) })
	if !ok {
		i--
	}
	if i < 0 || (int64(id-x[i].first)+1)*size > int64(len(x[i].b)) {
		return nil
	}
	return x[i].b[int64(id-x[i].first)*size:][:size]
}

// records shows the records that a leaf has, in place.
func records(room string, id uint64, b []byte, look func(Record) error) error {
	count := int(binary.NativeEndian.Uint16(b[10:]))
	if binary.NativeEndian.Uint64(b) != id || binary.NativeEndian.Uint16(b[8:]) != flagLeaf || pageHeader+count*pageElement > len(b) {
		return damaged(id, "is no leaf, though its neighbours are")
	}
	for i := range count {
		at := pageHeader + i*pageElement
		e := b[at : at+pageElement]
		start := uint64(at) + uint64(binary.NativeEndian.Uint32(e[4:]))
		middle := start + uint64(binary.NativeEndian.Uint32(e[8:]))
		end := middle + uint64(binary.NativeEndian.Uint32(e[12:]))
		if end > uint64(len(b)) || binary.NativeEndian.Uint32(e) != 0 {
			return damaged(id, "has an element that is no record")
		}
		r, err := recordIn(room, b[start:middle:middle], b[middle:end:end])
		if err != nil {
			return err
		}
		if err := look(r); err != nil {
			return err
		}
	}
	return nil
}
