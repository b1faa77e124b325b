package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	touchstonev1 "touchstone/proto/touchstone/v1"
)

// listingFilter are the flags that say which listing images are meant.
type listingFilter struct {
	marketplace, listing, seller, brand string
	decisions                           []string
	since, until                        string
}

// flags adds them to a verb.
func (f *listingFilter) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.marketplace, "marketplace", "", "listings of this marketplace only")
	flags.StringVar(&f.listing, "listing", "", "this listing only; goes with --marketplace")
	flags.StringVar(&f.seller, "seller", "", "listings of this seller only")
	flags.StringVar(&f.brand, "brand", "", "listings whose deciding photo is of this brand only")
	flags.StringArrayVar(&f.decisions, "decision", nil, "listings with this decision only: "+strings.Join(decisionNames(), ", ")+"; may be repeated")
	flags.StringVar(&f.since, "since", "", "listings seen at this time or later only: "+timeForms)
	flags.StringVar(&f.until, "until", "", "listings seen before this time only: "+timeForms)
}

// wire is the filter as servers take it; nil where nothing narrows it down. Errors: usage errors.
func (f *listingFilter) wire() (*touchstonev1.ListingFilter, error) {
	w := &touchstonev1.ListingFilter{Marketplace: f.marketplace, ListingId: f.listing, SellerId: f.seller, Brand: f.brand}
	if f.listing != "" && f.marketplace == "" {
		return nil, usagef("--listing goes with --marketplace")
	}
	for _, name := range f.decisions {
		d, ok := decisionNamed(name)
		if !ok {
			return nil, usagef("--decision: one of %s, got %q", strings.Join(decisionNames(), ", "), name)
		}
		w.Decisions = append(w.Decisions, d)
	}
	since, err := parseTime("--since", f.since)
	if err != nil {
		return nil, err
	}
	until, err := parseTime("--until", f.until)
	if err != nil {
		return nil, err
	}
	if !since.IsZero() {
		w.SeenFrom = timestamppb.New(since)
	}
	if !until.IsZero() {
		w.SeenBefore = timestamppb.New(until)
		if !since.IsZero() && !since.Before(until) {
			return nil, usagef("--until: later than --since, got %s and %s", f.until, f.since)
		}
	}
	return w, nil
}

const decisionPrefix = "DECISION_"

// decisionNames are the decisions as people type them, in the wire's order: "no-match".
func decisionNames() []string {
	var names []string
	for _, n := range sortedKeys(touchstonev1.Decision_name) {
		if n != 0 {
			names = append(names, inWords(touchstonev1.Decision(n).String(), decisionPrefix, "-"))
		}
	}
	return names
}

func decisionNamed(name string) (touchstonev1.Decision, bool) {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	i := slices.Index(decisionNames(), name)
	return touchstonev1.Decision(i + 1), i >= 0
}

// inWords is a name of the wire for people: "DECISION_NO_MATCH" is "no match", with what stands between its words.
func inWords(name, prefix, between string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, prefix), "_", between))
}

// timeForms tells how times are typed.
const timeForms = "2026-10-01 (midnight UTC) or 2026-10-01T18:30:00+02:00"

// parseTime reads a time that was typed; the zero Time where none was. Errors: usage errors.
func parseTime(flag, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, usagef("%s: %s, got %q", flag, timeForms, s)
	}
	return t.UTC(), nil
}
