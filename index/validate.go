package index

import (
	"fmt"
	"math"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
)

// Limits of what a photo may carry, in bytes of UTF-8 unless said otherwise.
const (
	MaxName       = 256  // brand, photo ID, product, variant
	MaxURI        = 2048 // source URI
	MaxLabels     = 64   // labels of a photo (a count)
	MaxLabelKey   = 128
	MaxLabelValue = 1024
	MaxFormat     = 32
	MaxNanos      = 999_999_999
)

// Limits of queries (counts).
const (
	MaxProbes     = 1024
	MaxCandidates = 1000
)

// FieldError is a rule that a field broke. It unwraps to the sentinel of that kind of rule: ErrInvalid, ErrQuery,
// ErrUnknownBrand and others.
type FieldError struct {
	Field string // in the words of the wire, relative to the photo or the query: "photo_id", "list_price.currency"
	Want  string // the rule, and what was found instead
	Err   error  // the sentinel
}

// Error is "sentinel: field: rule".
func (e *FieldError) Error() string { return fmt.Sprintf("%v: %s: %s", e.Err, e.Field, e.Want) }

// Unwrap returns the sentinel.
func (e *FieldError) Unwrap() error { return e.Err }

func invalid(field, format string, args ...any) error {
	return &FieldError{Field: field, Want: fmt.Sprintf(format, args...), Err: ErrInvalid}
}

// Validate reports the first rule that the key breaks, as a *FieldError of "brand" or "photo_id", or nil.
func (k Key) Validate() error {
	if err := checkName("brand", k.Brand, 1); err != nil {
		return err
	}
	return checkName("photo_id", k.ID, 1)
}

// Validate reports the first rule that the metadata breaks, as a *FieldError, or nil.
func (m Metadata) Validate() error {
	if err := checkName("product", m.Product, 0); err != nil {
		return err
	}
	if err := checkName("variant", m.Variant, 0); err != nil {
		return err
	}
	if err := checkText("source_uri", m.SourceURI, MaxURI); err != nil {
		return err
	}
	if len(m.Labels) > MaxLabels {
		return invalid("labels", "at most %d, got %d", MaxLabels, len(m.Labels))
	}
	for k, v := range m.Labels {
		if k == "" {
			return invalid("labels", "a label needs a name")
		}
		if err := checkText("labels", k, MaxLabelKey); err != nil {
			return err
		}
		if err := checkText("labels", v, MaxLabelValue); err != nil {
			return err
		}
	}
	return m.ListPrice.Validate()
}

// Validate reports the first rule that the price breaks, as a *FieldError of "list_price", or nil. The zero Price is
// valid.
func (p Price) Validate() error {
	if p == (Price{}) {
		return nil
	}
	if len(p.Currency) != 3 {
		return invalid("list_price.currency_code", "an ISO 4217 code of three upper-case letters, got %q", clip(p.Currency))
	}
	for _, c := range []byte(p.Currency) {
		if c < 'A' || c > 'Z' {
			return invalid("list_price.currency_code", "an ISO 4217 code of three upper-case letters, got %q", p.Currency)
		}
	}
	if p.Units < 0 {
		return invalid("list_price.units", "0 or more, got %d", p.Units)
	}
	if p.Nanos < 0 || p.Nanos > MaxNanos {
		return invalid("list_price.nanos", "0 to %d, got %d", MaxNanos, p.Nanos)
	}
	return nil
}

// Validate reports the first rule that the photo breaks, as a *FieldError, or nil. What the index sets by itself is not
// looked at.
func (p Photo) Validate() error {
	if err := p.Key.Validate(); err != nil {
		return err
	}
	if err := p.Metadata.Validate(); err != nil {
		return err
	}
	if err := p.Original.validate(); err != nil {
		return err
	}
	var buf [fingerprint.Size]byte
	b, err := p.Fingerprint.AppendBinary(buf[:0])
	if err == nil {
		err = new(fingerprint.Fingerprint).UnmarshalBinary(b)
	}
	if err != nil {
		return invalid("fingerprint", "one that a recipe can have made: %v", err)
	}
	if p.Features != nil {
		if err := p.Features.Validate(); err != nil {
			return invalid("features", "those that a recipe can have made: %v", err)
		}
	}
	return nil
}

// CheckBrand reports a name that no brand can have, as a *FieldError of "brand", or nil.
func CheckBrand(name string) error { return checkName("brand", name, 1) }

func (o Original) validate() error {
	if o.Bytes < 0 {
		return invalid("original.size_bytes", "0 or more, got %d", o.Bytes)
	}
	if o.Width < 0 || o.Width > math.MaxInt32 || o.Height < 0 || o.Height > math.MaxInt32 {
		return invalid("original.width", "width and height of 0 to %d pixels, got %dx%d", math.MaxInt32, o.Width, o.Height)
	}
	return checkText("original.format", o.Format, MaxFormat)
}

// Validate reports the first rule that the query breaks, as a *FieldError of ErrQuery, or nil. Whether its filter names
// something is for the index to see.
func (q Query) Validate() error {
	switch {
	case len(q.Probes) < 1 || len(q.Probes) > MaxProbes:
		return wrong("probes", "1 to %d, got %d", MaxProbes, len(q.Probes))
	case q.RadiusPDQ > 256:
		return wrong("radius_bits", "at most 256, got %d", q.RadiusPDQ)
	case q.RadiusP > 64:
		return wrong("radius64_bits", "at most 64, got %d", q.RadiusP)
	case q.RadiusPDQ < 0 && q.RadiusP < 0:
		return wrong("radius_bits", "0 to 256, or radius64_bits of 0 to 64: both are left out")
	}
	return CheckLimit(q.Limit)
}

// Validate reports the first rule that the query breaks, as a *FieldError of ErrQuery, or nil. Whether its filter names
// something is for the index to see.
func (q CandidateQuery) Validate() error {
	if n := len(q.Features); n < 1 || n > feature.MaxFeatures {
		return wrong("features", "1 to %d, got %d", feature.MaxFeatures, n)
	}
	if q.Limit > MaxCandidates {
		return wrong("limit", "1 to %d, got %d", MaxCandidates, q.Limit)
	}
	return CheckLimit(q.Limit)
}

func wrong(field, format string, args ...any) error {
	return &FieldError{Field: field, Want: fmt.Sprintf(format, args...), Err: ErrQuery}
}

// CheckLimit reports a limit below 1, as a *FieldError of ErrQuery.
func CheckLimit(limit int) error {
	if limit < 1 {
		return wrong("limit", "1 or more, got %d", limit)
	}
	return nil
}

// CheckName reports a name that breaks the rule for names that people choose and that key the store, as a *FieldError of a
// sentinel and a field, or nil: it has to be least to most bytes of printable UTF-8 in normal form C, since what looks the
// same must be the same, and nothing in it may steer a terminal or hide.
func CheckName(sentinel error, field, s string, least, most int) error {
	if len(s) < least {
		return &FieldError{field, fmt.Sprintf("%d to %d bytes of printable UTF-8, got none", least, most), sentinel}
	}
	if err := CheckText(sentinel, field, s, most); err != nil {
		return err
	}
	if !norm.NFC.IsNormalString(s) {
		return &FieldError{field, fmt.Sprintf("UTF-8 in normal form C (NFC), got %q", clip(s)), sentinel}
	}
	return nil
}

// CheckText reports text that is longer than most bytes or no printable UTF-8, as CheckName does.
func CheckText(sentinel error, field, s string, most int) error {
	if len(s) > most {
		return &FieldError{field, fmt.Sprintf("at most %d bytes, got %d", most, len(s)), sentinel}
	}
	if !utf8.ValidString(s) {
		return &FieldError{field, fmt.Sprintf("valid UTF-8, got %q", clip(s)), sentinel}
	}
	for _, r := range s {
		if !unicode.IsGraphic(r) { // which has the spaces that other alphabets and file names of some systems use
			return &FieldError{field, fmt.Sprintf("printable characters, got %U", r), sentinel}
		}
	}
	return nil
}

func checkName(field, s string, least int) error {
	return CheckName(ErrInvalid, field, s, least, MaxName)
}

func checkText(field, s string, most int) error { return CheckText(ErrInvalid, field, s, most) }

// clip keeps messages short whatever was sent.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
