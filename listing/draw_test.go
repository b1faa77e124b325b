package listing_test

import (
	"time"

	"pgregory.net/rapid"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/match"
)

// What is drawn is drawn of few names, so that grants, standings and hits meet.
var (
	brands       = rapid.SampledFrom([]string{"Acme", "Zeta"})
	photos       = rapid.SampledFrom([]string{"1", "2", "3"})
	products     = rapid.SampledFrom([]string{"Bag", "Hat", ""})
	sellers      = rapid.SampledFrom([]string{"s1", "s2", "s3"})
	marketplaces = rapid.SampledFrom([]string{"shop.example", "mall.example", ""})
	regions      = rapid.SampledFrom([]string{"US", "DE", ""})
	currencies   = rapid.SampledFrom([]string{"USD", "EUR", "JPY"})
)

func drawTime(t *rapid.T, name string) time.Time {
	if rapid.Bool().Draw(t, name+" is bound") {
		return seen.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, name)) * time.Hour)
	}
	return time.Time{}
}

func drawPrice(t *rapid.T, name string) index.Price {
	if rapid.Bool().Draw(t, name+" is known") {
		return index.Price{Currency: currencies.Draw(t, "currency"), Units: rapid.Int64Range(1, 1000).Draw(t, name)}
	}
	return index.Price{}
}

func drawFacts(t *rapid.T) listing.Facts {
	return listing.Facts{
		Key:    listing.Key{Marketplace: marketplaces.Draw(t, "marketplace"), Listing: rapid.StringMatching("[a-z]{0,3}").Draw(t, "listing")},
		Seller: rapid.OneOf(sellers, rapid.Just("")).Draw(t, "seller"), Region: regions.Draw(t, "region"), Price: drawPrice(t, "price"), Seen: seen,
	}
}

func drawHit(t *rapid.T) listing.Hit {
	edge := rapid.SampledFrom([]float64{0, 0.3, 0.5, 1})
	h := listing.Hit{
		Photo: index.Key{Brand: brands.Draw(t, "brand"), ID: photos.Draw(t, "photo")}, Product: products.Draw(t, "product"), ListPrice: drawPrice(t, "list price"),
		Verdict:       match.Verdict(rapid.IntRange(int(match.None), int(match.Variant)).Draw(t, "verdict")),
		Score:         rapid.SampledFrom([]float64{0.5, 0.9, 1}).Draw(t, "score"),
		ExpectedFalse: rapid.SampledFrom([]float64{0, 1e-9, 0.01, 0.1, 0.5, 1, 2, 50, 100, 500, 1000}).Draw(t, "expected false"),
	}
	if rapid.Bool().Draw(t, "has a box") {
		h.Box = listing.Box{Left: edge.Draw(t, "left"), Top: edge.Draw(t, "top"), Right: edge.Draw(t, "right"), Bottom: edge.Draw(t, "bottom")}
	}
	return h
}

func drawGrant(t *rapid.T) listing.Grant {
	some := func(of *rapid.Generator[string], name string) []string { return rapid.SliceOfN(of, 0, 2).Draw(t, name) }
	return listing.Grant{
		Brand: brands.Draw(t, "brand"), ID: rapid.StringMatching("[a-f]{1,2}").Draw(t, "grant"), Grantee: "g", Sellers: some(sellers, "sellers"),
		Everyone: rapid.IntRange(0, 5).Draw(t, "everyone") == 0, Products: some(products, "products"), Photos: some(photos, "photos"),
		Marketplace: marketplaces.Draw(t, "marketplace"), Region: regions.Draw(t, "region"), From: drawTime(t, "from"), To: drawTime(t, "to"),
	}.Normal()
}

func drawRule(t *rapid.T) listing.Rule {
	r := listing.Rule{
		Infringing: rapid.SampledFrom([]float64{0.05, 1, 10}).Draw(t, "infringing"), LowPrice: 0.2,
		Rollout: rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(t, "rollout"),
	}
	r.Review = r.Infringing * rapid.SampledFrom([]float64{1, 10, 100}).Draw(t, "review")
	return r
}

// drawSituation draws what a decision is made of: grants and hits each of their own name.
func drawSituation(t *rapid.T) situation {
	s := situation{
		rules: listing.Rules{Default: drawRule(t), Rates: map[string]float64{"USD": 1, "EUR": 1.08}}, facts: drawFacts(t), status: match.Found,
		grants: rapid.SliceOfNDistinct(rapid.Custom(drawGrant), 0, 8, func(g listing.Grant) string { return g.Brand + "/" + g.ID }).Draw(t, "grants"),
		hits:   rapid.SliceOfNDistinct(rapid.Custom(drawHit), 0, 5, func(h listing.Hit) index.Key { return h.Photo }).Draw(t, "hits"),
	}
	if rapid.Bool().Draw(t, "a brand has a rule") {
		s.rules.Brands = map[string]listing.Rule{"Zeta": drawRule(t)}
	}
	for _, h := range s.hits {
		if state := listing.State(rapid.IntRange(0, 8).Draw(t, "state")); state > 0 && state <= listing.Muted {
			s.standings = append(s.standings, listing.Standing{Photo: h.Photo, State: state})
		}
	}
	return s
}
