package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// mostFooter is the longest footer of a Parquet file that is read, in bytes: it is held in memory.
const mostFooter = 64 << 20

var errDamaged = errors.New("the file is damaged")

// guarded turns a panic on a damaged file into an error: the format has more ways to be wrong than its reader looks for.
func guarded(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errDamaged, r)
		}
	}()
	return do()
}

func (r *Reader) openParquet(f io.ReaderAt, size int64, wanted []Column) error {
	return guarded(func() error {
		var tail [8]byte
		if _, err := f.ReadAt(tail[:], size-int64(len(tail))); err != nil || size < 12 || string(tail[4:]) != markParquet {
			return fmt.Errorf("%w: it doesn't end like Parquet: it is cut short or encrypted", ErrFormat)
		}
		if n := int64(binary.LittleEndian.Uint32(tail[:])); n > size-12 || n > mostFooter {
			return fmt.Errorf("%w: a footer of %d bytes, at most %d can be", errDamaged, n, min(size-12, mostFooter))
		}
		file, err := parquet.OpenFile(f, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
		if err != nil {
			return fmt.Errorf("%w: %w", ErrFormat, err)
		}
		columns := file.Root().Columns()
		names := make([]string, len(columns))
		for i, c := range columns {
			names[i] = c.Name()
		}
		at, others, err := arrange(wanted, names)
		if err != nil {
			return err
		}
		r.others = others
		p := &parquetRows{file: file, chunks: make([]int, len(wanted)), texts: make([]func(parquet.Value) (string, error), len(wanted))}
		for w, i := range at {
			if p.chunks[w] = -1; i < 0 {
				continue
			}
			if p.texts[w], err = textsOf(columns[i]); err != nil {
				return fmt.Errorf("%w: %q: %w", ErrColumn, wanted[w].Name, err)
			}
			p.chunks[w] = columns[i].Index()
		}
		r.rows = p.all()
		return nil
	})
}

// textsOf returns how a column's values are texts.
func textsOf(c *parquet.Column) (func(parquet.Value) (string, error), error) {
	const wanted = "a column of texts, numbers or times is wanted"
	if !c.Leaf() {
		var within []string
		for _, f := range c.Fields() {
			within = append(within, f.Name())
		}
		return nil, fmt.Errorf("%s, got a nested one of %s", wanted, listed(within))
	}
	if c.Repeated() {
		return nil, fmt.Errorf("%s, got a list of %s", wanted, c.Type())
	}
	text := func(of func(v parquet.Value) string) (func(parquet.Value) (string, error), error) {
		return func(v parquet.Value) (string, error) { return of(v), nil }, nil
	}
	var logical format.LogicalTypeValue
	if l := c.Type().LogicalType(); l != nil {
		logical = l.Value
	}
	switch l := logical.(type) {
	case *format.DecimalType:
		return decimals(c.Type().Kind(), int(l.Scale))
	case *format.TimestampType:
		if unit := l.Unit.Value; unit != nil {
			return text(func(v parquet.Value) string { return timestamp(v.Int64(), unit.Duration()).Format(time.RFC3339Nano) })
		}
	case *format.DateType:
		return text(func(v parquet.Value) string {
			return time.Unix(int64(v.Int32())*24*60*60, 0).UTC().Format(time.DateOnly)
		})
	case *format.IntType:
		if !l.IsSigned && c.Type().Kind() == parquet.Int64 {
			return text(func(v parquet.Value) string { return strconv.FormatUint(v.Uint64(), 10) })
		}
		if !l.IsSigned {
			return text(func(v parquet.Value) string { return strconv.FormatUint(uint64(v.Uint32()), 10) })
		}
		return integers(c.Type())
	case *format.StringType, *format.EnumType, *format.JsonType:
		return utf8Text, nil
	case nil: // text too, as some programs write it
		if c.Type().Kind() == parquet.ByteArray {
			return utf8Text, nil
		}
		return integers(c.Type())
	}
	return nil, fmt.Errorf("%s, got %s", wanted, c.Type())
}

func utf8Text(v parquet.Value) (string, error) {
	if !utf8.Valid(v.ByteArray()) {
		return "", errUTF8
	}
	return string(v.ByteArray()), nil
}

// integers are those columns that say no more than how their numbers are stored.
func integers(t parquet.Type) (func(parquet.Value) (string, error), error) {
	switch t.Kind() {
	case parquet.Int32:
		return func(v parquet.Value) (string, error) { return strconv.FormatInt(int64(v.Int32()), 10), nil }, nil
	case parquet.Int64:
		return func(v parquet.Value) (string, error) { return strconv.FormatInt(v.Int64(), 10), nil }, nil
	case parquet.Float:
		return func(v parquet.Value) (string, error) { return number(float64(v.Float()), 32) }, nil
	case parquet.Double:
		return func(v parquet.Value) (string, error) { return number(v.Double(), 64) }, nil
	}
	return nil, fmt.Errorf("a column of texts, numbers or times is wanted, got %s", t)
}

func number(x float64, bits int) (string, error) {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "", fmt.Errorf("a finite number is wanted, got %v", x)
	}
	return strconv.FormatFloat(x, 'f', -1, bits), nil
}

// decimals are numbers times a power of ten.
func decimals(kind parquet.Kind, scale int) (func(parquet.Value) (string, error), error) {
	const most = 76 // digits, of the widest decimals that there are
	if scale < 0 || scale > most {
		return nil, fmt.Errorf("decimals of a scale of 0 to %d are wanted, got %d", most, scale)
	}
	return func(v parquet.Value) (string, error) {
		var n big.Int
		switch kind {
		case parquet.Int32:
			n.SetInt64(int64(v.Int32()))
		case parquet.Int64:
			n.SetInt64(v.Int64())
		default: // two's complement, the highest byte first
			b := v.ByteArray()
			if len(b) > most {
				return "", fmt.Errorf("a decimal of %d bytes, at most %d are taken", len(b), most)
			}
			if n.SetBytes(b); len(b) > 0 && b[0] >= 0x80 {
				n.Sub(&n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
			}
		}
		digits := new(big.Int).Abs(&n).String()
		if pad := scale + 1 - len(digits); pad > 0 {
			digits = strings.Repeat("0", pad) + digits
		}
		if point := len(digits) - scale; scale > 0 {
			digits = digits[:point] + "." + digits[point:]
		}
		if n.Sign() < 0 {
			digits = "-" + digits
		}
		return digits, nil
	}, nil
}

// timestamp is the time so many units after 1970.
func timestamp(n int64, unit time.Duration) time.Time {
	perSecond := int64(time.Second / unit)
	seconds, rest := n/perSecond, n%perSecond
	if rest < 0 {
		seconds, rest = seconds-1, rest+perSecond
	}
	return time.Unix(seconds, rest*int64(unit)).UTC()
}

// parquetRows goes through a file's columns side by side.
type parquetRows struct {
	file   *parquet.File
	chunks []int // where the wanted columns are; -1: not there
	texts  []func(parquet.Value) (string, error)
}

func (p *parquetRows) all() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var number int64
		for _, group := range p.file.RowGroups() {
			if more, err := p.group(group, &number, yield); err != nil {
				yield(Row{}, fmt.Errorf("row %d: %w", number, err))
				return
			} else if !more {
				return
			}
		}
	}
}

// group goes through a group of rows, until yield has enough.
func (p *parquetRows) group(group parquet.RowGroup, number *int64, yield func(Row, error) bool) (more bool, err error) {
	chunks := group.ColumnChunks()
	cursors := make([]*cursor, len(p.chunks))
	for i, c := range p.chunks {
		if c >= 0 {
			cursors[i] = &cursor{}
			if err := guarded(func() error { cursors[i].pages = chunks[c].Pages(); return nil }); err != nil {
				return false, err
			}
		}
	}
	defer func() {
		for _, c := range cursors {
			if c != nil {
				err = errors.Join(err, c.close())
			}
		}
	}()
	for range group.NumRows() {
		*number++
		row := Row{Number: *number}
		var bad error
		err := guarded(func() error {
			row.Values, bad, err = p.row(cursors)
			return err
		})
		if err != nil {
			return false, err
		}
		if bad != nil {
			row.Values, bad = nil, &RowError{Parquet, *number, bad}
		}
		if !yield(row, bad) {
			return false, nil
		}
	}
	return true, nil
}

// row takes the next value of each column. It returns what is wrong with one of them apart from what is wrong with the file.
func (p *parquetRows) row(cursors []*cursor) (values []string, bad, err error) {
	values = make([]string, len(cursors))
	for i, c := range cursors {
		if c == nil {
			continue
		}
		v, err := c.next()
		if err != nil {
			return nil, nil, err
		}
		if v.IsNull() {
			continue
		}
		if values[i], err = p.texts[i](v); err != nil {
			bad = errors.Join(bad, err)
		}
	}
	return values, bad, nil
}

// cursor goes through the values of a column.
type cursor struct {
	pages  parquet.Pages
	page   parquet.Page
	reader parquet.ValueReader
	buf    [128]parquet.Value
	i, n   int
}

// next returns the next value, whose bytes hold until the next call. Errors: one where there is none, since there are as
// many as rows.
func (c *cursor) next() (parquet.Value, error) {
	for c.i == c.n {
		if c.reader == nil {
			page, err := c.pages.ReadPage()
			if errors.Is(err, io.EOF) {
				return parquet.Value{}, fmt.Errorf("%w: a column ends early", errDamaged)
			}
			if err != nil {
				return parquet.Value{}, fmt.Errorf("%w: %w", errDamaged, err)
			}
			c.page, c.reader = page, page.Values()
		}
		n, err := c.reader.ReadValues(c.buf[:])
		if c.i, c.n = 0, n; n > 0 {
			break
		}
		switch {
		case errors.Is(err, io.EOF):
			parquet.Release(c.page)
			c.page, c.reader = nil, nil
		case err != nil:
			return parquet.Value{}, fmt.Errorf("%w: %w", errDamaged, err)
		default:
			return parquet.Value{}, fmt.Errorf("%w: a page without values", errDamaged)
		}
	}
	c.i++
	return c.buf[c.i-1], nil
}

func (c *cursor) close() error {
	return guarded(func() error {
		if c.page != nil {
			parquet.Release(c.page)
		}
		if c.pages == nil {
			return nil
		}
		return c.pages.Close()
	})
}
