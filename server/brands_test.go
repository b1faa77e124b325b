package server_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

// A brand can be settled before it has photos; its photos are found by parts as long as it is.
func TestUpdateBrand(t *testing.T) {
	r := serve(t, server.Options{})
	get := func(brand string) *touchstonev1.Brand {
		t.Helper()
		b, err := r.GetBrand(t.Context(), &touchstonev1.GetBrandRequest{Brand: brand})
		if err != nil {
			t.Fatal(err)
		}
		return b.GetBrand()
	}
	set := func(brand string, partial *bool) *touchstonev1.Brand {
		t.Helper()
		b, err := r.UpdateBrand(t.Context(), &touchstonev1.UpdateBrandRequest{Brand: brand, Partial: partial})
		if err != nil {
			t.Fatal(err)
		}
		return b.GetBrand()
	}
	same := func(what string, want, got *touchstonev1.Brand) {
		t.Helper()
		if d := cmp.Diff(want, got, protocmp.Transform()); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	same("a brand that is not known", &touchstonev1.Brand{Brand: "Acme", Partial: true}, get("Acme"))
	off := &touchstonev1.Brand{Brand: "Acme"}
	same("switched off", off, set("Acme", proto.Bool(false)))
	same("left as it is", off, set("Acme", nil))

	if _, err := r.AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{
		Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: "1", Product: "Bag"}, Image: asPNG(t, drawn(1, 600, 480)),
	}); err != nil {
		t.Fatal(err)
	}
	r.add(t, "Zeta", "1", 2)
	found := func() bool {
		t.Helper()
		m := r.match(t, &touchstonev1.MatchRequest{Subject: ofImage(asPNG(t, part())), Depth: touchstonev1.Depth_DEPTH_PARTS})
		return len(m.GetMatches()) > 0 && m.GetMatches()[0].GetScore() > 0.9
	}
	if found() {
		t.Error("a part is found though that is switched off")
	}
	off.Photos, off.Products = 1, 1
	same("with a photo", off, get("Acme"))
	on := proto.CloneOf(off)
	on.Partial = true
	same("switched on", on, set("Acme", proto.Bool(true)))
	same("switched on again", on, set("Acme", proto.Bool(true)))
	if !found() {
		t.Error("a part is not found though that is switched on")
	}
	set("Zeta", proto.Bool(false))
	page, err := r.ListBrands(t.Context(), &touchstonev1.ListBrandsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	want := []*touchstonev1.Brand{on, {Brand: "Zeta", Photos: 1, Products: 1}}
	if d := cmp.Diff(want, page.GetBrands(), protocmp.Transform()); d != "" {
		t.Errorf("ListBrands (-want +got):\n%s", d)
	}
}
