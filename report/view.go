package report

import (
	"fmt"
	"html/template"
	"strings"

	"touchstone/index"
	"touchstone/listing"
)

// view is what the page shows.
type view struct {
	*Report
	Figures      []figure
	Legend       []figure
	Timeline     chart
	By           string // what a bar of the timeline stands for
	Sellers      []group
	Marketplaces []group
	Ratios       ratios
	Total        int
	Top          []row
}

// row is a case as the page shows it.
type row struct {
	*Case
	Number         int
	Class, Outcome string
	Link           template.URL
	Ratio          string
	ListPrice      index.Price
	Hit            listing.Hit
	Verdict        string
	Expected       string
	Edits          string
	Reasons        []string
	ListingSum     string
	PhotoSum       string
	ListingPDQ     string
	PhotoPDQ       string
	Priority       string
	Score          string
}

func viewOf(r *Report) view {
	cases := r.ordered()
	v := view{
		Report:       r,
		Figures:      figures(cases),
		Ratios:       ratiosOf(cases),
		Total:        len(cases),
		Sellers:      groups(cases, func(f *listing.Facts) (string, string) { return f.Seller, f.Marketplace }),
		Marketplaces: groups(cases, func(f *listing.Facts) (string, string) { return f.Marketplace, "" }),
	}
	for _, o := range outcomes {
		v.Legend = append(v.Legend, figure{Class: class(o), Name: Outcome(o)})
	}
	v.Timeline, v.By = timeline(r, cases)
	for i := range cases[:min(max(r.Shown, 0), len(cases))] {
		c := rowOf(&cases[i])
		c.Number = i + 1
		v.Top = append(v.Top, c)
	}
	return v
}

func rowOf(c *Case) row {
	d := &c.Listing.Decision
	h := c.hit()
	v := row{
		Case:       c,
		Class:      class(d.Outcome),
		Outcome:    Outcome(d.Outcome),
		Link:       link(c.Listing.URL),
		ListPrice:  c.listPrice(),
		Hit:        h,
		Verdict:    verdicts[h.Verdict],
		Edits:      strings.Join(h.Edits, ", "),
		ListingSum: sum(c.Listing.Original),
		PhotoSum:   sum(c.Photo.Original),
		ListingPDQ: pdq(c.Listing.Fingerprint),
		PhotoPDQ:   pdq(c.Photo.Fingerprint),
		Priority:   fmt.Sprintf("%.2f", d.Priority),
	}
	if h.Verdict != 0 {
		v.Expected = perMillion(h.ExpectedFalse)
		v.Score = fmt.Sprintf("%.3f", h.Score)
	}
	if d.PriceRatio > 0 {
		v.Ratio = percent(d.PriceRatio)
	}
	for _, r := range d.Reasons {
		v.Reasons = append(v.Reasons, Reason(r))
	}
	return v
}
