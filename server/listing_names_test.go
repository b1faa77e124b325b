package server_test

import (
	"testing"

	"google.golang.org/grpc/codes"

	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

// TestListingNames asks for names that nothing can have, one of which, as it is stored, is the beginning of others' names: they
// are refused by field, and nothing is deleted.
func TestListingNames(t *testing.T) {
	r := serve(t, server.Options{})
	r.check(t, seen("l1", "s1"), photo(t, 1))
	const two = "bazaar\x00l1"
	filter := &touchstonev1.ListingFilter{Marketplace: two}
	for name, c := range map[string]struct {
		call  func() error
		field string
	}{
		"delete": {func() error {
			_, err := r.DeleteListings(t.Context(), &touchstonev1.DeleteListingsRequest{Marketplace: two, SellerId: "s1"})
			return err
		}, "marketplace"},
		"list": {func() error {
			_, err := r.ListListings(t.Context(), &touchstonev1.ListListingsRequest{Filter: filter})
			return err
		}, "filter.marketplace"},
		"list grants": {func() error {
			_, err := r.ListGrants(t.Context(), &touchstonev1.ListGrantsRequest{Brand: "Acme\x00g"})
			return err
		}, "brand"},
		"list standings": {func() error {
			_, err := r.ListStandings(t.Context(), &touchstonev1.ListStandingsRequest{Brand: "Acme\x00g"})
			return err
		}, "brand"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.call()
			if told := toldBy(t, err); told.Code != codes.InvalidArgument || told.Field != c.field {
				t.Errorf("%v, of field %q; want INVALID_ARGUMENT of %q", err, told.Field, c.field)
			}
		})
	}
	r.listing(t, "l1")
}
