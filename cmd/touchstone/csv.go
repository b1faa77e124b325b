package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"touchstone/index"
	"touchstone/listing"
)

// The columns of a CSV that lists photos.
const (
	columnPath     = "path"
	columnPhotoID  = "photo_id"
	columnProduct  = "product"
	columnVariant  = "variant"
	columnPrice    = "price"
	columnCurrency = "currency"
)

var columns = []string{columnPath, columnPhotoID, columnProduct, columnVariant, columnPrice, columnCurrency}

// row is a line of a CSV that lists photos.
type row struct {
	line     int    // where it starts, counted from 1
	path     string // as written
	id       string // the path with forward slashes where the CSV has none
	metadata metadata
}

// metadata is what a source says of a photo. What a source has no word for stays as it is in a photo that is there.
type metadata struct {
	product, variant *string
	price            *index.Price
}

// over returns m with what md says laid over it.
func (md metadata) over(m index.Metadata) index.Metadata {
	if md.product != nil {
		m.Product = *md.product
	}
	if md.variant != nil {
		m.Variant = *md.variant
	}
	if md.price != nil {
		m.ListPrice = *md.price
	}
	return m
}

// lineError is a line of a CSV that can't be used; the others can.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

// rows reads a CSV that lists photos: UTF-8, commas between the columns, a header that names them in any order. A
// *lineError stands in place of a row that can't be used; after any other error nothing follows.
func rows(r io.Reader) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		c := csv.NewReader(skipByteOrderMark(r))
		c.ReuseRecord = true
		header, err := c.Read()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("it is empty")
			}
			yield(row{}, fmt.Errorf("read the header: %w", err))
			return
		}
		at, err := layout(header)
		if err != nil {
			yield(row{}, err)
			return
		}
		for {
			record, err := c.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			var r row
			if r.line = lineOf(c, record, err); err == nil {
				err = r.fill(record, at)
			}
			var syntax *csv.ParseError
			switch {
			case errors.As(err, &syntax):
				err = &lineError{r.line, syntax.Err}
			case err != nil && r.line == 0: // the file, not a line of it
				yield(row{}, err)
				return
			case err != nil:
				err = &lineError{r.line, err}
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// lineOf is the line that a record starts at, 0 where that is not known.
func lineOf(c *csv.Reader, record []string, err error) int {
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		return syntax.StartLine
	}
	if err != nil || len(record) == 0 {
		return 0
	}
	line, _ := c.FieldPos(0)
	return line
}

// layout returns where each column stands; one that is not there has no entry.
func layout(header []string) (map[string]int, error) {
	at := make(map[string]int, len(header))
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(columns, name) {
			if len(header) == 1 && strings.ContainsAny(name, ";\t") {
				return nil, fmt.Errorf("header: the columns have to be separated by commas, got %q", name)
			}
			return nil, fmt.Errorf("header: unknown column %q, known are %s", name, strings.Join(columns, ", "))
		}
		if _, twice := at[name]; twice {
			return nil, fmt.Errorf("header: column %q is there twice", name)
		}
		at[name] = i
	}
	if _, ok := at[columnPath]; !ok {
		return nil, fmt.Errorf("header: the column %q is missing", columnPath)
	}
	if _, ok := at[columnPrice]; ok {
		if _, ok := at[columnCurrency]; !ok {
			return nil, fmt.Errorf("header: a column %q needs a column %q", columnPrice, columnCurrency)
		}
	}
	return at, nil
}

// fill takes a record's fields over.
func (r *row) fill(record []string, at map[string]int) error {
	field := func(column string) *string {
		i, ok := at[column]
		if !ok {
			return nil
		}
		s := strings.TrimSpace(record[i])
		return &s
	}
	r.path = *field(columnPath)
	if r.path == "" {
		return fmt.Errorf("%s is empty", columnPath)
	}
	r.id = filepath.ToSlash(r.path)
	if id := field(columnPhotoID); id != nil && *id != "" {
		r.id = *id
	}
	r.metadata.product, r.metadata.variant = field(columnProduct), field(columnVariant)
	if amount := field(columnPrice); amount != nil {
		p, err := listPrice(*amount, *field(columnCurrency))
		if err != nil {
			return err
		}
		r.metadata.price = &p
	}
	return nil
}

// listPrice is parsePrice for what a product costs, of which 0, or a currency that there isn't, is a mistake: prices could not be
// held against it.
func listPrice(amount, currency string) (index.Price, error) {
	p, err := parsePrice(amount, currency)
	if err != nil {
		return p, err
	}
	if err := (listing.Facts{Price: p, Seen: time.Unix(1, 0)}).Validate(false); err != nil {
		var f *index.FieldError
		if errors.As(err, &f) {
			return p, fmt.Errorf("price: %s", f.Want)
		}
		return p, err
	}
	return p, nil
}

// parsePrice reads an amount like "795" or "19.99". An empty one is no price, whatever the currency.
func parsePrice(amount, currency string) (index.Price, error) {
	if amount == "" {
		return index.Price{}, nil
	}
	units, fraction, _ := strings.Cut(amount, ".")
	if !digits(units) || !digits(fraction) || units+fraction == "" || len(fraction) > 9 {
		return index.Price{}, fmt.Errorf("price: an amount like 795 or 19.99, got %q", amount)
	}
	p := index.Price{Currency: strings.ToUpper(currency)}
	if units != "" {
		n, err := strconv.ParseInt(units, 10, 64)
		if err != nil {
			return index.Price{}, fmt.Errorf("price: at most %d, got %q", int64(math.MaxInt64), amount)
		}
		p.Units = n
	}
	if fraction != "" {
		n, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 32)
		if err != nil {
			return index.Price{}, fmt.Errorf("price: %w", err)
		}
		p.Nanos = int32(n)
	}
	if err := p.Validate(); err != nil {
		return index.Price{}, fmt.Errorf("price: %w", err)
	}
	return p, nil
}

func digits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// skipByteOrderMark passes over the mark that some programs begin UTF-8 with.
func skipByteOrderMark(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if mark, err := b.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		// Peek has shown that they are there.
		_, _ = b.Discard(3)
	}
	return b
}
