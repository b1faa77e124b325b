package listing_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touchstone/listing"
)

func TestParseRules(t *testing.T) {
	standard := listing.DefaultRules().Default
	acme := standard
	acme.Infringing, acme.Rollout = 0.5, 0.1
	tests := []struct {
		name, text string
		want       listing.Rules
	}{
		{"default ones", listing.DefaultYAML, listing.DefaultRules()},
		{"all", "default: {infringing: 2, review: 50, low_price: 0.1, rollout: 0.5}\nbrands:\n  Acme: {infringing: 0.5, rollout: 0.1}\nrates: {USD: 1, EUR: 1.08}\n",
			listing.Rules{
				Default: listing.Rule{Infringing: 2, Review: 50, LowPrice: 0.1, Rollout: 0.5},
				Brands:  map[string]listing.Rule{"Acme": {Infringing: 0.5, Review: 50, LowPrice: 0.1, Rollout: 0.1}},
				Rates:   map[string]float64{"USD": 1, "EUR": 1.08},
			}},
		{"brands before default", "brands: {Acme: {rollout: 0}}\ndefault: {review: 70}\n", listing.Rules{
			Default: listing.Rule{Infringing: 50, Review: 70, LowPrice: 0.2, Rollout: 1},
			Brands:  map[string]listing.Rule{"Acme": {Infringing: 50, Review: 70, LowPrice: 0.2}},
		}},
		{"one brand alone", "brands:\n  Acme:\n    infringing: 5e-1\n    rollout: .1\n", listing.Rules{Default: standard, Brands: map[string]listing.Rule{"Acme": acme}}},
		{"brand as default", "brands: {Acme: {}, Zeta: }\n", listing.Rules{Default: standard, Brands: map[string]listing.Rule{"Acme": standard, "Zeta": standard}}},
		{"brands with odd names", "brands: {007: {}, null: {}, \"a: b\": {}, 'C&A': {}, Cafés d'Or: {}}\n", listing.Rules{Default: standard, Brands: map[string]listing.Rule{
			"007": standard, "null": standard, "a: b": standard, "C&A": standard, "Cafés d'Or": standard,
		}}},
		{"nothing after names", "default:\nbrands:\nrates:\n", listing.DefaultRules()},
		{"byte order mark", "\xef\xbb\xbfdefault: {review: 100}\n", listing.Rules{Default: listing.Rule{Infringing: 50, Review: 100, LowPrice: 0.2, Rollout: 1}}},
		{"CRLF and a mark", "---\r\ndefault:\r\n  review: 100 # a hundred\r\n", listing.Rules{Default: listing.Rule{Infringing: 50, Review: 100, LowPrice: 0.2, Rollout: 1}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := listing.ParseRules([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("ParseRules (-want +got):\n%s", diff)
			}
			if err := got.Validate(); err != nil {
				t.Errorf("Validate() = %v", err)
			}
		})
	}
}

func TestParseRulesRefuses(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"nothing", "# nothing\n", "invalid rules: default, brands or rates, got nothing"},
		{"a word", "lenient", `invalid rules: line 1: rules: names with values, got "lenient"`},
		{"unknown name", "defaults: {}\n", `invalid rules: line 1: unknown name "defaults": is "default" meant?`},
		{"unknown name in a rule", "default:\n  infringing: 1\n  infringment: 1\n", `invalid rules: line 3: unknown name "infringment": is "infringing" meant?`},
		{"another case", "default:\n  Review: 1\n", `invalid rules: line 2: unknown name "Review": is "review" meant?`},
		{"a name like none", "default:\n  threshold: 1\n", `invalid rules: line 2: unknown name "threshold", known are infringing, review, low_price, rollout`},
		{"a brand's unknown name", "brands:\n  Acme:\n    roll_out: 1\n", `invalid rules: line 3: unknown name "roll_out": is "rollout" meant?`},
		{"no number", "default:\n  review: many\n", `invalid rules: line 2: default.review: a number, got "many"`},
		{"a number in quotes", "default:\n  review: '7'\n", `invalid rules: line 2: default.review: a number, got "7"`},
		{"no value", "default:\n  review:\n  rollout: 1\n", `invalid rules: line 2: default.review: a number, got "null"`},
		{"endless", "default:\n  review: .inf\n", `invalid rules: line 2: default.review: a number, got ".inf"`},
		{"too loose", "default:\n  rollout: 1\n  review: 1001\n", "invalid rules: line 3: default.review: more than 0, at most 1000, got 1001"},
		{"negative", "default: {low_price: -0.1}\n", "invalid rules: line 1: default.low_price: 0 to 1, got -0.1"},
		{"percent", "brands:\n  Acme:\n    rollout: 10\n", "invalid rules: line 3: brands.Acme.rollout: 0 to 1, got 10"},
		{"review below what default has for infringing", "default:\n  infringing: 5\nbrands:\n  Zeta: {}\n  Acme:\n    review: 2\n",
			"invalid rules: line 5: brands.Acme.infringing: more than 0, at most review, which is 2, got 5"},
		{"name twice", "default: {}\ndefault: {}\n", `invalid rules: line 2: mapping key "default" already defined at [1:1]`},
		{"brand twice", "brands:\n  Acme: {}\n  Acme: {}\n", `invalid rules: line 3: mapping key "Acme" already defined at [2:3]`},
		{"brand without a name", "brands:\n  '': {}\n", "invalid rules: line 2: brands: 1 to 256 bytes of printable UTF-8, got none"},
		{"brand that steers terminals", "brands:\n  \"a\\eb\": {}\n", "invalid rules: line 2: brands: printable characters, got U+001B"},
		{"rate of no currency", "rates:\n  USD: 1\n  XYZ: 2\n", `invalid rules: line 3: rates: ISO 4217 codes of three upper-case letters, such as USD or EUR, got "XYZ"`},
		{"rate of 0", "rates:\n  USD: 0\n", "invalid rules: line 2: rates.USD: 1e-12 to 1e+12, got 0"},
		{"list", "brands:\n  - Acme\n", "invalid rules: line 2: names with values, got a list"},
		{"list in brackets", "brands: [Acme]\n", "invalid rules: line 1: names with values, got a list"},
		{"anchor", "default: &x {}\n", `invalid rules: line 1: names with values, got "&", which rules have no use for`},
		{"tag", "default: !!float {}\n", `invalid rules: line 1: names with values, got "!!float", which rules have no use for`},
		{"two documents", "default: {}\n---\ndefault: {}\n", "invalid rules: line 3: one document, got another one"},
		{"unclosed", "default: {review: 1\n", `invalid rules: line 1: could not find flow mapping end token '}'`},
		{"another encoding", "brands:\n  Caf\xe9: {}\n", `invalid rules: line 2: UTF-8, got "  Caf\xe9: {}\n"`},
		{"steers terminals", "# a\n# \x1b[2J\n", "invalid rules: line 2: printable characters, got U+001B"},
		{"too long", strings.Repeat("#", listing.MaxRules+1), "invalid rules: at most 1048576 bytes, got 1048577"},
		{"deep", strings.Repeat("{a: ", 250_000), "invalid rules: line 1: braces nested at most 8 deep"},
		{"deep brackets", strings.Repeat("[", listing.MaxRules), "invalid rules: line 1: names with values, got a list"},
		{"deep lists", strings.Repeat("- ", listing.MaxRules/2), "invalid rules: line 1: names with values, got a list"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			_, err := listing.ParseRules([]byte(test.text))
			var at *listing.RulesError
			if !errors.Is(err, listing.ErrRules) || !errors.As(err, &at) {
				t.Fatalf("ParseRules() = %v, want a RulesError", err)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestRulesOf(t *testing.T) {
	r := listing.DefaultRules()
	r.Brands = map[string]listing.Rule{"Acme": {Infringing: 0.5, Review: 10}}
	if got := r.Of("Acme"); got != r.Brands["Acme"] {
		t.Errorf("Of(Acme) = %v", got)
	}
	if got := r.Of("Zeta"); got != r.Default {
		t.Errorf("Of(Zeta) = %v", got)
	}
}

// FuzzParseRules holds that what is taken is valid, and what isn't has an error that says where.
func FuzzParseRules(f *testing.F) {
	f.Add(listing.DefaultYAML)
	f.Add("brands:\n  Acme: {infringing: 0.5}\nrates: {USD: 1}\n")
	f.Add("default: &a {}\nbrands: {b: *a}\n")
	f.Add("? a\n: |\n  b\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := listing.ParseRules([]byte(text))
		var at *listing.RulesError
		switch {
		case err == nil:
			if err := r.Validate(); err != nil {
				t.Errorf("%q is taken: %v", text, err)
			}
		case !errors.As(err, &at) || at.Line < 0 || at.Line > strings.Count(text, "\n")+strings.Count(text, "\r")+1:
			t.Errorf("%q: %v", text, err)
		}
	})
}
