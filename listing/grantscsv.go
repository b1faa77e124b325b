package listing

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Grants as CSV: UTF-8, commas between the columns, a header that names them in any order. Times are RFC 3339, or days
// such as 2026-11-24, which stand for their first moment in UTC: so a valid_to of a day is the first day on which the grant
// is no longer valid. The names of a list are separated by |. In text a backslash makes the |, space or backslash after
// it a part of the text; spaces around it are else left out. A cell that a spreadsheet would take for a formula is
// written with an apostrophe before it, which is taken away again when it is read.
//
//	brand,grant_id,grantee,seller_ids,everyone,products,photo_ids,marketplace,region_code,valid_from,valid_to,note
//	Acme,g-1,Bags & Co,bags-co|bags-co-outlet,,,,shop.example,US,2026-01-01,2027-01-01,contract 12

const (
	columnBrand       = "brand"
	columnID          = "grant_id"
	columnGrantee     = "grantee"
	columnSellers     = "seller_ids"
	columnEveryone    = "everyone"
	columnProducts    = "products"
	columnPhotos      = "photo_ids"
	columnMarketplace = "marketplace"
	columnRegion      = "region_code"
	columnFrom        = "valid_from"
	columnTo          = "valid_to"
	columnNote        = "note"
)

var (
	grantColumns = []string{
		columnBrand, columnID, columnGrantee, columnSellers, columnEveryone, columnProducts, columnPhotos,
		columnMarketplace, columnRegion, columnFrom, columnTo, columnNote,
	}
	neededColumns = []string{columnBrand, columnID, columnGrantee, columnSellers}
)

// GrantLine is a line of a CSV of grants.
type GrantLine struct {
	Line int // where it starts, counted from 1
	Grant
}

// LineError is a line of a CSV that can't be used; the others can.
type LineError struct {
	Line int // where it starts, counted from 1
	Err  error
}

// Error is "line N: cause".
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e *LineError) Unwrap() error { return e.Err }

// ReadGrants reads a CSV of grants, which are valid and as Normal has them. A *LineError stands in place of a line that
// can't be used, with an *index.FieldError in its chain where it is a field's fault. So does it for a line that has a grant
// again with other content; one that has it again as it was is passed over. After any other error nothing follows.
func ReadGrants(r io.Reader) iter.Seq2[GrantLine, error] {
	return func(yield func(GrantLine, error) bool) {
		lines, err := openGrants(r)
		if err != nil {
			yield(GrantLine{}, err)
			return
		}
		for {
			l, err := lines.next()
			if errors.Is(err, io.EOF) {
				return
			}
			var bad *LineError
			if !yield(l, err) || err != nil && !errors.As(err, &bad) {
				return
			}
		}
	}
}

// grantLines are the lines of a CSV of grants.
type grantLines struct {
	csv  *csv.Reader
	at   map[string]int           // where each column stands; one that is not there has no entry
	seen map[[2]string]*GrantLine // by brand and ID
}

// openGrants reads the header.
func openGrants(r io.Reader) (*grantLines, error) {
	b := bufio.NewReader(r)
	mark, err := b.Peek(3)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("read the header: %w", err)
	case string(mark) == "\xef\xbb\xbf": // some programs begin UTF-8 with it
		// Peek has shown that they are there.
		_, _ = b.Discard(3)
	case len(mark) >= 2 && (string(mark[:2]) == "\xff\xfe" || string(mark[:2]) == "\xfe\xff"):
		return nil, fmt.Errorf("the file is UTF-16: %s", saveAs)
	}
	c := csv.NewReader(b)
	c.ReuseRecord = true
	header, err := c.Read()
	if errors.Is(err, io.EOF) {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	at, err := grantLayout(header)
	if err != nil {
		return nil, err
	}
	return &grantLines{c, at, make(map[[2]string]*GrantLine)}, nil
}

// saveAs is the cure for text in another encoding.
const saveAs = "save the file as CSV in UTF-8"

func grantLayout(header []string) (map[string]int, error) {
	at := make(map[string]int, len(header))
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(grantColumns, name) {
			if len(header) == 1 && strings.ContainsAny(name, ";\t") {
				return nil, fmt.Errorf("header: the columns have to be separated by commas, got %q", clip(name))
			}
			return nil, fmt.Errorf("header: unknown column %q, known are %s", clip(name), strings.Join(grantColumns, ", "))
		}
		if _, twice := at[name]; twice {
			return nil, fmt.Errorf("header: column %q is there twice", name)
		}
		at[name] = i
	}
	for _, name := range neededColumns {
		if _, ok := at[name]; !ok {
			return nil, fmt.Errorf("header: the column %q is missing; needed are %s", name, strings.Join(neededColumns, ", "))
		}
	}
	return at, nil
}

// next is the next line that has a grant, or a *LineError; io.EOF after the last one.
func (l *grantLines) next() (GrantLine, error) {
	for {
		record, err := l.csv.Read()
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			return GrantLine{Line: syntax.StartLine}, &LineError{syntax.StartLine, syntax.Err}
		}
		if err != nil {
			return GrantLine{}, err
		}
		if !slices.ContainsFunc(record, func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
			continue // spreadsheets end tables with such lines
		}
		line, _ := l.csv.FieldPos(0)
		g, err := readGrant(record, l.at)
		if err != nil {
			return GrantLine{Line: line}, &LineError{line, err}
		}
		got := GrantLine{line, g}
		before, again := l.seen[[2]string{g.Brand, g.ID}]
		switch {
		case !again:
			l.seen[[2]string{g.Brand, g.ID}] = &got
			return got, nil
		case !reflect.DeepEqual(before.Grant, g):
			return got, &LineError{line, invalid("grant_id", "each grant once, got %q of %q, which line %d has with other content", clip(g.ID), clip(g.Brand), before.Line)}
		}
	}
}

// readGrant is the grant of a line.
func readGrant(record []string, at map[string]int) (Grant, error) {
	cell := func(column string) string {
		if i, ok := at[column]; ok {
			return record[i]
		}
		return ""
	}
	for _, column := range grantColumns {
		if s := cell(column); !utf8.ValidString(s) {
			return Grant{}, invalid(column, "UTF-8, got %q: %s", clip(s), saveAs)
		}
	}
	g := Grant{
		Brand: readCell(cell(columnBrand)), ID: readCell(cell(columnID)), Grantee: readCell(cell(columnGrantee)),
		Sellers: readList(cell(columnSellers)), Products: readList(cell(columnProducts)), Photos: readList(cell(columnPhotos)),
		Marketplace: readCell(cell(columnMarketplace)), Region: readCell(cell(columnRegion)), Note: readCell(cell(columnNote)),
	}
	switch s := strings.ToLower(strings.TrimSpace(cell(columnEveryone))); s {
	case "", "false", "no", "0":
	case "true", "yes", "1":
		g.Everyone = true
	default:
		return Grant{}, invalid(columnEveryone, "true or false, got %q", clip(s))
	}
	var err error
	if g.From, err = readTime(columnFrom, cell(columnFrom)); err != nil {
		return Grant{}, err
	}
	if g.To, err = readTime(columnTo, cell(columnTo)); err != nil {
		return Grant{}, err
	}
	g = g.Normal()
	return g, g.Validate()
}

func readTime(column, s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t, err = time.Parse(time.RFC3339, s)
	}
	if err != nil {
		return time.Time{}, invalid(column, "a day such as 2026-11-24 or a time such as 2026-11-24T18:00:00Z, got %q", clip(s))
	}
	if t.IsZero() {
		return time.Time{}, invalid(column, "a time after the first moment of the year 1")
	}
	return t.UTC(), nil
}
