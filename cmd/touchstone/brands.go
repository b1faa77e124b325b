package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// settleTime is how long a brand's features may take to be read.
const settleTime = 30 * time.Minute

// brandKnown is a brand, as --json prints it.
type brandKnown struct {
	Brand    string `json:"brand"`
	Photos   int64  `json:"photos"`
	Products int64  `json:"products"`
	Partial  bool   `json:"partial"`
}

func brandOf(b *touchstonev1.Brand) brandKnown {
	return brandKnown{b.GetBrand(), b.GetPhotos(), b.GetProducts(), b.GetPartial()}
}

func (b brandKnown) row(t sheet) {
	t.row(b.Brand, amount(int(b.Photos), "photo"), amount(int(b.Products), "product"), "partial "+onOff(b.Partial))
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func newBrands(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "brands",
		Short: "Look at the brands, and settle how their photos are found",
		Long: `Look at the brands, and settle how their photos are found.

A photo of a brand is found in parts as well, in crops, collages and screenshots, which costs the server some two kilobytes
of memory a photo. Where a brand's many photos share models and backdrops, or memory is scarce, that can be switched off;
then they are found by whole pictures alone.`,
		Example: "  touchstone brands list\n  touchstone brands set Acme --partial=off",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usagef("what about them? list or set")
		},
	}
	cmd.AddCommand(newBrandsList(a, "list", "touchstone brands list"), newBrandsSet(a))
	return cmd
}

// newBrandsList is the verb that lists brands, which photos has as well.
func newBrandsList(a *app, use, example string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     use,
		Short:   "List the brands that have photos",
		Example: "  " + example,
		Args:    cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object a line instead of text")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		t := a.table()
		q := &touchstonev1.ListBrandsRequest{}
		for {
			page, err := c.ListBrands(ctx, q)
			if err != nil {
				return err
			}
			for _, b := range page.GetBrands() {
				if !asJSON {
					brandOf(b).row(t)
				} else if err := a.object(brandOf(b)); err != nil {
					return err
				}
			}
			if q.PageToken = page.GetNextPageToken(); q.PageToken == "" {
				return t.flush()
			}
		}
	})
}

func newBrandsSet(a *app) *cobra.Command {
	var (
		asJSON  bool
		partial string
	)
	cmd := &cobra.Command{
		Use:   "set BRAND --partial=on|off",
		Short: "Settle how a brand's photos are found",
		Long: `Settle how a brand's photos are found; one that has no photo yet as well. To switch parts on, the server reads what it keeps
of all the brand's photos, which may take a while; an interrupted one leaves them off.`,
		Example: "  touchstone brands set Acme --partial=off",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&partial, "partial", "", "on: photos are found in parts as well; off: by whole pictures alone")
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object instead of text")
	require(cmd, "partial")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		if partial != "on" && partial != "off" {
			return usagef("--partial: on or off, got %q", partial)
		}
		on := partial == "on"
		ctx, cancel := context.WithTimeout(ctx, settleTime)
		defer cancel()
		r, err := c.UpdateBrand(ctx, &touchstonev1.UpdateBrandRequest{Brand: args[0], Partial: &on})
		if err != nil {
			return err
		}
		if asJSON {
			return a.object(brandOf(r.GetBrand()))
		}
		t := a.table()
		brandOf(r.GetBrand()).row(t)
		return t.flush()
	})
}
