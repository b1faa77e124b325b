package listing_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/match"
)

// hit is a sure copy of a photo whose article costs 795 dollars.
func hit(brand, photo string) listing.Hit {
	return listing.Hit{
		Photo: index.Key{Brand: brand, ID: photo}, Product: "Bag", ListPrice: index.Price{Currency: "USD", Units: 795},
		Verdict: match.Copy, Score: 0.99, ExpectedFalse: 0.01,
	}
}

// with returns a changed copy.
func with[T any](v T, change func(*T)) T {
	change(&v)
	return v
}

// situation is what a decision is made of.
type situation struct {
	rules     listing.Rules
	grants    []listing.Grant
	standings []listing.Standing
	facts     listing.Facts
	status    match.Status
	hits      []listing.Hit
}

func (s *situation) decide() listing.Decision {
	return listing.NewPolicy(7, s.rules, s.grants, s.standings).Decide(s.facts, s.status, s.hits, 9)
}

// usual is a sure copy of Acme's photo 1, offered by a seller without a grant, for all of the list price.
func usual() situation {
	return situation{
		rules: listing.Rules{Default: listing.Rule{Infringing: 1, Review: 100, LowPrice: 0.2, Rollout: 1}}, status: match.Found, hits: []listing.Hit{hit("Acme", "1")},
		facts: with(facts(), func(f *listing.Facts) { f.Price.Units = 795 }),
	}
}

func standing(brand, photo string, s listing.State) listing.Standing {
	return listing.Standing{Photo: index.Key{Brand: brand, ID: photo}, State: s}
}

// decided is what a table says of a decision.
type decided struct {
	Outcome listing.Outcome
	Reasons []listing.Reason
	Photo   string // "brand/ID"
	Grant   string
}

func reasons(r ...listing.Reason) []listing.Reason { return r }

func TestDecide(t *testing.T) {
	acme1 := func(o listing.Outcome, grant string, r ...listing.Reason) decided {
		return decided{o, r, "Acme/1", grant}
	}
	left, right := listing.Box{Right: 0.4, Bottom: 1}, listing.Box{Left: 0.5, Right: 1, Bottom: 1}
	tests := []struct {
		name   string
		change func(s *situation)
		want   decided
	}{
		{"no grant", func(*situation) {}, acme1(listing.Infringing, "", listing.NoGrant)},
		{"nothing matches", func(s *situation) { s.hits, s.status = nil, match.NothingFound }, decided{Outcome: listing.NoMatch}},
		{"too plain", func(s *situation) { s.hits, s.status = nil, match.TooPlain }, decided{Outcome: listing.NoMatch, Reasons: reasons(listing.TooPlain)}},
		{"too unsure to be seen", func(s *situation) { s.hits[0].ExpectedFalse = 100.1 }, decided{Outcome: listing.NoMatch}},
		{"just sure enough to be seen", func(s *situation) { s.hits[0].ExpectedFalse = 100 }, acme1(listing.Review, "", listing.Unsure)},
		{"unsure", func(s *situation) { s.hits[0].ExpectedFalse = 1.01 }, acme1(listing.Review, "", listing.Unsure)},
		{"as sure as need be", func(s *situation) { s.hits[0].ExpectedFalse = 1 }, acme1(listing.Infringing, "", listing.NoGrant)},
		{"the brand's own rule", func(s *situation) {
			s.rules.Brands = map[string]listing.Rule{"Acme": {Infringing: 0.001, Review: 1, Rollout: 1}}
		}, acme1(listing.Review, "", listing.Unsure)},
		{"called none", func(s *situation) { s.hits[0].Verdict = match.None }, acme1(listing.Review, "", listing.Unsure)},
		{"variant", func(s *situation) { s.hits[0].Verdict = match.Variant }, acme1(listing.Review, "", listing.VariantOnly)},
		{"shared content", func(s *situation) { s.hits[0].Verdict = match.SharedContent }, acme1(listing.Review, "", listing.SharedContent)},
		{"benign", func(s *situation) { s.standings = []listing.Standing{standing("Acme", "1", listing.IsBenign)} },
			acme1(listing.Benign, "", listing.PhotoBenign)},
		{"quarantined", func(s *situation) { s.standings = []listing.Standing{standing("Acme", "1", listing.Quarantined)} },
			acme1(listing.Review, "", listing.PhotoQuarantined)},
		{"muted", func(s *situation) { s.standings = []listing.Standing{standing("Acme", "1", listing.Muted)} },
			acme1(listing.Review, "", listing.PhotoMuted)},
		{"normal", func(s *situation) { s.standings = []listing.Standing{standing("Acme", "1", listing.Normal)} },
			acme1(listing.Infringing, "", listing.NoGrant)},
		{"another brand's photo of the same name is benign", func(s *situation) {
			s.standings = []listing.Standing{standing("Zeta", "1", listing.IsBenign)}
		}, acme1(listing.Infringing, "", listing.NoGrant)},

		{"granted", func(s *situation) { s.grants = []listing.Grant{grant()} }, acme1(listing.Authorised, "g1", listing.SellerGranted)},
		{"granted to an alias, among others", func(s *situation) {
			s.facts.Seller = "s2"
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.ID, g.Sellers = "g0", []string{"s3"} }), grant()}
		}, acme1(listing.Authorised, "g1", listing.SellerGranted)},
		{"granted to someone else", func(s *situation) { s.facts.Seller = "s9"; s.grants = []listing.Grant{grant()} }, acme1(listing.Infringing, "", listing.NoGrant)},
		{"granted, the seller is not known", func(s *situation) { s.facts.Seller = ""; s.grants = []listing.Grant{grant()} }, acme1(listing.Infringing, "", listing.NoGrant)},
		{"granted to everyone, the seller is not known", func(s *situation) {
			s.facts.Seller = ""
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.Sellers, g.Everyone = nil, true })}
		}, acme1(listing.Authorised, "g1", listing.SellerGranted)},
		{"granted by another brand", func(s *situation) {
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.Brand = "Zeta" })}
		}, acme1(listing.Infringing, "", listing.NoGrant)},
		{"licensed", func(s *situation) {
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.Photos = []string{"0", "1"} })}
		}, acme1(listing.Authorised, "g1", listing.PhotoLicensed)},
		{"a grant rather than a licence", func(s *situation) {
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.ID, g.Photos = "g0", []string{"1"} }), grant()}
		}, acme1(listing.Authorised, "g1", listing.SellerGranted)},
		{"licensed for another photo", func(s *situation) {
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.Photos = []string{"2"} })}
		}, acme1(listing.Infringing, "g1", listing.NoGrant, listing.GrantOtherProduct)},
		{"everyone's press kit is near to nothing else", func(s *situation) {
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.Sellers, g.Everyone, g.Photos = nil, true, []string{"2"} })}
		}, acme1(listing.Infringing, "", listing.NoGrant)},
		{"for another product", func(s *situation) {
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.Products = []string{"Hat"} })}
		}, acme1(listing.Infringing, "g1", listing.NoGrant, listing.GrantOtherProduct)},
		{"for the product", func(s *situation) {
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.Products = []string{"Bag", "Hat"} })}
		}, acme1(listing.Authorised, "g1", listing.SellerGranted)},
		{"expired", func(s *situation) { s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.To = seen })} },
			acme1(listing.Infringing, "g1", listing.NoGrant, listing.GrantExpired)},
		{"about to expire", func(s *situation) {
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.To = seen.Add(1) })}
		},
			acme1(listing.Authorised, "g1", listing.SellerGranted)},
		{"not yet valid", func(s *situation) {
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.From = seen.Add(1) })}
		},
			acme1(listing.Infringing, "g1", listing.NoGrant, listing.GrantNotYetValid)},
		{"just valid", func(s *situation) {
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.From = seen })}
		},
			acme1(listing.Authorised, "g1", listing.SellerGranted)},
		{"on another marketplace", func(s *situation) {
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.Marketplace = "mall.example" })}
		}, acme1(listing.Infringing, "g1", listing.NoGrant, listing.GrantOtherMarketplace)},
		{"on a marketplace, which is not known", func(s *situation) {
			s.facts.Marketplace = ""
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.Marketplace = "shop.example" })}
		}, acme1(listing.Infringing, "g1", listing.NoGrant, listing.GrantOtherMarketplace)},
		{"in another region", func(s *situation) {
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.Region = "DE" })}
		},
			acme1(listing.Infringing, "g1", listing.NoGrant, listing.GrantOtherRegion)},
		{"in a region, which is not known", func(s *situation) {
			s.facts.Region = ""
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.Region = "US" })}
		}, acme1(listing.Infringing, "g1", listing.NoGrant, listing.GrantOtherRegion)},
		{"there and then", func(s *situation) {
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) {
				g.Marketplace, g.Region, g.From, g.To = "shop.example", "US", day(2026, 1, 1), day(2027, 1, 1)
			})}
		}, acme1(listing.Authorised, "g1", listing.SellerGranted)},
		{"the nearest of two grants", func(s *situation) {
			s.grants = []listing.Grant{
				with(grant(), func(g *listing.Grant) { g.ID, g.To, g.Region = "g0", seen, "DE" }),
				with(grant(), func(g *listing.Grant) { g.Region = "DE" }),
			}
		}, acme1(listing.Infringing, "g1", listing.NoGrant, listing.GrantOtherRegion)},
		{"the later revision of a grant", func(s *situation) {
			s.grants = []listing.Grant{
				with(grant(), func(g *listing.Grant) { g.Revision = 2 }),
				with(grant(), func(g *listing.Grant) { g.Revision, g.Region = 3, "DE" }),
			}
		}, acme1(listing.Infringing, "g1", listing.NoGrant, listing.GrantOtherRegion)},

		{"not rolled out", func(s *situation) {
			s.rules.Default.Rollout = 0
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.To = seen })}
		}, acme1(listing.Review, "g1", listing.NotRolledOut, listing.NoGrant, listing.GrantExpired)},
		{"not rolled out, but granted", func(s *situation) { s.rules.Default.Rollout = 0; s.grants = []listing.Grant{grant()} },
			acme1(listing.Authorised, "g1", listing.SellerGranted)},

		{"cheap", func(s *situation) { s.facts.Price.Units = 159 }, acme1(listing.Infringing, "", listing.NoGrant, listing.PriceLow)},
		{"not so cheap", func(s *situation) { s.facts.Price.Units = 160 }, acme1(listing.Infringing, "", listing.NoGrant)},
		{"cheap in another currency", func(s *situation) {
			s.rules.Rates = map[string]float64{"USD": 1, "EUR": 1.08}
			s.facts.Price = index.Price{Currency: "EUR", Units: 147}
		}, acme1(listing.Infringing, "", listing.NoGrant, listing.PriceLow)},
		{"not so cheap in another currency", func(s *situation) {
			s.rules.Rates = map[string]float64{"USD": 1, "EUR": 1.08}
			s.facts.Price = index.Price{Currency: "EUR", Units: 148}
		}, acme1(listing.Infringing, "", listing.NoGrant)},
		{"no rate", func(s *situation) { s.facts.Price.Currency = "EUR" }, acme1(listing.Infringing, "", listing.NoGrant, listing.PriceNotComparable)},
		{"no list price", func(s *situation) { s.hits[0].ListPrice = index.Price{}; s.facts.Price.Currency = "EUR" },
			acme1(listing.Infringing, "", listing.NoGrant)},
		{"no price", func(s *situation) { s.facts.Price = index.Price{} }, acme1(listing.Infringing, "", listing.NoGrant)},
		{"a benign photo has no price", func(s *situation) {
			s.facts.Price.Units, s.standings = 1, []listing.Standing{standing("Acme", "1", listing.IsBenign)}
		}, acme1(listing.Benign, "", listing.PhotoBenign)},

		{"brands in conflict", func(s *situation) { s.hits = append(s.hits, hit("Zeta", "1")) }, acme1(listing.Review, "", listing.BrandConflict)},
		{"brands in conflict, the seller has one's grant", func(s *situation) {
			s.hits = append(s.hits, hit("Zeta", "1"))
			s.grants = []listing.Grant{grant()}
		}, acme1(listing.Review, "g1", listing.BrandConflict)},
		{"brands in conflict, the seller has both's grants", func(s *situation) {
			s.hits = append(s.hits, hit("Zeta", "1"))
			s.grants = []listing.Grant{grant(), with(grant(), func(g *listing.Grant) { g.Brand = "Zeta" })}
		}, acme1(listing.Authorised, "g1", listing.SellerGranted)},
		{"one brand is clearly stronger", func(s *situation) {
			s.hits = append(s.hits, with(hit("Zeta", "1"), func(h *listing.Hit) { h.ExpectedFalse = 0.11 }))
		}, acme1(listing.Infringing, "", listing.NoGrant)},
		{"the clearly stronger brand has granted", func(s *situation) {
			s.hits = append(s.hits, with(hit("Zeta", "1"), func(h *listing.Hit) { h.ExpectedFalse = 0.11 }))
			s.grants = []listing.Grant{grant()}
		}, decided{listing.Review, reasons(listing.BrandConflict), "Zeta/1", ""}},
		{"the weaker brand is not sure", func(s *situation) {
			s.hits[0].ExpectedFalse = 0.5
			s.hits = append(s.hits, with(hit("Zeta", "1"), func(h *listing.Hit) { h.ExpectedFalse = 1.5 }))
		}, acme1(listing.Infringing, "", listing.NoGrant)},
		{"brands side by side", func(s *situation) {
			s.hits[0].Box = left
			s.hits = append(s.hits, with(hit("Zeta", "1"), func(h *listing.Hit) { h.Box = right }))
			s.grants = []listing.Grant{grant()}
		}, decided{listing.Infringing, reasons(listing.NoGrant), "Zeta/1", ""}},

		{"a chart that is also in a photo", func(s *situation) {
			s.hits = append(s.hits, hit("Acme", "chart"))
			s.standings = []listing.Standing{standing("Acme", "chart", listing.IsBenign)}
		}, acme1(listing.Benign, "", listing.PhotoBenign)},
		{"a chart that matches less well than the photo", func(s *situation) {
			s.hits = append(s.hits, with(hit("Acme", "chart"), func(h *listing.Hit) { h.ExpectedFalse = 0.011 }))
			s.standings = []listing.Standing{standing("Acme", "chart", listing.IsBenign)}
		}, acme1(listing.Infringing, "", listing.NoGrant)},
		{"a logo in the corner of a photo", func(s *situation) {
			s.hits = append(s.hits, with(hit("Acme", "logo"), func(h *listing.Hit) {
				h.ExpectedFalse, h.Box = 0, listing.Box{Right: 0.2, Bottom: 0.1}
			}))
			s.standings = []listing.Standing{standing("Acme", "logo", listing.IsBenign)}
		}, acme1(listing.Infringing, "", listing.NoGrant)},

		{"the surest decides", func(s *situation) {
			s.hits = append(s.hits, with(hit("Acme", "2"), func(h *listing.Hit) { h.ExpectedFalse = 0 }))
		}, decided{listing.Infringing, reasons(listing.NoGrant), "Acme/2", ""}},
		{"of those as sure the one with the highest score decides", func(s *situation) {
			s.hits = append(s.hits, with(hit("Acme", "2"), func(h *listing.Hit) { h.Score = 1 }), hit("Acme", "0"))
		}, decided{listing.Infringing, reasons(listing.NoGrant), "Acme/2", ""}},
		{"of those alike the first by name decides", func(s *situation) { s.hits = append(s.hits, hit("Acme", "0"), hit("Acme", "2")) },
			decided{listing.Infringing, reasons(listing.NoGrant), "Acme/0", ""}},
		{"an infringement before a grant", func(s *situation) {
			s.hits = append(s.hits, hit("Acme", "2"))
			s.grants = []listing.Grant{with(grant(), func(g *listing.Grant) { g.Photos = []string{"1"} })}
		}, decided{listing.Infringing, reasons(listing.NoGrant, listing.GrantOtherProduct), "Acme/2", "g1"}},
		{"what is unsure before a grant", func(s *situation) {
			s.hits = append(s.hits, with(hit("Acme", "2"), func(h *listing.Hit) { h.ExpectedFalse = 50 }))
			s.grants = []listing.Grant{grant()}
		}, decided{listing.Review, reasons(listing.Unsure), "Acme/2", ""}},
		{"a grant before what is benign", func(s *situation) {
			s.hits[0].Box = left
			s.hits = append(s.hits, with(hit("Acme", "0"), func(h *listing.Hit) { h.Box = right }))
			s.grants = []listing.Grant{grant()}
			s.standings = []listing.Standing{standing("Acme", "0", listing.IsBenign)}
		}, acme1(listing.Authorised, "g1", listing.SellerGranted)},
		{"muted photos decide last", func(s *situation) {
			s.hits[0].ExpectedFalse = 50
			s.hits = append(s.hits, hit("Acme", "0"), with(hit("Acme", "2"), func(h *listing.Hit) { h.ExpectedFalse = 60 }))
			s.standings = []listing.Standing{standing("Acme", "0", listing.Muted)}
		}, acme1(listing.Review, "", listing.Unsure, listing.PhotoMuted)},
		{"reasons of several hits", func(s *situation) {
			s.hits[0].Verdict = match.Variant
			s.facts.Price.Units = 3
			s.hits = append(s.hits, with(hit("Acme", "2"), func(h *listing.Hit) { h.ExpectedFalse = 50 }),
				with(hit("Acme", "3"), func(h *listing.Hit) { h.ExpectedFalse = 60 }))
		}, acme1(listing.Review, "", listing.VariantOnly, listing.PriceLow, listing.Unsure)},
	}
	told := map[listing.Reason]bool{}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := usual()
			test.change(&s)
			d := s.decide()
			got := decided{d.Outcome, d.Reasons, "", d.Grant}
			if d.Photo != (index.Key{}) {
				got.Photo = d.Photo.String()
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("Decide (-want +got):\n%s", diff)
			}
			if d.Revision != 7 || d.Catalog != 9 {
				t.Errorf("revisions %d and %d, want 7 and 9", d.Revision, d.Catalog)
			}
			if d.Priority < 0 || d.Priority > 1 || (d.Priority == 0) != (d.Outcome >= listing.Benign || d.Outcome == listing.Authorised || d.Reasons[0] == listing.PhotoMuted) {
				t.Errorf("priority %v of %v", d.Priority, d.Outcome)
			}
			for _, r := range d.Reasons {
				told[r] = true
			}
		})
	}
	for r := listing.NoGrant; r <= listing.TooPlain; r++ {
		if !told[r] {
			t.Errorf("no case has reason %d", r)
		}
	}
}

func TestPriceRatio(t *testing.T) {
	s := usual()
	s.facts.Price = index.Price{Currency: "EUR", Units: 3, Nanos: 500_000_000}
	s.rules.Rates = map[string]float64{"EUR": 2, "USD": 0.5}
	if got, want := s.decide().PriceRatio, 3.5/795*4; got < want*0.999999 || got > want*1.000001 {
		t.Errorf("ratio %v, want %v", got, want)
	}
	s.rules.Rates = nil
	if got := s.decide().PriceRatio; got != 0 {
		t.Errorf("without rates: ratio %v, want 0", got)
	}
}

// What is to be looked at first: the rows of the table, in this order.
func TestPriority(t *testing.T) {
	row := func(price int64, expectedFalse float64, change func(*situation)) situation {
		s := usual()
		s.facts.Price.Units, s.hits[0].ExpectedFalse = price, expectedFalse
		if price == 0 {
			s.facts.Price = index.Price{}
		}
		if change != nil {
			change(&s)
		}
		return s
	}
	quarantined := func(s *situation) { s.standings = []listing.Standing{standing("Acme", "1", listing.Quarantined)} }
	tests := []struct {
		name string
		situation
	}{
		{"a bag of 795 dollars at 2", row(2, 0.001, nil)},
		{"at 5", row(5, 0.001, nil)},
		{"at 5, less sure", row(5, 0.9, nil)},
		{"at 100", row(100, 0.9, nil)},
		{"at 5, for review", row(5, 0.9, quarantined)},
		{"price not known", row(0, 0.9, nil)},
		{"at the full price", row(795, 0.9, nil)},
		{"at the full price, for review, however sure", row(795, 0, quarantined)},
		{"at the full price, unsure", row(795, 90, nil)},
		{"granted", row(2, 0, func(s *situation) { s.grants = []listing.Grant{grant()} })},
	}
	last := 1.0
	for _, test := range tests {
		p := test.decide().Priority
		t.Logf("%.4f %s", p, test.name)
		if p >= last {
			t.Errorf("%s: priority %v, want less than %v", test.name, p, last)
		}
		last = p
	}
	if last != 0 {
		t.Errorf("granted: priority %v, want 0", last)
	}
}
