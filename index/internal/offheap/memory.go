// Package offheap keeps arrays without pointers outside the garbage collector's reach, and in files that are mapped and
// checked: what the searchable sets of package index lie in. It promises that bytes which were changed since they were
// written are told, and knows nothing of what arrays mean.
//
// The caveat that bites: memory is freed with its Memory, not with the slices that were cut from it. Whoever keeps slices
// must keep the Memory as well.
package offheap

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"unsafe"
)

// Memory is a run of zeroed bytes outside the garbage collector's reach, where the system gives that: the collector
// would let garbage grow to the size of the tables before it ran, and would keep what a merge has replaced until then.
// Large ones ask for huge pages.
//
// What lies in it is freed once the Memory itself can't be reached: whoever keeps slices of it must keep it, and
// a search keeps its snapshot, by runtime.KeepAlive, until it has copied its answer.
type Memory struct{ Bytes []byte }

// smallMemory is below which size the collector's own memory serves.
const smallMemory = 1 << 16

// NewMemory is so many bytes.
func NewMemory(n int) *Memory {
	if n >= smallMemory {
		if b, err := mapAnonymous(n); err == nil {
			m := &Memory{b}
			runtime.AddCleanup(m, unmap, b)
			return m
		}
	}
	return &Memory{onHeap(n)}
}

// onHeap is memory of the collector's own, in whole words, so that it is aligned for them.
func onHeap(n int) []byte {
	words := make([]uint64, (n+7)/8+1)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 8*len(words))[:n:n]
}

// Scratch is memory for the length of a call: its caller frees it.
type Scratch struct{ Bytes []byte }

// NewScratch is so many bytes.
func NewScratch(n int) *Scratch {
	b, err := mapAnonymous(n)
	if err != nil {
		return &Scratch{onHeap(n)}
	}
	return &Scratch{b}
}

// Free gives the bytes back, of which nobody may have a slice any more.
func (s *Scratch) Free() {
	unmap(s.Bytes)
	s.Bytes = nil
}

// Carver cuts arrays from memory, each at a multiple of 64 bytes, the line of a cache.
type Carver struct {
	bytes []byte
	at    int
}

// CarverOf cuts from the front of b.
func CarverOf(b []byte) Carver { return Carver{bytes: b} }

const align = 64

// Aligned is how many bytes an array of n takes.
func Aligned(n int) int { return (n + align - 1) &^ (align - 1) }

// Carve cuts off n values of a type without pointers, which must be there.
func Carve[T uint16 | uint32 | uint64 | byte](c *Carver, n int) []T {
	var t T
	size := n * int(unsafe.Sizeof(t))
	if n == 0 {
		return nil
	}
	s := unsafe.Slice((*T)(unsafe.Pointer(&c.bytes[c.at : c.at+size : c.at+size][0])), n)
	c.at += Aligned(size)
	return s
}

// Cut is Carve for lengths that nobody has vouched for. Errors: io.ErrUnexpectedEOF.
func Cut[T uint16 | uint32 | uint64 | byte](c *Carver, n int) ([]T, error) {
	var t T
	if n < 0 || n > (len(c.bytes)-min(c.at, len(c.bytes)))/int(unsafe.Sizeof(t)) {
		return nil, io.ErrUnexpectedEOF
	}
	return Carve[T](c, n), nil
}

// BytesOf is the memory of an array.
func BytesOf[T ~uint16 | ~uint32 | ~uint64](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*int(unsafe.Sizeof(s[0])))
}

// mapFile is the memory of a file of that length.
func mapFile(name string, length int64) (*Memory, error) {
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
			m := &Memory{b}
			runtime.AddCleanup(m, unmap, b)
			return m, nil
		}
	}
	m := NewMemory(int(length))
	_, err = io.ReadFull(f, m.Bytes)
	return m, err
}
