package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"
	"unsafe"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
)

// drawn is one of few brands, products and hashes, so that they meet.
func drawn(r *rand.Rand) index.Photo {
	var p index.Photo
	p.Key = index.Key{Brand: string(rune('a' + r.IntN(4))), ID: fmt.Sprint(r.IntN(60))}
	p.Product = []string{"", "hat", "bag", "boot", "tie"}[r.IntN(5)]
	p.Original.SHA256[0], p.Original.SHA256[1] = byte(r.Uint32()), byte(r.Uint32())
	f := &p.Fingerprint
	f.Recipe, f.Box = fingerprint.Current, fingerprint.WholeBox()
	f.Whole.P, f.Whole.PDQ[0] = fingerprint.Hash64(r.IntN(1<<10)), r.Uint64N(1<<10)
	if f.Content = f.Whole; r.IntN(2) == 0 {
		f.Box.Right--
		f.Content.P, f.Content.PDQ[3] = fingerprint.Hash64(r.IntN(1<<10)), r.Uint64N(1<<10)
	}
	if r.IntN(3) > 0 {
		p.Features = &feature.Set{Recipe: feature.Current, Width: 1, Height: 1, Features: make([]feature.Feature, r.IntN(4))}
		for i := range p.Features.Features {
			p.Features.Features[i].Descriptor[i] = 1<<60 - 1 + r.Uint64N(4)<<60
		}
		p.Features.Thumbnail = feature.Thumbnail{Width: 1, Height: 1, Y: []uint8{1}, Cb: []uint8{2}, Cr: []uint8{3}}
	}
	return p
}

// told is everything that a view can be asked.
func told(t *testing.T, v *view) string {
	t.Helper()
	defer v.keep()
	names := v.names()
	slices.SortFunc(names, func(a, b index.BrandCount) int { return bytes.Compare([]byte(a.Brand), []byte(b.Brand)) })
	said := fmt.Sprintln(v.applied, v.photos, names)
	for _, f := range []index.Filter{{}, {Brands: []string{"a"}}, {Brands: []string{"b", "c"}}, {Products: []string{"hat"}}, {Products: []string{""}}, {Brands: []string{"a"}, Products: []string{"bag", "tie"}}} {
		for i := range 3 {
			q := index.Query{Recipe: fingerprint.Current, RadiusPDQ: 2 * i, RadiusP: i, Limit: 1000, Filter: f, Probes: []index.Probe{{P: 77, PDQ: fingerprint.Hash256{99}}, {P: 512}}}
			r, nearest, err := v.nearest(context.Background(), q)
			said += fmt.Sprintln(r, err)
			for _, n := range nearest {
				said += fmt.Sprintln(n.Photo.Key, n.DistancePDQ, n.DistanceP)
			}
		}
		spots := make([]feature.Feature, 2)
		spots[0].Descriptor[0], spots[1].Descriptor[1] = 1<<60-1, 1<<62-1
		hits, searched, err := v.candidates(t.Context(), index.CandidateQuery{Recipe: feature.Current, Features: spots, Limit: 10, Filter: f})
		said += fmt.Sprintln(searched, err)
		for _, h := range hits {
			said += fmt.Sprintln(v.key(h.Row), h.Votes)
		}
	}
	return said
}

// TestViewsStay holds that a view says the same for ever, whatever changes and whichever bases come after it; and that a
// view upon a base says the same as one upon all changes.
func TestViewsStay(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	open := func() *Index {
		x, err := open(t.Context(), filepath.Join(t.TempDir(), "index.db"), Options{}, limits{least: 1 << 30, share: 1})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	x, plain := open(), open() // the latter never has a base but the first
	type kept struct {
		v    *view
		said string
	}
	var views []kept
	for n := range 400 {
		p := drawn(r)
		update, remove, settle := r.IntN(5) == 0, r.IntN(3) == 0, r.IntN(9) == 0
		for _, x := range []*Index{x, plain} {
			var err error
			switch {
			case settle:
				err = x.SetBrand(t.Context(), p.Brand, index.BrandSettings{Partial: n%2 == 0})
			case remove:
				err = x.Delete(t.Context(), p.Key)
			case update:
				_, err = x.Update(t.Context(), p.Key, p.Metadata, 0)
			default:
				_, err = x.Put(t.Context(), p)
			}
			if err != nil && !errors.Is(err, index.ErrNotFound) {
				t.Fatal(err)
			}
		}
		if n%20 == 0 {
			views = append(views, kept{x.now.Load(), told(t, x.now.Load())})
		}
		if n%50 == 49 {
			if err := x.settle(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := told(t, x.now.Load()), told(t, plain.now.Load()); got != want {
			t.Fatalf("after %d changes: upon a base\n%s\nwithout one\n%s", n+1, got, want)
		}
	}
	for _, k := range views {
		if said := told(t, k.v); said != k.said {
			t.Errorf("the view of revision %d said\n%s\nand now says\n%s", k.v.applied, k.said, said)
		}
	}
	if err := errors.Join(x.Close(), plain.Close()); err != nil {
		t.Error(err)
	}
}

// small is a base of some photos and gaps, as a file.
func small(t testing.TB) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 0))
	m := newMemory(join(nil, 0), newSets(&codes{}))
	for i := range 80 {
		m.change(uint64(i), func(c *codes) {
			p := drawn(r)
			m.put(rowOf(&p, 0), p.Fingerprint.Recipe, nil, c)
			if i%3 == 0 {
				p = drawn(r)
				m.remove(p.Key, c)
			}
		})
	}
	v := m.view()
	var b bytes.Buffer
	if err := v.fold().write(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzBase reads whatever as a base, with its checksum taken for right: nothing is read that is not there.
func FuzzBase(f *testing.F) {
	b := small(f)
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Add([]byte(baseText))
	for i := baseHead; i < baseHead+16*len(new(base).arrays()); i += 8 {
		for _, flip := range []byte{1, 2, 64} {
			c := bytes.Clone(b)
			c[i] ^= flip
			f.Add(c)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		words := make([]uint64, len(file)/8+1) // aligned
		m := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 8*len(words))[:len(file)]
		copy(m, file)
		b, err := readBase(m)
		if err != nil {
			if !errors.Is(err, errMemory) {
				t.Fatalf("error %v, want errMemory", err)
			}
			return
		}
		for at := range uint32(b.rows()) {
			if b.brandOf[at] != none {
				r := b.row(at)
				b.find(r.key)
			}
		}
		for i := range uint32(b.brands.len()) {
			b.filter(cacheKey{false, i})
			b.distinct(i)
			b.count(i, 0)
		}
		for i := range uint32(b.products.len()) {
			b.filter(cacheKey{true, i})
		}
		var again bytes.Buffer
		if err := b.write(t.Context(), &again); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzManifest(f *testing.F) {
	m := manifest{Revision: 7, Event: "abc", Base: piece{"base-1", 5, 6}, P: []byte("p"), Files: []string{"base-1", "p-1"}}
	b, err := m.encode()
	if err != nil {
		f.Fatal(err)
	}
	_, body, _ := bytes.Cut(b, []byte("\n"))
	f.Add(body)
	f.Add([]byte(`{"Files":["../index.db"]}`))
	f.Add([]byte(`{"Base":{"Name":".."}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, text := range [][]byte{body, append(fmt.Appendf(nil, "%s%08x\n", manifestText, crc32.Checksum(body, castagnoli)), body...)} {
			m, err := readManifest(text)
			if err != nil {
				if !errors.Is(err, errMemory) {
					t.Fatalf("error %v, want errMemory", err)
				}
				continue
			}
			for _, name := range append(m.Files, m.Base.Name) {
				if filepath.Join("dir", name) != filepath.Join("dir", filepath.Base(name)) || name == ".." {
					t.Fatalf("a file of another folder: %q", name)
				}
			}
		}
	})
}

// TestChecksum holds that what is summed as it is written is what is summed of the whole.
func TestChecksum(t *testing.T) {
	for _, n := range []int{0, 1, sumPiece - 1, sumPiece, sumPiece + 1, 3*sumPiece + 5} {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i * i >> 3)
		}
		w := &summer{w: new(bytes.Buffer)}
		for rest := b; len(rest) > 0; {
			k := min(len(rest), 1+rand.IntN(2*sumPiece))
			if _, err := w.Write(rest[:k]); err != nil {
				t.Fatal(err)
			}
			rest = rest[k:]
		}
		if w.sum() != checksum(b) || w.bytes != int64(n) {
			t.Errorf("%d bytes: %08x as they are written, %08x as a whole", n, w.sum(), checksum(b))
		}
	}
}
