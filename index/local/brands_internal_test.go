package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
)

// spotted is a photo with one feature that no other has.
func spotted(brand string, i int) index.Photo {
	p := index.Photo{Key: index.Key{Brand: brand, ID: fmt.Sprintf("%06d", i)}}
	p.Original.SHA256 = [32]byte{byte(i), byte(i >> 8), byte(i >> 16), 1}
	p.Fingerprint.Recipe, p.Fingerprint.Box = fingerprint.Current, fingerprint.WholeBox()
	n := uint64(i+1) * 0x9e3779b97f4a7c15
	p.Features = &feature.Set{Recipe: feature.Current, Width: 1, Height: 1, Features: []feature.Feature{{Descriptor: feature.Descriptor{n, ^n, n >> 7, n << 9}}}}
	p.Features.Thumbnail = feature.Thumbnail{Width: 1, Height: 1, Y: []uint8{1}, Cb: []uint8{2}, Cr: []uint8{3}}
	return p
}

// countdown is a context that ends once it was asked so many times.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestSwitchingOnEnds ends the context of a SetBrand at many moments: the brand is off as before, and nothing of it is in
// the set; nor is it told in between.
func TestSwitchingOnEnds(t *testing.T) {
	x, err := Open(t.Context(), filepath.Join(t.TempDir(), "index.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var photos []index.Photo
	for i := range 3*warmPage + 7 {
		photos = append(photos, spotted("a", i))
	}
	photos = append(photos, spotted("b", len(photos)))
	if _, err := x.Put(t.Context(), photos...); err != nil {
		t.Fatal(err)
	}
	if err := x.SetBrand(t.Context(), "a", index.BrandSettings{}); err != nil {
		t.Fatal(err)
	}
	ended := 0
	for left := 2; ; left += 60 {
		before := x.store.Revision()
		err := x.SetBrand(&countdown{t.Context(), left}, "a", index.BrandSettings{Partial: true})
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("after %d looks: %v", left, err)
		}
		ended++
		v := x.now.Load()
		if n := v.spots.Len(); n != 1 || v.hidden != "" || v.searched() != 1 || v.settings("a").Partial || x.memory.warming != nil || x.store.Revision() != before {
			t.Errorf("after %d looks: %d rows in the set, %d searched, hidden %q, settings %+v", left, n, v.searched(), v.hidden, v.settings("a"))
		}
	}
	if ended < 4 {
		t.Errorf("the context ended %d times", ended)
	}
	if v := x.now.Load(); v.spots.Len() != len(photos) || v.searched() != len(photos) {
		t.Errorf("%d rows in the set, %d searched, want %d", v.spots.Len(), v.searched(), len(photos))
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}

// TestHiddenIsNotTold has a checkpoint and a search come while the features of a brand are being read.
func TestHiddenIsNotTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	open := func() *Index {
		x, err := open(t.Context(), path, Options{}, limits{least: 1 << 30, share: 1})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	x := open()
	p, q := spotted("a", 1), spotted("a", 2)
	if _, err := x.Put(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := x.SetBrand(t.Context(), "a", index.BrandSettings{}); err != nil {
		t.Fatal(err)
	}
	if err := x.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	saved := x.saved.Load()
	if err := x.warm(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Put(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if v := x.now.Load(); v.spots.Len() != 2 {
		t.Errorf("%d rows in the set, want 2", v.spots.Len())
	}
	for _, f := range []index.Filter{{}, {Brands: []string{"a"}}} {
		for _, p := range []index.Photo{p, q} {
			r, err := x.Candidates(t.Context(), index.CandidateQuery{Recipe: feature.Current, Features: p.Features.Features, Limit: 5, Filter: f})
			if err != nil || len(r.Candidates) != 0 || r.Searched != 0 {
				t.Errorf("%d candidates of %d photos, %v", len(r.Candidates), r.Searched, err)
			}
		}
	}
	if err := x.settle(t.Context()); err != nil || x.saved.Load() != saved {
		t.Errorf("a checkpoint was made meanwhile, %v", err)
	}
	x.cool("a")
	if v := x.now.Load(); v.spots.Len() != 0 {
		t.Errorf("%d rows are left in the set", v.spots.Len())
	}
	if err := x.settle(t.Context()); err != nil || x.saved.Load() == saved {
		t.Errorf("no checkpoint was made afterwards, %v", err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x = open()
	if x.source != sourceFiles {
		t.Errorf("memory was taken from %s", x.source)
	}
	if err := x.SetBrand(t.Context(), "a", index.BrandSettings{Partial: true}); err != nil {
		t.Fatal(err)
	}
	if v := x.now.Load(); v.spots.Len() != 2 || v.searched() != 2 {
		t.Errorf("%d rows in the set, %d searched, want 2", v.spots.Len(), v.searched())
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}

// TestDamagedFeatures damages features in the file: whoever asks for them is told, and so is whoever checks.
func TestDamagedFeatures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	x, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := spotted("a", 1)
	for i := range 2000 {
		p.Features.Features = append(p.Features.Features, feature.Feature{X: uint16(i)})
	}
	if _, err := x.Put(t.Context(), p, spotted("a", 2)); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := p.Features.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(b), string(encoded[:200]))
	if at < 0 {
		t.Fatal("the features are not in the file")
	}
	b[at+50_000] ^= 4
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if faults, err := Check(t.Context(), path); err != nil || len(faults) == 0 {
		t.Errorf("check: %v, %v", faults, err)
	}
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, index.ErrCorrupt) {
		t.Errorf("open, which reads them: %v, want ErrCorrupt", err)
	}
}
