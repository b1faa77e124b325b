package indextest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"touchstone/index"
)

func settings() []sentence {
	return []sentence{
		{"brands have partial matching on unless settled otherwise", testBrandDefault},
		{"a brand that is off is not searched by features, and keeps them", testBrandOff},
		{"settings of a brand outlive its photos", testBrandWithoutPhotos},
		{"settings are refused for what can't be a brand", testBrandInvalid},
		{"what is settled already changes nothing", testBrandUnchanged},
		{"settings give their context's error and change nothing", testBrandContext},
		{"settings and photos may change at once", testBrandAtOnce},
	}
}

func (b *bed) settle(brand string, partial bool) {
	b.Helper()
	if err := b.x.SetBrand(b.Context(), brand, index.BrandSettings{Partial: partial}); err != nil {
		b.Fatalf("settings of %q: %v", brand, err)
	}
}

func (b *bed) isSettled(brand string, partial bool) {
	b.Helper()
	got, err := b.x.Brand(b.Context(), brand)
	if want := (index.BrandSettings{Partial: partial}); err != nil || got != want {
		b.Errorf("settings of %q: %+v, %v, want %+v", brand, got, err, want)
	}
}

func testBrandDefault(b *bed) {
	p := b.described(1)[0]
	b.isSettled(p.Brand, true)
	b.put(p)
	b.isSettled(p.Brand, true)
	b.reopen()
	b.isSettled(p.Brand, true)
}

func testBrandOff(b *bed) {
	var photos []index.Photo
	for _, brand := range []string{"a", "b"} {
		for i := range 8 {
			photos = append(photos, b.withFeatures(b.photo(index.Key{Brand: brand, ID: fmt.Sprint(i)}), 30))
		}
	}
	b.put(photos...)
	look := func(a bool) {
		b.Helper()
		b.isSettled("a", a)
		b.isSettled("b", true)
		n := len(photos)
		for _, p := range photos {
			if p.Brand == "a" && !a {
				n--
			}
		}
		for _, p := range photos {
			b.hasFeatures(p.Key, p.Features)
			if p.Brand == "a" && !a {
				if b.found(p.Features.Features, p.Key) {
					b.Errorf("%v is found, though its brand is off", p.Key)
				}
				q := sharing(p.Features.Features)
				for _, f := range []index.Filter{{Brands: []string{"a"}}, {Brands: []string{"a"}, Products: []string{p.Product}}} {
					q.Filter = f
					if r := b.candidates(q); r.Searched != 0 || len(r.Candidates) != 0 {
						b.Errorf("%d candidates of %d photos of a brand that is off", len(r.Candidates), r.Searched)
					}
				}
				continue
			}
			b.first(sharing(p.Features.Features), p.Key, p.Features)
		}
		if r := b.candidates(sharing(photos[0].Features.Features)); r.Searched != n {
			b.Errorf("%d photos searched, want %d", r.Searched, n)
		}
	}
	change := func() { // while it is off: one comes, one goes, one is replaced, one is updated
		b.Helper()
		photos = append(photos, b.withFeatures(b.photo(index.Key{Brand: "a", ID: b.key().ID}), 30))
		b.put(photos[len(photos)-1])
		b.delete(photos[0].Key)
		photos = photos[1:]
		photos[1] = b.withFeatures(b.photo(photos[1].Key), 30)
		b.put(photos[1])
		if _, err := b.x.Update(b.Context(), photos[2].Key, index.Metadata{Product: photos[2].Product, Variant: "updated"}, 0); err != nil {
			b.Fatal(err)
		}
	}
	look(true)
	before := b.revision()
	b.settle("a", false)
	if after := b.revision(); after <= before {
		b.Errorf("revision %d before it was settled, %d after", before, after)
	}
	look(false)
	change()
	look(false)
	b.settle("a", true)
	look(true)
	b.reopen()
	look(true)
	b.settle("a", false)
	b.reopen()
	look(false)
	change()
	b.reopen()
	look(false)
	b.settle("a", true)
	b.reopen()
	look(true)
	for range 2 { // in one go for whoever repeats it
		b.settle("a", false)
		change()
		b.settle("a", true)
	}
	b.reopen()
	look(true)
}

func testBrandWithoutPhotos(b *bed) {
	p := b.described(1)[0]
	b.settle(p.Brand, false)
	b.settle("nobody", false)
	b.reopen()
	b.isSettled(p.Brand, false)
	b.put(p)
	if b.found(p.Features.Features, p.Key) {
		b.Errorf("%v is found, though its brand was off before it came", p.Key)
	}
	b.delete(p.Key)
	b.isSettled(p.Brand, false)
	b.put(p)
	b.reopen()
	if b.found(p.Features.Features, p.Key) {
		b.Errorf("%v is found, though its brand is off", p.Key)
	}
	b.settle(p.Brand, true)
	b.first(sharing(p.Features.Features), p.Key, p.Features)
	b.isSettled("nobody", false)
}

func testBrandInvalid(b *bed) {
	for _, name := range []string{"", "a\x00b", "\xff", strings.Repeat("x", index.MaxName+1)} {
		if err := b.x.SetBrand(b.Context(), name, index.BrandSettings{}); !errors.Is(err, index.ErrInvalid) {
			b.Errorf("settings of %.10q: %v, want ErrInvalid", name, err)
		}
		if _, err := b.x.Brand(b.Context(), name); !errors.Is(err, index.ErrInvalid) {
			b.Errorf("asked for settings of %.10q: %v, want ErrInvalid", name, err)
		}
	}
}

func testBrandUnchanged(b *bed) {
	b.put(b.described(2)...)
	before := b.revision()
	b.settle("brand", true)
	b.settle("nobody", true)
	if after := b.revision(); after != before {
		b.Errorf("revision %d before what was settled already, %d after", before, after)
	}
	b.settle("brand", false)
	before = b.revision()
	b.settle("brand", false)
	if after := b.revision(); after != before {
		b.Errorf("revision %d before it was switched off again, %d after", before, after)
	}
}

func testBrandContext(b *bed) {
	p := b.described(1)[0]
	b.put(p)
	off := index.BrandSettings{}
	if err := b.x.SetBrand(ended(b.Context()), p.Brand, off); !errors.Is(err, context.Canceled) {
		b.Errorf("settings with a context that has ended: %v", err)
	}
	b.isSettled(p.Brand, true)
	b.first(sharing(p.Features.Features), p.Key, p.Features)
	b.settle(p.Brand, false)
	if err := b.x.SetBrand(ended(b.Context()), p.Brand, index.BrandSettings{Partial: true}); !errors.Is(err, context.Canceled) {
		b.Errorf("settings with a context that has ended: %v", err)
	}
	b.isSettled(p.Brand, false)
}

// testBrandAtOnce switches a brand off and on while its photos come, change and go.
func testBrandAtOnce(b *bed) {
	kept := b.described(40)
	b.put(kept...)
	var calls sync.WaitGroup
	var last []index.Photo
	for range 3 {
		photos := b.described(20)
		replaced := make([]index.Photo, len(photos))
		for i, p := range photos {
			replaced[i] = b.withFeatures(b.photo(p.Key), 20)
		}
		for i := range photos {
			if i%3 != 2 {
				last = append(last, replaced[i])
			}
		}
		calls.Go(func() {
			for i, p := range photos {
				_, err := b.x.Put(b.Context(), p)
				if err == nil {
					_, err = b.x.Put(b.Context(), replaced[i])
				}
				if err == nil {
					_, err = b.x.Update(b.Context(), p.Key, index.Metadata{Product: "updated"}, 0)
				}
				if err == nil && i%3 == 2 {
					err = b.x.Delete(b.Context(), p.Key)
				}
				if err != nil {
					b.Errorf("change of %v: %v", p.Key, err)
					return
				}
			}
		})
	}
	calls.Go(func() {
		for i := range 11 {
			if err := b.x.SetBrand(b.Context(), "brand", index.BrandSettings{Partial: i%2 == 1}); err != nil {
				b.Errorf("settings: %v", err)
			}
		}
	})
	asked := kept[0]
	calls.Go(func() {
		for range 100 {
			// All of a brand is searched, or nothing.
			r, err := b.x.Candidates(b.Context(), sharing(asked.Features.Features))
			if err != nil || r.Searched != 0 && (r.Searched < len(kept) || len(r.Candidates) == 0 || r.Candidates[0].Photo.Key != asked.Key) {
				b.Errorf("%d candidates of %d photos, %v", len(r.Candidates), r.Searched, err)
				return
			}
		}
	})
	calls.Wait()
	b.isSettled("brand", false)
	if b.found(asked.Features.Features, asked.Key) {
		b.Errorf("%v is found, though its brand is off", asked.Key)
	}
	b.settle("brand", true)
	for range 2 {
		for _, p := range append(last, kept...) {
			b.first(sharing(p.Features.Features), p.Key, p.Features)
		}
		if r := b.candidates(sharing(asked.Features.Features)); r.Searched != len(last)+len(kept) {
			b.Errorf("%d photos searched, want %d", r.Searched, len(last)+len(kept))
		}
		b.reopen()
	}
}
