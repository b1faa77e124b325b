package report_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
	"time"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/listing"
	"touchstone/match"
	"touchstone/report"
)

var (
	since = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	until = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
)

// sampled is a case as it comes: equal numbers, equal cases.
func sampled(n int) report.Case {
	k := index.Key{Brand: "Acme", ID: fmt.Sprintf("bags/%d.jpg", n%7)}
	l := listing.Listing{
		Facts: listing.Facts{
			Key:    listing.Key{Marketplace: []string{"bazaar.example", "souk.example"}[n%2], Listing: fmt.Sprintf("L-%d", n), Image: "1"},
			Seller: fmt.Sprintf("seller-%d", n%5),
			Region: "DE",
			URL:    fmt.Sprintf("https://bazaar.example/l/%d?a=1&b=2", n),
			Price:  index.Price{Currency: "USD", Units: int64(2 + n%4), Nanos: 990_000_000},
			Seen:   since.Add(time.Duration(n) * 7 * time.Hour),
		},
		Original:    index.Original{SHA256: sha256.Sum256([]byte{byte(n)}), Bytes: 1, Width: 800, Height: 600, Format: "jpeg"},
		Fingerprint: fingerprint.Fingerprint{Recipe: fingerprint.Current, Whole: fingerprint.Region{PDQ: fingerprint.Hash256{uint64(n), 1, 2, 3}}},
		Hits: []listing.Hit{
			{Photo: index.Key{Brand: "Other", ID: "x"}, Verdict: match.None, Score: 0.6},
			{
				Photo: k, Product: "tote", Variant: "red", ListPrice: index.Price{Currency: "USD", Units: 795}, Revision: 12,
				Verdict: match.EditedCopy, Score: 0.997, ExpectedFalse: 0.02, Edits: []string{"mirrored", "cropped to 80%"}, Distance: 18,
			},
		},
		Decision: listing.Decision{
			Outcome: listing.Infringing, Reasons: []listing.Reason{listing.NoGrant, listing.PriceLow}, Photo: k,
			PriceRatio: (2.99 + float64(n%4)) / 795, Priority: 0.9 - float64(n%50)/100, Revision: 33, Catalog: 44,
		},
		Revision: uint64(100 + n),
		Added:    since.Add(time.Duration(n)*7*time.Hour + time.Minute),
		Updated:  since.Add(time.Duration(n)*7*time.Hour + time.Minute),
	}
	switch {
	case n%11 == 3:
		l.Decision.Outcome, l.Decision.Reasons, l.Decision.Priority = listing.Authorised, []listing.Reason{listing.SellerGranted}, 0
		l.Price, l.Decision.PriceRatio, l.Decision.Grant = index.Price{Currency: "USD", Units: 699}, 699.0/795, "resale-2026"
	case n%7 == 2:
		l.Decision.Outcome, l.Decision.Reasons = listing.Review, []listing.Reason{listing.Unsure}
	case n%13 == 5:
		l.Decision.Outcome, l.Decision.Reasons, l.Decision.Priority = listing.Benign, []listing.Reason{listing.PhotoBenign}, 0
	}
	return report.Case{
		Listing: l,
		Photo: index.Photo{
			Key: k, Original: index.Original{SHA256: sha256.Sum256([]byte("photo"))},
			Fingerprint: fingerprint.Fingerprint{Recipe: fingerprint.Current, Whole: fingerprint.Region{PDQ: fingerprint.Hash256{7, 7, 7, 7}}},
		},
	}
}

func sample(n int) report.Report {
	r := report.Report{Brand: "Acme", Since: since, Until: until, Generated: until.Add(time.Hour), Revision: 500, Catalog: 44, Shown: 3}
	for i := range n {
		r.Cases = append(r.Cases, sampled(i))
	}
	return r
}

func painted(t *testing.T, width, height int) report.Picture {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range m.Pix {
		m.Pix[i] = uint8(i * 31)
	}
	m.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return report.Picture{JPEG: b.Bytes(), Width: width, Height: height}
}

func page(t *testing.T, r report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.WriteHTML(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sheet(t *testing.T, r report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.WriteCSV(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
