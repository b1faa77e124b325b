package server_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"touchstone/index"
	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

func TestAddPhoto(t *testing.T) {
	r := serve(t, server.Options{})
	image := photo(t, 1)
	sum := sha256.Sum256(image)
	request := &touchstonev1.AddPhotoRequest{
		Photo: &touchstonev1.Photo{
			Brand: "Acme", PhotoId: "a/1", Product: "Bag", Variant: "red", SourceUri: "https://acme.example/1.jpg",
			Labels:    map[string]string{"season": "spring"},
			ListPrice: &touchstonev1.Money{CurrencyCode: "USD", Units: 795, Nanos: 990_000_000},
			Revision:  77, // the server's to set
		},
		Image: image,
	}
	added, err := r.AddPhoto(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	want := &touchstonev1.AddPhotoResponse{
		Outcome: touchstonev1.Outcome_OUTCOME_ADDED,
		Photo: &touchstonev1.Photo{
			Brand: "Acme", PhotoId: "a/1", Product: "Bag", Variant: "red", SourceUri: "https://acme.example/1.jpg",
			Labels:    map[string]string{"season": "spring"},
			ListPrice: &touchstonev1.Money{CurrencyCode: "USD", Units: 795, Nanos: 990_000_000},
			Original:  &touchstonev1.Original{Sha256: sum[:], SizeBytes: int64(len(image)), Width: 240, Height: 200, Format: "jpeg"},
			Revision:  1,
		},
	}
	ignore := protocmp.IgnoreFields(&touchstonev1.Photo{}, "fingerprint", "add_time", "update_time")
	if d := cmp.Diff(want, added, protocmp.Transform(), ignore); d != "" {
		t.Errorf("AddPhoto (-want +got):\n%s", d)
	}
	if added.GetPhoto().GetFingerprint().GetQuality() == 0 || !added.GetPhoto().GetAddTime().IsValid() || !added.GetPhoto().GetUpdateTime().IsValid() {
		t.Errorf("AddPhoto = %v, want a quality and times", added.GetPhoto())
	}

	again, err := r.AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: "a/1", Product: "Other"}, Image: image})
	if err != nil {
		t.Fatal(err)
	}
	want = &touchstonev1.AddPhotoResponse{Outcome: touchstonev1.Outcome_OUTCOME_UNCHANGED, Photo: added.GetPhoto()}
	if d := cmp.Diff(want, again, protocmp.Transform()); d != "" {
		t.Errorf("the same bytes again (-want +got):\n%s", d)
	}

	request.Image = photo(t, 2)
	replaced, err := r.AddPhoto(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if got := replaced.GetOutcome(); got != touchstonev1.Outcome_OUTCOME_REPLACED {
		t.Errorf("other bytes: outcome %v, want replaced", got)
	}
	if got := replaced.GetPhoto().GetRevision(); got != 2 {
		t.Errorf("other bytes: revision %d, want 2", got)
	}
	if bytes.Equal(replaced.GetPhoto().GetFingerprint().GetWhole().GetPdq(), added.GetPhoto().GetFingerprint().GetWhole().GetPdq()) {
		t.Error("other bytes: the fingerprint is still that of the first ones")
	}
}

// featureless is an index that photos are put into as an earlier release did.
type featureless struct{ index.Index }

func (f featureless) Put(ctx context.Context, photos ...index.Photo) ([]index.Stored, error) {
	for i := range photos {
		photos[i].Features = nil
	}
	return f.Index.Put(ctx, photos...)
}

// A photo that was stored without features gains them when it is added again, and is left alone from then on.
func TestAddPhotoAgainForFeatures(t *testing.T) {
	image := photo(t, 1)
	add := func(r *rig) touchstonev1.Outcome {
		t.Helper()
		a, err := r.AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: "1"}, Image: image})
		if err != nil {
			t.Fatal(err)
		}
		return a.GetOutcome()
	}
	var ix index.Index
	before := serve(t, server.Options{}, func(i index.Index) index.Index { ix = i; return featureless{i} })
	if got := add(before); got != touchstonev1.Outcome_OUTCOME_ADDED {
		t.Fatalf("outcome %v, want added", got)
	}
	if _, err := ix.Features(t.Context(), index.Key{Brand: "Acme", ID: "1"}, 0); !errors.Is(err, index.ErrNotFound) {
		t.Fatalf("Features = %v, want none", err)
	}
	now := serve(t, server.Options{}, func(index.Index) index.Index { return ix })
	for _, want := range []touchstonev1.Outcome{touchstonev1.Outcome_OUTCOME_REPLACED, touchstonev1.Outcome_OUTCOME_UNCHANGED} {
		if got := add(now); got != want {
			t.Errorf("outcome %v, want %v", got, want)
		}
		if f, err := ix.Features(t.Context(), index.Key{Brand: "Acme", ID: "1"}, 0); err != nil || len(f.Features) == 0 {
			t.Errorf("%d features, %v", len(f.Features), err)
		}
	}
}

func TestGetPhoto(t *testing.T) {
	r := serve(t, server.Options{})
	first := r.add(t, "Acme", "1", 1)
	second := r.add(t, "Acme", "1", 2)
	get := func(revision *uint64) *touchstonev1.Photo {
		t.Helper()
		p, err := r.GetPhoto(t.Context(), &touchstonev1.GetPhotoRequest{Brand: "Acme", PhotoId: "1", AsOfRevision: revision})
		if err != nil {
			t.Fatal(err)
		}
		return p.GetPhoto()
	}
	if d := cmp.Diff(second, get(nil), protocmp.Transform()); d != "" {
		t.Errorf("as it is now (-want +got):\n%s", d)
	}
	was := first.GetRevision()
	if d := cmp.Diff(first, get(&was), protocmp.Transform()); d != "" {
		t.Errorf("as it was (-want +got):\n%s", d)
	}
	if _, err := r.DeletePhoto(t.Context(), &touchstonev1.DeletePhotoRequest{Brand: "Acme", PhotoId: "1"}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(first, get(&was), protocmp.Transform()); d != "" {
		t.Errorf("as it was before it was deleted (-want +got):\n%s", d)
	}
	for n, p := range []*touchstonev1.Photo{first, second} {
		d, err := r.Fingerprint(t.Context(), &touchstonev1.FingerprintRequest{Image: photo(t, uint64(n+1))})
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.GetPhoto(t.Context(), &touchstonev1.GetPhotoRequest{
			Brand: "Acme", PhotoId: "1", AsOfRevision: proto.Uint64(p.GetRevision()), WithFeatures: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(d.GetDescription().GetFingerprint(), got.GetPhoto().GetFingerprint(), protocmp.Transform()); d != "" {
			t.Errorf("revision %d with its features (-want +got):\n%s", p.GetRevision(), d)
		}
	}
}

func TestListPhotos(t *testing.T) {
	r := serve(t, server.Options{})
	var all []string
	for i := range 7 {
		brand := []string{"Acme", "Zeta"}[i%2]
		r.add(t, brand, fmt.Sprint(i), uint64(i+1))
		all = append(all, fmt.Sprintf("%s/%d", brand, i))
	}
	slices.Sort(all)
	for _, tc := range []struct {
		name    string
		request *touchstonev1.ListPhotosRequest
		want    []string
		pages   int
	}{
		{"all", &touchstonev1.ListPhotosRequest{}, all, 1},
		{"by two", &touchstonev1.ListPhotosRequest{PageSize: 2}, all, 4},
		{"by seven: no empty page at the end", &touchstonev1.ListPhotosRequest{PageSize: 7}, all, 1},
		{"more than the most", &touchstonev1.ListPhotosRequest{PageSize: 1 << 30}, all, 1},
		{"a brand, by one", &touchstonev1.ListPhotosRequest{PageSize: 1, Brands: []string{"Zeta"}}, []string{"Zeta/1", "Zeta/3", "Zeta/5"}, 3},
		{"products", &touchstonev1.ListPhotosRequest{Products: []string{"bag-4", "bag-5"}}, []string{"Acme/4", "Zeta/5"}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			pages := 0
			for {
				page, err := r.ListPhotos(t.Context(), tc.request)
				if err != nil {
					t.Fatal(err)
				}
				pages++
				for _, p := range page.GetPhotos() {
					got = append(got, p.GetBrand()+"/"+p.GetPhotoId())
				}
				if tc.request.PageToken = page.GetNextPageToken(); tc.request.GetPageToken() == "" {
					break
				}
				slices.Reverse(tc.request.Brands) // the order of a filter's names makes no other query
			}
			if d := cmp.Diff(tc.want, got); d != "" || pages != tc.pages {
				t.Errorf("%d pages, want %d; photos (-want +got):\n%s", pages, tc.pages, d)
			}
		})
	}
}

// Whoever pages through a brand is not told that there is no such brand when its last photos are deleted meanwhile.
func TestListPhotosOfVanishingBrand(t *testing.T) {
	r := serve(t, server.Options{})
	for i := range 3 {
		r.add(t, "Acme", fmt.Sprint(i), uint64(i+1))
	}
	q := &touchstonev1.ListPhotosRequest{PageSize: 2, Brands: []string{"Acme"}}
	page, err := r.ListPhotos(t.Context(), q)
	if err != nil || len(page.GetPhotos()) != 2 || page.GetNextPageToken() == "" {
		t.Fatalf("the first page = %v, %v", page, err)
	}
	for i := range 3 {
		if _, err := r.DeletePhoto(t.Context(), &touchstonev1.DeletePhotoRequest{Brand: "Acme", PhotoId: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	q.PageToken = page.GetNextPageToken()
	if page, err = r.ListPhotos(t.Context(), q); err != nil || len(page.GetPhotos()) != 0 || page.GetNextPageToken() != "" {
		t.Errorf("the second page = %v, %v, want an empty last one", page, err)
	}
}

// A page of photos with all the metadata they may have stays below what clients take.
func TestListPhotosOfLength(t *testing.T) {
	r := serve(t, server.Options{})
	labels := map[string]string{}
	for i := range 64 {
		labels[fmt.Sprintf("%0128d", i)] = fmt.Sprintf("%01024d", i)
	}
	const photos = 60
	for i := range photos {
		_, err := r.AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{
			Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: fmt.Sprintf("%03d", i), Labels: labels}, Image: photo(t, 1),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	n, token := 0, ""
	for {
		page, err := r.ListPhotos(t.Context(), &touchstonev1.ListPhotosRequest{PageSize: 1000, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		if size := protoSize(page); size > 4<<20 {
			t.Errorf("a page of %d bytes", size)
		}
		n += len(page.GetPhotos())
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if n != photos {
		t.Errorf("%d photos, want %d", n, photos)
	}
}

func TestUpdatePhoto(t *testing.T) {
	full := &touchstonev1.Photo{
		Brand: "Acme", PhotoId: "1", Product: "Bag", Variant: "red", SourceUri: "u", Labels: map[string]string{"a": "b"},
		ListPrice: &touchstonev1.Money{CurrencyCode: "EUR", Units: 1},
	}
	for _, tc := range []struct {
		name  string
		photo *touchstonev1.Photo
		mask  []string
		want  *touchstonev1.Photo
	}{
		{
			"no mask: what is not empty", &touchstonev1.Photo{Product: "Case", Labels: map[string]string{"c": "d"}}, nil,
			&touchstonev1.Photo{Product: "Case", Variant: "red", SourceUri: "u", Labels: map[string]string{"c": "d"}, ListPrice: full.GetListPrice()},
		},
		{
			"one field", &touchstonev1.Photo{Product: "ignored", Variant: "blue"}, []string{"variant"},
			&touchstonev1.Photo{Product: "Bag", Variant: "blue", SourceUri: "u", Labels: full.GetLabels(), ListPrice: full.GetListPrice()},
		},
		{
			"emptied", &touchstonev1.Photo{}, []string{"source_uri", "labels", "list_price"},
			&touchstonev1.Photo{Product: "Bag", Variant: "red"},
		},
		{
			"all", &touchstonev1.Photo{Product: "Case", SourceUri: "v", ListPrice: &touchstonev1.Money{CurrencyCode: "USD"}}, []string{"*"},
			&touchstonev1.Photo{Product: "Case", SourceUri: "v", ListPrice: &touchstonev1.Money{CurrencyCode: "USD"}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := serve(t, server.Options{})
			added, err := r.AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{Photo: full, Image: photo(t, 1)})
			if err != nil {
				t.Fatal(err)
			}
			tc.photo.Brand, tc.photo.PhotoId = "Acme", "1"
			known := added.GetPhoto().GetRevision()
			request := &touchstonev1.UpdatePhotoRequest{Photo: tc.photo, ExpectedRevision: &known}
			if tc.mask != nil {
				request.UpdateMask = &fieldmaskpb.FieldMask{Paths: tc.mask}
			}
			updated, err := r.UpdatePhoto(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			tc.want.Brand, tc.want.PhotoId = "Acme", "1"
			tc.want.Original, tc.want.Fingerprint = added.GetPhoto().GetOriginal(), added.GetPhoto().GetFingerprint()
			tc.want.Revision, tc.want.AddTime = 2, added.GetPhoto().GetAddTime()
			if d := cmp.Diff(tc.want, updated.GetPhoto(), protocmp.Transform(), protocmp.IgnoreFields(&touchstonev1.Photo{}, "update_time")); d != "" {
				t.Errorf("UpdatePhoto (-want +got):\n%s", d)
			}
		})
	}
}

// Updates that expect no revision don't lose each other's fields.
func TestUpdatePhotoAtOnce(t *testing.T) {
	r := serve(t, server.Options{})
	r.add(t, "Acme", "1", 1)
	var all sync.WaitGroup
	for range 4 {
		for _, p := range []*touchstonev1.Photo{
			{Brand: "Acme", PhotoId: "1", Product: "Case"}, {Brand: "Acme", PhotoId: "1", Variant: "blue"}, {Brand: "Acme", PhotoId: "1", SourceUri: "u"},
		} {
			all.Go(func() {
				if _, err := r.UpdatePhoto(t.Context(), &touchstonev1.UpdatePhotoRequest{Photo: p}); err != nil {
					t.Errorf("UpdatePhoto(%v) = %v", p, err)
				}
			})
		}
	}
	all.Wait()
	p, err := r.GetPhoto(t.Context(), &touchstonev1.GetPhotoRequest{Brand: "Acme", PhotoId: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if got := [...]string{p.GetPhoto().GetProduct(), p.GetPhoto().GetVariant(), p.GetPhoto().GetSourceUri()}; got != [...]string{"Case", "blue", "u"} {
		t.Errorf("after all updates: %q", got)
	}
}

func TestListBrands(t *testing.T) {
	r := serve(t, server.Options{})
	for i, brand := range []string{"Zeta", "Acme", "Acme", "Mid"} {
		r.add(t, brand, fmt.Sprint(i), uint64(i+1))
	}
	var got []*touchstonev1.Brand
	request := &touchstonev1.ListBrandsRequest{PageSize: 2}
	for {
		page, err := r.ListBrands(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page.GetBrands()...)
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			break
		}
	}
	want := []*touchstonev1.Brand{
		{Brand: "Acme", Photos: 2, Products: 2, Partial: true}, {Brand: "Mid", Photos: 1, Products: 1, Partial: true},
		{Brand: "Zeta", Photos: 1, Products: 1, Partial: true},
	}
	if d := cmp.Diff(want, got, protocmp.Transform()); d != "" {
		t.Errorf("ListBrands (-want +got):\n%s", d)
	}
}
