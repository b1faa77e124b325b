package local_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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

// eager is a place where memory is written to files, and taken from them, all the time.
type eager string

func (e eager) Open(t testing.TB) index.Index {
	t.Helper()
	x, err := local.OpenEager(context.Background(), string(e), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func (e eager) Check(t testing.TB) {
	t.Helper()
	file(e).Check(t)
}

func TestConformanceWithCheckpoints(t *testing.T) {
	indextest.Run(t, func(t testing.TB) indextest.Place { return eager(filepath.Join(t.TempDir(), "index.db")) })
}

// TestFormat1 opens a file that has photos of the first version of the format.
func TestFormat1(t *testing.T) {
	b, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	f := file(filepath.Join(t.TempDir(), "index.db"))
	if err := os.WriteFile(string(f), b, 0o600); err != nil {
		t.Fatal(err)
	}
	f.Check(t)
	x := f.Open(t)
	got, err := x.List(context.Background(), index.Filter{}, index.Key{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	set := cmpopts.IgnoreFields(index.Photo{}, "Revision", "Added", "Updated")
	if diff := cmp.Diff(kept(), got, set, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("photos (-want +got):\n%s", diff)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	f.Check(t)
}
