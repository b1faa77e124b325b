package table

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrValue is returned for a value that its column can't hold; nothing of its row was written.
var ErrValue = errors.New("value can't be written")

// Writer writes rows. It is for one goroutine.
type Writer struct {
	file    *os.File
	buffer  *bufio.Writer
	columns []Column
	format  Format
	parquet *parquetWriter // nil with other formats
	line    []byte
	fields  []string
}

// Create makes a table, or empties the one that is there, in the format that its name ends in. Errors: ErrFormat; those of
// the file.
func Create(path string, columns []Column) (*Writer, error) {
	format, err := FormatOf(path)
	if err != nil {
		return nil, err
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return newWriter(f, format, columns)
}

// newWriter begins a table, with its header.
func newWriter(f *os.File, format Format, columns []Column) (*Writer, error) {
	w := resumeWriter(f, format, columns)
	switch format {
	case Parquet:
		w.parquet = newParquetWriter(w.buffer, columns)
	case CSV:
		if _, err := w.buffer.Write(header(format, columns)); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return w, nil
}

// resumeWriter writes on behind what is there.
func resumeWriter(f *os.File, format Format, columns []Column) *Writer {
	return &Writer{file: f, buffer: bufio.NewWriterSize(f, 64<<10), columns: columns, format: format}
}

// header is what a table's file begins with, as far as it is known before the first row.
func header(format Format, columns []Column) []byte {
	if format == JSONL {
		return []byte(`{"` + columns[0].Name + `":`)
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return appendRecord(nil, names)
}

// Write writes a row: a value for each column, of its type, or nil. Errors: ErrValue; those of the file.
func (w *Writer) Write(values ...any) error {
	if len(values) != len(w.columns) {
		return fmt.Errorf("%w: %d values for %d columns", ErrValue, len(values), len(w.columns))
	}
	for i, v := range values {
		if err := w.columns[i].validate(v); err != nil {
			return err
		}
	}
	switch w.format {
	case Parquet:
		return w.parquet.write(values)
	case CSV:
		w.fields = w.fields[:0]
		for i, v := range values {
			f := w.columns[i].text(v)
			if w.columns[i].Type != Number && w.columns[i].Type != Integer {
				f = Unformula(f)
			}
			w.fields = append(w.fields, f)
		}
		w.line = appendRecord(w.line[:0], w.fields)
	default:
		w.line = w.object(w.line[:0], values)
	}
	if len(w.line) > MaxRow {
		return fmt.Errorf("%w: a row of %d bytes, at most %d are taken", ErrValue, len(w.line), MaxRow)
	}
	_, err := w.buffer.Write(w.line)
	return err
}

// validate tells why a column can't hold a value.
func (c Column) validate(v any) error {
	ok, texts := false, []string(nil)
	switch v := v.(type) {
	case nil:
		ok = true
	case string:
		ok, texts = c.Type == Text, []string{v}
	case float64:
		ok = c.Type == Number
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%w: %q: a finite number is wanted, got %v", ErrValue, c.Name, v)
		}
	case int64:
		ok = c.Type == Integer
	case time.Time:
		ok = c.Type == Time
	case []string:
		ok, texts = c.Type == Texts, v
	case json.RawMessage:
		ok, texts = c.Type == JSON && json.Valid(v) && !strings.Contains(string(v), "\n"), []string{string(v)}
	}
	for _, s := range texts {
		ok = ok && utf8.ValidString(s)
	}
	if !ok {
		return fmt.Errorf("%w: %q: not a %T like this: %.40q", ErrValue, c.Name, v, fmt.Sprint(v))
	}
	return nil
}

// text is a value in words.
func (c Column) text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case int64:
		return strconv.FormatInt(v, 10)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case []string:
		return strings.Join(v, "; ")
	case json.RawMessage:
		return string(v)
	}
	return ""
}

// object writes a row of JSONL, without what is nil.
func (w *Writer) object(b []byte, values []any) []byte {
	b = append(b, '{')
	for i, v := range values {
		c := w.columns[i]
		if v == nil {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(appendString(b, c.Name), ':')
		switch v := v.(type) {
		case float64, int64:
			b = append(b, c.text(v)...)
		case json.RawMessage:
			b = append(b, v...)
		case []string:
			b = append(b, '[')
			for i, s := range v {
				if i > 0 {
					b = append(b, ',')
				}
				b = appendString(b, s)
			}
			b = append(b, ']')
		default:
			b = appendString(b, c.text(v))
		}
	}
	return append(b, '}', '\n')
}

// appendString writes a JSON string, with & < > as they are.
func appendString(b []byte, s string) []byte {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string can always be encoded, and a Builder takes all
	}
	return append(b, strings.TrimSuffix(out.String(), "\n")...)
}

// Flush hands what was written to the operating system: it survives the end of the process. In Parquet a row does only
// once the file is closed.
func (w *Writer) Flush() error { return w.buffer.Flush() }

// Sync waits until what was flushed survives the end of the machine. It may be called beside all other methods but Close.
func (w *Writer) Sync() error { return w.file.Sync() }

// Close ends the table and closes its file, synced.
func (w *Writer) Close() error {
	var err error
	if w.parquet != nil {
		err = w.parquet.close()
	}
	if err == nil {
		err = w.buffer.Flush()
	}
	if err == nil {
		err = w.file.Sync()
	}
	return errors.Join(err, w.file.Close())
}
