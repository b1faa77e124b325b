// Package table reads and writes rows of named columns in files of CSV, JSON lines or Parquet.
//
// It promises that a file of any length is gone through in constant memory, that a row which can't be used is told by its
// line and doesn't cost the rows after it, and that a table which was being written when its writer died is taken up again
// after its last whole row. What is read is text, whatever the file's own types are.
//
// The caveat that bites: names of columns are compared without regard to case and surrounding spaces, texts are not
// touched. And in CSV a text that a spreadsheet would take for a formula is written with a ' before it, which nothing
// takes away again when it is read.
package table

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Format is what a file of rows looks like.
type Format uint8

// The formats.
const (
	CSV     Format = iota + 1 // UTF-8, commas, a header line, quotes as in RFC 4180
	JSONL                     // UTF-8, an object a line
	Parquet                   // flat columns
)

// String is the format's name.
func (f Format) String() string {
	switch f {
	case CSV:
		return "CSV"
	case JSONL:
		return "JSONL"
	case Parquet:
		return "Parquet"
	}
	return "INVALID"
}

// ErrFormat is returned when a file is none that can be read or written.
var ErrFormat = errors.New("not a table of CSV, JSONL or Parquet")

// ErrColumn is returned when a column that is required is not there, is there twice, or is of a type that holds no text,
// number or time.
var ErrColumn = errors.New("column can't be used")

// ErrOther is returned by Reopen for a file that Create has not made with the same columns.
var ErrOther = errors.New("not a table with these columns")

// FormatOf returns the format that a file's name ends in: .csv, .jsonl (or .ndjson), .parquet. Errors: ErrFormat.
func FormatOf(path string) (Format, error) {
	ending := strings.ToLower(filepath.Ext(path))
	switch ending {
	case ".csv":
		return CSV, nil
	case ".jsonl", ".ndjson":
		return JSONL, nil
	case ".parquet":
		return Parquet, nil
	}
	return 0, fmt.Errorf("%w: the name has to end in .csv, .jsonl or .parquet, got %q", ErrFormat, ending)
}

// Type is what a column holds.
type Type uint8

// The types of columns. Beside its own, each takes nil: nothing is known.
const (
	Text    Type = iota // string
	Number              // float64, finite
	Integer             // int64
	Time                // time.Time; written in UTC, as RFC 3339 has it where the format has no times, to the microsecond in Parquet
	Texts               // []string; a list in JSONL, elsewhere joined by "; "
	JSON                // json.RawMessage; as it is in JSONL, elsewhere as text
)

// Column is one to read or to write.
type Column struct {
	Name     string
	Type     Type // of a column to write; what is read is text
	Required bool // of a column to read: a file without it can't be
}

// Row is what a file has in the columns that were asked for.
type Row struct {
	Number int64    // of the line that it begins in; in Parquet of the row; from 1
	Values []string // in the order of the columns that were asked for; "" where there is nothing
}

// RowError is a row that can't be used. Those after it can.
type RowError struct {
	Format Format
	Number int64 // as in Row
	Err    error
}

// Error names the line or the row.
func (e *RowError) Error() string {
	if e.Format == Parquet {
		return fmt.Sprintf("row %d: %v", e.Number, e.Err)
	}
	return fmt.Sprintf("line %d: %v", e.Number, e.Err)
}

// Unwrap returns what is wrong with it.
func (e *RowError) Unwrap() error { return e.Err }

// MaxRow is the longest row of CSV or JSONL that is read or written, in bytes.
const MaxRow = 4 << 20

// fold is a column's name as names are compared.
func fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// arrange finds the columns that are wanted among those that are there: where each stands, -1 for one that is missing, and
// the names of the others. Errors: ErrColumn.
func arrange(wanted []Column, there []string) (at []int, others []string, err error) {
	at = make([]int, len(wanted))
	for i := range at {
		at[i] = -1
	}
next:
	for i, name := range there {
		for w, c := range wanted {
			if fold(name) != fold(c.Name) {
				continue
			}
			if at[w] >= 0 {
				return nil, nil, fmt.Errorf("%w: %q is there twice", ErrColumn, c.Name)
			}
			at[w] = i
			continue next
		}
		others = append(others, name)
	}
	for w, c := range wanted {
		if c.Required && at[w] < 0 {
			return nil, nil, missing(c, there)
		}
	}
	return at, others, nil
}

func missing(c Column, there []string) error {
	return fmt.Errorf("%w: %q is missing; there are %s", ErrColumn, c.Name, listed(there))
}

// listed is names in words, however many there are.
func listed(names []string) string {
	const most = 20
	if len(names) == 0 {
		return "none"
	}
	quoted := make([]string, 0, most+1)
	for i, n := range names {
		if i == most {
			quoted = append(quoted, fmt.Sprintf("and %d more", len(names)-most))
			break
		}
		quoted = append(quoted, fmt.Sprintf("%q", clip(n)))
	}
	return strings.Join(quoted, ", ")
}

// clip keeps messages short whatever a file holds.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
