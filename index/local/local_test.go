package local_test

import (
	"context"
	"errors"
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

// TestFormats opens files that have photos of each version of the format.
func TestFormats(t *testing.T) {
	t.Run("1", func(t *testing.T) {
		x, put := openGolden(t, "testdata/format/1.db")
		if _, err := x.Features(t.Context(), put[1].Key, 0); !errors.Is(err, index.ErrNotFound) {
			t.Errorf("features of a photo of format 1: %v", err)
		}
		// It gains features by being put again.
		p := put[1]
		p.Features = keptFeatures()
		if stored, err := x.Put(t.Context(), p); err != nil || stored[0].Outcome != index.Replaced {
			t.Errorf("put with features: %v, %v", stored, err)
		}
		if f, err := x.Features(t.Context(), p.Key, 0); err != nil || !cmp.Equal(f, *p.Features) {
			t.Errorf("features: %+v, %v", f, err)
		}
	})
	t.Run("2", func(t *testing.T) {
		x, put := openGolden(t, golden)
		if f, err := x.Features(t.Context(), put[1].Key, 0); err != nil || !cmp.Equal(f, *keptFeatures()) {
			t.Errorf("features: %+v, %v", f, err)
		}
		if _, err := x.Features(t.Context(), put[0].Key, 0); !errors.Is(err, index.ErrNotFound) {
			t.Errorf("features of a photo that has none: %v", err)
		}
		if s, err := x.Brand(t.Context(), "off"); err != nil || s.Partial {
			t.Errorf("a brand that is off: %+v, %v", s, err)
		}
	})
}

// openGolden opens a copy of a file that was written by an earlier version, and closes and checks it in the end.
func openGolden(t *testing.T, path string) (index.Index, []index.Photo) {
	t.Helper()
	b, err := os.ReadFile(path)
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
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
		f.Check(t)
	})
	return x, got
}
