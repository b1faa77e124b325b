package local

import (
	"context"
	"path/filepath"
)

// OpenEager is Open of an index that makes a checkpoint of each change, and as it is closed.
func OpenEager(ctx context.Context, path string, o Options) (*Index, error) {
	return open(ctx, path, o, limits{least: 1, changes: 1, share: 1 << 30, closing: 1})
}

// OpenWatched is Open of an index that makes a checkpoint when it is told to (Settle), and as it is closed; hook is told of
// each step.
func OpenWatched(ctx context.Context, path string, o Options, hook func(step string)) (*Index, error) {
	return open(ctx, path, o, limits{least: 1 << 30, share: 1, closing: 1, hook: hook})
}

// Settle makes a checkpoint now, and has memory stand on it. Nothing else may make one.
func (x *Index) Settle(ctx context.Context) error { return x.settle(ctx) }

// Restored tells whether memory was taken from a checkpoint.
func (x *Index) Restored() bool { return x.source == sourceFiles }

// ReadManifest reads a manifest.
func ReadManifest(b []byte) (any, error) { return readManifest(b) }

// OpenBase maps a base that a manifest names, from a file of another name.
func OpenBase(path string, text []byte) error {
	m, err := readManifest(text)
	if err != nil {
		return err
	}
	m.Base.Name = filepath.Base(path)
	_, err = (&Index{dir: filepath.Dir(path)}).openBase(m.Base)
	return err
}
