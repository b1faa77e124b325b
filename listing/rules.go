package listing

import (
	"errors"
	"fmt"
)

// ErrRules is returned when rules can't be understood or break their limits; a *RulesError in its chain has the line.
var ErrRules = errors.New("invalid rules")

// MaxRules is the longest text of rules, in bytes.
const MaxRules = 1 << 20

// RulesError is what is wrong with a text of rules.
type RulesError struct {
	Line int    // counted from 1; 0: it is not about one
	Want string // what was found, and what should be there
}

// Error is "invalid rules: line: what is wrong".
func (e *RulesError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%v: %s", ErrRules, e.Want)
	}
	return fmt.Sprintf("%v: line %d: %s", ErrRules, e.Line, e.Want)
}

// Unwrap returns ErrRules.
func (e *RulesError) Unwrap() error { return ErrRules }

// DefaultRules are those of who has set none. Measured 2026-11-24 among 1,900 photos (the product's benchmark, seed 11, edits of
// all kinds): nine in ten of the copies that are found at all bring fewer than 50 false matches per million.
func DefaultRules() Rules {
	return Rules{Default: Rule{Infringing: 50, Review: 500, LowPrice: 0.2, Rollout: 1}}
}

// DefaultYAML is DefaultRules as text, to be read by ParseRules, and by people.
const DefaultYAML = `# How matches are judged. What is left out here is as you see it, what is left out of a brand is as in default.
default:
  infringing: 50  # false matches of a million unrelated images, up to which a match is sure: INFRINGING or AUTHORISED
  review: 500     # the same for REVIEW; what is less sure is NO_MATCH
  low_price: 0.2  # share of the list price, at or below which a price is low
  rollout: 1      # share of listings that can be INFRINGING; the others, by their names, are for REVIEW

# brands:
#   Acme: {infringing: 0.5, rollout: 0.1}

# What a unit of each currency is worth, in one and the same currency: prices in others are held against list prices.
# rates: {USD: 1, EUR: 1.08}
`

// Of returns the rule of a brand.
func (r Rules) Of(brand string) Rule {
	if rule, ok := r.Brands[brand]; ok {
		return rule
	}
	return r.Default
}
