package store

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"

	bolt "go.etcd.io/bbolt"
)

// guard runs what touches the mapped file: where a damaged page makes bbolt panic, or a page that can't be read raises
// a fault, it returns ErrCorrupt.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, p)
		}
	}()
	return f()
}

// view runs a read transaction. It must not outlast the call that it serves.
func (s *Store) view(f func(tx *bolt.Tx) error) error {
	return guard(func() error {
		defer s.readers.leave(s.readers.enter())
		tx, err := s.db.Begin(false)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // of a read transaction: nothing to lose
		return f(tx)
	})
}

// holder names the process that holds the lock of a file, where the system tells; " (process 42)", or nothing.
func holder(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return ""
	}
	inode := fmt.Sprintf(":%d", stat.Ino)
	for line := range strings.Lines(string(locks)) {
		// 1: FLOCK  ADVISORY  WRITE 42 08:01:123456 0 EOF
		f := strings.Fields(line)
		if len(f) >= 6 && f[1] == "FLOCK" && strings.HasSuffix(f[5], inode) {
			return " (process " + f[4] + ")"
		}
	}
	return ""
}
