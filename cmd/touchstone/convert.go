package main

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"touchstone/index"
	"touchstone/listing"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// wirePhoto is what a client says of a photo.
func wirePhoto(p index.Photo) *touchstonev1.Photo {
	return &touchstonev1.Photo{Brand: p.Brand, PhotoId: p.ID, Product: p.Product, Variant: p.Variant, ListPrice: wirePrice(p.ListPrice)}
}

// wirePrice is a price on the wire; none is nil.
func wirePrice(p index.Price) *touchstonev1.Money {
	if p == (index.Price{}) {
		return nil
	}
	return &touchstonev1.Money{CurrencyCode: p.Currency, Units: p.Units, Nanos: p.Nanos}
}

// price is a price of the wire; nil is none.
func price(m *touchstonev1.Money) index.Price {
	return index.Price{Currency: m.GetCurrencyCode(), Units: m.GetUnits(), Nanos: m.GetNanos()}
}

// differing returns which fields of a photo are not what md says, as a field mask names them.
func (md metadata) differing(p *touchstonev1.Photo) []string {
	var mask []string
	if md.product != nil && *md.product != p.GetProduct() {
		mask = append(mask, "product")
	}
	if md.variant != nil && *md.variant != p.GetVariant() {
		mask = append(mask, "variant")
	}
	if md.price != nil && *md.price != price(p.GetListPrice()) {
		mask = append(mask, "list_price")
	}
	return mask
}

// wireGrant is a grant as the wire has it.
func wireGrant(g listing.Grant) *touchstonev1.Grant {
	return &touchstonev1.Grant{
		Brand: g.Brand, GrantId: g.ID, Grantee: g.Grantee, SellerIds: g.Sellers, Everyone: g.Everyone, Products: g.Products, PhotoIds: g.Photos,
		Marketplace: g.Marketplace, RegionCode: g.Region, ValidFrom: wireTime(g.From), ValidTo: wireTime(g.To), Note: g.Note, Revision: g.Revision,
	}
}

// grantOf is a grant of the wire.
func grantOf(w *touchstonev1.Grant) listing.Grant {
	return listing.Grant{
		Brand: w.GetBrand(), ID: w.GetGrantId(), Grantee: w.GetGrantee(), Sellers: w.GetSellerIds(), Everyone: w.GetEveryone(),
		Products: w.GetProducts(), Photos: w.GetPhotoIds(), Marketplace: w.GetMarketplace(), Region: w.GetRegionCode(),
		From: timeOf(w.GetValidFrom()), To: timeOf(w.GetValidTo()), Note: w.GetNote(), Revision: w.GetRevision(),
	}.Normal()
}

// wireTime is a time as the wire has it; the zero one is absent.
func wireTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// timeOf is a time of the wire; an absent one is zero.
func timeOf(w *timestamppb.Timestamp) time.Time {
	if w == nil {
		return time.Time{}
	}
	return w.AsTime()
}
