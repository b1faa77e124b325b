package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"touchstone/client"
	"touchstone/listing"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// grantKnown is a grant, as --json prints it.
type grantKnown struct {
	Brand       string     `json:"brand"`
	Grant       string     `json:"grant_id"`
	Grantee     string     `json:"grantee"`
	Sellers     []string   `json:"seller_ids,omitempty"`
	Everyone    bool       `json:"everyone,omitempty"`
	Products    []string   `json:"products,omitempty"`
	Photos      []string   `json:"photo_ids,omitempty"`
	Marketplace string     `json:"marketplace,omitempty"`
	Region      string     `json:"region_code,omitempty"`
	From        *time.Time `json:"valid_from,omitempty"`
	To          *time.Time `json:"valid_to,omitempty"`
	Note        string     `json:"note,omitempty"`
	Revision    uint64     `json:"revision"`
}

func grantKnownOf(g listing.Grant) grantKnown {
	bound := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	return grantKnown{
		Brand: g.Brand, Grant: g.ID, Grantee: g.Grantee, Sellers: g.Sellers, Everyone: g.Everyone, Products: g.Products, Photos: g.Photos,
		Marketplace: g.Marketplace, Region: g.Region, From: bound(g.From), To: bound(g.To), Note: g.Note, Revision: g.Revision,
	}
}

// row is the grant in a line: who, for what, where, when.
func (g grantKnown) row(t sheet) {
	who := amount(len(g.Sellers), "account")
	if g.Everyone {
		who = "everyone"
	}
	var what []string
	if n := len(g.Products); n > 0 {
		what = append(what, amount(n, "product"))
	}
	if n := len(g.Photos); n > 0 {
		what = append(what, amount(n, "photo"))
	}
	if len(what) == 0 {
		what = []string{"all"}
	}
	where := strings.TrimSpace(g.Marketplace + " " + g.Region)
	if where == "" {
		where = "anywhere"
	}
	t.row(g.Brand, g.Grant, g.Grantee, who, strings.Join(what, ", "), where, g.validity())
}

// validity is when the grant is valid, in words.
func (g grantKnown) validity() string {
	switch {
	case g.From == nil && g.To == nil:
		return "always"
	case g.From == nil:
		return "before " + g.To.Format(time.RFC3339)
	case g.To == nil:
		return "from " + g.From.Format(time.RFC3339)
	}
	return "from " + g.From.Format(time.RFC3339) + " before " + g.To.Format(time.RFC3339)
}

func newGrants(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "grants",
		Short: "Settle who may use a brand's photos",
		Long: `Settle who may use a brand's photos. A grant names a company and the accounts that it sells by; a genuine photo in a
listing of one of these is AUTHORISED. It may be bound to products, photos, a marketplace, a region and a time. Each change
is kept: what was granted at an earlier revision can be told later.`,
		Example: "  touchstone grants import resellers.csv\n  touchstone grants list --brand Acme",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usagef("what about them? import, export, list or delete")
		},
	}
	cmd.AddCommand(newGrantsImport(a), newGrantsExport(a), newGrantsList(a), newGrantsDelete(a))
	return cmd
}

func newGrantsExport(a *app) *cobra.Command {
	q := &touchstonev1.ListGrantsRequest{}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write grants as a CSV that import reads",
		Long: `Write grants to standard output as a CSV that import reads: of all brands or one, as they are or as they were at an
earlier revision. A cell that a spreadsheet would take for a formula has an apostrophe before it.`,
		Example: "  touchstone grants export --brand Acme > acme.csv",
		Args:    cobra.NoArgs,
	}
	revision := grantsFlags(cmd, q)
	return a.asking(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		revision()
		return listing.WriteGrants(a.out, listGrants(ctx, c, q))
	})
}

func newGrantsList(a *app) *cobra.Command {
	var asJSON bool
	q := &touchstonev1.ListGrantsRequest{}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List grants by brand and ID",
		Example: "  touchstone grants list --brand Acme --json",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object a line instead of text")
	revision := grantsFlags(cmd, q)
	return a.asking(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		revision()
		t := a.table()
		for g, err := range listGrants(ctx, c, q) {
			if err != nil {
				return err
			}
			if !asJSON {
				grantKnownOf(g).row(t)
			} else if err := a.object(grantKnownOf(g)); err != nil {
				return err
			}
		}
		return t.flush()
	})
}

// grantsFlags are those of verbs that list grants. What it returns has to be called once they are parsed.
func grantsFlags(cmd *cobra.Command, q *touchstonev1.ListGrantsRequest) (parsed func()) {
	cmd.Flags().StringVar(&q.Brand, "brand", "", "grants of this brand only")
	return asOf(cmd, &q.AsOfRevision)
}

// asOf is the flag of verbs that tell what was. What it returns has to be called once flags are parsed.
func asOf(cmd *cobra.Command, to **uint64) (parsed func()) {
	revision := cmd.Flags().Uint64("as-of", 0, "as it was at this revision; 0: as it is")
	return func() {
		if *revision != 0 {
			*to = revision
		}
	}
}

// listGrants goes through the grants of a request, page by page. An error ends it.
func listGrants(ctx context.Context, c *client.Client, q *touchstonev1.ListGrantsRequest) iter.Seq2[listing.Grant, error] {
	return func(yield func(listing.Grant, error) bool) {
		for q.PageSize = 1000; ; {
			page, err := c.ListGrants(ctx, q)
			if err != nil {
				yield(listing.Grant{}, err)
				return
			}
			for _, g := range page.GetGrants() {
				if !yield(grantOf(g), nil) {
					return
				}
			}
			if q.PageToken = page.GetNextPageToken(); q.PageToken == "" {
				return
			}
		}
	}
}

func newGrantsDelete(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "delete BRAND ID",
		Short:   "Take a grant back",
		Long:    "Take a grant back. It can still be told as of an earlier revision.",
		Example: "  touchstone grants delete Acme bags-co-2026",
		Args:    cobra.ExactArgs(2),
	}
	return a.asking(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		_, err := c.DeleteGrant(ctx, &touchstonev1.DeleteGrantRequest{Brand: args[0], GrantId: args[1]})
		return err
	})
}

func newGrantsImport(a *app) *cobra.Command {
	var dry, asJSON bool
	cmd := &cobra.Command{
		Use:   "import FILE.csv",
		Short: "Add the grants that a CSV lists, or replace them",
		Long: `Add the grants that a CSV lists, or replace those of the same brand and ID. Those that the CSV doesn't have stay.

The CSV is UTF-8 with commas between its columns. Its first line names them, in any order:

  brand, grant_id  which together name the grant
  grantee          the company that has it
  seller_ids       its accounts and their aliases on marketplaces
  everyone         true: the grant is for whoever sells, and seller_ids may be empty
  products         only for photos of these products
  photo_ids        only for these photos: the grant is a licence
  marketplace      only on this marketplace
  region_code      only in this region, such as US
  valid_from       only from this time on
  valid_to         only before this time
  note             for people

The first four columns are needed, and what is empty doesn't bind. Where there are several sellers, products or photos, a |
separates them; a | or a space at the end that belongs to a name has a backslash before it, and so has a backslash there. A
time is like 2026-11-24T18:00:00+01:00; a day like 2026-11-24 stands for its beginning in UTC, so a valid_to of a day is the
first day on which the grant is no longer valid. Have a spreadsheet treat the columns of IDs as text: it shortens long
numbers.

A line that is wrong is reported, and the rest goes on; the exit status is 1 then. So it is with a seller's account that
another grant gives to another company at the same time. It is safe to run the same command again, after an interruption
for instance: what is there already is unchanged.`,
		Example: "  touchstone grants import resellers.csv --dry-run\n  touchstone grants import resellers.csv",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "check the CSV by itself, without a server, and change nothing")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the summary as an object instead of text")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, args []string) (err error) {
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		// What was read is in the grants; a file that is only read loses nothing when it is closed.
		defer func() { _ = f.Close() }()
		i := grantsImport{app: a, name: args[0], put: c.PutGrants, summary: grantsSummary{dry: dry}}
		if dry {
			i.put = i.check
		}
		sum, err := i.run(ctx, f)
		if err == nil || sum.lines() > 0 {
			show := sum.print
			if asJSON {
				show = func(a *app) error { return a.object(sum) }
			}
			if err := show(a); err != nil {
				return err
			}
		}
		switch {
		case ctx.Err() != nil:
			return hinted(errInterrupted, "run the same command again to go on: what is there already is unchanged")
		case err != nil:
			return err
		case sum.Refused > 0:
			return fmt.Errorf("%s refused", amount(sum.Refused, "line"))
		}
		return nil
	})
}
