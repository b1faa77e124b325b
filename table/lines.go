package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// lines cuts text into rows, each of some lines.
type lines struct {
	r      *bufio.Reader
	number int64 // of the next line, from 1
}

// firstLook is how many bytes of a row are looked at first. Most rows end within.
const firstLook = 4 << 10

func newLines(r io.Reader) *lines {
	l := &lines{r: bufio.NewReaderSize(r, MaxRow), number: 1}
	if mark, err := l.r.Peek(len(markUTF8)); err == nil && string(mark) == markUTF8 {
		_, _ = l.r.Discard(len(mark)) // they were just seen
	}
	return l
}

// errMore is what a parse of half a row ends with.
var errMore = errors.New("the row goes on")

var errLong = fmt.Errorf("it is longer than %d bytes", MaxRow)

// next parses the next row, and returns the number of its first line. The parse gets the bytes from its beginning on, and
// whether these are all that there are; it returns how many are the row's, or errMore. After any other error the row's first
// line is passed over: what follows may well be rows. Errors: io.EOF after the last one; those of the file, with a number of
// 0.
func (l *lines) next(parse func(b []byte, all bool) (int, error)) (number int64, err error) {
	for look := firstLook; ; look = min(2*look, MaxRow) {
		b, err := l.r.Peek(look)
		all := errors.Is(err, io.EOF)
		switch {
		case all && len(b) == 0:
			return 0, io.EOF
		case err != nil && !all:
			return 0, err
		}
		n, err := parse(b, all)
		if errors.Is(err, errMore) {
			if look < MaxRow && !all {
				continue
			}
			err = errLong
		}
		number = l.number
		if err != nil {
			return number, errors.Join(err, l.skip())
		}
		l.pass(b[:n])
		return number, nil
	}
}

// pass goes on behind bytes that were peeked at.
func (l *lines) pass(b []byte) {
	l.number += int64(bytes.Count(b, []byte{'\n'}))
	_, _ = l.r.Discard(len(b)) // they are in the buffer
}

// skip goes on behind the end of the line.
func (l *lines) skip() error {
	for {
		_, err := l.r.ReadSlice('\n')
		switch {
		case err == nil:
			l.number++
			return nil
		case errors.Is(err, io.EOF):
			return nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return &fileError{err}
		}
	}
}

// fileError is one of the file itself: no more can be read.
type fileError struct{ err error }

func (e *fileError) Error() string { return e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

// line is a parse of rows that are a line each, without its end.
func line(into *[]byte) func(b []byte, all bool) (int, error) {
	return func(b []byte, all bool) (int, error) {
		n := bytes.IndexByte(b, '\n') + 1
		if n == 0 {
			if !all {
				return 0, errMore
			}
			n = len(b)
		}
		*into = bytes.TrimRight(b[:n], "\r\n")
		return n, nil
	}
}

// each goes through the rows that a parse leaves in a row's values, until yield has enough. A parse that leaves none has
// passed an empty line.
func (l *lines) each(format Format, parse func(b []byte, all bool) (int, error), values func() ([]string, error), yield func(Row, error) bool) {
	for {
		number, err := l.next(parse)
		var file *fileError
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil && number == 0, errors.As(err, &file):
			yield(Row{}, err)
			return
		}
		r := Row{Number: number}
		if err == nil {
			r.Values, err = values()
			if err == nil && r.Values == nil {
				continue
			}
		}
		if err != nil {
			r.Values, err = nil, &RowError{format, number, err}
		}
		if !yield(r, err) {
			return
		}
	}
}
