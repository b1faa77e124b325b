package main

import (
	"github.com/spf13/cobra"
)

func newListing(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "listing",
		Short: "Check listing images, and look at those that are remembered",
		Long: `Check listing images, and look at those that are remembered.

A listing image has a decision:
  AUTHORISED  a genuine photo, and the seller has a grant for it, or the photo is licensed
  INFRINGING  a genuine photo, and no grant
  REVIEW      for people to look at; the reasons say why
  BENIGN      what matches means nothing: a logo, a size chart, a stock shot
  NO_MATCH    nothing matches

It is named by its marketplace, its listing there and its name within that.`,
		Example: "  touchstone listing check suspect.jpg --marketplace bazaar.example --listing 4711 --price 4.99 --currency USD\n  touchstone listing list --brand Acme --decision infringing",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usagef("what about them? check, get, list, find or delete")
		},
	}
	cmd.AddCommand(newListingCheck(a), newListingGet(a), newListingList(a), newListingFind(a), newListingDelete(a))
	return cmd
}
