package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/status"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// flip is what decisions of a seller's listings would become. Its fields are in the order of the table.
type flip struct {
	brand, marketplace, seller, before, after string
}

// flipped is a decision that would flip, as --json prints it.
type flipped struct {
	Brand  string  `json:"brand"`
	Seller string  `json:"seller"`
	Before decided `json:"before"`
	After  decided `json:"after"`
	listedName
}

// listedName names a listing image.
type listedName struct {
	Marketplace string `json:"marketplace"`
	Listing     string `json:"listing"`
	Image       string `json:"image"`
}

func newReplay(a *app) *cobra.Command {
	var (
		asJSON bool
		filter listingFilter
		rules  string
	)
	cmd := &cobra.Command{
		Use:   "replay --rules FILE",
		Short: "Tell which past decisions would flip by other rules, and change nothing",
		Long: `Tell which past decisions would flip by other rules, before these bite: nothing is changed.

It ends with a table: how many listing images would go from which decision to which, by brand and seller, most first. With
--json it is an object for each listing image instead.`,
		Example: "  touchstone replay --rules new.yaml --brand Acme --since 2026-10-01",
		Args:    cobra.NoArgs,
	}
	filter.flags(cmd)
	cmd.Flags().StringVar(&rules, "rules", "", "file with the rules to try, YAML")
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object a line instead of text")
	require(cmd, "rules")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		w, err := filter.wire()
		if err != nil {
			return err
		}
		b, _, err := readRules(rules)
		if err != nil {
			return err
		}
		r := replay{app: a, asJSON: asJSON, flips: map[flip]int{}}
		err = r.run(ctx, c, &touchstonev1.ReplayRequest{RulesYaml: b, Filter: w})
		if client.Reason(err) == touchstonev1.ErrorReason_ERROR_REASON_RULES_INVALID {
			return hinted(fmt.Errorf("%s: %s", rules, status.Convert(err).Message()), "mend the file, and repeat the command")
		}
		if err != nil {
			return err
		}
		return r.finish()
	})
}

// replay is a run of the verb.
type replay struct {
	*app
	asJSON bool
	done   int
	flips  map[flip]int
}

func (r *replay) run(ctx context.Context, c *client.Client, q *touchstonev1.ReplayRequest) error {
	stream, err := c.Replay(ctx, q)
	if err != nil {
		return err
	}
	var p *progress
	defer func() {
		if p != nil {
			p.close()
		}
	}()
	flips := 0
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if p == nil {
			p = r.progress(int(m.GetTotal()), "listing images")
		}
		r.done += int(m.GetDone())
		if m.GetChange() != nil {
			flips++
			if err := r.take(m.GetChange()); err != nil {
				return err
			}
		}
		p.note(fmt.Sprintf("%d would flip", flips))
		p.add(int(m.GetDone()))
	}
}

func (r *replay) take(c *touchstonev1.DecisionChange) error {
	l, before := listingKnownOf(c.GetListing()), decidedOf(c.GetBefore())
	brand := cmp.Or(l.brand(), before.brand()) // what matches no more was of a brand before
	r.flips[flip{brand, l.Marketplace, l.Seller, before.Decision, l.Decision}]++
	if !r.asJSON {
		return nil
	}
	return r.object(flipped{brand, l.Seller, before, l.decided, listedName{l.Marketplace, l.Listing, l.Image}})
}

// finish writes the table.
func (r *replay) finish() error {
	n := 0
	for _, count := range r.flips {
		n += count
	}
	r.say("%d of %s would flip", n, amount(r.done, "decision"))
	if r.asJSON {
		return nil
	}
	flips := make([]flip, 0, len(r.flips))
	for f := range r.flips {
		flips = append(flips, f)
	}
	slices.SortFunc(flips, func(a, b flip) int {
		return cmp.Or(
			cmp.Compare(r.flips[b], r.flips[a]),
			strings.Compare(a.brand, b.brand), strings.Compare(a.marketplace, b.marketplace), strings.Compare(a.seller, b.seller),
			strings.Compare(a.before, b.before), strings.Compare(a.after, b.after),
		)
	})
	t := r.table()
	for _, f := range flips {
		t.row(r.flips[f], f.before+" -> "+f.after, cmp.Or(f.brand, "-"), f.marketplace, cmp.Or(f.seller, "-"))
	}
	return t.flush()
}
