//go:build unix

package main

import (
	"io"
	"os"
	"syscall"
)

// lockFile keeps other processes from locking the file until this one closes it or ends, however it ends.
func lockFile(f *os.File) error {
	return syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart})
}
