package inverted

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"unsafe"
)

// memory is a run of zeroed bytes outside the garbage collector's reach, where the system gives that: the collector
// would let garbage grow to the size of the tables before it ran, and would keep what a merge has replaced until then.
// Large ones ask for huge pages.
//
// What lies in it is freed once the memory value itself can't be reached: whoever keeps slices of it must keep it, and
// a search keeps its snapshot, by runtime.KeepAlive, until it has copied its answer.
type memory struct{ bytes []byte }

// smallMemory is below which size the collector's own memory serves.
const smallMemory = 1 << 16

func newMemory(n int) *memory {
	if n >= smallMemory {
		if b, err := mapAnonymous(n); err == nil {
			m := &memory{bytes: b}
			runtime.AddCleanup(m, unmap, b)
			return m
		}
	}
	return &memory{bytes: onHeap(n)}
}

// onHeap is memory of the collector's own, in whole words, so that it is aligned for them.
func onHeap(n int) []byte {
	words := make([]uint64, (n+7)/8+1)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 8*len(words))[:n:n]
}

// carver cuts arrays from memory, each at a multiple of 64 bytes, the line of a cache.
type carver struct {
	bytes []byte
	at    int
}

const carverAlign = 64

func aligned(n int) int { return (n + carverAlign - 1) &^ (carverAlign - 1) }

// carve cuts off n values of a type without pointers.
func carve[T uint16 | uint32 | uint64 | byte](c *carver, n int) []T {
	var t T
	size := n * int(unsafe.Sizeof(t))
	if n == 0 {
		return nil
	}
	s := unsafe.Slice((*T)(unsafe.Pointer(&c.bytes[c.at : c.at+size : c.at+size][0])), n)
	c.at += aligned(size)
	return s
}

// mapFile is the memory of a file of that length.
func mapFile(name string, length int64) (*memory, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	at, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !at.Mode().IsRegular() || at.Size() != length {
		return nil, fmt.Errorf("%s: %d bytes, want %d", name, at.Size(), length)
	}
	if length > 0 {
		if b, err := mapReadOnly(f, int(length)); err == nil {
			m := &memory{bytes: b}
			runtime.AddCleanup(m, unmap, b)
			return m, nil
		}
	}
	m := newMemory(int(length))
	_, err = io.ReadFull(f, m.bytes)
	return m, err
}
