package main

import (
	"context"

	"github.com/spf13/cobra"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

func newListingList(a *app) *cobra.Command {
	var (
		asJSON bool
		filter listingFilter
	)
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the listing images that are remembered",
		Long:    "List the listing images that are remembered, by marketplace, listing and image: decision, priority, the names, seller, price, deciding photo, and when it was seen.",
		Example: "  touchstone listing list --brand Acme --decision infringing --since 2026-10-01",
		Args:    cobra.NoArgs,
	}
	filter.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object a line instead of text")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		w, err := filter.wire()
		if err != nil {
			return err
		}
		return listings(ctx, c, w, func(page *touchstonev1.ListListingsResponse) error {
			t := a.table()
			for _, l := range page.GetListings() {
				if v := listingKnownOf(l); !asJSON {
					v.row(t)
				} else if err := a.object(v); err != nil {
					return err
				}
			}
			return t.flush()
		})
	})
}

// listings pages through what is remembered.
func listings(ctx context.Context, c *client.Client, filter *touchstonev1.ListingFilter, take func(*touchstonev1.ListListingsResponse) error) error {
	q := &touchstonev1.ListListingsRequest{PageSize: 1000, Filter: filter}
	for {
		page, err := c.ListListings(ctx, q)
		if err != nil {
			return err
		}
		if err := take(page); err != nil {
			return err
		}
		if q.PageToken = page.GetNextPageToken(); q.PageToken == "" {
			return nil
		}
	}
}
