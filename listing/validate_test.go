package listing_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touchstone/index"
	"touchstone/listing"
)

var seen = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func day(year, month, day int) time.Time {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

func facts() listing.Facts {
	return listing.Facts{
		Key: listing.Key{Marketplace: "shop.example", Listing: "l1", Image: "i1"}, Seller: "s1", Region: "US",
		URL: "https://shop.example/l1", Price: index.Price{Currency: "USD", Units: 3}, Seen: seen,
	}
}

func grant() listing.Grant {
	return listing.Grant{Brand: "Acme", ID: "g1", Grantee: "Bags & Co", Sellers: []string{"s1", "s2"}}
}

// broken is the field that an error names, after a look at its sentinel; empty: there is no error.
func broken(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var f *index.FieldError
	if !errors.As(err, &f) || !errors.Is(err, listing.ErrInvalid) {
		t.Fatalf("%v is no FieldError of ErrInvalid", err)
	}
	return f.Field
}

func TestFactsValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(f *listing.Facts)
		want   string
	}{
		{"all is well", func(*listing.Facts) {}, ""},
		{"little is known", func(f *listing.Facts) { *f = listing.Facts{Key: f.Key, Seen: seen} }, ""},
		{"no marketplace", func(f *listing.Facts) { f.Marketplace = "" }, "marketplace"},
		{"no listing", func(f *listing.Facts) { f.Listing = "" }, "listing_id"},
		{"long listing", func(f *listing.Facts) { f.Listing = strings.Repeat("x", 257) }, "listing_id"},
		{"no image", func(f *listing.Facts) { f.Image = "" }, "image_id"},
		{"long image", func(f *listing.Facts) { f.Image = strings.Repeat("x", 65) }, "image_id"},
		{"seller in another normal form", func(f *listing.Facts) { f.Seller = "Cafe\u0301" }, "seller_id"},
		{"seller that steers terminals", func(f *listing.Facts) { f.Seller = "a\x1b[2J" }, "seller_id"},
		{"seller that is no UTF-8", func(f *listing.Facts) { f.Seller = "caf\xe9" }, "seller_id"},
		{"region in lower case", func(f *listing.Facts) { f.Region = "us" }, "region_code"},
		{"region of three letters", func(f *listing.Facts) { f.Region = "USA" }, "region_code"},
		{"region that is none", func(f *listing.Facts) { f.Region = "XX" }, "region_code"},
		{"long URL", func(f *listing.Facts) { f.URL = strings.Repeat("x", 2049) }, "url"},
		{"URL with a line break", func(f *listing.Facts) { f.URL = "a\nb" }, "url"},
		{"currency that is none", func(f *listing.Facts) { f.Price.Currency = "XYZ" }, "price.currency_code"},
		{"currency for tests", func(f *listing.Facts) { f.Price.Currency = "XTS" }, "price.currency_code"},
		{"currency in lower case", func(f *listing.Facts) { f.Price.Currency = "usd" }, "price.currency_code"},
		{"price without currency", func(f *listing.Facts) { f.Price.Currency = "" }, "price.currency_code"},
		{"new currency", func(f *listing.Facts) { f.Price.Currency = "ZWG" }, ""},
		{"currency of the past", func(f *listing.Facts) { f.Price.Currency = "DEM" }, ""},
		{"price of 0", func(f *listing.Facts) { f.Price.Units = 0 }, "price.units"},
		{"negative price", func(f *listing.Facts) { f.Price.Units = -1 }, "price.units"},
		{"negative cents", func(f *listing.Facts) { f.Price.Nanos = -1 }, "price.nanos"},
		{"too many cents", func(f *listing.Facts) { f.Price.Nanos = 1e9 }, "price.nanos"},
		{"cents alone", func(f *listing.Facts) { f.Price.Units, f.Price.Nanos = 0, 1 }, ""},
		{"not seen", func(f *listing.Facts) { f.Seen = time.Time{} }, "seen_time"},
		{"seen beyond the wire", func(f *listing.Facts) { f.Seen = day(10000, 1, 1) }, "seen_time"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := facts()
			test.change(&f)
			if got := broken(t, f.Validate(true)); got != test.want {
				t.Errorf("Validate(true) is about %q, want %q", got, test.want)
			}
		})
	}
	f := facts()
	f.Key = listing.Key{}
	if err := f.Validate(false); err != nil {
		t.Errorf("without a name, not to be remembered: %v", err)
	}
	f.Image = strings.Repeat("x", 65)
	if got := broken(t, f.Validate(false)); got != "image_id" {
		t.Errorf("long name, not to be remembered: about %q, want image_id", got)
	}
	f = facts()
	f.Price.Currency = "XYZ"
	if err := f.Validate(true); err == nil || !strings.Contains(err.Error(), "ISO 4217") || !strings.Contains(err.Error(), "XYZ") {
		t.Errorf("Validate() = %v, want what is wanted and what was found", err)
	}
}

// All 249 codes of ISO 3166-1, Kosovo's, and no others.
func TestRegions(t *testing.T) {
	n := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			f := facts()
			if f.Region = string([]rune{a, b}); f.Validate(true) == nil {
				n++
			}
		}
	}
	if n != 250 {
		t.Errorf("%d regions, want 250", n)
	}
	for _, code := range strings.Fields("US DE GB FR CN HK MO TW JP SS TL XK") {
		f := facts()
		if f.Region = code; f.Validate(true) != nil {
			t.Errorf("%s is refused", code)
		}
	}
	for _, code := range strings.Fields("UK EU SU YU AN DD TP FX ZZ AA") {
		f := facts()
		if f.Region = code; f.Validate(true) == nil {
			t.Errorf("%s is taken", code)
		}
	}
}

func TestGrantValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(g *listing.Grant)
		want   string
	}{
		{"all is well", func(*listing.Grant) {}, ""},
		{"all there is", func(g *listing.Grant) {
			g.Products, g.Photos, g.Marketplace, g.Region = []string{"Bag"}, []string{"1.jpg"}, "shop.example", "DE"
			g.From, g.To, g.Note = day(2026, 1, 1), day(2027, 1, 1), "contract 12"
		}, ""},
		{"no brand", func(g *listing.Grant) { g.Brand = "" }, "brand"},
		{"no ID", func(g *listing.Grant) { g.ID = "" }, "grant_id"},
		{"no grantee", func(g *listing.Grant) { g.Grantee = "" }, "grantee"},
		{"no seller", func(g *listing.Grant) { g.Sellers = nil }, "seller_ids"},
		{"everyone", func(g *listing.Grant) { g.Sellers, g.Everyone = nil, true }, ""},
		{"empty seller", func(g *listing.Grant) { g.Sellers = []string{""} }, "seller_ids"},
		{"sellers out of order", func(g *listing.Grant) { g.Sellers = []string{"b", "a"} }, "seller_ids"},
		{"seller twice", func(g *listing.Grant) { g.Sellers = []string{"a", "a"} }, "seller_ids"},
		{"too many sellers", func(g *listing.Grant) { g.Sellers = make([]string, listing.MaxSellers+1) }, "seller_ids"},
		{"product with a tab", func(g *listing.Grant) { g.Products = []string{"a\tb"} }, "products"},
		{"too many photos", func(g *listing.Grant) { g.Photos = make([]string, listing.MaxPhotos+1) }, "photo_ids"},
		{"long marketplace", func(g *listing.Grant) { g.Marketplace = strings.Repeat("x", 257) }, "marketplace"},
		{"region that is none", func(g *listing.Grant) { g.Region = "ZZ" }, "region_code"},
		{"to before from", func(g *listing.Grant) { g.From, g.To = day(2026, 2, 1), day(2026, 1, 1) }, "valid_to"},
		{"to at from", func(g *listing.Grant) { g.From, g.To = day(2026, 2, 1), day(2026, 2, 1) }, "valid_to"},
		{"from beyond the wire", func(g *listing.Grant) { g.From = day(10000, 1, 1) }, "valid_from"},
		{"long note", func(g *listing.Grant) { g.Note = strings.Repeat("x", 1025) }, "note"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := grant()
			test.change(&g)
			if got := broken(t, g.Validate()); got != test.want {
				t.Errorf("Validate() is about %q, want %q", got, test.want)
			}
		})
	}
}

func TestGrantNormal(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	g := grant()
	g.Sellers, g.Products, g.From = []string{"b", "a", "b"}, []string{}, time.Date(2026, 1, 1, 1, 0, 0, 0, berlin)
	given := g.Sellers
	got := g.Normal()
	want := grant()
	want.Sellers, want.From = []string{"a", "b"}, day(2026, 1, 1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Normal() (-want +got):\n%s", diff)
	}
	if err := got.Validate(); err != nil || got.From.Location() != time.UTC {
		t.Errorf("Validate() = %v, from %v", err, got.From)
	}
	if given[0] != "b" {
		t.Error("the caller's list was changed")
	}
}

func TestStandingValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(s *listing.Standing)
		want   string
	}{
		{"all is well", func(*listing.Standing) {}, ""},
		{"no brand", func(s *listing.Standing) { s.Photo.Brand = "" }, "photo.brand"},
		{"no photo", func(s *listing.Standing) { s.Photo.ID = "" }, "photo.photo_id"},
		{"no state", func(s *listing.Standing) { s.State = 0 }, "standing"},
		{"unknown state", func(s *listing.Standing) { s.State = 5 }, "standing"},
		{"long note", func(s *listing.Standing) { s.Note = strings.Repeat("x", 1025) }, "note"},
		{"others of a muted photo", func(s *listing.Standing) { s.State = listing.Muted }, "others"},
		{"another of the same brand", func(s *listing.Standing) { s.Others[0].Brand = "Acme" }, "others"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := listing.Standing{
				Photo: index.Key{Brand: "Acme", ID: "1.jpg"}, State: listing.Quarantined, Others: []index.Key{{Brand: "Zeta", ID: "1.jpg"}},
			}
			test.change(&s)
			if got := broken(t, s.Validate()); got != test.want {
				t.Errorf("Validate() is about %q, want %q", got, test.want)
			}
		})
	}
}

func TestRulesValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(r *listing.Rules)
		want   string
	}{
		{"all is well", func(*listing.Rules) {}, ""},
		{"as loose as can be", func(r *listing.Rules) { r.Default = listing.Rule{Infringing: 1000, Review: 1000} }, ""},
		{"nothing is sure", func(r *listing.Rules) { r.Default.Infringing = 0 }, "default.infringing"},
		{"no number", func(r *listing.Rules) { r.Default.Infringing = math.NaN() }, "default.infringing"},
		{"surer for review", func(r *listing.Rules) { r.Default.Review = 0.5 }, "default.infringing"},
		{"too loose", func(r *listing.Rules) { r.Default.Review = 1001 }, "default.review"},
		{"low price above the list price", func(r *listing.Rules) { r.Default.LowPrice = 1.1 }, "default.low_price"},
		{"roll-out in percent", func(r *listing.Rules) { r.Default.Rollout = 10 }, "default.rollout"},
		{"of a brand", func(r *listing.Rules) {
			r.Brands = map[string]listing.Rule{"Acme": {Infringing: 1, Review: 2, Rollout: -1}}
		}, "brands.Acme.rollout"},
		{"of no brand", func(r *listing.Rules) { r.Brands = map[string]listing.Rule{"": r.Default} }, "brands"},
		{"rate of no currency", func(r *listing.Rules) { r.Rates = map[string]float64{"XYZ": 1} }, "rates"},
		{"rate of 0", func(r *listing.Rules) { r.Rates = map[string]float64{"EUR": 0} }, "rates.EUR"},
		{"endless rate", func(r *listing.Rules) { r.Rates = map[string]float64{"EUR": math.Inf(1)} }, "rates.EUR"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := listing.DefaultRules()
			test.change(&r)
			if got := broken(t, r.Validate()); got != test.want {
				t.Errorf("Validate() is about %q, want %q", got, test.want)
			}
		})
	}
}
