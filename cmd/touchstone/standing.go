package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// standingKnown is a photo's standing, as --json prints it.
type standingKnown struct {
	Brand    string      `json:"brand"`
	Photo    string      `json:"photo"`
	State    string      `json:"state"`
	Note     string      `json:"note,omitempty"`
	Others   []photoName `json:"others,omitempty"` // photos of other brands that equal one in quarantine
	Settled  bool        `json:"settled"`          // by a person
	Revision uint64      `json:"revision"`
	Updated  time.Time   `json:"updated"`
}

// photoName names a photo everywhere.
type photoName struct {
	Brand string `json:"brand"`
	Photo string `json:"photo"`
}

func standingOf(w *touchstonev1.PhotoStanding) standingKnown {
	s := standingKnown{
		Brand: w.GetPhoto().GetBrand(), Photo: w.GetPhoto().GetPhotoId(), State: stateName(w.GetStanding()), Note: w.GetNote(),
		Settled: w.GetSettled(), Revision: w.GetRevision(), Updated: w.GetUpdateTime().AsTime(),
	}
	for _, o := range w.GetOthers() {
		s.Others = append(s.Others, photoName{o.GetBrand(), o.GetPhotoId()})
	}
	return s
}

func (s standingKnown) row(t sheet) {
	by := "by the server"
	if s.Settled {
		by = "settled"
	}
	others := make([]string, len(s.Others))
	for i, o := range s.Others {
		others[i] = o.Brand + "/" + o.Photo
	}
	t.row(s.Brand, s.Photo, s.State, by, s.Updated.Format(time.DateTime), s.Note, strings.Join(others, ", "))
}

const standingPrefix = "STANDING_"

// states are the names of what a photo's matches can mean, as flags have them.
func states() []string {
	var names []string
	for n := range len(touchstonev1.Standing_name) {
		if s := touchstonev1.Standing(n); s != touchstonev1.Standing_STANDING_UNSPECIFIED {
			names = append(names, stateName(s))
		}
	}
	return names
}

func stateName(s touchstonev1.Standing) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), standingPrefix))
}

// stateOf is the state that a flag names.
func stateOf(flag, name string) (touchstonev1.Standing, error) {
	s := touchstonev1.Standing(touchstonev1.Standing_value[standingPrefix+strings.ToUpper(name)])
	if s == touchstonev1.Standing_STANDING_UNSPECIFIED {
		return s, usagef("--%s: one of %s, got %q", flag, strings.Join(states(), ", "), name)
	}
	return s, nil
}

func newStanding(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "standing",
		Short: "Settle what the matches of single photos mean",
		Long: `Settle what the matches of single photos mean:

  normal       what they are
  benign       nothing: the photo is a logo, a size chart, a stock shot
  quarantined  another brand has the photo as well: people have to look at what matches
  muted        the photo matches so many listings that they are last to be looked at

What a person has settled, the server leaves so when it examines a brand's photos. What is remembered keeps its decision
until it is checked again, or by touchstone rescan.`,
		Example: "  touchstone standing set --brand Acme --state benign --note 'size chart' charts/eu.jpg",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usagef("what about it? list or set")
		},
	}
	cmd.AddCommand(newStandingList(a), newStandingSet(a))
	return cmd
}

func newStandingList(a *app) *cobra.Command {
	var (
		asJSON bool
		of     []string
	)
	q := &touchstonev1.ListStandingsRequest{PageSize: 1000}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the photos with another standing than normal",
		Example: "  touchstone standing list --brand Acme --state quarantined",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object a line instead of text")
	cmd.Flags().StringVar(&q.Brand, "brand", "", "photos of this brand only")
	cmd.Flags().StringArrayVar(&of, "state", nil, "photos of this state only; may be repeated")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		for _, name := range of {
			s, err := stateOf("state", name)
			if err != nil {
				return err
			}
			q.Standings = append(q.Standings, s)
		}
		t := a.table()
		for {
			page, err := c.ListStandings(ctx, q)
			if err != nil {
				return err
			}
			for _, s := range page.GetStandings() {
				if !asJSON {
					standingOf(s).row(t)
				} else if err := a.object(standingOf(s)); err != nil {
					return err
				}
			}
			if q.PageToken = page.GetNextPageToken(); q.PageToken == "" {
				return t.flush()
			}
		}
	})
}

func newStandingSet(a *app) *cobra.Command {
	var (
		asJSON             bool
		brand, state, note string
	)
	cmd := &cobra.Command{
		Use:   "set --brand BRAND --state STATE PHOTO...",
		Short: "Settle what the matches of photos mean",
		Long: `Settle what the matches of photos of a brand mean. A photo that is not there is reported, and the rest goes on; the exit
status is 1 then.`,
		Example: "  touchstone standing set --brand Acme --state benign --note 'size chart' charts/eu.jpg charts/us.jpg",
		Args:    cobra.MinimumNArgs(1),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object a line instead of text")
	cmd.Flags().StringVar(&brand, "brand", "", "brand that the photos belong to")
	cmd.Flags().StringVar(&state, "state", "", strings.Join(states(), ", "))
	cmd.Flags().StringVar(&note, "note", "", "why, for people")
	require(cmd, "brand", "state")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		to, err := stateOf("state", state)
		if err != nil {
			return err
		}
		t, missing := a.table(), 0
		for _, id := range args {
			r, err := c.SetStanding(ctx, &touchstonev1.SetStandingRequest{Standing: &touchstonev1.PhotoStanding{
				Photo: &touchstonev1.PhotoName{Brand: brand, PhotoId: id}, Standing: to, Note: note,
			}})
			if client.Reason(err) == touchstonev1.ErrorReason_ERROR_REASON_PHOTO_NOT_FOUND {
				missing++
				a.say("touchstone: standing set: no such photo: %s", printable(id))
				continue
			}
			if err != nil {
				return errors.Join(t.flush(), err)
			}
			if !asJSON {
				standingOf(r.GetStanding()).row(t)
			} else if err := a.object(standingOf(r.GetStanding())); err != nil {
				return err
			}
		}
		if err := t.flush(); err != nil {
			return err
		}
		if missing > 0 {
			return hinted(errors.New(amount(missing, "photo")+" not there"), "touchstone photos list --brand %s lists what there is", brand)
		}
		return nil
	})
}
