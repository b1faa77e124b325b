package store

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"
)

// bbolt keeps two meta pages, at the file's start and one page on, each with a checksum: a header of 16 bytes, then
// magic (4), version (4), page size (4), flags (4), root (16), freelist (8), high water mark (8), transaction (8), all in
// the machine's order, and the FNV-1a of those 56 bytes (8).
const (
	metaMagic  = 0xED0CDAED
	metaHeader = 16
	metaSummed = 56
)

// checkMeta reads both meta pages of a file and says which are damaged: a description of the one that is, or that all
// are. bbolt by itself goes on with the other one, without the commit that the damaged one knew, and without a word.
func checkMeta(path string) (damaged string, all bool) {
	f, err := os.Open(path)
	if err != nil {
		return err.Error(), true
	}
	defer func() { _ = f.Close() }() // it was only read
	size, first := readMeta(f, 0)
	sizes := []int64{size}
	if first != nil {
		// The page size is in the damaged page: try those that bbolt knows.
		sizes = nil
		for n := int64(1 << 10); n <= 1<<16; n <<= 1 {
			sizes = append(sizes, n)
		}
	}
	second := fmt.Errorf("not found")
	for _, n := range sizes {
		var stated int64
		if stated, second = readMeta(f, n); second == nil {
			if stated == n {
				break
			}
			second = fmt.Errorf("page size %d, at %d", stated, n)
		}
	}
	switch {
	case first != nil && second != nil:
		return fmt.Sprintf("page 0: %v; page 1: %v", first, second), true
	case first != nil:
		return fmt.Sprintf("page 0: %v", first), false
	case second != nil:
		return fmt.Sprintf("page 1: %v", second), false
	}
	return "", false
}

// readMeta checks the meta page at an offset and returns the page size that it states.
func readMeta(f io.ReaderAt, at int64) (int64, error) {
	m, err := soundMeta(f, at)
	if err != nil {
		return 0, err
	}
	return int64(binary.NativeEndian.Uint32(m[8:])), nil
}

// freelistOf returns the page that a transaction's freelist is on; not ok where its meta page has been written over
// since, or where none is kept.
func freelistOf(f io.ReaderAt, page int64, transaction uint64) (id uint64, ok bool) {
	for _, at := range []int64{0, page} {
		m, err := soundMeta(f, at)
		if err == nil && binary.NativeEndian.Uint64(m[48:]) == transaction {
			id = binary.NativeEndian.Uint64(m[32:])
			return id, id != math.MaxUint64
		}
	}
	return 0, false
}

// soundMeta returns what the meta page at an offset has behind its header, if its checksum holds.
func soundMeta(f io.ReaderAt, at int64) ([]byte, error) {
	var b [metaHeader + metaSummed + 8]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		return nil, err
	}
	m := b[metaHeader:]
	if magic := binary.NativeEndian.Uint32(m); magic != metaMagic {
		return nil, fmt.Errorf("magic number %08x", magic)
	}
	h := fnv.New64a()
	_, _ = h.Write(m[:metaSummed]) // a hash never fails
	if h.Sum64() != binary.NativeEndian.Uint64(m[metaSummed:]) {
		return nil, fmt.Errorf("checksum")
	}
	return m, nil
}
