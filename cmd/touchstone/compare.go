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
	A             string   `json:"a"`
	B             string   `json:"b"`
	Verdict       string   `json:"verdict"`
	Score         float64  `json:"score"`
	ExpectedFalse float64  `json:"expected_false_matches"`
	Edits         []string `json:"edits"`
	evidence
	Reason string `json:"reason"`
}

func newCompare(a *app) *cobra.Command {
	var (
		asJSON bool
		out    string
	)
	cmd := &cobra.Command{
		Use:   "compare GENUINE SUSPECT",
		Short: "Tell how two image files relate, without a server",
		Long: `Tell how two image files relate: whether the second was made from the first, and by which edits. No server is asked.

The verdicts are those of touchstone match. --out draws the pair as a PNG: side by side with what of the one is in the
other, the genuine photo laid over the suspect image, and where they differ. A file of that name is replaced.`,
		Example: "  touchstone compare photo.jpg suspect.jpg --out pair.png",
		Args:    cobra.ExactArgs(2),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object instead of text")
	cmd.Flags().StringVar(&out, "out", "", "file to draw the pair to, as a PNG")
	return a.verb(cmd, func(ctx context.Context, args []string) error {
		ctx, stop := interruptible(ctx)
		defer stop()
		if out != "" {
			if err := writable(out, args...); err != nil {
				return badOut(err)
			}
		}
		c, png, err := compare(ctx, args[0], args[1], out != "")
		if err != nil {
			return err
		}
		if out != "" {
			if err := replace(out, png); err != nil {
				return badOut(err)
			}
		}
		if asJSON {
			return a.object(c)
		}
		t := a.table()
		t.row("verdict", c.Verdict)
		t.row("score", fmt.Sprintf("%.3f", c.Score))
		t.row("false", perMillion(c.ExpectedFalse))
		t.row("edits", strings.Join(c.Edits, ", "))
		if p := c.Place; p != nil {
			t.row("place", c.where())
			t.row("features", fmt.Sprintf("%d of %d agree", p.FeaturesAgreeing, p.FeaturesExpected))
			t.row("pixels", fmt.Sprintf("%.0f%% of what is seen looks alike", 100*p.Alike))
		}
		t.row("PDQ", fmt.Sprintf("%d of 256 bits differ", c.DistancePDQ))
		t.row("pHash", fmt.Sprintf("%d of 64 bits differ", c.DistanceP))
		t.row("colours", fmt.Sprintf("%.1f levels apart", c.Colour))
		t.row("reason", c.Reason)
		return t.flush()
	})
}

// badOut is why nothing can be drawn to a file.
func badOut(err error) error {
	return hinted(fmt.Errorf("--out: %w", err), "choose another file, in a folder that is there and can be written to")
}

// compare tells how two files relate, and draws it where that is asked for.
func compare(ctx context.Context, genuine, suspect string, draw bool) (_ compared, png []byte, err error) {
	d := picture.NewDecoder(picture.Limits{})
	var subjects [2]match.Subject
	for i, path := range []string{genuine, suspect} {
		b, err := readPicture(path, d.Limits().Bytes)
		if err != nil {
			return compared{}, nil, err
		}
		subjects[i].Image = b
	}
	var c match.Comparison
	if m := match.New(nil, d, match.Config{}); draw {
		png, c, err = m.Overlay(ctx, match.Interactive, subjects[0], subjects[1])
	} else {
		c, err = m.Compare(ctx, match.Interactive, subjects[0], subjects[1])
	}
	if side := (*match.SubjectError)(nil); errors.As(err, &side) {
		path := genuine
		if side.Field == "b" {
			path = suspect
		}
		return compared{}, nil, fmt.Errorf("%s: %w", path, side.Err)
	}
	if err != nil {
		return compared{}, nil, err
	}
	return compared{
		A: genuine, B: suspect,
		Verdict:  c.Verdict.String(),
		Score:    c.Score,
		Edits:    append([]string{}, c.Edits...), // an empty list, not null
		evidence: evidenceHere(&c.Evidence),
		Reason:   c.Reason,

		ExpectedFalse: c.ExpectedFalse,
	}, png, nil
}
