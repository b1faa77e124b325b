package main

import (
	"touchstone/index"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// wirePhoto is what a client says of a photo.
func wirePhoto(p index.Photo) *touchstonev1.Photo {
	w := &touchstonev1.Photo{Brand: p.Brand, PhotoId: p.ID, Product: p.Product, Variant: p.Variant}
	if p.ListPrice != (index.Price{}) {
		w.ListPrice = &touchstonev1.Money{CurrencyCode: p.ListPrice.Currency, Units: p.ListPrice.Units, Nanos: p.ListPrice.Nanos}
	}
	return w
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
