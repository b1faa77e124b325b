package listing_test

import (
	"errors"
	"strings"
	"testing"

	"touchstone/index"
	"touchstone/listing"
)

func TestDisagrees(t *testing.T) {
	tests := []struct {
		name   string
		change func(g, o *listing.Grant)
		want   bool
	}{
		{"another grantee", func(_, _ *listing.Grant) {}, true},
		{"an alias", func(g, _ *listing.Grant) { g.Sellers = []string{"s2", "s9"} }, true},
		{"the same grantee", func(g, o *listing.Grant) { g.Grantee = o.Grantee }, false},
		{"other accounts", func(g, _ *listing.Grant) { g.Sellers = []string{"s3"} }, false},
		{"another brand", func(g, _ *listing.Grant) { g.Brand = "Zeta" }, false},
		{"the grant itself, as it was", func(g, o *listing.Grant) { g.ID = o.ID }, false},
		{"on the same marketplace", func(g, o *listing.Grant) { g.Marketplace, o.Marketplace = "a", "a" }, true},
		{"on another marketplace", func(g, o *listing.Grant) { g.Marketplace, o.Marketplace = "a", "b" }, false},
		{"one on any marketplace", func(_, o *listing.Grant) { o.Marketplace = "b" }, true},
		{"one after the other", func(g, o *listing.Grant) { g.To, o.From = day(2026, 2, 1), day(2026, 2, 1) }, false},
		{"the other after the one", func(g, o *listing.Grant) { o.To, g.From = day(2026, 2, 1), day(2026, 3, 1) }, false},
		{"a day at the same time", func(g, o *listing.Grant) { g.To, o.From = day(2026, 2, 2), day(2026, 2, 1) }, true},
		{"both have begun", func(g, o *listing.Grant) { g.From, o.From = day(2026, 2, 2), day(2026, 2, 1) }, true},
		{"for other products", func(g, o *listing.Grant) { g.Products, o.Products = []string{"Bag"}, []string{"Hat"} }, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g, o := grant(), grant()
			g.ID, g.Grantee = "g2", "Someone Else"
			test.change(&g, &o)
			last := listing.Grant{Brand: "Acme", ID: "g3", Grantee: "A Third", Sellers: []string{"s8"}}
			err := listing.Disagrees(g, []listing.Grant{last, o})
			if errors.Is(err, listing.ErrDisagree) != test.want {
				t.Fatalf("Disagrees() = %v, want an error: %v", err, test.want)
			}
			if back := listing.Disagrees(o, []listing.Grant{g}); (back != nil) != test.want {
				t.Errorf("the other way round: %v", back)
			}
			if err == nil {
				return
			}
			var f *index.FieldError
			if !errors.As(err, &f) || f.Field != "seller_ids" || !strings.Contains(err.Error(), `"g1"`) || !strings.Contains(err.Error(), `"s2"`) && !strings.Contains(err.Error(), `"s1"`) {
				t.Errorf("%v does not say which account and grant", err)
			}
		})
	}
}
