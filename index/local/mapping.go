package local

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
)

// errMemory is returned when files beside the store are not what memory can be taken from. It stays in this package: what
// is in the store is not harmed, and memory is made of that.
var errMemory = errors.New("does not fit")

// mapping is a file's bytes. They are given back once nobody can reach the mapping any more, so whoever reads them must
// hold it until the last of them is read.
type mapping struct{ bytes []byte }

// mapFile maps a file of a known length. Nobody writes to it once it has its name, nor cuts it short: it stands in a folder
// of the store's, which one process at a time has open. Where somebody does all the same, the system ends the process when
// it reads what is not there, as it does with the store itself; no wrong answer comes of it.
func mapFile(path string, size int64) (*mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMemory, err)
	}
	defer func() { _ = f.Close() }() // it was only read
	stat, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errMemory, err)
	case !stat.Mode().IsRegular() || stat.Size() != size || size <= 0 || int64(int(size)) != size:
		return nil, fmt.Errorf("%w: %s has %d bytes, want %d", errMemory, path, stat.Size(), size)
	}
	b, unmap, err := mapBytes(f, int(size))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errMemory, path, err)
	}
	m := &mapping{b}
	runtime.AddCleanup(m, func(unmap func()) { unmap() }, unmap)
	return m, nil
}

// parallel calls do with each number below n, on all processors.
func parallel(n int, do func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	var next atomic.Int64
	done := make(chan struct{})
	for range workers {
		go func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
			done <- struct{}{}
		}()
	}
	for range workers {
		<-done
	}
}
