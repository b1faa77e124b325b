package main

import (
	"touchstone/index"
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
