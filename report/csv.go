package report

import (
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"touchstone/index"
	"touchstone/listing"
)

// csvColumns are the columns of the CSV, and what they hold.
var csvColumns = []struct {
	name  string
	value func(*Case, *listing.Hit) string
}{
	{"marketplace", func(c *Case, _ *listing.Hit) string { return c.Listing.Marketplace }},
	{"listing_id", func(c *Case, _ *listing.Hit) string { return c.Listing.Key.Listing }},
	{"image_id", func(c *Case, _ *listing.Hit) string { return c.Listing.Image }},
	{"seller_id", func(c *Case, _ *listing.Hit) string { return c.Listing.Seller }},
	{"region", func(c *Case, _ *listing.Hit) string { return c.Listing.Region }},
	{"url", func(c *Case, _ *listing.Hit) string { return c.Listing.URL }},
	{"price", func(c *Case, _ *listing.Hit) string { return amount(c.Listing.Price) }},
	{"currency", func(c *Case, _ *listing.Hit) string { return c.Listing.Price.Currency }},
	{"list_price", func(c *Case, _ *listing.Hit) string { return amount(c.listPrice()) }},
	{"list_currency", func(c *Case, _ *listing.Hit) string { return c.listPrice().Currency }},
	{"price_ratio", func(c *Case, _ *listing.Hit) string { return number(c.Listing.Decision.PriceRatio) }},
	{"seen", func(c *Case, _ *listing.Hit) string { return moment(c.Listing.Seen) }},
	{"remembered", func(c *Case, _ *listing.Hit) string { return moment(c.Listing.Added) }},
	{"changed", func(c *Case, _ *listing.Hit) string { return moment(c.Listing.Updated) }},
	{"decision", func(c *Case, _ *listing.Hit) string { return c.Listing.Decision.Outcome.String() }},
	{"reasons", func(c *Case, _ *listing.Hit) string { return reasonsOf(c) }},
	{"priority", func(c *Case, _ *listing.Hit) string {
		return strconv.FormatFloat(c.Listing.Decision.Priority, 'g', 6, 64)
	}},
	{"grant_id", func(c *Case, _ *listing.Hit) string { return c.Listing.Decision.Grant }},
	{"brand", func(c *Case, _ *listing.Hit) string { return c.Listing.Decision.Photo.Brand }},
	{"photo_id", func(c *Case, _ *listing.Hit) string { return c.Listing.Decision.Photo.ID }},
	{"product", func(_ *Case, h *listing.Hit) string { return h.Product }},
	{"variant", func(_ *Case, h *listing.Hit) string { return h.Variant }},
	{"verdict", func(_ *Case, h *listing.Hit) string { return verdict(h) }},
	{"score", func(_ *Case, h *listing.Hit) string { return number(h.Score) }},
	{"expected_false_matches_per_million", func(_ *Case, h *listing.Hit) string { return strconv.FormatFloat(h.ExpectedFalse, 'g', 6, 64) }},
	{"edits", func(_ *Case, h *listing.Hit) string { return strings.Join(h.Edits, "; ") }},
	{"distance_bits", func(_ *Case, h *listing.Hit) string { return strconv.Itoa(h.Distance) }},
	{"listing_sha256", func(c *Case, _ *listing.Hit) string { return sum(c.Listing.Original) }},
	{"photo_sha256", func(c *Case, _ *listing.Hit) string { return sum(c.Photo.Original) }},
	{"listing_pdq", func(c *Case, _ *listing.Hit) string { return pdq(c.Listing.Fingerprint) }},
	{"photo_pdq", func(c *Case, _ *listing.Hit) string { return pdq(c.Photo.Fingerprint) }},
	{"listing_revision", func(c *Case, _ *listing.Hit) string { return revision(c.Listing.Revision) }},
	{"photo_revision", func(_ *Case, h *listing.Hit) string { return revision(h.Revision) }},
	{"policy_revision", func(c *Case, _ *listing.Hit) string { return revision(c.Listing.Decision.Revision) }},
	{"catalog_revision", func(c *Case, _ *listing.Hit) string { return revision(c.Listing.Decision.Catalog) }},
}

// WriteCSV writes all cases, a line each below a header, in the page's order: UTF-8, commas, lines that end as RFC 4180 has
// it. The first column is the number that the page gives the case. A cell that a spreadsheet would take for a formula has an
// apostrophe before it.
func WriteCSV(w io.Writer, r Report) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	record := []string{"case"}
	for _, col := range csvColumns {
		record = append(record, col.name)
	}
	// Errors stay in the writer: Error returns them.
	_ = c.Write(record)
	cases := r.ordered()
	for i := range cases {
		h := cases[i].hit()
		record = append(record[:0], strconv.Itoa(i+1))
		for _, col := range csvColumns {
			record = append(record, inert(col.value(&cases[i], &h)))
		}
		_ = c.Write(record)
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("write cases: %w", err)
	}
	return nil
}

// inert is a cell that no spreadsheet takes for a formula, in visible characters. Some pass over blanks and quotes before
// one, and some take the full-width signs as well.
func inert(s string) string {
	s = visible(s)
	begins := strings.TrimLeft(s, " '\"")
	for _, sign := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(begins, sign) {
			return "'" + s
		}
	}
	return s
}

func amount(p index.Price) string {
	if p == (index.Price{}) {
		return ""
	}
	return decimal(p)
}

// number is one to six digits; "" for 0, which stands for what is not known.
func number(v float64) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func revision(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// sum is the SHA-256 of a file, "" where it is not known.
func sum(o index.Original) string {
	if o.SHA256 == ([32]byte{}) {
		return ""
	}
	return hex.EncodeToString(o.SHA256[:])
}

func verdict(h *listing.Hit) string {
	if h.Verdict == 0 {
		return ""
	}
	return h.Verdict.String()
}

func reasonsOf(c *Case) string {
	words := make([]string, len(c.Listing.Decision.Reasons))
	for i, r := range c.Listing.Decision.Reasons {
		words[i] = Reason(r)
	}
	return strings.Join(words, "; ")
}
