package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// Unfinished is a table that is to be written on: one of CSV or JSONL whose writer may have died at any moment. What is
// whole of it is read first, then it is written on.
type Unfinished struct {
	file    *os.File
	format  Format
	columns []Column
	end     int64 // of what is whole
	torn    int64 // bytes after it
}

// Reopen opens a table that Create has made with the same columns, or that is not there yet. It changes nothing that is
// there. Errors: ErrOther; ErrFormat, for Parquet too, which can't be written on; those of the file.
func Reopen(path string, columns []Column) (_ *Unfinished, err error) {
	format, err := FormatOf(path)
	if err != nil {
		return nil, err
	}
	if format == Parquet {
		return nil, fmt.Errorf("%w: %s can't be written on", ErrFormat, format)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	u := &Unfinished{file: f, format: format, columns: columns}
	if err := u.measure(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return u, nil
}

// measure finds the end of the last whole row.
func (u *Unfinished) measure() error {
	known, err := u.file.Stat()
	if err != nil {
		return err
	}
	if !known.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	size := known.Size()
	want := header(u.format, u.columns)
	head := make([]byte, min(size, int64(len(want))))
	if _, err := io.ReadFull(u.file, head); err != nil {
		return err
	}
	if !bytes.HasPrefix(want, head) {
		// A machine that stopped may leave zeros where nothing was synced.
		if len(bytes.Trim(head, "\x00")) > 0 {
			return fmt.Errorf("%w: it begins with %q", ErrOther, clip(string(head)))
		}
		u.torn = size
		return nil
	}
	// Create's CSV has an even number of quotes in each row, and an odd one before each line's end within.
	buf, quoted := make([]byte, 256<<10), false
	for off := int64(0); off < size; {
		n, err := u.file.ReadAt(buf, off)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if n == 0 {
			break
		}
		for i, c := range buf[:n] {
			switch {
			case c == '"' && u.format == CSV:
				quoted = !quoted
			case c == '\n' && !quoted:
				u.end = off + int64(i) + 1
			}
		}
		off += int64(n)
	}
	if u.torn = size - u.end; u.torn > MaxRow {
		return fmt.Errorf("%w: its last %d bytes are no row", ErrOther, u.torn)
	}
	return nil
}

// Rows goes through the whole rows, as Reader.Rows.
func (u *Unfinished) Rows(wanted []Column) (iter.Seq2[Row, error], error) {
	if u.end == 0 {
		return func(func(Row, error) bool) {}, nil
	}
	r, err := newReader(u.file, u.end, u.format, wanted)
	if err != nil {
		return nil, err
	}
	return r.rows, nil
}

// Append cuts off a torn last row, and returns the writer of those that follow. It is the writer that is to be closed then.
func (u *Unfinished) Append() (*Writer, error) {
	if u.torn > 0 {
		if err := u.file.Truncate(u.end); err != nil {
			return nil, errors.Join(err, u.file.Close())
		}
	}
	if _, err := u.file.Seek(u.end, io.SeekStart); err != nil {
		return nil, errors.Join(err, u.file.Close())
	}
	if u.end > 0 {
		return resumeWriter(u.file, u.format, u.columns), nil
	}
	return newWriter(u.file, u.format, u.columns)
}

// Close closes the file, where Append was not called.
func (u *Unfinished) Close() error { return u.file.Close() }
