package hamming

import (
	"slices"
	"syscall"
	"testing"
	"unsafe"
)

// between returns n zeros that end where nothing may be read, or else begin behind such a place.
func between[T any](t *testing.T, n int, end bool) []T {
	page := syscall.Getpagesize()
	var zero T
	size := n * int(unsafe.Sizeof(zero))
	inner := (size + page - 1) / page * page
	mem, err := syscall.Mmap(-1, 0, inner+2*page, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(mem); err != nil {
			t.Error(err)
		}
	})
	for _, guard := range [][]byte{mem[:page], mem[page+inner:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	from := page
	if end {
		from += inner - size
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&mem[from])), n)
}

// Nothing is read or written but what the kernels are given: otherwise this would crash.
func TestKernelsStayWithinTheirMemory(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for _, end := range []bool{false, true} {
			for _, n := range append(slices.Clone(sizes), 8000) {
				if n == 0 {
					continue
				}
				spans := between[span](t, 2+spanPad, end)
				spans[0] = span{0, uint32(n), 300, 0}
				spans[1] = span{uint32(n - 1), uint32(n), 300, 0}
				for i := range spans[2:] {
					spans[2+i] = span{1 << 31, 1<<32 - 1, 300, 0}
				}
				out := between[uint64](t, n+1+outPad, end)
				first, second := between[uint16](t, n, end), between[uint32](t, n, end)
				codes := between[uint64](t, 4*n, end)
				query := &between[[4]uint64](t, 1, end)[0]
				found := []int{
					kernelNear(out, first, spans, 2, 0),
					kernelFull(out, first, second, spans, 2, 0, 0),
					kernelWide(out, codes, spans, 2, query),
				}
				if !slices.Equal(found, []int{n + 1, n + 1, n + 1}) {
					t.Fatalf("of %d entries, %v were found", n+1, found)
				}
				kernelSum(codes)
				if n%8 > 0 || n > 4096 {
					continue
				}
				for count := 1; count < 18; count++ {
					queries := between[uint64](t, 4*count, end)
					pairs := between[uint64](t, n*count, end)
					// The codes are zeros, so all pass, and all that might be written is.
					if one, four := kernelTile(pairs, codes[3*n:], 1, n, queries[3*count:], count, 0),
						kernelTile(pairs, codes, 4, n, queries, count, 0); one != n*count || four != n*count {
						t.Fatalf("of %d pairs, %d and %d were found", n*count, one, four)
					}
				}
			}
		}
	})
}
