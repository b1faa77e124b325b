package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

func newListingFind(a *app) *cobra.Command {
	var (
		asJSON    bool
		product   string
		mostFalse float64
		limit     int
	)
	cmd := &cobra.Command{
		Use:   "find BRAND PHOTO",
		Short: "Find the remembered listing images that a photo, or a product's photos, may be in",
		Long: `Find the remembered listing images that may have been made from a photo, or with --product from any photo of a product,
best first. No image is needed. They are found by whole pictures; touchstone rescan finds those that show a part as well.`,
		Example: "  touchstone listing find Acme shoes/red/1.jpg\n  touchstone listing find Acme --product 'Tote 24'",
		Args:    cobra.RangeArgs(1, 2),
	}
	flags := cmd.Flags()
	flags.StringVar(&product, "product", "", "any photo of this product, instead of one photo")
	flags.Float64Var(&mostFalse, "max-false", 0, "matches of which a million unrelated images bring so many at most, more than 0, up to 1000; 0: 100")
	flags.IntVar(&limit, "limit", 0, "most listing images, up to 1000; 0: 100")
	flags.BoolVar(&asJSON, "json", false, "an object a line instead of text")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		q := &touchstonev1.FindListingsRequest{Brand: args[0], Product: product, Limit: int32(limit)} // checked below
		switch {
		case (len(args) == 2) == (product != ""):
			return usagef("a photo or --product, one of the two")
		case !(mostFalse >= 0 && mostFalse <= 1000):
			return usagef("--max-false: more than 0, up to 1000, got %v", mostFalse)
		case limit < 0 || limit > 1000:
			return usagef("--limit: 0 to 1000, got %d", limit)
		}
		if len(args) == 2 {
			q.PhotoId = args[1]
		}
		if mostFalse > 0 {
			q.MaxFalseMatchesPerMillion = &mostFalse
		}
		r, err := c.FindListings(ctx, q)
		if err != nil {
			return err
		}
		t := a.table()
		for _, l := range r.GetListings() {
			v := listingKnownOf(l)
			if asJSON {
				if err := a.object(v); err != nil {
					return err
				}
				continue
			}
			for _, m := range v.Matches {
				t.row(m.Verdict, fmt.Sprintf("%.3f", m.Score), perMillion(m.ExpectedFalse), m.Brand, m.Photo, v.Marketplace, v.Listing, v.Image, v.Seller, v.money(), v.Decision, v.seen(time.DateTime))
			}
		}
		if err := t.flush(); err != nil {
			return err
		}
		if more := r.GetTotal() - int64(len(r.GetListings())); more > 0 {
			a.say("%d more match, of %d that were looked among; --limit shows more", more, r.GetSearched())
		}
		return nil
	})
}
