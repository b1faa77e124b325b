package match

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"touchstone/picture"
)

// TestDescriptionsAreSmall holds that what is kept of a picture does not keep the picture.
func TestDescriptionsAreSmall(t *testing.T) {
	dir := os.Getenv("TOUCHSTONE_DATA")
	if dir == "" {
		t.Skip("TOUCHSTONE_DATA names no folder of photos")
	}
	files, err := filepath.Glob(filepath.Join(dir, "products_*", "*.jpg"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d photos in %s: %v", len(files), dir, err)
	}
	m := New(nil, picture.NewDecoder(picture.Limits{}), Config{})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	kept := make([]Description, 40)
	for i := range kept {
		image, err := os.ReadFile(files[i*len(files)/len(kept)])
		if err != nil {
			t.Fatal(err)
		}
		kept[i], _ = m.Describe(context.Background(), Batch, image) // some may be too plain
	}
	runtime.GC()
	runtime.GC() // what pools keep goes with the second
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / int64(len(kept))
	runtime.KeepAlive(kept)
	if each > 64<<10 {
		t.Errorf("a description keeps %d bytes, want 64 KiB at most", each)
	}
}
