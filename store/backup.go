package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

func isMissing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// Backup writes the store, as it is at one revision, to a new file, which is there whole or not at all. It refuses a
// path where something is. Errors: fs.ErrExist, ErrCorrupt, ErrClosed, the context's, the system's.
func (s *Store) Backup(ctx context.Context, path string) error {
	if !isMissing(path) {
		return fmt.Errorf("store: back up to %s: %w", path, fs.ErrExist)
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".new-*")
	if err != nil {
		return fmt.Errorf("store: back up: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // it has its name, or is of no use
	err = s.read(func(tx *bolt.Tx, _ uint64, _ bool) error {
		_, err := tx.WriteTo(contextWriter{ctx, f})
		return err
	})
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		if _, all := checkMeta(f.Name()); all {
			err = fmt.Errorf("%w: what was written can't be read", ErrCorrupt)
		}
	}
	if err == nil {
		err = os.Link(f.Name(), path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("store: back up to %s: %w", path, err)
	}
	return nil
}

// contextWriter stops a long write when the context ends.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (w contextWriter) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.w.Write(p)
}
