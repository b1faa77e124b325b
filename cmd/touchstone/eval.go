package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
)

// evaluation is eval's answer, as --json prints it.
type evaluation struct {
	Photos     int `json:"photos"`     // onboarded
	TooPlain   int `json:"too_plain"`  // photos refused for being too plain
	Unreadable int `json:"unreadable"` // photos refused for other reasons
	Queries    int `json:"queries"`    // all of them
	Positives  int `json:"positives"`  // queries made from a photo of the catalogue
	Negatives  int `json:"negatives"`  // queries made from others
	Unanswered int `json:"unanswered"` // queries too plain or unreadable
	figures
	Onboarding float64 `json:"onboard_per_second"`
	Matching   float64 `json:"match_per_second"`
	// Of a match, reading and making the query not counted; as many are matched at a time as there are processors.
	P50 float64 `json:"match_p50_ms"`
	P99 float64 `json:"match_p99_ms"`
	// Of queries made from products of several variants; absent where the catalogue has none.
	Variants *variantFigures `json:"variants,omitempty"`
}

// variantFigures tell how often the best match shows the very variant that a query was made from.
type variantFigures struct {
	Unedited    rightVariant `json:"unedited"`     // photos of the catalogue as they are
	ColoursKept rightVariant `json:"colours_kept"` // queries whose edit is none that changes colours
}

type rightVariant struct {
	N     int     `json:"n"`
	First float64 `json:"right_first"` // share
}

func newEval(a *app) *cobra.Command {
	e := &evaluator{app: a}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "eval --catalog DIR {--queries DIR --truth FILE --products FILE | --edit EDIT --strangers DIR}",
		Short: "Measure on photos of known truth how well matching does",
		Long: `Measure how well matching does on your own photos: genuine ones, and suspects of which you know what they were made
from. The photos go into a temporary index, nothing is kept, and no server is asked.

--catalog    folder of genuine photos; a photo's ID is its path in the folder, with or without the ending
--queries    folder of suspect images
--truth      tab-separated, with a header: query (name in the folder), edit, strength, catalog_id (the photo that it was
             made from, - for none), product
--products   tab-separated, with a header: catalog_id or path, product, variant

Or have the suspects made: --edit makes one of each photo, or of so many of them as --photos says, and one of each photo in
another folder of which none is in the catalogue, the strangers. --products may be given as well: without it, a photo that
shows the same product in another colour counts as wrong.

--edit crop=N       N percent of the width are cut off on the left and on the right, N percent of the height above and below
       border=N     N percent are put around instead, in white, black or another colour
       reshoot=N    the photo is photographed again, from a screen or from a print: tilted and turned in the hand, before
                    clutter, with moire or paper, glare, dark corners, blur and noise; 1 (mild) to 3, or reshoot alone for 2
       none         as it is
--strangers  folder of photos that are not in the catalogue
--seed       the same seed makes the same suspects

Of each query the best match counts, however low its score; it is right when it shows the right product. Told are micro
average precision over all queries sorted by score, and recall: the share of the queries with a photo whose best match
is right and scores above the highest 0, 0.1 and 1% of those without. Of products that --products lists in several
variants, it is told how often the right variant comes first: for the catalogue's own photos, asked about as they are, and
for queries of all edits but those that change colours (recolour, tone).`,
		Example: "  touchstone eval --catalog catalog --queries queries --truth truth.tsv --products catalog.tsv --results results.tsv\n" +
			"  touchstone eval --catalog catalog --strangers others --edit crop=5 --photos 1000",
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&e.catalog, "catalog", "", "folder of genuine photos")
	flags.StringVar(&e.queries, "queries", "", "folder of suspect images")
	flags.StringVar(&e.truth, "truth", "", "what each query was made from")
	flags.StringVar(&e.products, "products", "", "what each photo shows")
	flags.StringVar(&e.results, "results", "", "file to write a line a query to: query, best photo's ID (- for none), score, tab-separated")
	flags.StringVar(&e.edit, "edit", "", "make the suspects: crop=N, border=N, reshoot, reshoot=N or none")
	flags.StringVar(&e.strangers, "strangers", "", "with --edit: folder of photos that are not in the catalogue")
	flags.IntVar(&e.most, "photos", 0, "with --edit: make suspects of so many photos of each folder, chosen by the seed; 0: of all")
	flags.Uint64Var(&e.seed, "seed", 1, "with --edit: what chance is drawn from")
	flags.BoolVar(&asJSON, "json", false, "an object instead of tables")
	require(cmd, "catalog")
	return a.verb(cmd, func(ctx context.Context, _ []string) error {
		if err := e.validate(); err != nil {
			return err
		}
		ctx, stop := interruptible(ctx)
		defer stop()
		v, err := e.evaluate(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return a.object(v)
		}
		return v.print(a)
	})
}

// print writes the evaluation as tables.
func (v evaluation) print(a *app) error {
	t := a.table()
	t.row("photos", v.Photos, fmt.Sprintf("%d too plain, %d unreadable", v.TooPlain, v.Unreadable))
	t.row("queries", v.Queries, fmt.Sprintf("%d with a photo of the catalogue, %d without, %d unanswered", v.Positives, v.Negatives, v.Unanswered))
	t.row("onboarding", fmt.Sprintf("%.1f/s", v.Onboarding))
	t.row("matching", fmt.Sprintf("%.1f/s", v.Matching), fmt.Sprintf("%.1f ms in the median, %.1f ms at the 99th percentile", v.P50, v.P99))
	t.row("micro AP", fmt.Sprintf("%.3f", v.MicroAP))
	t.row("rank 1", percent(v.Rank1))
	for _, key := range falsePositiveRates {
		t.row("recall at FPR "+key, percent(v.RecallAtFPR[key]))
	}
	t.blank()
	groups := func(title string, m map[string]group) {
		head := []any{title, "queries", "rank 1"}
		for _, key := range falsePositiveRates {
			head = append(head, "at FPR "+key)
		}
		t.row(head...)
		for _, name := range slices.SortedFunc(maps.Keys(m), cmp.Compare[string]) {
			g := m[name]
			cells := []any{name, g.N, percent(g.Rank1)}
			for _, key := range falsePositiveRates {
				cells = append(cells, percent(g.RecallAtFPR[key]))
			}
			t.row(cells...)
		}
	}
	groups("edit", v.ByEdit)
	t.blank()
	groups("strength", v.ByStrength)
	if w := v.Variants; w != nil {
		t.blank()
		t.row("variants", "queries", "right first")
		t.row("unedited", w.Unedited.N, percent(w.Unedited.First))
		t.row("colours kept", w.ColoursKept.N, percent(w.ColoursKept.First))
	}
	return t.flush()
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }
