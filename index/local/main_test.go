package local_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/index/local"
)

var update = flag.Bool("update", false, "write testdata/format anew, for a new version of the format")

const golden = "testdata/format/2.db"

func TestMain(m *testing.M) {
	flag.Parse()
	if *update {
		if err := writeGolden(golden); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// kept are the photos of the golden file as they stand: one that has all there is, and one that has next to nothing.
func kept() []index.Photo {
	full := index.Photo{
		Key: index.Key{Brand: "Acme", ID: "bags/red/1.jpg"},
		Metadata: index.Metadata{
			Product: "Tote", Variant: "red", SourceURI: "https://acme.example/1.jpg",
			Labels: map[string]string{"season": "2026"}, ListPrice: index.Price{Currency: "USD", Units: 795, Nanos: 1},
		},
		Original: index.Original{SHA256: [32]byte{1, 2, 3}, Bytes: 123_456, Width: 1200, Height: 900, Format: "jpeg"},
	}
	f := &full.Fingerprint
	f.Recipe, f.Quality, f.Box = 1, 88, fingerprint.Box{Left: 100, Top: 200, Right: 65_000, Bottom: 64_000}
	f.Whole.P, f.Content.P, f.Whole.PDQ, f.Content.Colour[47] = 1, 2, fingerprint.Hash256{3, 4, 5, 6}, 7
	bare := index.Photo{Key: index.Key{Brand: "Acme", ID: "2"}}
	bare.Fingerprint.Recipe, bare.Fingerprint.Box = 1, fingerprint.WholeBox()
	return []index.Photo{bare, full}
}

// keptFeatures are those of the second of them, since the second version of the format.
func keptFeatures() *feature.Set {
	f := &feature.Set{Recipe: 1, Width: 1200, Height: 900, Features: make([]feature.Feature, 3)}
	for i := range f.Features {
		f.Features[i] = feature.Feature{X: 1, Y: 2, Size: 3, Angle: 4, Descriptor: feature.Descriptor{5, 6, 7, uint64(i) << 60}}
	}
	f.Thumbnail = feature.Thumbnail{Width: 2, Height: 1, Y: []uint8{1, 2}, Cb: []uint8{3}, Cr: []uint8{4}}
	return f
}

// writeGolden puts kept, one of them replaced and updated, and a photo that is deleted again.
func writeGolden(path string) error {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "golden")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left there harms nobody
	x, err := local.Open(ctx, filepath.Join(dir, "live.db"), local.Options{})
	if err != nil {
		return err
	}
	photos := kept()
	photos[1].Features = keptFeatures()
	other := photos[1]
	other.Original.SHA256[0], other.Metadata = 9, index.Metadata{}
	gone := photos[0]
	gone.ID = "gone"
	_, err = x.Put(ctx, photos[0], other, gone)
	other.Original = photos[1].Original
	if err == nil {
		_, err = x.Put(ctx, other)
	}
	if err == nil {
		_, err = x.Update(ctx, other.Key, photos[1].Metadata, 0)
	}
	if err == nil {
		err = x.Delete(ctx, gone.Key)
	}
	if err == nil {
		err = x.SetBrand(ctx, "off", index.BrandSettings{})
	}
	if err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.RemoveAll(path))
	}
	if err == nil {
		err = x.Backup(ctx, path) // has no more pages than it needs
	}
	return errors.Join(err, x.Close())
}
