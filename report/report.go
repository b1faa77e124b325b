// Package report draws what was found of a brand's photos on marketplaces, for people: one HTML page that needs nothing
// else, neither network nor scripts, and can be printed; and all cases as CSV.
//
// It promises that equal reports give equal bytes; that whatever text a marketplace or a seller chose stands there as text:
// it can't become markup, lead anywhere but to a page of http or https, turn the text around it, or become a formula of a
// spreadsheet; and that the page loads nothing.
//
// It asks nobody and decides nothing: what is in it is the caller's to tell.
//
// The caveat that bites: the page holds its pictures, some 200 KB for each case of which both originals are there.
package report

import (
	"cmp"
	_ "embed" // of the page and its style
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/listing"
)

// Report is what is told of a brand.
type Report struct {
	Brand     string
	Since     time.Time // listings seen at this time or later...
	Until     time.Time // ...and before this; later than Since
	Generated time.Time
	Catalog   uint64 // latest revision of the catalogue that a decision rests upon; 0: none does
	Revision  uint64 // of the log of listings, when the report was made
	Cases     []Case // all of the period, in any order; those of NoMatch are left out. They are not changed.
	Shown     int    // cases that the page shows with pictures, those of the highest priority; 0: none
	Notes     []string
}

// Case is a listing image whose decision rests on a photo of the brand.
type Case struct {
	Listing  listing.Listing
	Photo    index.Photo // that the decision rests upon; the zero Photo where nothing is known of it any more
	Pictures Pictures
}

// Pictures show a case. Either the sheet is there, or what is known of each side.
type Pictures struct {
	Sheet   Picture // of both, as package overlay draws it
	Photo   Picture // the genuine photo...
	Listing Picture // ...and the listing image, small
}

// Picture is an encoded one. The zero Picture stands for none.
type Picture struct {
	JPEG          []byte
	Width, Height int // in pixels
}

// hit is the match that the decision rests upon, as far as it is among those that are remembered.
func (c *Case) hit() listing.Hit {
	for _, h := range c.Listing.Hits {
		if h.Photo == c.Listing.Decision.Photo {
			return h
		}
	}
	return listing.Hit{}
}

// listPrice is what the product costs where it is genuine: at the time of the match, or else now.
func (c *Case) listPrice() index.Price {
	if h := c.hit(); h.ListPrice != (index.Price{}) {
		return h.ListPrice
	}
	return c.Photo.ListPrice
}

// Order sorts cases as reports have them: those to look at first come first. Equals are ordered by their names.
func Order(cases []Case) {
	slices.SortStableFunc(cases, func(a, b Case) int {
		x, y := &a.Listing, &b.Listing
		return cmp.Or(
			cmp.Compare(y.Decision.Priority, x.Decision.Priority),
			cmp.Compare(severity(x.Decision.Outcome), severity(y.Decision.Outcome)),
			strings.Compare(x.Marketplace, y.Marketplace),
			strings.Compare(x.Listing, y.Listing),
			strings.Compare(x.Image, y.Image),
		)
	})
}

// outcomes are those that a report counts, the gravest first.
var outcomes = [...]listing.Outcome{listing.Infringing, listing.Review, listing.Authorised, listing.Benign}

// severity is the place of an outcome among outcomes; those that aren't there come last.
func severity(o listing.Outcome) int {
	if i := slices.Index(outcomes[:], o); i >= 0 {
		return i
	}
	return len(outcomes)
}

// ordered are the cases that are counted, in their order.
func (r *Report) ordered() []Case {
	cases := slices.DeleteFunc(slices.Clone(r.Cases), func(c Case) bool {
		return severity(c.Listing.Decision.Outcome) == len(outcomes)
	})
	Order(cases)
	return cases
}

var (
	//go:embed page.html
	pageSource string
	//go:embed style.css
	style string
)

// page is parsed once: its source is a part of the program.
var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"text":  visible,
	"short": short,
	"date":  date,
	"clock": clock,
	"count": count,
	"price": price,
	"data":  dataURL,
	"style": func() template.CSS { return template.CSS(style) },
}).Parse(pageSource))

// WriteHTML writes the page.
func WriteHTML(w io.Writer, r Report) error {
	if err := page.Execute(w, viewOf(&r)); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// pdq is the PDQ hash of a whole picture in hexadecimal digits, "" where there is none.
func pdq(f fingerprint.Fingerprint) string {
	if f.Recipe == 0 {
		return ""
	}
	return f.Whole.PDQ.String()
}
