package listing

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"touchstone/index"
)

// Limits of what a grant and a standing may carry (counts, but for MaxNote: bytes).
const (
	MaxSellers  = 1000
	MaxProducts = 10_000
	MaxPhotos   = 10_000
	MaxNote     = 1024
)

func invalid(field, format string, args ...any) error {
	return &index.FieldError{Field: field, Want: fmt.Sprintf(format, args...), Err: ErrInvalid}
}

func checkName(field, s string, least int) error {
	return index.CheckName(ErrInvalid, field, s, least, index.MaxName)
}

// Validate reports the first rule that the key breaks, as an *index.FieldError of "marketplace", "listing_id" or
// "image_id", or nil.
func (k Key) Validate() error { return k.validate(1) }

func (k Key) validate(least int) error {
	if err := checkName("marketplace", k.Marketplace, least); err != nil {
		return err
	}
	if err := checkName("listing_id", k.Listing, least); err != nil {
		return err
	}
	return index.CheckName(ErrInvalid, "image_id", k.Image, least, MaxImage)
}

// Validate reports the first rule that the facts break, as an *index.FieldError, or nil. Where they are not to be
// remembered, the key's names may be empty. When the listing was seen has to be known: who takes facts in puts the time of
// taking them in where they don't tell.
func (f Facts) Validate(remember bool) error {
	least := 0
	if remember {
		least = 1
	}
	if err := f.validate(least); err != nil {
		return err
	}
	if err := checkName("seller_id", f.Seller, 0); err != nil {
		return err
	}
	if err := checkRegion(f.Region); err != nil {
		return err
	}
	if err := index.CheckText(ErrInvalid, "url", f.URL, index.MaxURI); err != nil {
		return err
	}
	if err := checkPrice("price", f.Price); err != nil {
		return err
	}
	if f.Seen.IsZero() {
		return invalid("seen_time", "when the listing was seen, got none")
	}
	return checkTime("seen_time", f.Seen)
}

func checkRegion(code string) error {
	if code != "" && !isRegion(code) {
		return invalid("region_code", "an ISO 3166-1 code of two upper-case letters, such as US or DE, got %q", clip(code))
	}
	return nil
}

// checkPrice holds the rule for prices that are asked: unlike list prices, they have to be in money that exists, and to be
// more than nothing.
func checkPrice(field string, p index.Price) error {
	if p == (index.Price{}) {
		return nil
	}
	if !isCurrency(p.Currency) {
		return invalid(field+".currency_code", "an ISO 4217 code of three upper-case letters, such as USD or EUR, got %q", clip(p.Currency))
	}
	if p.Nanos < 0 || p.Nanos > index.MaxNanos {
		return invalid(field+".nanos", "0 to %d, got %d", index.MaxNanos, p.Nanos)
	}
	if p.Units < 0 || p.Units == 0 && p.Nanos == 0 {
		return invalid(field+".units", "a price of more than 0, got %d", p.Units)
	}
	return nil
}

// checkTime holds the rule for times: those that the wire can carry. The zero time is before all of these.
func checkTime(field string, t time.Time) error {
	if y := t.UTC().Year(); !t.IsZero() && (y < 1 || y > 9999) {
		return invalid(field, "a time of the years 1 to 9999, got the year %d", y)
	}
	return nil
}

// Validate reports the first rule that the grant breaks, as an *index.FieldError, or nil. Lists have to be in order and
// without repetition, as Normal leaves them.
func (g Grant) Validate() error {
	if err := checkName("brand", g.Brand, 1); err != nil {
		return err
	}
	if err := checkName("grant_id", g.ID, 1); err != nil {
		return err
	}
	if err := checkName("grantee", g.Grantee, 1); err != nil {
		return err
	}
	if len(g.Sellers) == 0 && !g.Everyone {
		return invalid("seller_ids", "a seller at least, unless the grant is for everyone, got none")
	}
	for _, l := range []struct {
		field string
		names []string
		most  int
	}{{"seller_ids", g.Sellers, MaxSellers}, {"products", g.Products, MaxProducts}, {"photo_ids", g.Photos, MaxPhotos}} {
		if err := checkNames(l.field, l.names, l.most); err != nil {
			return err
		}
	}
	if err := checkName("marketplace", g.Marketplace, 0); err != nil {
		return err
	}
	if err := checkRegion(g.Region); err != nil {
		return err
	}
	if err := checkTime("valid_from", g.From); err != nil {
		return err
	}
	if err := checkTime("valid_to", g.To); err != nil {
		return err
	}
	if !g.From.IsZero() && !g.To.IsZero() && !g.To.After(g.From) {
		return invalid("valid_to", "a time after valid_from, which is %s, got %s", stamp(g.From), stamp(g.To))
	}
	return index.CheckText(ErrInvalid, "note", g.Note, MaxNote)
}

func checkNames(field string, names []string, most int) error {
	if len(names) > most {
		return invalid(field, "at most %d, got %d", most, len(names))
	}
	for i, s := range names {
		if err := checkName(field, s, 1); err != nil {
			return err
		}
		if i > 0 && names[i-1] >= s {
			return invalid(field, "names in byte order, each once, got %q after %q", clip(s), clip(names[i-1]))
		}
	}
	return nil
}

// Normal returns the grant with its lists in order and without repetition, nil where they are empty, and its times in UTC.
// It shares no list with g.
func (g Grant) Normal() Grant {
	for _, l := range []*[]string{&g.Sellers, &g.Products, &g.Photos} {
		s := slices.Clone(*l)
		slices.Sort(s)
		if *l = slices.Compact(s); len(*l) == 0 {
			*l = nil
		}
	}
	for _, t := range []*time.Time{&g.From, &g.To} {
		if *t = t.UTC(); t.IsZero() {
			*t = time.Time{}
		}
	}
	return g
}

// Validate reports the first rule that the standing breaks, as an *index.FieldError, or nil.
func (s Standing) Validate() error {
	if err := checkName("photo.brand", s.Photo.Brand, 1); err != nil {
		return err
	}
	if err := checkName("photo.photo_id", s.Photo.ID, 1); err != nil {
		return err
	}
	if s.State < Normal || s.State > Muted {
		return invalid("standing", "normal, benign, quarantined or muted, got number %d", s.State)
	}
	if err := index.CheckText(ErrInvalid, "note", s.Note, MaxNote); err != nil {
		return err
	}
	if len(s.Others) > 0 && s.State != Quarantined {
		return invalid("others", "none unless the photo is in quarantine, got %d", len(s.Others))
	}
	for _, o := range s.Others {
		if o.Validate() != nil || o.Brand == s.Photo.Brand {
			return invalid("others", "photos of other brands, got %q", clip(o.String()))
		}
	}
	return nil
}

// Validate reports the first limit that the rule breaks, as an *index.FieldError with the names that rules have in YAML, or
// nil.
func (r Rule) Validate() error {
	switch {
	case !(r.Review > 0 && r.Review <= MostFalse): // written so that what is no number fails
		return invalid("review", "more than 0, at most %d, got %v", MostFalse, r.Review)
	case !(r.Infringing > 0 && r.Infringing <= r.Review):
		return invalid("infringing", "more than 0, at most review, which is %v, got %v", r.Review, r.Infringing)
	case !(r.LowPrice >= 0 && r.LowPrice <= 1):
		return invalid("low_price", "0 to 1, got %v", r.LowPrice)
	case !(r.Rollout >= 0 && r.Rollout <= 1):
		return invalid("rollout", "0 to 1, got %v", r.Rollout)
	}
	return nil
}

// Validate reports the first limit that the rules break, as an *index.FieldError of "default.review",
// "brands.Acme.rollout", "rates.EUR" and the like, or nil.
func (r Rules) Validate() error {
	if err := within("default", r.Default.Validate()); err != nil {
		return err
	}
	for _, brand := range sorted(r.Brands) {
		if err := checkName("brands", brand, 1); err != nil {
			return err
		}
		if err := within("brands."+brand, r.Brands[brand].Validate()); err != nil {
			return err
		}
	}
	for _, code := range sorted(r.Rates) {
		if err := checkRate(code, r.Rates[code]); err != nil {
			return err
		}
	}
	return nil
}

// mostRate is beyond what any two moneys are worth in each other, and far from where ratios of prices overflow.
const mostRate = 1e12

func checkRate(code string, rate float64) error {
	if !isCurrency(code) {
		return invalid("rates", "ISO 4217 codes of three upper-case letters, such as USD or EUR, got %q", clip(code))
	}
	if !(rate >= 1/mostRate && rate <= mostRate) {
		return invalid("rates."+code, "%g to %g, got %v", 1/mostRate, mostRate, rate)
	}
	return nil
}

// within puts the name of what holds it before a *index.FieldError's field; nil stays nil.
func within(field string, err error) error {
	var f *index.FieldError
	if errors.As(err, &f) {
		return &index.FieldError{Field: field + "." + f.Field, Want: f.Want, Err: f.Err}
	}
	return err
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// stamp is a time in words: a date where it is a midnight.
func stamp(t time.Time) string {
	if t = t.UTC(); t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339Nano)
}

// clip keeps messages short whatever was sent.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
