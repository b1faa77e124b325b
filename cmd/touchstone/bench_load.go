package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"touchstone/index/hamming"
)

// load saves the set to a temporary folder and makes another one of what is there, as a start does, while the system may
// still have the files in memory. A loaded set needs its files no more once it has them mapped, so the folder is gone
// when load returns.
func (b *bench[C]) load(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp(b.dir, "touchstone-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	start := time.Now()
	manifest, files, err := b.set.Snapshot().Save(ctx, folder, "set")
	if errors.Is(err, syscall.ENOSPC) {
		return hinted(err, "the files take %s; --dir names a folder that has room", byteCount(float64(b.set.Bytes())))
	}
	if err != nil {
		return err
	}
	b.figures.Save = time.Since(start).Seconds()
	for _, name := range files {
		at, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		b.figures.Stored += at.Size()
	}
	start = time.Now()
	if b.loaded, err = hamming.OpenSet[C](hamming.Options{Radius: b.radius}, folder, manifest); err != nil {
		return err
	}
	b.loaded.Wait()
	b.figures.Load = time.Since(start).Seconds()
	if got := b.loaded.Len(); got != b.n {
		return fmt.Errorf("%w: %d hashes were loaded, of %d", errWrongAnswer, got, b.n)
	}
	return nil
}
