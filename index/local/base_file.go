package local

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"unsafe"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
)

// The layout of a base as a file, version 2. All numbers are in the machine's own order, and the arrays stand as they are
// in memory, so that they are mapped and used without a step between; a file from a machine of another order does not
// fit, and is made anew as any other that does not.
//
//	text (16 bytes) | 1, as a number that tells the order (4) | recipe (2) | recipe of the features (2) | revision (8) |
//	for each array, in the order of arrays below: where it starts (8), its elements (8) | the arrays, each at a multiple
//	of 64
//
// The checksum stands in the manifest (checkpoint.go). It is relied on for what the numbers mean: that keys are in order,
// that lists are complete. That numbers lie within what they count is checked besides, so that no file whatever makes a
// search read beyond an array.
//
// Worked example: the base of an empty store begins "touchstone base\n" 01 00 00 00 and has 23 arrays, of which
// brandStarts, productStarts and pairStarts have one element.
//
// Versions so far: 1 (2026-11), 2 (2026-11); the manifest has it.
const (
	baseText  = "touchstone base\n"
	baseOrder = 1
	baseHead  = len(baseText) + 4 + 4 + 8
	baseAlign = 64
)

// array is one of a base's arrays, whatever its elements.
type array struct {
	size int               // bytes of an element
	len  int               // elements
	data unsafe.Pointer    // the first
	take func([]byte, int) // has the array lie in these bytes, aligned, so many elements
}

func arrayOf[T any](a *[]T) array {
	var zero T
	return array{int(unsafe.Sizeof(zero)), len(*a), unsafe.Pointer(unsafe.SliceData(*a)), func(b []byte, n int) {
		if *a = nil; n > 0 {
			*a = unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
		}
	}}
}

func (b *base) arrays() []array {
	return []array{
		arrayOf(&b.brandOf), arrayOf(&b.productOf), arrayOf(&b.p), arrayOf(&b.pdq), arrayOf(&b.content), arrayOf(&b.featured), arrayOf(&b.idEnds),
		arrayOf(&b.idBlocks), arrayOf(&b.ids), arrayOf(&b.contentP), arrayOf(&b.contentPDQ), arrayOf(&b.order), arrayOf(&b.free),
		arrayOf(&b.brands.ends), arrayOf(&b.brands.bytes), arrayOf(&b.brandStarts),
		arrayOf(&b.products.ends), arrayOf(&b.products.bytes), arrayOf(&b.productStarts), arrayOf(&b.productRows),
		arrayOf(&b.pairStarts), arrayOf(&b.pairs), arrayOf(&b.pairCounts),
	}
}

// write writes the base as a file.
func (b *base) write(ctx context.Context, w io.Writer) error {
	arrays := b.arrays()
	head := append([]byte(baseText), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	binary.NativeEndian.PutUint32(head[len(baseText):], baseOrder)
	binary.NativeEndian.PutUint16(head[len(baseText)+4:], uint16(b.recipe))
	binary.NativeEndian.PutUint16(head[len(baseText)+6:], uint16(b.features))
	binary.NativeEndian.PutUint64(head[len(baseText)+8:], b.revision)
	end := baseHead + 16*len(arrays)
	for _, a := range arrays {
		start := aligned(end)
		head = binary.NativeEndian.AppendUint64(head, uint64(start))
		head = binary.NativeEndian.AppendUint64(head, uint64(a.len))
		end = start + a.size*a.len
	}
	out := bufio.NewWriterSize(w, 1<<20)
	at, err := out.Write(head)
	for _, a := range arrays {
		if err == nil {
			_, err = out.Write(make([]byte, aligned(at)-at))
		}
		for rest := unsafe.Slice((*byte)(a.data), a.size*a.len); err == nil && len(rest) > 0; {
			var n int
			if err = ctx.Err(); err == nil {
				n, err = out.Write(rest[:min(len(rest), 1<<24)])
			}
			rest = rest[n:]
		}
		at = aligned(at) + a.size*a.len
	}
	if err == nil {
		err = out.Flush()
	}
	return err
}

func aligned(at int) int { return (at + baseAlign - 1) / baseAlign * baseAlign }

// readBase has a base lie in a file's bytes, which must begin at a multiple of 8. Errors: errMemory.
func readBase(m []byte) (*base, error) {
	b := new(base)
	arrays := b.arrays()
	if len(m) < baseHead+16*len(arrays) || string(m[:len(baseText)]) != baseText {
		return nil, fmt.Errorf("%w: it is no base", errMemory)
	}
	rest := m[len(baseText):]
	if order := binary.NativeEndian.Uint32(rest); order != baseOrder {
		return nil, fmt.Errorf("%w: it is a base of another machine", errMemory)
	}
	b.recipe, b.features = fingerprint.Recipe(binary.NativeEndian.Uint16(rest[4:])), feature.Recipe(binary.NativeEndian.Uint16(rest[6:]))
	b.revision = binary.NativeEndian.Uint64(rest[8:])
	rest = rest[16:]
	for i, a := range arrays {
		start, n := binary.NativeEndian.Uint64(rest), binary.NativeEndian.Uint64(rest[8:])
		if start > uint64(len(m)) || start%baseAlign != 0 || n > (uint64(len(m))-start)/uint64(a.size) {
			return nil, fmt.Errorf("%w: array %d reaches beyond the base", errMemory, i)
		}
		a.take(m[start:], int(n))
		rest = rest[16:]
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	b.countFeatured()
	return b, nil
}

// check holds that whatever is read by the base's numbers is there. It runs on all processors.
func (b *base) check() error {
	rows, photos, brands, products, contents := b.rows(), b.photos(), b.brands.len(), b.products.len(), len(b.contentP)
	sound := rows < none/2 && len(b.productOf) == rows && len(b.p) == rows && len(b.pdq) == rows && len(b.content) == rows && len(b.featured) == rows &&
		len(b.idEnds) == rows && len(b.idBlocks) == (rows+idBlock-1)/idBlock && len(b.contentPDQ) == contents &&
		photos <= rows && len(b.free) == rows-photos && len(b.productRows) == photos && len(b.pairs) == len(b.pairCounts) &&
		b.brands.sound() && b.products.sound() &&
		parted(b.brandStarts, brands, photos) && parted(b.productStarts, products, photos) && parted(b.pairStarts, brands, len(b.pairs))
	if !sound {
		return fmt.Errorf("%w: arrays of a base that don't belong together", errMemory)
	}
	gap := func(at uint32) bool { return b.brandOf[at] == none }
	checks := []func() bool{
		func() bool {
			return eachOf(b.content, func(c uint32) bool { return c == none || c < uint32(contents) })
		},
		func() bool { return eachOf(b.brandOf, func(i uint32) bool { return i == none || i < uint32(brands) }) },
		func() bool {
			return eachOf(b.productOf, func(i uint32) bool { return i == none || i < uint32(products) })
		},
		func() bool {
			for at := range b.brandOf {
				if (b.brandOf[at] == none) != (b.productOf[at] == none) {
					return false
				}
			}
			return true
		},
		func() bool {
			last := uint64(0)
			for at, end := range b.idEnds {
				start, block := uint32(0), b.idBlocks[at/idBlock]
				if at%idBlock > 0 {
					start = b.idEnds[at-1]
				} else if block < last {
					return false
				}
				if end < start || block > uint64(len(b.ids)) || uint64(end) > uint64(len(b.ids))-block {
					return false
				}
				last = block
			}
			return true
		},
		func() bool {
			return eachOf(b.order, func(at uint32) bool { return at < uint32(rows) && !gap(at) })
		},
		func() bool {
			return eachOf(b.productRows, func(at uint32) bool { return at < uint32(rows) && !gap(at) })
		},
		func() bool { return eachOf(b.free, func(at uint32) bool { return at < uint32(rows) && gap(at) }) },
		func() bool { return eachOf(b.pairs, func(i uint32) bool { return i < uint32(products) }) },
	}
	failed := make([]bool, len(checks))
	var wg sync.WaitGroup
	for i, check := range checks {
		wg.Go(func() { failed[i] = !check() })
	}
	wg.Wait()
	for i, failed := range failed {
		if failed {
			return fmt.Errorf("%w: numbers of a base that lead nowhere (%d)", errMemory, i)
		}
	}
	return nil
}

func eachOf(a []uint32, holds func(uint32) bool) bool {
	for _, v := range a {
		if !holds(v) {
			return false
		}
	}
	return true
}

// parted tells whether starts cut so many elements into so many parts.
func parted(starts []uint32, parts, elements int) bool {
	if len(starts) != parts+1 || starts[0] != 0 || int(starts[parts]) != elements {
		return false
	}
	for i := range parts {
		if starts[i] > starts[i+1] {
			return false
		}
	}
	return true
}

func (n *names) sound() bool {
	last := uint64(0)
	for _, end := range n.ends {
		if end < last || end > uint64(len(n.bytes)) {
			return false
		}
		last = end
	}
	return true
}

// sumPiece is how much of a file one checksum covers.
const sumPiece = 4 << 20

// checksum is the CRC-32C of the CRC-32Cs of a file's pieces of sumPiece bytes, which all processors make together.
func checksum(b []byte) uint32 {
	sums := make([]byte, 4*((len(b)+sumPiece-1)/sumPiece))
	parallel(len(sums)/4, func(i int) {
		binary.BigEndian.PutUint32(sums[4*i:], crc32.Checksum(b[i*sumPiece:min(len(b), (i+1)*sumPiece)], castagnoli))
	})
	return crc32.Checksum(sums, castagnoli)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// summer is checksum of what is written through it.
type summer struct {
	w     io.Writer
	piece uint32
	sums  []byte
	bytes int64
}

func (s *summer) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	for rest := b[:n]; len(rest) > 0; {
		next := min(len(rest), sumPiece-int(s.bytes%sumPiece))
		s.piece = crc32.Update(s.piece, castagnoli, rest[:next])
		s.bytes += int64(next)
		if s.bytes%sumPiece == 0 {
			s.sums, s.piece = binary.BigEndian.AppendUint32(s.sums, s.piece), 0
		}
		rest = rest[next:]
	}
	return n, err
}

func (s *summer) sum() uint32 {
	if s.bytes%sumPiece > 0 {
		return crc32.Checksum(binary.BigEndian.AppendUint32(s.sums, s.piece), castagnoli)
	}
	return crc32.Checksum(s.sums, castagnoli)
}
