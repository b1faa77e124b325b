package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

var (
	errOpenQuote  = errors.New("a quote is opened and not closed")
	errBareQuote  = errors.New("a quote within a field that doesn't begin with one")
	errAfterQuote = errors.New("text after a closing quote")
	errUTF8       = errors.New("it is not UTF-8")
)

// record is a row of CSV being read. encoding/csv would hold all of a file behind an open quote, and lose it.
type record struct {
	fields []string
	blank  bool // it is an empty line
	quoted []byte
}

// parse takes the fields of a row.
func (r *record) parse(b []byte, all bool) (n int, err error) {
	r.fields, r.blank = r.fields[:0], false
	for i := 0; ; {
		if i < len(b) && b[i] == '"' {
			if i, err = r.quotedField(b, i+1, all); err != nil {
				return 0, err
			}
		} else {
			end := bytes.IndexAny(b[i:], ",\n\"")
			switch {
			case end < 0 && !all:
				return 0, errMore
			case end < 0:
				end = len(b) - i
			case b[i+end] == '"':
				return 0, errBareQuote
			}
			field := b[i : i+end]
			if i += end; i == len(b) || b[i] == '\n' {
				field = bytes.TrimSuffix(field, []byte{'\r'})
			}
			r.fields = append(r.fields, string(field))
			r.blank = len(r.fields) == 1 && len(field) == 0
		}
		switch {
		case i == len(b):
			return i, nil
		case b[i] == '\n':
			return i + 1, nil
		}
		i++ // the comma
		r.blank = false
	}
}

// quotedField takes a field from behind its opening quote, and returns where the comma or the end of the row stands.
func (r *record) quotedField(b []byte, i int, all bool) (int, error) {
	r.quoted = r.quoted[:0]
	for {
		end := bytes.IndexByte(b[i:], '"')
		if end < 0 {
			if all {
				return 0, errOpenQuote
			}
			return 0, errMore
		}
		r.quoted = append(r.quoted, b[i:i+end]...)
		if i += end + 1; i < len(b) && b[i] == '"' { // two stand for one
			r.quoted = append(r.quoted, '"')
			i++
			continue
		}
		r.fields = append(r.fields, string(r.quoted))
		rest := b[i:]
		switch {
		case len(rest) < 2 && !all:
			return 0, errMore
		case len(rest) == 0, rest[0] == ',', rest[0] == '\n':
			return i, nil
		case rest[0] == '\r' && (len(rest) == 1 || rest[1] == '\n'):
			return i + 1, nil
		}
		return 0, errAfterQuote
	}
}

func (r *record) validate() error {
	for _, f := range r.fields {
		if !utf8.ValidString(f) {
			return errUTF8
		}
	}
	return nil
}

func (r *Reader) openCSV(l *lines, wanted []Column) error {
	var rec record
	for {
		number, err := l.next(rec.parse)
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: it has no header line", ErrFormat)
		}
		if err == nil {
			err = rec.validate()
		}
		if err != nil {
			return fmt.Errorf("%w: the header, line %d: %w", ErrFormat, number, err)
		}
		if !rec.blank {
			break
		}
	}
	if name := rec.fields[0]; len(rec.fields) == 1 && strings.ContainsAny(name, ";\t") {
		return fmt.Errorf("%w: the header %q has no comma: columns have to be separated by commas", ErrFormat, clip(name))
	}
	width := len(rec.fields)
	at, others, err := arrange(wanted, rec.fields)
	if err != nil {
		return err
	}
	r.others = others
	values := func() ([]string, error) {
		if rec.blank {
			return nil, nil
		}
		if len(rec.fields) != width {
			return nil, fmt.Errorf("it has %d fields, the header has %d", len(rec.fields), width)
		}
		if err := rec.validate(); err != nil {
			return nil, err
		}
		vs := make([]string, len(at))
		for i, n := range at {
			if n >= 0 {
				vs[i] = rec.fields[n]
			}
		}
		return vs, nil
	}
	r.rows = func(yield func(Row, error) bool) { l.each(CSV, rec.parse, values, yield) }
	return nil
}

// Unformula returns a text as Create's CSV has it: with a ' before what a spreadsheet would take for a formula, and run.
func Unformula(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// appendRecord writes a row of CSV. A lone empty field is quoted, to be no empty line.
func appendRecord(b []byte, fields []string) []byte {
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		if !strings.ContainsAny(f, ",\"\r\n") && strings.TrimSpace(f) == f && (f != "" || len(fields) > 1) {
			b = append(b, f...)
			continue
		}
		b = append(b, '"')
		b = append(b, strings.ReplaceAll(f, `"`, `""`)...)
		b = append(b, '"')
	}
	return append(b, '\n')
}
