package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"touchstone/client"
	"touchstone/listing"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

func newRules(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Settle how matches are judged",
		Long: `Settle how matches are judged, for all brands and for one. Rules are YAML; these are the ones that apply where none are set:

` + indented(listing.DefaultYAML) + `
A brand has what default says, but for what is said of the brand itself. All that rules say replaces what they said before;
what they said at an earlier revision can be told later.`,
		Example: "  touchstone rules get > rules.yaml\n  touchstone rules check rules.yaml\n  touchstone rules set rules.yaml",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usagef("what about them? get, set or check")
		},
	}
	cmd.AddCommand(newRulesGet(a), newRulesSet(a), newRulesCheck(a))
	return cmd
}

func newRulesGet(a *app) *cobra.Command {
	q := &touchstonev1.GetRulesRequest{}
	cmd := &cobra.Command{
		Use:     "get",
		Short:   "Write the rules to standard output, as they were set",
		Example: "  touchstone rules get --as-of 1200",
		Args:    cobra.NoArgs,
	}
	parsed := asOf(cmd, &q.AsOfRevision)
	return a.asking(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		parsed()
		r, err := c.GetRules(ctx, q)
		if err != nil {
			return err
		}
		if r.GetRevision() == 0 {
			a.say("touchstone: rules get: the default ones: none were set")
		} else {
			a.say("touchstone: rules get: revision %d, set %s", r.GetRevision(), r.GetUpdateTime().AsTime().Format(time.RFC3339))
		}
		if _, err := a.out.Write(r.GetYaml()); err != nil {
			return fmt.Errorf("write to standard output: %w", err)
		}
		return nil
	})
}

func newRulesSet(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "set FILE.yaml",
		Short:   "Replace the rules",
		Long:    "Replace the rules by those of a file, and tell the revision that they have. The same rules again change nothing. What is\nremembered keeps its decision until it is checked again, or by touchstone rescan; touchstone replay tells before what would flip.",
		Example: "  touchstone rules set rules.yaml",
		Args:    cobra.ExactArgs(1),
	}
	return a.asking(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		text, _, err := readRules(args[0])
		if err != nil {
			return err
		}
		r, err := c.SetRules(ctx, &touchstonev1.SetRulesRequest{Yaml: text})
		if err != nil {
			return err
		}
		t := a.table()
		t.row("revision", r.GetRevision())
		return t.flush()
	})
}

func newRulesCheck(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "check FILE.yaml",
		Short:   "Tell whether rules can be set, and how they judge, without a server",
		Example: "  touchstone rules check rules.yaml",
		Args:    cobra.ExactArgs(1),
	}
	return a.verb(cmd, func(_ context.Context, args []string) error {
		_, rules, err := readRules(args[0])
		if err != nil {
			return err
		}
		t := a.table()
		t.row("", "infringing", "review", "low price", "rollout")
		row := func(name string, r listing.Rule) { t.row(name, r.Infringing, r.Review, r.LowPrice, r.Rollout) }
		row("default", rules.Default)
		for _, brand := range sortedKeys(rules.Brands) {
			row(brand, rules.Brands[brand])
		}
		for _, code := range sortedKeys(rules.Rates) {
			t.row("rate "+code, rules.Rates[code])
		}
		return t.flush()
	})
}

// readRules reads and understands a file of rules.
func readRules(path string) (text []byte, rules listing.Rules, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, listing.Rules{}, err
	}
	// A file that is only read loses nothing when it is closed.
	defer func() { _ = f.Close() }()
	text, err = io.ReadAll(io.LimitReader(f, listing.MaxRules+1))
	if err != nil {
		return nil, listing.Rules{}, fmt.Errorf("read rules: %w", err)
	}
	rules, err = listing.ParseRules(text)
	var at *listing.RulesError
	switch {
	case errors.As(err, &at) && at.Line > 0:
		return nil, listing.Rules{}, hinted(fmt.Errorf("%s: line %d: %s", path, at.Line, at.Want), "touchstone rules --help shows what rules can say")
	case errors.As(err, &at):
		return nil, listing.Rules{}, hinted(fmt.Errorf("%s: %s", path, at.Want), "touchstone rules --help shows what rules can say")
	case err != nil:
		return nil, listing.Rules{}, fmt.Errorf("%s: %w", path, err)
	}
	return text, rules, nil
}

// indented puts two spaces before each line, as help has its examples.
func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
	return b.String()
}
