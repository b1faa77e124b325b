package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

func newScan(a *app) *cobra.Command {
	var (
		out, list, depth string
		given            defaults
		forget           bool
		window, limit    int
	)
	cmd := &cobra.Command{
		Use:   "scan --out FILE MANIFEST|FOLDER|-",
		Short: "Check many listing images, and write what is to be done about each",
		Long: `Check many listing images: those that a manifest lists, those in a folder, or those of a tar stream on standard
input (-), and remember them, so that photos which are added later find them.

A manifest is CSV, JSON lines or Parquet, as its name ends in .csv, .jsonl or .parquet. Its columns:
  path          of an image or of a folder, relative to the manifest's folder; required
  marketplace   where the listing is
  listing_id    its name there
  image_id      the image's name within the listing; by default it is made from the image
  seller_id     who sells
  region_code   where the market is: two letters, as in ISO 3166-1
  url           of the listing; it is never fetched
  price         an amount like 795 or 19.99
  currency      of the price: three letters, as in ISO 4217
  seen_time     2026-05-01T12:30:00Z or 2026-05-01; by default now
Other columns are passed over. A folder stands for the pictures in it and in those below, each with the row's facts and its
path in the folder for an image_id. What has no marketplace or no listing_id is checked, and not remembered.

Of a tar stream, regular files that are named like pictures are checked; --manifest gives their facts, by their paths in
the archive. That manifest is held in memory.

FILE has a record for each image, in their order. Its name ends in .jsonl, .csv or .parquet. Each has item (its number),
path and what the manifest says; status, as in match, or BAD_LINE where the manifest's line can't be used, and error;
decision, reasons, priority, price_ratio, decision_brand, decision_photo and grant_id; of the best match brand, photo,
product, variant, verdict, score, expected_false_matches and edits; match_count. JSON lines have all matches too, as match
--json has them.

A scan that was broken off, in whatever way, goes on where it stopped when the same command is run again: no image is lost,
and none is in FILE twice. Give the same flags then: what is done stays as it is, though --limit, --depth or --forget were
others. A manifest whose facts have changed wants another FILE. Parquet is made at the end, from FILE.partial.jsonl.

The exit status is 1 when an image was UNREADABLE, FAILED or BAD_LINE; the others are checked all the same.`,
		Example: "  touchstone scan --out results.jsonl listings.csv\n" +
			"  touchstone scan --out results.csv --forget photos/\n" +
			"  tar -c photos | touchstone scan --out results.parquet --manifest listings.csv -",
		Args: cobra.ExactArgs(1),
	}
	flags := cmd.Flags()
	flags.StringVar(&out, "out", "", "file that results are written to: .jsonl, .csv or .parquet")
	flags.StringVar(&list, "manifest", "", "facts for the pictures of a tar stream")
	flags.StringVar(&given.marketplace, "marketplace", "", "marketplace of images that the manifest gives none for")
	flags.StringVar(&given.region, "region", "", "region_code of images that the manifest gives none for")
	flags.StringVar(&given.currency, "currency", "", "currency of prices that the manifest gives none for")
	flags.BoolVar(&forget, "forget", false, "remember no image, whatever is known of it")
	flags.IntVar(&window, "max-window", defaultScanWindow, "most images in flight at a time")
	flags.IntVar(&limit, "limit", 0, "most matches for an image, and to decide upon, up to 1000; 0 stands for 10")
	flags.StringVar(&depth, "depth", "auto", "how far to look, as in match: auto, whole or parts")
	require(cmd, "out")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, args []string) error {
		d, ok := depths[depth]
		switch {
		case !ok:
			return usagef("--depth: auto, whole or parts, got %q", depth)
		case limit < 0 || limit > 1000:
			return usagef("--limit: 0 to 1000, got %d", limit)
		case window < 1:
			return usagef("--max-window: 1 or more, got %d", window)
		case list != "" && args[0] != "-":
			return usagef("--manifest goes with a tar stream alone: give the manifest in place of %s", args[0])
		}
		given.currency = strings.ToUpper(given.currency)
		if err := given.validate(); err != nil {
			return err
		}
		if err := writable(out, args[0], list); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		all, total, err := a.suspectsOf(ctx, args[0], manifest{list, given, a.say})
		if err != nil {
			return err
		}
		r, err := openResults(out)
		if err != nil {
			return err
		}
		s := scanning{
			app: a, client: c, results: r, forget: forget, window: window, total: total,
			question: &touchstonev1.CheckRequest{Limit: int32(limit), Depth: d},
		}
		err = s.run(ctx, all)
		if ctx.Err() != nil && err != nil {
			return hinted(errInterrupted, "run the same command again to go on")
		}
		return err
	})
}

// defaultScanWindow keeps a server's window for a stream full, with as much again on its way.
const defaultScanWindow = 128

// suspectsOf returns what an argument of scan names, and how many these are; 0 where that is not known.
func (a *app) suspectsOf(ctx context.Context, arg string, m manifest) (all suspects, total int, err error) {
	if arg == "-" {
		archive, err := newArchive(a.in, m)
		if err != nil {
			return nil, 0, err
		}
		return archive.suspects(), 0, nil
	}
	known, err := os.Stat(arg)
	if err != nil {
		return nil, 0, hinted(err, "give a manifest, a folder of pictures, or - for a tar stream on standard input")
	}
	if known.IsDir() {
		all = without(inFolder("", arg, &touchstonev1.ListingFacts{Marketplace: m.marketplace, RegionCode: m.region}))
		total, err = counted(ctx, all)
		return all, total, err
	}
	if namedLikePicture(arg) {
		return nil, 0, hinted(fmt.Errorf("%s is neither a folder nor a manifest", arg), "touchstone match %s", arg)
	}
	m.path = arg
	total, err = counted(ctx, m.suspects())
	m.tell = func(string, ...any) {} // it was told while counting
	return m.suspects(), total, err
}

// counted is how many suspects there are.
func counted(ctx context.Context, all suspects) (total int, err error) {
	for _, err := range all {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return 0, err
		}
		total++
	}
	return total, nil
}

// statusRefused are the statuses of images that could not be checked, and what they are called.
var statusRefused = []struct{ status, words string }{
	{statusBadLine, "with a bad line"}, {statusUnreadable, "unreadable"}, {statusFailed, "failed"},
}

func (s *scanning) refusals() int {
	n := 0
	for _, r := range statusRefused {
		n += s.counts[r.status]
	}
	return n
}

// tally is what came out, in words.
func (s *scanning) tally() string {
	n := s.refusals()
	return fmt.Sprintf("%d with matches, %d without, %d refused", s.counts[statusOK], int(s.done)-s.counts[statusOK]-n, n)
}

// verdict is the error of a scan that was completed, where images could not be checked.
func (s *scanning) verdict() error {
	n := s.refusals()
	if n == 0 {
		return nil
	}
	var parts []string
	for _, r := range statusRefused {
		if c := s.counts[r.status]; c > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c, r.words))
		}
	}
	return fmt.Errorf("no answer for %d of %s: %s", n, amount(int(s.done), "image"), strings.Join(parts, ", "))
}
