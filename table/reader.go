package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// Reader goes through the rows of a file, once. It is for one goroutine.
type Reader struct {
	file   io.Closer // nil: somebody else's
	format Format
	others []string
	rows   iter.Seq2[Row, error]
}

// Open opens a table for reading those of its columns that are wanted. What the file's name ends in has to be what its
// content is. Errors: ErrFormat; ErrColumn; those of the file.
func Open(path string, wanted []Column) (_ *Reader, err error) {
	format, err := FormatOf(path)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	known, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !known.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	r, err := newReader(f, known.Size(), format, wanted)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.file = f
	return r, nil
}

// newReader reads the first bytes of a file, up to size.
func newReader(f io.ReaderAt, size int64, format Format, wanted []Column) (*Reader, error) {
	if err := recognise(f, size, format); err != nil {
		return nil, err
	}
	r := &Reader{format: format}
	var err error
	switch format {
	case CSV:
		err = r.openCSV(newLines(io.NewSectionReader(f, 0, size)), wanted)
	case JSONL:
		err = r.openJSONL(newLines(io.NewSectionReader(f, 0, size)), wanted)
	default:
		err = r.openParquet(f, size, wanted)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Format returns what the file was recognised as.
func (r *Reader) Format() Format { return r.format }

// Others returns the names of columns that are passed over: all of them, in JSONL those of the first row.
func (r *Reader) Others() []string { return r.others }

// Rows goes through the rows in the file's order. A *RowError stands in place of a row that can't be used; after any other
// error nothing follows.
func (r *Reader) Rows() iter.Seq2[Row, error] { return r.rows }

// Close closes the file.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// Beginnings that tell what a file is.
const (
	markParquet = "PAR1"
	markGzip    = "\x1f\x8b"
	markUTF16LE = "\xff\xfe"
	markUTF16BE = "\xfe\xff"
	markUTF8    = "\xef\xbb\xbf"
)

// recognise tells why a file's content is not what its name ends in.
func recognise(f io.ReaderAt, size int64, format Format) error {
	head := make([]byte, min(size, 64))
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	is := func(mark string) bool { return bytes.HasPrefix(head, []byte(mark)) }
	switch {
	case size == 0:
		if format == JSONL {
			return nil // no rows
		}
		return fmt.Errorf("%w: it is empty, %s is wanted", ErrFormat, format)
	case is(markParquet) != (format == Parquet):
		if format == Parquet {
			return fmt.Errorf("%w: it is named like Parquet, and doesn't begin like it", ErrFormat)
		}
		return fmt.Errorf("%w: it is named like %s, and is Parquet by its content", ErrFormat, format)
	case is(markGzip):
		return fmt.Errorf("%w: it is compressed by gzip, plain %s is wanted", ErrFormat, format)
	case is(markUTF16LE), is(markUTF16BE):
		return fmt.Errorf("%w: its text is UTF-16, UTF-8 is wanted", ErrFormat)
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte(markUTF8)), " \t\r\n")
	switch {
	case format == JSONL && len(text) > 0 && text[0] == '[':
		return fmt.Errorf("%w: it is one JSON list, an object a line is wanted", ErrFormat)
	case format == CSV && len(text) > 0 && text[0] == '{':
		return fmt.Errorf("%w: it is named like CSV, and is JSON by its content", ErrFormat)
	}
	return nil
}
