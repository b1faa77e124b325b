package local_test

import (
	"context"
	"path/filepath"
	"testing"

	"touchstone/index"
	"touchstone/index/indextest"
	"touchstone/index/local"
)

// file is a place for the suite: a file in a folder of its own.
type file string

func (f file) Open(t testing.TB) index.Index {
	t.Helper()
	x, err := local.Open(context.Background(), string(f), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func (f file) Check(t testing.TB) {
	t.Helper()
	faults, err := local.Check(context.Background(), string(f))
	if err != nil {
		t.Error(err)
	}
	for _, fault := range faults {
		t.Error(fault)
	}
}

func TestConformance(t *testing.T) {
	indextest.Run(t, func(t testing.TB) indextest.Place { return file(filepath.Join(t.TempDir(), "index.db")) })
}
