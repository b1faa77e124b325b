package main

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"touchstone/listing"
	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/report"
)

// decided is a decision, as --json prints it.
type decided struct {
	Decision   string     `json:"decision"`
	Reasons    []string   `json:"reasons"`
	Photo      *photoName `json:"photo,omitempty"` // whose match decided
	Grant      string     `json:"grant,omitempty"`
	PriceRatio float64    `json:"price_ratio,omitempty"` // price over list price
	Priority   float64    `json:"priority"`              // what to look at first, 0 to 1
	Policy     uint64     `json:"policy_revision"`
	Catalog    uint64     `json:"catalog_revision"`
	why        []string   // the reasons in words
}

func photoNameOf(p *touchstonev1.PhotoName) *photoName {
	if p == nil {
		return nil
	}
	return &photoName{p.GetBrand(), p.GetPhotoId()}
}

func decidedOf(d *touchstonev1.DecisionBasis) decided {
	v := decided{
		Decision: strings.TrimPrefix(d.GetDecision().String(), decisionPrefix), Reasons: []string{},
		Photo: photoNameOf(d.GetPhoto()), Grant: d.GetGrantId(), PriceRatio: d.GetPriceRatio(), Priority: d.GetPriority(),
		Policy: d.GetRevision(), Catalog: d.GetCatalogRevision(),
	}
	for _, r := range d.GetReasons() {
		v.Reasons = append(v.Reasons, strings.TrimPrefix(r.String(), "DECISION_REASON_"))
		v.why = append(v.why, report.Reason(listing.Reason(r))) // its numbers are the wire's
	}
	return v
}

// brand is that of the photo whose match decided; "" where none did.
func (d *decided) brand() string {
	if d.Photo == nil {
		return ""
	}
	return d.Photo.Brand
}

// listingKnown is what is known of a listing image, as --json prints it.
type listingKnown struct {
	Marketplace string     `json:"marketplace"`
	Listing     string     `json:"listing"`
	Image       string     `json:"image"`
	Seller      string     `json:"seller,omitempty"`
	Region      string     `json:"region,omitempty"`
	URL         string     `json:"url,omitempty"`
	Price       string     `json:"price,omitempty"`
	Currency    string     `json:"currency,omitempty"`
	Seen        *time.Time `json:"seen,omitempty"`
	SHA256      string     `json:"sha256,omitempty"`
	Status      string     `json:"status"`
	decided
	Matches  []listedMatch `json:"matches"`
	Revision uint64        `json:"revision"`
	Added    time.Time     `json:"added"`
	Updated  time.Time     `json:"updated"`
}

// listedMatch is a match as it is remembered.
type listedMatch struct {
	Brand         string   `json:"brand"`
	Photo         string   `json:"photo"`
	Product       string   `json:"product,omitempty"`
	Variant       string   `json:"variant,omitempty"`
	ListPrice     string   `json:"list_price,omitempty"`
	Revision      uint64   `json:"photo_revision"`
	Verdict       string   `json:"verdict"`
	Score         float64  `json:"score"`
	ExpectedFalse float64  `json:"expected_false_matches"`
	Edits         []string `json:"edits"`
	Distance      int32    `json:"distance_bits"`
}

func listedMatchesOf(ms []*touchstonev1.ListingMatch) []listedMatch {
	all := make([]listedMatch, len(ms))
	for i, m := range ms {
		all[i] = listedMatch{
			Brand: m.GetPhoto().GetBrand(), Photo: m.GetPhoto().GetPhotoId(), Product: m.GetProduct(), Variant: m.GetVariant(),
			ListPrice: money(price(m.GetListPrice())), Revision: m.GetPhotoRevision(),
			Verdict: strings.TrimPrefix(m.GetVerdict().String(), "VERDICT_"), Score: m.GetScore(),
			ExpectedFalse: m.GetExpectedFalseMatches(), Edits: append([]string{}, m.GetEdits()...), Distance: m.GetDistanceBits(),
		}
	}
	return all
}

func listingKnownOf(l *touchstonev1.Listing) listingKnown {
	f := l.GetFacts()
	amount, currency, _ := strings.Cut(money(price(f.GetPrice())), " ")
	v := listingKnown{
		Marketplace: f.GetMarketplace(), Listing: f.GetListingId(), Image: f.GetImageId(), Seller: f.GetSellerId(), Region: f.GetRegionCode(),
		URL: f.GetUrl(), Price: amount, Currency: currency, SHA256: hex.EncodeToString(l.GetOriginal().GetSha256()),
		Status: statusOf(l.GetStatus()), decided: decidedOf(l.GetDecision()), Matches: listedMatchesOf(l.GetMatches()),
		Revision: l.GetRevision(), Added: l.GetAddTime().AsTime(), Updated: l.GetUpdateTime().AsTime(),
	}
	if f.GetSeenTime() != nil {
		seen := f.GetSeenTime().AsTime()
		v.Seen = &seen
	}
	return v
}

// seen is when a listing was seen, in words; "" where that is not known.
func (l *listingKnown) seen(layout string) string {
	if l.Seen == nil {
		return ""
	}
	return l.Seen.Format(layout)
}

// money is the listing's price in words.
func (l *listingKnown) money() string { return strings.TrimSpace(l.Price + " " + l.Currency) }

// row is the listing on a line.
func (l *listingKnown) row(t sheet) {
	t.row(l.Decision, fmt.Sprintf("%.2f", l.Priority), l.Marketplace, l.Listing, l.Image, l.Seller, l.money(), l.photo(), l.seen(time.DateTime))
}

// photo is the deciding photo in words.
func (d *decided) photo() string {
	if d.Photo == nil {
		return ""
	}
	return d.Photo.Brand + " " + d.Photo.Photo
}

// rows are matches, a line each, as match prints them.
func matchRows(t sheet, ms []listedMatch) {
	for _, m := range ms {
		t.row("  "+m.Verdict, fmt.Sprintf("%.3f", m.Score), perMillion(m.ExpectedFalse), m.Brand, m.Photo, m.Product, m.Variant, strings.Join(m.Edits, ", "))
	}
}

// statusOf is the status of a match, as the other verbs have it.
func statusOf(s touchstonev1.MatchStatus) string {
	if s == touchstonev1.MatchStatus_MATCH_STATUS_FOUND {
		return statusOK
	}
	return strings.TrimPrefix(s.String(), "MATCH_STATUS_")
}

// head writes a decision and its reasons, a line each.
func (d *decided) head(t sheet) {
	line := []any{d.Decision}
	if p := d.photo(); p != "" {
		line = append(line, p)
	}
	line = append(line, fmt.Sprintf("priority %.2f", d.Priority))
	if d.PriceRatio > 0 {
		line = append(line, fmt.Sprintf("at %.2g%% of the list price", 100*d.PriceRatio))
	}
	if d.Grant != "" {
		line = append(line, "grant "+d.Grant)
	}
	t.line(line...)
	for _, w := range d.why {
		t.line(" ", w)
	}
}
