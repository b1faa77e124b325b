package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/table"
)

// statusBadLine is the status of an image whose line in the manifest can't be used.
const statusBadLine = "BAD_LINE"

// record is what a scan tells of a listing image. Its JSON is a line of the results; what is not known is left out.
type record struct {
	Item        int64      `json:"item"`
	Path        string     `json:"path"`
	Marketplace string     `json:"marketplace"`
	Listing     string     `json:"listing_id"`
	Image       string     `json:"image_id"`
	Seller      string     `json:"seller_id"`
	Region      string     `json:"region_code"`
	URL         string     `json:"url"`
	Price       *float64   `json:"price"`
	Currency    string     `json:"currency"`
	Seen        *time.Time `json:"seen_time"`

	Status string `json:"status"`
	Reason string `json:"reason"` // of TOO_PLAIN
	Error  string `json:"error"`  // of UNREADABLE, BAD_LINE and FAILED

	Decision      string   `json:"decision"`
	Reasons       []string `json:"reasons"`
	Priority      *float64 `json:"priority"`
	PriceRatio    *float64 `json:"price_ratio"`
	DecisionBrand string   `json:"decision_brand"` // of the photo whose match decided
	DecisionPhoto string   `json:"decision_photo"`
	Grant         string   `json:"grant_id"`

	// Of the best match.
	Brand         string   `json:"brand"`
	Photo         string   `json:"photo"`
	Product       string   `json:"product"`
	Variant       string   `json:"variant"`
	Verdict       string   `json:"verdict"`
	Score         *float64 `json:"score"`
	ExpectedFalse *float64 `json:"expected_false_matches"`
	Edits         []string `json:"edits"`

	Count   *int64          `json:"match_count"`
	Matches json.RawMessage `json:"matches"` // in JSONL alone, as match --json has them
}

// recordColumns are the columns of results, as record has them.
func recordColumns(format table.Format) []table.Column {
	columns := []table.Column{
		{Name: "item", Type: table.Integer}, {Name: "path"},
		{Name: columnMarketplace}, {Name: columnListing}, {Name: columnImage}, {Name: columnSeller}, {Name: columnRegion}, {Name: columnURL},
		{Name: columnPrice, Type: table.Number}, {Name: columnCurrency}, {Name: columnSeen, Type: table.Time},
		{Name: "status"}, {Name: "reason"}, {Name: "error"},
		{Name: "decision"}, {Name: "reasons", Type: table.Texts}, {Name: "priority", Type: table.Number}, {Name: "price_ratio", Type: table.Number},
		{Name: "decision_brand"}, {Name: "decision_photo"}, {Name: "grant_id"},
		{Name: "brand"}, {Name: "photo"}, {Name: "product"}, {Name: "variant"}, {Name: "verdict"}, {Name: "score", Type: table.Number},
		{Name: "expected_false_matches", Type: table.Number}, {Name: "edits", Type: table.Texts},
		{Name: "match_count", Type: table.Integer},
	}
	if format == table.JSONL {
		columns = append(columns, table.Column{Name: "matches", Type: table.JSON})
	}
	return columns
}

// values are a record's, in the order of the columns; nil for what is not known.
func (r *record) values(format table.Format) []any {
	text := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	texts := func(s []string) any {
		if len(s) == 0 {
			return nil
		}
		return s
	}
	number := func(x *float64) any {
		if x == nil {
			return nil
		}
		return *x
	}
	var seen, count any
	if r.Seen != nil {
		seen = *r.Seen
	}
	if r.Count != nil {
		count = *r.Count
	}
	vs := []any{
		r.Item, r.Path,
		text(r.Marketplace), text(r.Listing), text(r.Image), text(r.Seller), text(r.Region), text(r.URL),
		number(r.Price), text(r.Currency), seen,
		r.Status, text(r.Reason), text(r.Error),
		text(r.Decision), texts(r.Reasons), number(r.Priority), number(r.PriceRatio),
		text(r.DecisionBrand), text(r.DecisionPhoto), text(r.Grant),
		text(r.Brand), text(r.Photo), text(r.Product), text(r.Variant), text(r.Verdict), number(r.Score),
		number(r.ExpectedFalse), texts(r.Edits),
		count,
	}
	if format == table.JSONL {
		var matches any
		if r.Matches != nil {
			matches = r.Matches
		}
		vs = append(vs, matches)
	}
	return vs
}

// recordOf is what is known of a listing image before it is checked.
func recordOf(s suspect) *record {
	f := s.facts
	r := &record{
		Path: s.path, Marketplace: f.GetMarketplace(), Listing: f.GetListingId(), Image: f.GetImageId(), Seller: f.GetSellerId(),
		Region: f.GetRegionCode(), URL: f.GetUrl(), Currency: f.GetPrice().GetCurrencyCode(),
	}
	if p := f.GetPrice(); p != nil {
		r.Price = new(float64(p.GetUnits()) + float64(p.GetNanos())/1e9)
	}
	if t := f.GetSeenTime(); t != nil {
		r.Seen = new(t.AsTime())
	}
	return r
}

// fail completes a record of an image that could not be checked.
func (r *record) fail(status string, err error) *record {
	r.Status = status
	r.Error = strings.ToValidUTF8(err.Error(), "\uFFFD")
	return r
}

// fill completes a record with what the server says.
func (r *record) fill(c *touchstonev1.CheckResponse) error {
	a := answerOf(r.Path, c.GetMatch())
	r.Status, r.Reason = a.Status, a.Reason
	if id := c.GetListing().GetFacts().GetImageId(); id != "" {
		r.Image = id
	}
	r.Count = new(int64(len(a.Matches)))
	var err error
	if r.Matches, err = json.Marshal(a.Matches); err != nil {
		return fmt.Errorf("matches of %s: %w", r.Path, err)
	}
	if len(a.Matches) > 0 {
		m := a.Matches[0]
		r.Brand, r.Photo, r.Product, r.Variant, r.Verdict, r.Edits = m.Brand, m.Photo, m.Product, m.Variant, m.Verdict, m.Edits
		r.Score, r.ExpectedFalse = &m.Score, &m.ExpectedFalse
	}
	d := c.GetDecision()
	if d == nil {
		return nil
	}
	r.Decision = strings.TrimPrefix(d.GetDecision().String(), "DECISION_")
	for _, reason := range d.GetReasons() {
		r.Reasons = append(r.Reasons, strings.TrimPrefix(reason.String(), "DECISION_REASON_"))
	}
	r.Priority = new(d.GetPriority())
	if ratio := d.GetPriceRatio(); ratio > 0 {
		r.PriceRatio = &ratio
	}
	r.DecisionBrand, r.DecisionPhoto, r.Grant = d.GetPhoto().GetBrand(), d.GetPhoto().GetPhotoId(), d.GetGrantId()
	return nil
}
