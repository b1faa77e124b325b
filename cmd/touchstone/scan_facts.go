package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"touchstone/index"
	"touchstone/listing"
	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/table"
)

// The columns of a manifest, beside those that lists of photos have as well.
const (
	columnMarketplace = "marketplace"
	columnListing     = "listing_id"
	columnImage       = "image_id"
	columnSeller      = "seller_id"
	columnRegion      = "region_code"
	columnURL         = "url"
	columnSeen        = "seen_time"
)

// manifestColumns are what is read of a manifest, in the order in which factsOf gets them.
var manifestColumns = []table.Column{
	{Name: columnPath, Required: true},
	{Name: columnMarketplace}, {Name: columnListing}, {Name: columnImage}, {Name: columnSeller}, {Name: columnRegion},
	{Name: columnURL}, {Name: columnPrice}, {Name: columnCurrency}, {Name: columnSeen},
}

// defaults are the facts of rows that have none of their own.
type defaults struct{ marketplace, region, currency string }

// factsOf returns what a row of a manifest says: its path, and its facts. With an error the path is as far known as it is.
func (d defaults) factsOf(values []string) (path string, facts *touchstonev1.ListingFacts, err error) {
	cell := func(column string) string {
		for i, c := range manifestColumns {
			if c.Name == column {
				return strings.TrimSpace(values[i])
			}
		}
		return ""
	}
	or := func(s, other string) string {
		if s == "" {
			return other
		}
		return s
	}
	if path = cell(columnPath); path == "" {
		return "", nil, fmt.Errorf("%s is empty", columnPath)
	}
	facts = &touchstonev1.ListingFacts{
		Marketplace: or(cell(columnMarketplace), d.marketplace), ListingId: cell(columnListing), ImageId: cell(columnImage),
		SellerId: cell(columnSeller), RegionCode: or(cell(columnRegion), d.region), Url: cell(columnURL),
	}
	if amount := cell(columnPrice); amount != "" {
		p, err := parsePrice(amount, or(cell(columnCurrency), d.currency))
		if err != nil {
			return path, facts, inManifest(err)
		}
		if p.Units == 0 && p.Nanos == 0 {
			return path, facts, fmt.Errorf("price: more than 0, got %q", amount)
		}
		facts.Price = wirePrice(p)
	}
	if s := cell(columnSeen); s != "" {
		seen, err := parseSeen(s)
		if err != nil {
			return path, facts, err
		}
		facts.SeenTime = timestamppb.New(seen)
	}
	// A server would refuse it as well, but doesn't know the line.
	known := factsFrom(facts)
	if known.Seen.IsZero() {
		known.Seen = time.Now()
	}
	if err := known.Validate(false); err != nil {
		return path, facts, inManifest(err)
	}
	return path, facts, nil
}

// inManifest is an error of a field in the words of a manifest.
func inManifest(err error) error {
	var field *index.FieldError
	if !errors.As(err, &field) {
		return err
	}
	if strings.HasSuffix(field.Field, "currency_code") {
		return fmt.Errorf("%s: %s", columnCurrency, field.Want)
	}
	if strings.Contains(field.Field, columnPrice) {
		return fmt.Errorf("%s: %s", columnPrice, field.Want)
	}
	return fmt.Errorf("%s: %s", field.Field, field.Want)
}

// parseSeen reads a time, or a day in UTC.
func parseSeen(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			if err := timestamppb.New(t).CheckValid(); err != nil {
				break
			}
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s: a time like 2026-05-01T12:30:00Z or 2026-05-01, got %q", columnSeen, s)
}

// ofPicture are the facts of a picture in a folder: those of the folder, and a name.
func ofPicture(facts *touchstonev1.ListingFacts, rel string) *touchstonev1.ListingFacts {
	f := proto.CloneOf(facts)
	f.ImageId = imageName(rel)
	return f
}

// imageName is a path as a listing image's name: itself, or where it is too long or not printable, as much of its beginning
// as there is room for beside a hash.
func imageName(path string) string {
	// Some systems decompose accents in names; what looks the same has to be the same image.
	name := norm.NFC.String(path)
	graphic := func(r rune) bool { return r != utf8.RuneError && unicode.IsGraphic(r) }
	if len(name) <= listing.MaxImage && strings.IndexFunc(name, func(r rune) bool { return !graphic(r) }) < 0 {
		return name
	}
	sum := sha256.Sum256([]byte(path))
	tail := "~" + hex.EncodeToString(sum[:16])
	end := 0
	for i, r := range name {
		if !graphic(r) || i+utf8.RuneLen(r) > listing.MaxImage-len(tail) {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	return name[:end] + tail // in normal form still: nothing combines with ~
}

// remembered tells whether the facts name a listing.
func remembered(f *touchstonev1.ListingFacts) bool {
	return f.GetMarketplace() != "" && f.GetListingId() != ""
}

// validate tells why the facts for all rows can't be.
func (d defaults) validate() error {
	for flag, s := range map[string]string{"marketplace": d.marketplace, "region": d.region, "currency": d.currency} {
		if !utf8.ValidString(s) {
			return usagef("--%s: it is not UTF-8", flag)
		}
	}
	if d.currency != "" {
		if err := (index.Price{Currency: d.currency}).Validate(); err != nil {
			return usagef("--%w", inManifest(err))
		}
	}
	return nil
}
