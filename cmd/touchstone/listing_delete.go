package main

import (
	"context"

	"github.com/spf13/cobra"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

func newListingDelete(a *app) *cobra.Command {
	var (
		asJSON bool
		seller string
	)
	cmd := &cobra.Command{
		Use:   "delete MARKETPLACE LISTING [IMAGE]",
		Short: "Forget listing images, for good",
		Long: `Forget listing images: all of a listing, one of them, or with --seller all of a seller's. What was known of them is gone from
the past as well, and overwritten on the disk. Naming what is not there is no error. It tells how many were forgotten.`,
		Example: "  touchstone listing delete bazaar.example 4711\n  touchstone listing delete bazaar.example --seller bags4u",
		Args:    cobra.RangeArgs(1, 3),
	}
	cmd.Flags().StringVar(&seller, "seller", "", "all of this seller's, instead of a listing's")
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object instead of text")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		q := &touchstonev1.DeleteListingsRequest{Marketplace: args[0], SellerId: seller}
		if (len(args) > 1) == (seller != "") {
			return usagef("a listing or --seller, one of the two")
		}
		if len(args) > 1 {
			q.ListingId = args[1]
		}
		if len(args) > 2 {
			q.ImageId = args[2]
		}
		r, err := c.DeleteListings(ctx, q)
		if err != nil {
			return err
		}
		if asJSON {
			return a.object(struct {
				Deleted int64 `json:"deleted"`
			}{r.GetDeleted()})
		}
		t := a.table()
		t.row("deleted", amount(int(r.GetDeleted()), "listing image"))
		return t.flush()
	})
}
