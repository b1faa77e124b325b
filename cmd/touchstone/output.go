package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"

	"touchstone/index"
)

// object writes a value to stdout as one line of JSON.
func (a *app) object(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

// sheet lines up what is written to stdout. It shows nothing before flush.
type sheet struct{ w *tabwriter.Writer }

func (a *app) table() sheet {
	return sheet{tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)}
}

// row writes a line of cells. Text is shown so that it can't steer the terminal or break the table.
func (t sheet) row(cells ...any) {
	// Errors stay in the writer: flush returns them. A tab that ends a line would count as one more column.
	_, _ = fmt.Fprintln(t.w, strings.TrimRight(strings.Join(shown(cells), "\t"), "\t"))
}

// line writes a line that is not lined up with others.
func (t sheet) line(cells ...any) { _, _ = fmt.Fprintln(t.w, strings.Join(shown(cells), "  ")) }

func shown(cells []any) []string {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = printable(fmt.Sprint(c))
	}
	return texts
}

func (t sheet) flush() error {
	if err := t.w.Flush(); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

// printable returns s, quoted where it holds what a terminal would obey or could not show.
func printable(s string) string {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// harmless returns s with what a terminal would obey, or could not show, written as Go writes it in strings: "\x1b". Lines
// and tabs stay.
func harmless(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		broken := r == utf8.RuneError && size == 1
		if part := s[:size]; !broken && (r == '\n' || r == '\t' || unicode.IsPrint(r)) {
			b.WriteString(part)
		} else {
			b.WriteString(strings.Trim(strconv.Quote(part), `"`))
		}
		s = s[size:]
	}
	return b.String()
}

// amount is a number of things in words: "1 photo", "3 photos".
func amount(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if s, ok := strings.CutSuffix(thing, "y"); ok {
		return fmt.Sprintf("%d %sies", n, s)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// money is a price in words: "19.90 EUR", "795 USD"; the zero Price is "".
func money(p index.Price) string {
	if p == (index.Price{}) {
		return ""
	}
	if p.Nanos == 0 {
		return fmt.Sprintf("%d %s", p.Units, p.Currency)
	}
	fraction := strings.TrimRight(fmt.Sprintf("%09d", p.Nanos), "0")
	for len(fraction) < 2 {
		fraction += "0"
	}
	return fmt.Sprintf("%d.%s %s", p.Units, fraction, p.Currency)
}

// blank writes an empty line; the columns after it are lined up anew.
func (t sheet) blank() { _, _ = fmt.Fprintln(t.w) }

// sortedKeys are a map's keys, in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// shellWord returns s as a shell takes it for one word.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_./:@%+,", r)
	}
	if s != "" && !strings.HasPrefix(s, "-") && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
