package store

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// skimPages looks at branches, and at leaves that have buckets, of what a read transaction sees: one page in some fifty.
// It tells that no way down ends in a circle, which bbolt would follow until the process dies. It takes for granted that
// all leaves of a tree are equally deep, and that where the first one has no bucket none has: a walk sees where not.
func skimPages(tx *bolt.Tx) error {
	f, err := os.Open(tx.DB().Path())
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	w := newWalker(tx, f)
	roots := []uint64{uint64(tx.Cursor().Bucket().Root())}
	for len(roots) > 0 {
		level := roots[:1]
		roots = roots[1:]
		for len(level) > 0 {
			for _, id := range level {
				if !w.note(id) {
					return fmt.Errorf("%w: %s", ErrCorrupt, w.faults[0])
				}
			}
			below, err := w.branches(level)
			if err != nil {
				return err
			}
			if len(below) == 0 {
				buckets, err := w.buckets(level)
				if err != nil {
					return err
				}
				roots = append(roots, buckets...)
			}
			level = below
		}
	}
	return nil
}

// skimmers is how many pages are read at once: many, since most of the time is waiting for the disk.
const skimmers = 16

// branches returns the pages that branches of one level lead to, in order; none where the first is a leaf, as all are
// then.
func (w *walker) branches(level []uint64) (pages []uint64, err error) {
	if b, err := w.load(level[0], nil); err != nil || binary.NativeEndian.Uint16(b[8:]) == flagLeaf {
		return nil, err
	}
	type part struct {
		pages []uint64
		err   error
	}
	parts := make([]part, min(skimmers, len(level)))
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() {
			p := &parts[i]
			var b []byte
			for _, id := range level[len(level)*i/len(parts) : len(level)*(i+1)/len(parts)] {
				if b, p.err = w.load(id, b); p.err == nil {
					p.pages, p.err = branch(id, b, p.pages)
				}
				if p.err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	for _, p := range parts {
		if p.err != nil {
			return nil, p.err
		}
		pages = append(pages, p.pages...)
	}
	return pages, nil
}

// buckets returns the roots of the buckets that leaves of one level have; none where the first leaf has none.
func (w *walker) buckets(level []uint64) (roots []uint64, err error) {
	var b []byte
	for i, id := range level {
		if b, err = w.load(id, b); err != nil {
			return nil, err
		}
		for e := range int(binary.NativeEndian.Uint16(b[10:])) {
			at := pageHeader + e*pageElement
			if at+pageElement > len(b) {
				return nil, damaged(id, "has more elements than fit")
			}
			head := b[at:]
			start := uint64(at) + uint64(binary.NativeEndian.Uint32(head[4:])) + uint64(binary.NativeEndian.Uint32(head[8:]))
			if binary.NativeEndian.Uint32(head) != leafBucket {
				continue
			}
			if start+bucketHeader > uint64(len(b)) {
				return nil, damaged(id, "has an element that reaches beyond it")
			}
			if root := binary.NativeEndian.Uint64(b[start:]); root != 0 {
				roots = append(roots, root)
			}
		}
		if i == 0 && len(roots) == 0 {
			break
		}
	}
	return roots, nil
}

// branch appends the pages that a branch leads to.
func branch(id uint64, b []byte, pages []uint64) ([]uint64, error) {
	count := int(binary.NativeEndian.Uint16(b[10:]))
	if binary.NativeEndian.Uint16(b[8:]) != flagBranch || pageHeader+count*pageElement > len(b) {
		return nil, damaged(id, "is no branch, though its neighbours are")
	}
	for i := range count {
		pages = append(pages, binary.NativeEndian.Uint64(b[pageHeader+i*pageElement+8:]))
	}
	return pages, nil
}

// load reads a page with those that it takes besides, into b where there is room.
func (w *walker) load(id uint64, b []byte) ([]byte, error) {
	if id < 2 || id >= w.high {
		return nil, damaged(id, "is not in use, though another leads to it")
	}
	if int64(len(b)) != w.page {
		b = make([]byte, w.page)
	}
	if _, err := w.f.ReadAt(b, int64(id)*w.page); err != nil {
		return nil, err
	}
	pages := uint64(binary.NativeEndian.Uint32(b[12:])) + 1
	if pages > w.high-id || binary.NativeEndian.Uint64(b) != id {
		return nil, damaged(id, "has a wrong header")
	}
	if pages > 1 {
		b = make([]byte, int64(pages)*w.page)
		if _, err := w.f.ReadAt(b, int64(id)*w.page); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func damaged(id uint64, what string) error { return fmt.Errorf("%w: page %d %s", ErrCorrupt, id, what) }
