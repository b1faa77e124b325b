package listing

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"touchstone/index"
)

// ParseRules reads rules as people write them, in YAML:
//
//	default: {infringing: 50, review: 500, low_price: 0.2, rollout: 1}
//	brands:
//	  Acme: {infringing: 0.5, rollout: 0.1}
//	rates: {USD: 1, EUR: 1.08}
//
// What is left out of default is as DefaultRules has it, what is left out of a brand is as default has it. Names that are
// not known are refused, and so is YAML that rules have no use for: lists, anchors, tags, several documents. Errors:
// *RulesError.
func ParseRules(text []byte) (Rules, error) {
	if len(text) > MaxRules {
		return Rules{}, &RulesError{0, fmt.Sprintf("at most %d bytes, got %d", MaxRules, len(text))}
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // which some editors begin UTF-8 with
	if err := legible(text); err != nil {
		return Rules{}, err
	}
	if err := plain(text); err != nil {
		return Rules{}, err
	}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return Rules{}, malformed(err)
	}
	var body ast.Node
	for _, d := range file.Docs {
		switch {
		case d.Body == nil:
		case body != nil:
			return Rules{}, wrong(d.Body, "one document, got another one")
		default:
			body = d.Body
		}
	}
	if body == nil {
		return Rules{}, &RulesError{0, "default, brands or rates, got nothing"}
	}
	rules := DefaultRules()
	top, err := entries(body, "rules")
	if err != nil {
		return Rules{}, err
	}
	if err := known(top, "default", "brands", "rates"); err != nil {
		return Rules{}, err
	}
	// Whatever their order in the text, brands have what default says.
	for _, e := range top {
		if e.name == "default" {
			err = e.rule("default", &rules.Default)
		}
		if err != nil {
			return Rules{}, err
		}
	}
	for _, e := range top {
		switch e.name {
		case "brands":
			rules.Brands, err = e.brands(rules.Default)
		case "rates":
			rules.Rates, err = e.rates()
		}
		if err != nil {
			return Rules{}, err
		}
	}
	return rules, nil
}

// legible refuses what people would not see, and what would steer a terminal on which rules are shown.
func legible(text []byte) error {
	line := 0
	for t := range bytes.Lines(text) {
		line++
		if !utf8.Valid(t) {
			return &RulesError{line, fmt.Sprintf("UTF-8, got %q", clip(string(t)))}
		}
		for _, r := range string(t) {
			if !unicode.IsGraphic(r) && r != '\t' && r != '\r' && r != '\n' {
				return &RulesError{line, fmt.Sprintf("printable characters, got %U", r)}
			}
		}
	}
	return nil
}

// deepest is how deep braces may be nested: rules need three.
const deepest = 8

// plain refuses what rules have no use for before it is parsed: the parser's time and memory grow with the square of how
// deep things are nested (v1.19.2: 16,000 brackets take 400 MiB).
func plain(text []byte) error {
	depth := 0
	for _, t := range lexer.Tokenize(string(text)) {
		line := t.Position.Line
		switch t.Type {
		case token.SequenceStartType, token.SequenceEntryType:
			return &RulesError{line, "names with values, got a list"}
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType, token.DirectiveType, token.MappingKeyType:
			return &RulesError{line, fmt.Sprintf("names with values, got %q, which rules have no use for", clip(t.Value))}
		case token.MappingStartType:
			if depth++; depth > deepest {
				return &RulesError{line, fmt.Sprintf("braces nested at most %d deep", deepest)}
			}
		case token.MappingEndType:
			depth--
		}
	}
	return nil
}

// malformed is a parser's error in a line.
func malformed(err error) error {
	var at yaml.Error
	if errors.As(err, &at) {
		line := 0
		if t := at.GetToken(); t != nil {
			line = t.Position.Line
		}
		return &RulesError{line, at.GetMessage()}
	}
	return &RulesError{0, err.Error()}
}

func wrong(n ast.Node, format string, args ...any) error {
	line := 0
	if t := n.GetToken(); t != nil {
		line = t.Position.Line
	}
	return &RulesError{line, fmt.Sprintf(format, args...)}
}

// entry is a name and its value in a mapping.
type entry struct {
	name  string
	key   ast.Node
	value ast.Node
}

// entries are those of a mapping, in the order of the text; of nothing, as after "brands:", there are none.
func entries(n ast.Node, what string) ([]entry, error) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.NullNode:
		return nil, nil
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return nil, wrong(n, "%s: names with values, got %q", what, clip(n.GetToken().Value))
	}
	all := make([]entry, len(values))
	for i, v := range values {
		// The text itself: a brand may be called 007 or null.
		all[i] = entry{v.Key.GetToken().Value, v.Key, v.Value}
	}
	return all, nil
}

// known refuses an entry that has none of some names.
func known(all []entry, names ...string) error {
	for _, e := range all {
		if slices.Contains(names, e.name) {
			continue
		}
		far := func(name string) int { return distance(strings.ToLower(e.name), name) }
		near := slices.MinFunc(names, func(a, b string) int { return cmp.Compare(far(a), far(b)) })
		if far(near) > max(2, len(near)/3) { // another word
			return wrong(e.key, "unknown name %q, known are %s", clip(e.name), strings.Join(names, ", "))
		}
		return wrong(e.key, "unknown name %q: is %q meant?", clip(e.name), near)
	}
	return nil
}

// distance is Levenshtein's: how many letters to put in, leave out or change make b of a. Long texts are far from all names.
func distance(a, b string) int {
	if len(a) > 32 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d++
			}
			diagonal = row[j+1]
			row[j+1] = min(d, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// rule lays what the entry says over a rule.
func (e entry) rule(path string, r *Rule) error {
	all, err := entries(e.value, path)
	if err != nil {
		return err
	}
	if err := known(all, "infringing", "review", "low_price", "rollout"); err != nil {
		return err
	}
	lines := map[string]ast.Node{}
	for _, f := range all {
		to := map[string]*float64{"infringing": &r.Infringing, "review": &r.Review, "low_price": &r.LowPrice, "rollout": &r.Rollout}[f.name]
		if *to, err = f.number(path); err != nil {
			return err
		}
		lines[f.name] = f.key
	}
	return e.broken(within(path, r.Validate()), func(field string) ast.Node { return lines[strings.TrimPrefix(field, path+".")] })
}

func (e entry) brands(base Rule) (map[string]Rule, error) {
	all, err := entries(e.value, "brands")
	if err != nil || len(all) == 0 {
		return nil, err
	}
	brands := make(map[string]Rule, len(all))
	for _, b := range all {
		if err := b.broken(checkName("brands", b.name, 1), nil); err != nil {
			return nil, err
		}
		r := base
		if err := b.rule("brands."+b.name, &r); err != nil {
			return nil, err
		}
		brands[b.name] = r
	}
	return brands, nil
}

func (e entry) rates() (map[string]float64, error) {
	all, err := entries(e.value, "rates")
	if err != nil || len(all) == 0 {
		return nil, err
	}
	rates := make(map[string]float64, len(all))
	for _, f := range all {
		rate, err := f.number("rates")
		if err != nil {
			return nil, err
		}
		if err := f.broken(checkRate(f.name, rate), nil); err != nil {
			return nil, err
		}
		rates[f.name] = rate
	}
	return rates, nil
}

// number is the entry's value. It is read from the text: the parser takes 5e-1 for a word and 010 for 8.
func (e entry) number(path string) (float64, error) {
	t := e.value.GetToken()
	if _, ok := e.value.(ast.ScalarNode); ok && t.Type != token.SingleQuoteType && t.Type != token.DoubleQuoteType {
		v, err := strconv.ParseFloat(t.Value, 64)
		if err == nil && strings.Trim(t.Value, "+-.0123456789eE") == "" { // neither hexadecimal nor infinite
			return v, nil
		}
	}
	return 0, wrong(e.key, "%s.%s: a number, got %q", path, clip(e.name), clip(t.Value))
}

// broken puts the line to a limit that was broken: that of the field, where the text has it, or the entry's own.
func (e entry) broken(err error, line func(field string) ast.Node) error {
	var f *index.FieldError
	if !errors.As(err, &f) {
		return err
	}
	at := e.key
	if line != nil {
		if n := line(f.Field); n != nil {
			at = n
		}
	}
	return wrong(at, "%s: %s", f.Field, f.Want)
}
