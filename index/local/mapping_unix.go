//go:build unix

package local

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapBytes maps a file into memory, for reading alone.
func mapBytes(f *os.File, size int) (b []byte, unmap func(), err error) {
	b, err = unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, err
	}
	_ = unix.Madvise(b, unix.MADV_WILLNEED) // all of it is read at once; where this fails it is read more slowly
	return b, func() { _ = unix.Munmap(b) }, nil
}
