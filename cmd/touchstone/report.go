package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"touchstone/client"
	"touchstone/report"
)

// What a report's folder holds.
const (
	reportPage  = "index.html"
	reportCases = "cases.csv"
	// reportMark is in each page's head: a folder whose page has it may be written to again.
	reportMark = `<meta name="generator" content="touchstone report">`
)

func newReport(a *app) *cobra.Command {
	var (
		brand, since, until, out string
		folders                  []string
		most                     int
	)
	cmd := &cobra.Command{
		Use:   "report --brand BRAND --since TIME --out FOLDER",
		Short: "Write a report of a brand's cases, to be read and printed",
		Long: `Write a report of the listing images whose decisions rest on a brand's photos: index.html, one page that needs no network and
can be printed, and cases.csv with all cases.

It has the figures of the period, over time, by marketplace and seller, prices against the list price, and the cases to look at
first with their pictures, facts, hashes and reasons. Images are not kept by the server: where --pictures names the folders in
which both originals of a case lie, found by their SHA-256, the two are shown with what of the one is in the other; else the
copies of 64 pixels that are kept beside the features are.

The folder is made. One that holds other things is refused, unless there is a former report in it.`,
		Example: "  touchstone report --brand Acme --since 2026-10-01 --out report --pictures photos --pictures listings",
		Args:    cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&brand, "brand", "", "the brand")
	flags.StringVar(&since, "since", "", "listings seen at this time or later: "+timeForms)
	flags.StringVar(&until, "until", "", "listings seen before this time: "+timeForms+"; empty: now")
	flags.StringVar(&out, "out", "", "folder to write to")
	flags.StringArrayVar(&folders, "pictures", nil, "folder in which originals are looked for, of photos and of listing images; may be repeated")
	flags.IntVar(&most, "cases", 200, "most cases to show with pictures; all are in cases.csv")
	require(cmd, "brand", "since", "out")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		now := time.Now().UTC()
		from, err := parseTime("--since", since)
		if err != nil {
			return err
		}
		to, err := parseTime("--until", until)
		if err != nil {
			return err
		}
		if to.IsZero() {
			to = now
		}
		switch {
		case from.IsZero():
			return usagef("--since: %s", timeForms)
		case !from.Before(to):
			return usagef("--until: later than --since, got %s and %s", to.Format(time.RFC3339), from.Format(time.RFC3339))
		case most < 0:
			return usagef("--cases: 0 or more, got %d", most)
		}
		for _, f := range folders {
			if known, err := os.Stat(f); err != nil || !known.IsDir() {
				return usagef("--pictures: %s is no folder", f)
			}
		}
		if err := reportFolder(out); err != nil {
			return err
		}
		r := report.Report{Brand: brand, Since: from, Until: to, Generated: now, Shown: most}
		g := gathering{app: a, client: c, report: &r}
		if err := g.gather(ctx, folders); err != nil {
			return err
		}
		return a.writeReport(out, r)
	})
}

// reportFolder tells why a folder can't take a report.
func reportFolder(path string) error {
	const cure = "choose a folder that is empty, or not there yet"
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return hinted(fmt.Errorf("--out: %w", err), cure)
	}
	other := ""
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), replaceMark) { // what a run that was killed left
			other = e.Name()
		}
	}
	if other == "" {
		return nil
	}
	former, err := isReport(filepath.Join(path, reportPage))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--out: %w", err)
	}
	if !former {
		return hinted(fmt.Errorf("--out: %s holds %s, and no former report", path, other), cure)
	}
	return nil
}

// isReport tells whether a file is the page of a former report.
func isReport(path string) (_ bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	head, err := io.ReadAll(io.LimitReader(f, 4096))
	return bytes.Contains(head, []byte(reportMark)), err
}

// writeReport puts both files in place, the page first: by it a folder is known for a report's.
func (a *app) writeReport(folder string, r report.Report) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	t := a.table()
	for _, f := range []struct {
		name  string
		write func(io.Writer, report.Report) error
	}{{reportPage, report.WriteHTML}, {reportCases, report.WriteCSV}} {
		var b bytes.Buffer
		if err := f.write(&b, r); err != nil {
			return err
		}
		path := filepath.Join(folder, f.name)
		if err := replace(path, b.Bytes()); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		t.row(path, amount(b.Len(), "byte"))
	}
	if len(r.Cases) == 0 {
		a.say("no listing image of the period rests on a photo of %s: the report says so", r.Brand)
	}
	return t.flush()
}
