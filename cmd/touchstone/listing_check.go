package main

import (
	"context"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"touchstone/client"
	"touchstone/index"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// checked is the answer to listing check, as --json prints it.
type checked struct {
	answered
	decided
	Listing *listingKnown `json:"listing,omitempty"` // as it is remembered
}

func newListingCheck(a *app) *cobra.Command {
	var (
		asJSON, forget         bool
		f                      touchstonev1.ListingFacts
		amount, currency, seen string
	)
	cmd := &cobra.Command{
		Use:   "check IMAGE --marketplace M --listing ID",
		Short: "Ask what is to be done about a listing image, and have it remembered",
		Long: `Ask what is to be done about a listing image, and have it remembered.

The answer is the decision with its reasons, then the matches as touchstone match prints them. What is known of the image is
remembered, the image itself is not; checked again with other facts, these replace the former ones. With --forget nothing is
kept, and the marketplace and the listing may be left out.`,
		Example: "  touchstone listing check suspect.jpg --marketplace bazaar.example --listing 4711 --seller bags4u --price 4.99 --currency USD",
		Args:    cobra.ExactArgs(1),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.Marketplace, "marketplace", "", "the marketplace")
	flags.StringVar(&f.ListingId, "listing", "", "the listing's name there")
	flags.StringVar(&f.ImageId, "image-id", "", "the image's name within the listing; empty: made of its SHA-256")
	flags.StringVar(&f.SellerId, "seller", "", "the seller's name there")
	flags.StringVar(&f.RegionCode, "region", "", "where the market is: two letters of ISO 3166-1")
	flags.StringVar(&f.Url, "url", "", "where the listing is; it is never fetched")
	flags.StringVar(&amount, "price", "", "what it costs there: 4.99")
	flags.StringVar(&currency, "currency", "", "of the price: three letters of ISO 4217")
	flags.StringVar(&seen, "seen", "", "when the listing was seen: "+timeForms+"; empty: now")
	flags.BoolVar(&forget, "forget", false, "keep nothing")
	flags.BoolVar(&asJSON, "json", false, "an object instead of text")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		if !forget && (f.GetMarketplace() == "" || f.GetListingId() == "") {
			return usagef("--marketplace and --listing are needed for it to be remembered; --forget keeps nothing")
		}
		var err error
		if f.Price, err = typedPrice(amount, currency); err != nil {
			return err
		}
		at, err := parseTime("--seen", seen)
		if err != nil {
			return err
		}
		if !at.IsZero() {
			f.SeenTime = timestamppb.New(at)
		}
		image, err := readPicture(args[0], mostBytes)
		if err != nil {
			return err
		}
		remember := !forget
		r, err := c.Check(ctx, &touchstonev1.CheckRequest{
			Subject: &touchstonev1.Subject{Subject: &touchstonev1.Subject_Image{Image: image}}, Facts: &f, Remember: &remember,
		})
		if err != nil {
			return err
		}
		v := checked{answered: answerOf(args[0], r.GetMatch()), decided: decidedOf(r.GetDecision())}
		if r.GetListing() != nil {
			l := listingKnownOf(r.GetListing())
			v.Listing = &l
		}
		if asJSON {
			return a.object(v)
		}
		t := a.table()
		v.head(t)
		if err := t.flush(); err != nil {
			return err
		}
		return a.showMatches(v.answered)
	})
}

// typedPrice reads a price that was typed; nil where none was. Errors: usage errors.
func typedPrice(amount, currency string) (*touchstonev1.Money, error) {
	switch {
	case amount == "" && currency == "":
		return nil, nil // absent is how the wire says that no price is known
	case amount == "":
		return nil, usagef("--currency goes with --price")
	case currency == "":
		return nil, usagef("--price goes with --currency")
	}
	p, err := parsePrice(amount, currency)
	if err != nil {
		return nil, usagef("--%w", inManifest(err))
	}
	if p == (index.Price{Currency: p.Currency}) {
		return nil, usagef("--price: more than 0, got %q", amount)
	}
	return wirePrice(p), nil
}
