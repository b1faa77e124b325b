package match

import (
	"fmt"

	"touchstone/index"
)

// Depth is how far a match looks.
type Depth uint8

// The depths.
const (
	Auto  Depth = iota // whole pictures first; parts where these leave doubt
	Whole              // whole pictures alone: the fastest
	Parts              // parts always, so that all photos in a collage are found even if one of them fills it nearly
)

// Options narrows a match. The zero value asks for the defaults.
type Options struct {
	// RadiusPDQ (0 to 256) and RadiusP (0 to 64) are how many bits away photos are looked at: those within either count.
	// With both nil the radii follow from the number of photos, and MinScore and MaxFalsePerMillion tell what of all that is
	// found is returned. Otherwise nil leaves that hash out, and everything within is returned that MaxFalsePerMillion
	// doesn't leave out, by whole pictures alone.
	RadiusPDQ, RadiusP *int
	Depth              Depth // Parts doesn't go with a radius
	Limit              int   // most matches, 1 to MaxLimit; 0: DefaultLimit
	Filter             index.Filter
	// MinScore is the least score of a match that is returned, at most 1. Negative: everything that was looked at. 0: those
	// with a score of MinScore or more, and those with the verdict SharedContent, whatever theirs.
	MinScore float64
	// MaxFalsePerMillion is how many false matches a million unrelated subjects may have: only matches that are strong
	// enough for that are returned, whatever their score. Above 0 and up to a million; 0: MinScore decides.
	MaxFalsePerMillion float64
	Features           bool // Result.Subject comes with the features that photos were looked for by, where there are any
}

// Limits of Options.
const (
	DefaultLimit = 10
	MaxLimit     = 1000
)

// MinScore is the least score of a match that is returned when neither a radius nor another least score was asked for; but
// see Options.MinScore.
const MinScore = 0.5

// The radii when none is asked for. Copies lie far from their photos where a banner was put over them or the tones
// changed, and a wide search finds them; among many photos it would be slow, and find many that are near by chance.
// Measured 2026-11-24 with touchstone eval, seed 1, 1,900 positives: micro average precision 0.69 wide, 0.57 narrow;
// recall above every stranger 0.61 and 0.56, since it is the uncertain matches that lie far.
const (
	widePDQ    = 96     // bits, of 256; not by P: what it finds beyond is never verified
	wideMost   = 50_000 // photos among which a search is wide
	narrowPDQ  = 31     // the bound that PDQ's authors recommend
	narrowP    = 10     // bits, of 64: at 12 the search among a million takes four times as long
	candidates = 200    // nearest photos that are judged by their hashes and colours, at the least
)

// Radii are those of a match among so many photos, as far as the filter passes them, for which none is asked for: Options'
// RadiusPDQ and RadiusP.
func Radii(photos int) (pdq, p *int) {
	of := func(bits int) *int { return &bits }
	if photos <= wideMost {
		return of(widePDQ), nil
	}
	return of(narrowPDQ), of(narrowP)
}

// asked tells whether a radius was asked for.
func (o Options) asked() bool { return o.RadiusPDQ != nil || o.RadiusP != nil }

func (o Options) validate() error {
	if o.Limit < 0 || o.Limit > MaxLimit {
		return invalid("limit", "0 (for %d) to %d, got %d", DefaultLimit, MaxLimit, o.Limit)
	}
	if r := o.RadiusPDQ; r != nil && (*r < 0 || *r > 256) {
		return invalid("radius_bits", "0 to 256, got %d", *r)
	}
	if r := o.RadiusP; r != nil && (*r < 0 || *r > 64) {
		return invalid("radius64_bits", "0 to 64, got %d", *r)
	}
	if f := o.MaxFalsePerMillion; !(f >= 0 && f <= 1e6) {
		return invalid("max_false_matches_per_million", "more than 0, up to a million, got %v", f)
	}
	if o.Depth > Parts {
		return invalid("depth", "AUTO, WHOLE or PARTS, got %d", o.Depth)
	}
	if o.Depth == Parts && o.asked() {
		return invalid("depth", "not PARTS together with a radius: within one, whole pictures are compared alone")
	}
	if !(o.MinScore <= 1) {
		return invalid("min_score", "at most 1, got %v", o.MinScore)
	}
	return nil
}

func invalid(field, format string, args ...any) error {
	return &index.FieldError{Field: field, Want: fmt.Sprintf(format, args...), Err: ErrInvalid}
}
