package report

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/match"
)

// Outcome is an outcome in words.
func Outcome(o listing.Outcome) string {
	return strings.ToLower(strings.ReplaceAll(o.String(), "_", " "))
}

// reasons are why decisions are what they are, in words.
var reasons = map[listing.Reason]string{
	listing.NoGrant:               "a genuine photo, and no grant of the brand covers the seller",
	listing.SellerGranted:         "a grant covers the seller",
	listing.PhotoLicensed:         "a licence covers the seller for this very photo",
	listing.GrantExpired:          "the seller's grant had ended when the listing was seen",
	listing.GrantNotYetValid:      "the seller's grant had not begun when the listing was seen",
	listing.GrantOtherProduct:     "the seller's grant is for other products or photos",
	listing.GrantOtherMarketplace: "the seller's grant is for another marketplace",
	listing.GrantOtherRegion:      "the seller's grant is for another region",
	listing.Unsure:                "the match is less sure than the brand's rule wants for an infringement",
	listing.VariantOnly:           "the picture is the photo's in other colours",
	listing.SharedContent:         "only a part is shared with the photo: the same model, backdrop or scene",
	listing.BrandConflict:         "photos of several brands match at the same place, equally well",
	listing.PhotoQuarantined:      "another brand has the photo as well, and it is not settled whose it is",
	listing.PhotoMuted:            "the photo matches so many listings that it is muted",
	listing.PhotoBenign:           "the photo's match means nothing: a logo, a size chart, a stock shot",
	listing.NotRolledOut:          "the brand's rules are rolled out to a share of listings, and this one is not among them",
	listing.PriceLow:              "the price is as low, against the list price, as the brand's rule calls low",
	listing.PriceNotComparable:    "the price can't be held against the list price: no rate between their currencies is known",
	listing.TooPlain:              "the picture is too plain to be told from others",
}

// Reason is a reason in words. One that is not known, of a newer server, is told by its number.
func Reason(r listing.Reason) string {
	if s, ok := reasons[r]; ok {
		return s
	}
	return fmt.Sprintf("reason %d", r)
}

// verdicts are what matches amount to, in words.
var verdicts = map[match.Verdict]string{
	match.None:          "near, but not near enough",
	match.Copy:          "the same photo",
	match.Variant:       "the same picture in other colours",
	match.EditedCopy:    "the same photo, edited",
	match.Partial:       "less than half of the photo",
	match.SharedContent: "a part in common with the photo",
}

// visible is text with what can't be seen, or turns the text around it, written as Go writes it in strings: "\u202e".
func visible(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if broken := r == utf8.RuneError && size == 1; !broken && unicode.IsPrint(r) {
			b.WriteString(s[:size])
		} else {
			b.WriteString(strings.Trim(strconv.Quote(s[:size]), `"`))
		}
		s = s[size:]
	}
	return b.String()
}

// short is visible text cut to what has room in a table.
func short(s string) string {
	const most = 48
	r := []rune(visible(s))
	if len(r) <= most {
		return string(r)
	}
	return string(r[:most-1]) + "…"
}

// link is where a listing can be looked at; "" where the text leads to no page of http or https.
func link(s string) template.URL {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || visible(s) != s {
		return ""
	}
	if scheme := strings.ToLower(u.Scheme); scheme != "http" && scheme != "https" {
		return ""
	}
	return template.URL(u.String())
}

// dataURL holds a picture itself.
func dataURL(p Picture) template.URL {
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(p.JPEG))
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// count is a number with its thousands apart: "12,345".
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// price is an amount of money: "19.90 EUR", "795 USD"; "" for none.
func price(p index.Price) string {
	if p == (index.Price{}) {
		return ""
	}
	return decimal(p) + " " + p.Currency
}

// decimal is an amount without its currency.
func decimal(p index.Price) string {
	if p.Nanos == 0 {
		return strconv.FormatInt(p.Units, 10)
	}
	fraction := strings.TrimRight(fmt.Sprintf("%09d", p.Nanos), "0")
	for len(fraction) < 2 {
		fraction += "0"
	}
	return fmt.Sprintf("%d.%s", p.Units, fraction)
}

// percent is a share in percent, to two digits that tell: "0.38%", "12%", "140%".
func percent(share float64) string {
	p := 100 * share
	switch {
	case p < 0.01:
		return "under 0.01%"
	case p < 1:
		return fmt.Sprintf("%.2f%%", p)
	case p < 10:
		return fmt.Sprintf("%.1f%%", p)
	}
	return fmt.Sprintf("%.0f%%", p)
}

// perMillion is how many false matches a million unrelated images would have.
func perMillion(expected float64) string {
	switch {
	case expected < 0.001:
		return "under 0.001"
	case expected < 10:
		return fmt.Sprintf("%.2g", expected)
	}
	return fmt.Sprintf("%.0f", expected)
}
