package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

func newListingGet(a *app) *cobra.Command {
	var (
		asJSON bool
		asOf   uint64
	)
	cmd := &cobra.Command{
		Use:     "get MARKETPLACE LISTING IMAGE",
		Short:   "Tell what is known of a listing image",
		Long:    "Tell what is known of a listing image, now or as of an earlier revision: with the decision that stood then.",
		Example: "  touchstone listing get bazaar.example 4711 main.jpg --as-of 1200",
		Args:    cobra.ExactArgs(3),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object instead of text")
	cmd.Flags().Uint64Var(&asOf, "as-of", 0, "as it was at this revision of the listings; 0: as it is")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		q := &touchstonev1.GetListingRequest{Marketplace: args[0], ListingId: args[1], ImageId: args[2]}
		if asOf != 0 {
			q.AsOfRevision = &asOf
		}
		r, err := c.GetListing(ctx, q)
		if err != nil {
			return err
		}
		l := listingKnownOf(r.GetListing())
		if asJSON {
			return a.object(l)
		}
		t := a.table()
		l.head(t)
		t.row("marketplace", l.Marketplace)
		t.row("listing", l.Listing)
		t.row("image", l.Image)
		t.row("seller", l.Seller)
		t.row("region", l.Region)
		t.row("URL", l.URL)
		t.row("price", l.money())
		t.row("seen", l.seen(time.RFC3339))
		if o := r.GetListing().GetOriginal(); o != nil {
			t.row("original", fmt.Sprintf("%s, %dx%d pixels, %d bytes", o.GetFormat(), o.GetWidth(), o.GetHeight(), o.GetSizeBytes()))
			t.row("SHA-256", l.SHA256)
		}
		t.row("status", inWords(l.Status, "", " "))
		t.row("revision", l.Revision)
		t.row("decided by", fmt.Sprintf("policy of revision %d, catalogue of revision %d", l.Policy, l.Catalog))
		t.row("remembered", l.Added.Format(time.RFC3339))
		t.row("updated", l.Updated.Format(time.RFC3339))
		t.blank()
		matchRows(t, l.Matches)
		return t.flush()
	})
}
