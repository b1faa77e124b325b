// Package packed writes and reads the values of a store field by field: strings as a length and their bytes, numbers as
// shortest uvarints, fixed-width ones big-endian. It promises that what is read is what was written, or an error: a Reader
// takes no number that could have been written shorter, and End holds that nothing follows.
//
// The caveat that bites: nothing in the bytes says what they are. The first byte of a value had better be its format.
package packed

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrValue is returned when bytes are not what a Writer can have written.
var ErrValue = errors.New("not a value")

// Writer appends fields to a value. The zero Writer is an empty value; Bytes is what was written so far.
type Writer struct{ Bytes []byte }

// Byte appends a byte.
func (w *Writer) Byte(b byte) { w.Bytes = append(w.Bytes, b) }

// Raw appends bytes whose number the reader knows.
func (w *Writer) Raw(b []byte) { w.Bytes = append(w.Bytes, b...) }

// String appends a string.
func (w *Writer) String(s string) {
	w.Number(uint64(len(s)))
	w.Bytes = append(w.Bytes, s...)
}

// Strings appends a list of strings.
func (w *Writer) Strings(list []string) {
	w.Number(uint64(len(list)))
	for _, s := range list {
		w.String(s)
	}
}

// Number appends a number that is mostly small.
func (w *Writer) Number(n uint64) { w.Bytes = binary.AppendUvarint(w.Bytes, n) }

// Fixed appends a number in 8 bytes.
func (w *Writer) Fixed(n uint64) { w.Bytes = binary.BigEndian.AppendUint64(w.Bytes, n) }

// Float appends a floating-point number in 8 bytes.
func (w *Writer) Float(f float64) { w.Fixed(math.Float64bits(f)) }

// Reader reads fields in the order in which they were written. After the first failure it returns zeros. What it returns as
// bytes is part of the value.
type Reader struct {
	rest []byte
	err  error
}

// NewReader returns a Reader of a value.
func NewReader(value []byte) *Reader { return &Reader{rest: value} }

// Fail makes the Reader fail, as where a field has a value that it can't have. The first failure stays.
func (r *Reader) Fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrValue, fmt.Sprintf(format, args...))
	}
}

// Err is the first failure so far, or nil.
func (r *Reader) Err() error { return r.err }

// End returns the first failure, one of which is that bytes are left. Errors: ErrValue.
func (r *Reader) End() error {
	if len(r.rest) > 0 {
		r.Fail("%d trailing bytes", len(r.rest))
	}
	return r.err
}

// Raw reads n bytes; nil where the Reader has failed.
func (r *Reader) Raw(n int) []byte {
	if r.err != nil || n < 0 || len(r.rest) < n {
		r.Fail("cut short")
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// Byte reads a byte.
func (r *Reader) Byte() byte {
	if b := r.Raw(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

// Number reads a number of at most so much.
func (r *Reader) Number(most uint64) uint64 {
	v, n := binary.Uvarint(r.rest)
	if r.err != nil || n <= 0 || v > most || n > 1 && r.rest[n-1] == 0 {
		r.Fail("number")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// mostString is the longest string, in bytes.
const mostString = 1 << 20

// String reads a string.
func (r *Reader) String() string { return string(r.Raw(int(r.Number(mostString)))) }

// Strings reads a list of at most so many strings; nil where it is empty.
func (r *Reader) Strings(most int) []string {
	n := int(r.Number(uint64(most)))
	if n == 0 || n > len(r.rest) { // each takes a byte at the least
		if n > 0 {
			r.Fail("cut short")
		}
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = r.String()
	}
	return list
}

// Fixed reads a number of 8 bytes.
func (r *Reader) Fixed() uint64 {
	if b := r.Raw(8); len(b) == 8 {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Float reads a floating-point number, which has to be finite.
func (r *Reader) Float() float64 {
	f := math.Float64frombits(r.Fixed())
	if math.IsNaN(f) || math.IsInf(f, 0) {
		r.Fail("a number that is none")
		return 0
	}
	return f
}
