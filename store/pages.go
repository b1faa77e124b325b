package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	bolt "go.etcd.io/bbolt"
)

// bbolt's own check follows offsets and page numbers as they stand, in a goroutine of its own, where a damaged one takes
// the process down. So pages are looked at here first, read from the file and never from the map.
//
// A page has a header: number (8), flags (2), count (2), overflow (4, how many pages more it takes). A branch has
// elements of offset (4, from the element), key size (4), page (8); a leaf of flags (4), offset (4), key size (4), value
// size (4). A leaf value with flag 1 is a bucket: root page (8), sequence (8), and where the root is 0 a page in line. The
// freelist has numbers of pages (8 each, ascending), of which the first is their count where the header's is 65535.
//
// Each page is in use, or free, or a meta page. The freelist matters most: bbolt trusts it, and writes over what it names.
const (
	pageHeader   = 16
	pageElement  = 16
	bucketHeader = 16
	flagBranch   = 1
	flagLeaf     = 2
	flagFreelist = 16
	leafBucket   = 1
)

// walker goes through the pages of a file.
type walker struct {
	f      io.ReaderAt
	page   int64
	high   uint64          // first page number that is not in use
	ended  <-chan struct{} // closed: give up; nil: never
	brief  bool            // of leaves that take several pages look at the first: they hold large values, most of a file
	seen   []bool
	levels []level // by depth
	faults []string
}

// level is what a walker has of the pages at one depth.
type level struct {
	buf   []byte // of one page
	ahead []byte // of several
	read  extents
}

// errEnded is what a walk that was given up returns.
var errEnded = errors.New("store is being closed")

// checkPages lists what is wrong with the pages that a read transaction sees, unless ended is closed before it is through.
// brief leaves keys unread that lie behind large values.
func checkPages(tx *bolt.Tx, ended <-chan struct{}, brief bool) ([]string, error) {
	f, err := os.Open(tx.DB().Path())
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	w := newWalker(tx, f)
	w.ended, w.brief = ended, brief
	free, ok := freelistOf(f, w.page, uint64(tx.ID())) // now: the meta page may be written over meanwhile
	w.tree(0, uint64(tx.Cursor().Bucket().Root()), nil)
	if ok && len(w.faults) == 0 {
		w.freelist(free)
	}
	select {
	case <-w.ended:
		return nil, errEnded
	default:
		return w.faults, nil
	}
}

func newWalker(tx *bolt.Tx, f io.ReaderAt) *walker {
	page := int64(tx.DB().Info().PageSize)
	high := uint64(tx.Size() / page)
	return &walker{f: f, page: page, high: high, seen: make([]bool, high)}
}

// read returns a page with those that it takes besides, all of them marked as seen, or the first alone where that does for
// now. The next call of the same depth may reuse the memory.
func (w *walker) read(depth int, id uint64) (b []byte, ok bool) {
	if !w.note(id) {
		return nil, false
	}
	select {
	case <-w.ended:
		return nil, false
	default:
	}
	l := w.level(depth)
	if b = l.read.page(id, w.page); b == nil {
		b = l.buf
		if _, err := w.f.ReadAt(b, int64(id)*w.page); err != nil {
			w.add(id, "%v", err)
			return nil, false
		}
	}
	pages := uint64(binary.NativeEndian.Uint32(b[12:])) + 1
	if pages > w.high-id {
		w.add(id, "takes %d pages, beyond the last in use", pages)
		return nil, false
	}
	for more := id + 1; more < id+pages; more++ {
		if w.seen[more] {
			w.add(more, "is part of page %d, and led to besides", id)
		}
		w.seen[more] = true
	}
	if n := binary.NativeEndian.Uint64(b); n != id {
		w.add(id, "says that it is page %d", n)
		return nil, false
	}
	if pages > 1 && !(w.brief && plainLeaf(b)) {
		b = make([]byte, int64(pages)*w.page)
		if _, err := w.f.ReadAt(b, int64(id)*w.page); err != nil {
			w.add(id, "%v", err)
			return nil, false
		}
	}
	return b, true
}

// plainLeaf tells whether a page is a leaf without buckets, by its first page alone.
func plainLeaf(b []byte) bool {
	count := int(binary.NativeEndian.Uint16(b[10:]))
	if binary.NativeEndian.Uint16(b[8:]) != flagLeaf || pageHeader+count*pageElement > len(b) {
		return false
	}
	for i := range count {
		if binary.NativeEndian.Uint32(b[pageHeader+i*pageElement:]) != 0 {
			return false
		}
	}
	return true
}

// level returns what there is of a depth.
func (w *walker) level(depth int) *level {
	for depth >= len(w.levels) {
		w.levels = append(w.levels, level{buf: make([]byte, w.page)})
	}
	return &w.levels[depth]
}

// ahead reads the pages that a branch leads to, those that lie together at once, since each by itself takes long where the
// file is not in memory. What is wrong with them is seen when they are looked at.
func (w *walker) ahead(depth int, branch []byte, count int) {
	ids := make([]uint64, count)
	for i := range ids {
		ids[i] = binary.NativeEndian.Uint64(branch[pageHeader+i*pageElement+8:])
	}
	l := w.level(depth)
	l.read, _ = w.extents(&l.ahead, ids)
}

// note marks a page as seen, which another leads to.
func (w *walker) note(id uint64) bool {
	if id < 2 || id >= w.high {
		w.add(id, "is not in use, though another leads to it")
		return false
	}
	if w.seen[id] {
		w.add(id, "is led to twice")
		return false
	}
	w.seen[id] = true
	return true
}

// freelist checks the list of free pages, once all that are in use were seen: both together are all there are.
func (w *walker) freelist(id uint64) {
	b, ok := w.read(0, id)
	if !ok {
		return
	}
	if flags := binary.NativeEndian.Uint16(b[8:]); flags != flagFreelist {
		w.add(id, "has flags %#x, though it is the freelist", flags)
		return
	}
	ids, count := listed(b)
	if count > uint64(len(ids)/8) {
		w.add(id, "lists %d free pages, more than fit", count)
		return
	}
	for last := uint64(1); count > 0; count, ids = count-1, ids[8:] {
		free := binary.NativeEndian.Uint64(ids)
		switch {
		case free <= last || free >= w.high:
			w.add(id, "lists page %d as free behind page %d, of %d", free, last, w.high)
			return
		case w.seen[free]:
			w.add(free, "is in use, though it is listed as free")
		}
		w.seen[free], last = true, free
	}
	for page := uint64(2); page < w.high; page++ {
		if !w.seen[page] {
			w.add(page, "is neither in use nor listed as free")
		}
	}
}

// listed returns how many numbers a freelist says that it has, and where they stand, whether or not they fit.
func listed(b []byte) (ids []byte, count uint64) {
	count, ids = uint64(binary.NativeEndian.Uint16(b[10:])), b[pageHeader:]
	if count == 0xffff {
		count, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	return ids, count
}

func (w *walker) add(id uint64, format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf("page %d: ", id)+fmt.Sprintf(format, args...))
}

// tree checks a page and what lies below it. least is the key that a branch has for it.
func (w *walker) tree(depth int, id uint64, least []byte) {
	if b, ok := w.read(depth, id); ok {
		size := (uint64(binary.NativeEndian.Uint32(b[12:])) + 1) * uint64(w.page)
		w.elements(depth, id, b, size, least)
	}
}

// elements checks the elements of a page of that size, and follows them where they are sound. Of a leaf without buckets b
// may end before the page does.
func (w *walker) elements(depth int, id uint64, b []byte, size uint64, least []byte) {
	flags, count := binary.NativeEndian.Uint16(b[8:]), int(binary.NativeEndian.Uint16(b[10:]))
	if flags != flagBranch && flags != flagLeaf {
		w.add(id, "has flags %#x", flags)
		return
	}
	if pageHeader+count*pageElement > len(b) {
		w.add(id, "has %d elements, more than fit", count)
		return
	}
	if flags == flagBranch {
		w.ahead(depth+1, b, count)
	}
	last := least
	for i := range count {
		at := pageHeader + i*pageElement
		e := b[at : at+pageElement]
		var offset, keySize, valueSize uint64
		if flags == flagBranch {
			offset, keySize = uint64(binary.NativeEndian.Uint32(e)), uint64(binary.NativeEndian.Uint32(e[4:]))
		} else {
			offset, keySize = uint64(binary.NativeEndian.Uint32(e[4:])), uint64(binary.NativeEndian.Uint32(e[8:]))
			valueSize = uint64(binary.NativeEndian.Uint32(e[12:]))
		}
		if uint64(at)+offset+keySize+valueSize > size {
			w.add(id, "element %d reaches beyond the page", i)
			return
		}
		if uint64(at)+offset+keySize > uint64(len(b)) {
			continue
		}
		key := b[uint64(at)+offset:][:keySize]
		if c := bytes.Compare(key, last); c < 0 || c == 0 && i > 0 {
			w.add(id, "element %d has a key out of order", i)
		}
		last = key
		if flags == flagBranch {
			w.tree(depth+1, binary.NativeEndian.Uint64(e[8:]), key)
		} else if binary.NativeEndian.Uint32(e) == leafBucket {
			w.bucket(depth, id, b[uint64(at)+offset+keySize:][:valueSize])
		} else if f := binary.NativeEndian.Uint32(e); f != 0 {
			w.add(id, "element %d has flags %#x", i, f)
		}
	}
}

func (w *walker) bucket(depth int, id uint64, v []byte) {
	if len(v) < bucketHeader {
		w.add(id, "has a bucket of %d bytes", len(v))
		return
	}
	if root := binary.NativeEndian.Uint64(v); root != 0 {
		w.tree(depth+1, root, nil)
		return
	}
	if v = v[bucketHeader:]; len(v) < pageHeader {
		w.add(id, "has a bucket in line of %d bytes", len(v))
		return
	}
	w.elements(depth, id, v, uint64(len(v)), nil)
}
