package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// answered is what match tells of an image, as --json prints it.
type answered struct {
	Query   string    `json:"query"`
	Status  string    `json:"status"`
	Matches []matched `json:"matches"`
	Reason  string    `json:"reason,omitempty"` // of TOO_PLAIN
	Error   string    `json:"error,omitempty"`  // of UNREADABLE and FAILED
}

// The statuses of an image, beside those that the server gives.
const (
	statusOK         = "OK"         // there are matches
	statusUnreadable = "UNREADABLE" // it is no picture that can be read
	statusFailed     = "FAILED"     // the server could not answer; another time it may
)

// matched is a photo that an image may have been made from.
type matched struct {
	Brand   string  `json:"brand"`
	Photo   string  `json:"photo"`
	Product string  `json:"product"`
	Variant string  `json:"variant"`
	Verdict string  `json:"verdict"`
	Score   float64 `json:"score"`
	// Of a million unrelated images, so many would have a match as strong.
	ExpectedFalse float64  `json:"expected_false_matches"`
	Edits         []string `json:"edits"`
	evidence
}

func newMatch(a *app) *cobra.Command {
	var (
		asJSON           bool
		brands, products []string
		radius, limit    int
		depth            string
		mostFalse        float64
	)
	cmd := &cobra.Command{
		Use:   "match IMAGE|FOLDER...",
		Short: "Ask which genuine photos images were made from",
		Long: `Ask which genuine photos images were made from. Of a folder, files that are named like pictures are asked about.

Each image has a status:
  OK               there are matches, best first
  NOTHING_FOUND    photos were compared, and none matches
  NOTHING_INDEXED  there is no photo to compare with (of these brands and products)
  TOO_PLAIN        it has too little structure to be told from others
  UNREADABLE       it is no picture that can be read
  FAILED           the server could not answer for it

A match has a verdict:
  COPY             the same photo, at another size or quality at most
  EDITED_COPY      the same photo, edited: the edits stand at the end of the line
  PARTIAL          less than half of the photo
  VARIANT          the same picture but for its colours
  SHARED_CONTENT   another picture that has a part in common with the photo
  NONE             near, but not near enough

It has the probability that the image was made from the photo, which compares between images; how many of a million
unrelated images would have a match as strong, 0.02/M say; and, where that was looked for, how much of the photo is seen
and where: 44% at 0,25,100,50 is the part of the image that begins at its left edge and a quarter from the top, and is as
wide as the image and half as high.

--max-false is the way to choose what to act upon: with 1, a million images bring one false match.

The exit status is 1 when an image was UNREADABLE or FAILED. With --json each image is an object on a line of its own.`,
		Example: "  touchstone match suspect.jpg\n  touchstone match --json --brand Acme listings/ | jq 'select(.status == \"OK\")'",
		Args:    cobra.MinimumNArgs(1),
	}
	flags := cmd.Flags()
	flags.BoolVar(&asJSON, "json", false, "an object a line instead of text")
	flags.StringArrayVar(&brands, "brand", nil, "look at photos of this brand only; may be repeated")
	flags.StringArrayVar(&products, "product", nil, "look at photos of this product only; may be repeated")
	flags.IntVar(&radius, "radius", -1, "look at photos within so many bits of PDQ, 0 to 256, whatever their score; -1: let the server choose")
	flags.StringVar(&depth, "depth", "auto", "how far to look: whole (pictures alone, the fastest), parts (all photos of a collage, the slowest), auto (parts where whole pictures leave doubt)")
	flags.Float64Var(&mostFalse, "max-false", 0, "show matches of which a million unrelated images bring so many at most, more than 0, whatever their score; 0: those with a score of 0.5 or more")
	flags.IntVar(&limit, "limit", 0, "most matches for an image, up to 1000; 0: 10")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		question := &touchstonev1.MatchRequest{Limit: int32(limit), Brands: brands, Products: products}
		var ok bool
		question.Depth, ok = depths[depth]
		switch {
		case !ok:
			return usagef("--depth: auto, whole or parts, got %q", depth)
		case !(mostFalse >= 0 && mostFalse <= 1e6):
			return usagef("--max-false: more than 0, up to a million, got %v", mostFalse)
		case radius < -1 || radius > 256:
			return usagef("--radius: 0 to 256, or -1, got %d", radius)
		case radius >= 0 && depth == "parts":
			return usagef("--depth parts doesn't go with --radius: within one, whole pictures are compared alone")
		case limit < 0 || limit > 1000:
			return usagef("--limit: 0 to 1000, got %d", limit)
		}
		if radius >= 0 {
			bits := int32(radius)
			question.RadiusBits = &bits
		}
		if mostFalse > 0 {
			question.MaxFalseMatchesPerMillion = &mostFalse
		}
		images := queries(args)
		show := a.showMatches
		if asJSON {
			show = func(r answered) error { return a.object(r) }
		}
		s := matching{app: a, client: c, question: question, show: show, counts: map[string]int{}}
		if err := s.run(ctx, images); err != nil {
			return err
		}
		if n := s.counts[statusUnreadable] + s.counts[statusFailed]; n > 0 {
			return fmt.Errorf("no answer for %d of %s", n, amount(len(images), "image"))
		}
		return nil
	})
}

// depths are how far to look, by the names that --depth has for them.
var depths = map[string]touchstonev1.Depth{
	"auto":  touchstonev1.Depth_DEPTH_AUTO,
	"whole": touchstonev1.Depth_DEPTH_WHOLE,
	"parts": touchstonev1.Depth_DEPTH_PARTS,
}

// query is an image to ask about.
type query struct {
	path string
	err  error // why it can't even be looked for
}

// queries returns the images that arguments name; an argument that leads to none stands among them with its error.
func queries(args []string) []query {
	var images []query
	for _, arg := range args {
		known, err := os.Stat(arg)
		if err != nil || !known.IsDir() {
			images = append(images, query{arg, err})
			continue
		}
		before := len(images)
		for f, err := range pictures(arg) {
			images = append(images, query{f.path, err})
		}
		if len(images) == before {
			images = append(images, query{arg, fmt.Errorf("no picture in %s", arg)})
		}
	}
	return images
}

// answerOf is a server's answer in words.
func answerOf(query string, r *touchstonev1.MatchResponse) answered {
	a := answered{Query: query, Matches: []matched{}, Reason: r.GetReason()}
	a.Status = strings.TrimPrefix(r.GetStatus().String(), "MATCH_STATUS_")
	if r.GetStatus() == touchstonev1.MatchStatus_MATCH_STATUS_FOUND {
		a.Status = statusOK
	}
	for _, m := range r.GetMatches() {
		p := m.GetPhoto()
		a.Matches = append(a.Matches, matched{
			Brand: p.GetBrand(), Photo: p.GetPhotoId(), Product: p.GetProduct(), Variant: p.GetVariant(),
			Verdict:  strings.TrimPrefix(m.GetVerdict().String(), "VERDICT_"),
			Score:    m.GetScore(),
			Edits:    append([]string{}, m.GetEdits()...),
			evidence: evidenceOf(m.GetEvidence()),

			ExpectedFalse: m.GetExpectedFalseMatches(),
		})
	}
	return a
}

// showMatches writes an answer for people.
func (a *app) showMatches(r answered) error {
	t := a.table()
	line := []any{r.Query, strings.ToLower(strings.ReplaceAll(r.Status, "_", " "))}
	switch r.Status {
	case statusOK:
		line = line[:1]
	case statusUnreadable, statusFailed:
		line = append(line, r.Error)
	default:
		if r.Reason != "" {
			line = append(line, r.Reason)
		}
	}
	t.line(line...)
	for _, m := range r.Matches {
		t.row("  "+m.Verdict, fmt.Sprintf("%.3f", m.Score), perMillion(m.ExpectedFalse), m.Brand, m.Photo, m.Product, m.Variant, m.where(), strings.Join(m.Edits, ", "))
	}
	return t.flush()
}
