//go:build unix

package offheap

import (
	"os"

	"golang.org/x/sys/unix"
)

// hugeMemory is from which size on huge pages are asked for.
const hugeMemory = 4 << 20

func mapAnonymous(n int) ([]byte, error) {
	b, err := unix.Mmap(-1, 0, max(n, 1), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err == nil && n >= hugeMemory {
		adviseHuge(b)
	}
	return b, err
}

// unmap gives memory back that was mapped; of other memory it does nothing, since that is the collector's.
func unmap(b []byte) { _ = unix.Munmap(b) } // fails only for what is not mapped

func mapReadOnly(f *os.File, n int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, n, unix.PROT_READ, unix.MAP_SHARED)
}
