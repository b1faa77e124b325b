package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"touchstone/client"
	"touchstone/index"
)

func newOnboard(a *app) *cobra.Command {
	var (
		brand  string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "onboard --brand BRAND FOLDER|CSV",
		Short: "Hand a brand's genuine photos in",
		Long: `Hand a brand's genuine photos in: those of a folder and the folders below it, or those that a CSV lists.

Of a folder, files that are named like pictures are taken; a photo's ID is its path in the folder, with forward slashes.

A CSV is UTF-8 with commas between its columns. Its first line names them, in any order: path, and any of photo_id,
product, variant, price, currency. Paths are relative to the CSV's folder. A photo without a photo_id has its path for
one. Where a photo is there already, but with another product, variant or price than the CSV has, these are updated; for
columns that the CSV doesn't have, what is there stays.

A photo that can't be read is reported, and the rest goes on; the exit status is 1 then. It is safe to run the same
command again, after an interruption for instance: what is there already is unchanged.`,
		Example: "  touchstone onboard --brand Acme photos/\n  touchstone onboard --brand Acme catalogue.csv",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&brand, "brand", "", "brand that the photos belong to")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the summary as an object instead of text")
	require(cmd, "brand")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		if err := (index.Key{Brand: brand, ID: "any"}).Validate(); err != nil {
			return usagef("--brand: %w", err)
		}
		photos, err := open(args[0])
		if err != nil {
			return err
		}
		o := onboarding{app: a, client: c, brand: brand}
		sum, err := o.run(ctx, photos)
		if sum != nil {
			show := sum.print
			if asJSON {
				show = func(a *app) error { return a.object(sum) }
			}
			if err := show(a); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return hinted(errInterrupted, "run the same command again to go on: what is there already is unchanged")
		}
		if err != nil {
			return err
		}
		if n := sum.refusals(); n > 0 {
			return fmt.Errorf("%s refused", amount(n, "photo"))
		}
		if !asJSON && sum.Added+sum.Replaced > 0 {
			a.say("touchstone: hint: examine them: touchstone health --brand %s", shellWord(brand))
		}
		return nil
	})
}
