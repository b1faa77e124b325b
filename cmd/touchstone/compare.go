package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"touchstone/match"
	"touchstone/picture"
)

// compared is compare's answer, as --json prints it.
type compared struct {
	A       string   `json:"a"`
	B       string   `json:"b"`
	Verdict string   `json:"verdict"`
	Score   float64  `json:"score"`
	Edits   []string `json:"edits"`
	evidence
	Reason string `json:"reason"`
}

// evidence is what a verdict rests on.
type evidence struct {
	DistancePDQ int     `json:"distance_bits"`   // of 256, between the PDQ hashes
	DistanceP   int     `json:"distance64_bits"` // of 64, between the 64-bit hashes
	Colour      float64 `json:"colour_distance"` // levels of 255
}

func newCompare(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "compare GENUINE SUSPECT",
		Short: "Tell how two image files relate, without a server",
		Long: `Tell how two image files relate: whether the second was made from the first, and by which edits. No server is asked.

The verdict is COPY (the same photo, edited or not), VARIANT (the same picture but for its colours) or NONE.`,
		Example: "  touchstone compare photo.jpg suspect.jpg",
		Args:    cobra.ExactArgs(2),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object instead of text")
	return a.verb(cmd, func(ctx context.Context, args []string) error {
		c, err := compare(ctx, args[0], args[1])
		if err != nil {
			return err
		}
		if asJSON {
			return a.object(c)
		}
		t := a.table()
		t.row("verdict", c.Verdict)
		t.row("score", fmt.Sprintf("%.3f", c.Score))
		t.row("edits", strings.Join(c.Edits, ", "))
		t.row("PDQ", fmt.Sprintf("%d of 256 bits differ", c.DistancePDQ))
		t.row("pHash", fmt.Sprintf("%d of 64 bits differ", c.DistanceP))
		t.row("colours", fmt.Sprintf("%.1f levels apart", c.Colour))
		t.row("reason", c.Reason)
		return t.flush()
	})
}

func compare(ctx context.Context, genuine, suspect string) (compared, error) {
	d := picture.NewDecoder(picture.Limits{})
	var subjects [2]match.Subject
	for i, path := range []string{genuine, suspect} {
		b, err := readPicture(path, d.Limits().Bytes)
		if err != nil {
			return compared{}, err
		}
		subjects[i].Image = b
	}
	c, err := match.New(nil, d, match.Config{}).Compare(ctx, match.Interactive, subjects[0], subjects[1])
	if side := (*match.SubjectError)(nil); errors.As(err, &side) {
		path := genuine
		if side.Field == "b" {
			path = suspect
		}
		return compared{}, fmt.Errorf("%s: %w", path, side.Err)
	}
	if err != nil {
		return compared{}, err
	}
	return compared{
		A: genuine, B: suspect,
		Verdict:  c.Verdict.String(),
		Score:    c.Score,
		Edits:    append([]string{}, c.Edits...), // an empty list, not null
		evidence: evidence{c.Evidence.DistancePDQ, c.Evidence.DistanceP, c.Evidence.Colour},
		Reason:   c.Reason,
	}, nil
}
