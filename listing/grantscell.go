package listing

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// WriteGrants writes grants as the CSV that ReadGrants reads: what is read from it are the same grants, but for their
// revisions. They have to be valid and as Normal has them. An error among the grants ends it, and is returned as it is.
func WriteGrants(w io.Writer, grants iter.Seq2[Grant, error]) error {
	c := csv.NewWriter(w)
	write := func(record []string) error {
		if err := c.Write(record); err != nil {
			return fmt.Errorf("write grants: %w", err)
		}
		return nil
	}
	if err := write(grantColumns); err != nil {
		return err
	}
	for g, err := range grants {
		if err != nil {
			return err
		}
		everyone := ""
		if g.Everyone {
			everyone = "true"
		}
		err := write([]string{ // in the order of grantColumns
			writeCell(g.Brand), writeCell(g.ID), writeCell(g.Grantee), writeList(g.Sellers), everyone,
			writeList(g.Products), writeList(g.Photos), writeCell(g.Marketplace), g.Region,
			writeTime(g.From), writeTime(g.To), writeCell(g.Note),
		})
		if err != nil {
			return err
		}
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("write grants: %w", err)
	}
	return nil
}

func writeTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

// formula is how what spreadsheets calculate begins: a tab and line breaks do as well, and can't be in a valid grant.
const formula = "=+-@＝＋－＠"

// defuse puts an apostrophe before a formula, and before what would be taken for one that was defused.
func defuse(cell string) string {
	if r, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, "'")); strings.ContainsRune(formula, r) {
		return "'" + cell
	}
	return cell
}

// arm takes the apostrophe away that defuse has put.
func arm(cell string) string {
	cell = strings.TrimLeftFunc(cell, unicode.IsSpace) // not those at the end, of which the first may be escaped
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, "'"))
	if strings.HasPrefix(cell, "'") && strings.ContainsRune(formula, r) {
		return cell[1:]
	}
	return cell
}

func writeCell(s string) string { return defuse(escape(s, "")) }

func readCell(cell string) string {
	return strings.Join(split(arm(cell), false), "")
}

func writeList(names []string) string {
	escaped := make([]string, len(names))
	for i, s := range names {
		escaped[i] = escape(s, "|")
	}
	return defuse(strings.Join(escaped, "|"))
}

func readList(cell string) []string { return split(arm(cell), true) }

// escape puts a backslash before what would not be read as a part of s: backslashes, spaces at its ends, and more.
func escape(s, more string) string {
	var b strings.Builder
	inner := strings.TrimSpace(s)
	start := strings.Index(s, inner)
	for i, r := range s {
		if r == '\\' || strings.ContainsRune(more, r) || unicode.IsSpace(r) && (i < start || i >= start+len(inner)) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// split undoes escape, and leaves out the spaces around text; of a list, it parts the names, and leaves out empty ones.
func split(s string, list bool) []string {
	var (
		all   []string
		b     strings.Builder
		spare string // spaces that end the text, unless more follows
	)
	end := func() {
		if b.Len() > 0 {
			all = append(all, b.String())
		}
		b.Reset()
		spare = ""
	}
	put := func(r rune) {
		b.WriteString(spare)
		b.WriteRune(r)
		spare = ""
	}
	escaped := false
	for _, r := range s {
		switch {
		case escaped && (r == '\\' || r == '|' || unicode.IsSpace(r)):
			put(r)
			escaped = false
			continue
		case escaped: // a backslash before anything else is one
			put('\\')
			escaped = false
		}
		switch {
		case r == '\\':
			escaped = true
		case r == '|' && list:
			end()
		case !unicode.IsSpace(r):
			put(r)
		case b.Len() > 0:
			spare += string(r)
		}
	}
	if escaped {
		put('\\')
	}
	end()
	return all
}
