package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// known is what is known of a photo, as --json prints it.
type known struct {
	Brand     string            `json:"brand"`
	Photo     string            `json:"photo"`
	Product   string            `json:"product"`
	Variant   string            `json:"variant"`
	SourceURI string            `json:"source_uri,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
	Price     string            `json:"price,omitempty"`
	Currency  string            `json:"currency,omitempty"`
	SHA256    string            `json:"sha256"`
	Bytes     int64             `json:"bytes"`
	Width     int32             `json:"width"`
	Height    int32             `json:"height"`
	Format    string            `json:"format"`
	Quality   uint32            `json:"quality"`
	Revision  uint64            `json:"revision"`
	Added     time.Time         `json:"added"`
	Updated   time.Time         `json:"updated"`
}

func knownOf(p *touchstonev1.Photo) known {
	amount, currency, _ := strings.Cut(money(price(p.GetListPrice())), " ")
	o := p.GetOriginal()
	return known{
		Brand: p.GetBrand(), Photo: p.GetPhotoId(), Product: p.GetProduct(), Variant: p.GetVariant(),
		SourceURI: p.GetSourceUri(), Labels: p.GetLabels(), Price: amount, Currency: currency,
		SHA256: hex.EncodeToString(o.GetSha256()), Bytes: o.GetSizeBytes(), Width: o.GetWidth(), Height: o.GetHeight(), Format: o.GetFormat(),
		Quality: p.GetFingerprint().GetQuality(), Revision: p.GetRevision(), Added: p.GetAddTime().AsTime(), Updated: p.GetUpdateTime().AsTime(),
	}
}

func newPhotos(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "photos",
		Short:   "Look at the photos that were onboarded, and remove them",
		Example: "  touchstone photos list --brand Acme",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usagef("what about them? list, get, delete or brands")
		},
	}
	cmd.AddCommand(newPhotosList(a), newPhotosGet(a), newPhotosDelete(a), newBrandsList(a, "brands", "touchstone photos brands"))
	return cmd
}

func newPhotosList(a *app) *cobra.Command {
	var (
		asJSON           bool
		brands, products []string
	)
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List photos by brand and ID",
		Example: "  touchstone photos list --brand Acme --json",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object a line instead of text")
	cmd.Flags().StringArrayVar(&brands, "brand", nil, "photos of this brand only; may be repeated")
	cmd.Flags().StringArrayVar(&products, "product", nil, "photos of this product only; may be repeated")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		q := &touchstonev1.ListPhotosRequest{PageSize: 1000, Brands: brands, Products: products}
		for {
			page, err := c.ListPhotos(ctx, q)
			if err != nil {
				return err
			}
			t := a.table()
			for _, p := range page.GetPhotos() {
				k := knownOf(p)
				if asJSON {
					if err := a.object(k); err != nil {
						return err
					}
					continue
				}
				t.row(k.Brand, k.Photo, k.Product, k.Variant, money(price(p.GetListPrice())), fmt.Sprintf("%dx%d", k.Width, k.Height), k.Format, k.Updated.Format(time.DateTime))
			}
			if err := t.flush(); err != nil {
				return err
			}
			if q.PageToken = page.GetNextPageToken(); q.PageToken == "" {
				return nil
			}
		}
	})
}

func newPhotosGet(a *app) *cobra.Command {
	var (
		asJSON   bool
		revision uint64
	)
	cmd := &cobra.Command{
		Use:     "get BRAND PHOTO",
		Short:   "Tell what is known of a photo",
		Example: "  touchstone photos get Acme shoes/red/1.jpg",
		Args:    cobra.ExactArgs(2),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object instead of text")
	cmd.Flags().Uint64Var(&revision, "revision", 0, "as it was at this revision; 0: as it is")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		q := &touchstonev1.GetPhotoRequest{Brand: args[0], PhotoId: args[1]}
		if revision != 0 {
			q.AsOfRevision = &revision
		}
		r, err := c.GetPhoto(ctx, q)
		if err != nil {
			return err
		}
		k := knownOf(r.GetPhoto())
		if asJSON {
			return a.object(k)
		}
		t := a.table()
		t.row("brand", k.Brand)
		t.row("photo", k.Photo)
		t.row("product", k.Product)
		t.row("variant", k.Variant)
		t.row("list price", money(price(r.GetPhoto().GetListPrice())))
		t.row("source", k.SourceURI)
		for _, name := range sortedKeys(k.Labels) {
			t.row("label "+name, k.Labels[name])
		}
		t.row("original", fmt.Sprintf("%s, %dx%d pixels, %d bytes", k.Format, k.Width, k.Height, k.Bytes))
		t.row("SHA-256", k.SHA256)
		t.row("quality", fmt.Sprintf("%d of 100", k.Quality))
		t.row("revision", k.Revision)
		t.row("added", k.Added.Format(time.RFC3339))
		t.row("updated", k.Updated.Format(time.RFC3339))
		return t.flush()
	})
}

func newPhotosDelete(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "delete BRAND PHOTO...",
		Short:   "Remove photos",
		Long:    "Remove photos. One that is not there is reported, and the rest goes on; the exit status is 1 then.",
		Example: "  touchstone photos delete Acme shoes/red/1.jpg",
		Args:    cobra.MinimumNArgs(2),
	}
	return a.asking(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		missing := 0
		for _, id := range args[1:] {
			_, err := c.DeletePhoto(ctx, &touchstonev1.DeletePhotoRequest{Brand: args[0], PhotoId: id})
			if client.Reason(err) == touchstonev1.ErrorReason_ERROR_REASON_PHOTO_NOT_FOUND {
				missing++
				a.say("touchstone: photos delete: no such photo: %s", printable(id))
				continue
			}
			if err != nil {
				return err
			}
		}
		if missing > 0 {
			return hinted(errors.New(amount(missing, "photo")+" not there"), "touchstone photos list --brand %s lists what there is", args[0])
		}
		return nil
	})
}
