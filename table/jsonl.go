package table

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"unicode/utf8"
)

// object is a row of JSONL being read.
type object struct {
	wanted []Column
	at     map[string]int // of a wanted column, by its folded name
	line   []byte

	values  []string // of the wanted columns
	there   []bool
	missing bool            // a column that is required
	others  map[string]bool // names that are not wanted
}

// read takes the line's values. Where it is empty there are none.
func (o *object) read() ([]string, error) {
	if len(bytes.TrimSpace(o.line)) == 0 {
		return nil, nil
	}
	if !utf8.Valid(o.line) {
		return nil, errUTF8
	}
	o.values, o.there = make([]string, len(o.wanted)), make([]bool, len(o.wanted))
	o.missing = false
	clear(o.others)
	d := json.NewDecoder(bytes.NewReader(o.line))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	for d.More() {
		if err := o.member(d); err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, broken(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the JSON object")
	}
	for i, c := range o.wanted {
		if c.Required && !o.there[i] {
			o.missing = true
			return nil, missing(c, o.names())
		}
	}
	return o.values, nil
}

// member takes a name and its value.
func (o *object) member(d *json.Decoder) error {
	key, err := d.Token()
	if err != nil {
		return broken(err)
	}
	name := key.(string) // the decoder lets nothing else pass
	i, ok := o.at[fold(name)]
	if !ok {
		o.others[name] = true
		var passed json.RawMessage
		return broken(d.Decode(&passed))
	}
	if o.there[i] {
		return fmt.Errorf("%w: %q is there twice", ErrColumn, o.wanted[i].Name)
	}
	o.there[i] = true
	var v any
	if err := d.Decode(&v); err != nil {
		return broken(err)
	}
	if o.values[i], err = textOf(v); err != nil {
		return fmt.Errorf("%w: %q: %w", ErrColumn, o.wanted[i].Name, err)
	}
	return nil
}

// names are those that the object has.
func (o *object) names() []string {
	names := slices.Sorted(maps.Keys(o.others))
	for i, ok := range o.there {
		if ok {
			names = append(names, o.wanted[i].Name)
		}
	}
	return names
}

// broken puts the decoder's end of a row in words: io.EOF has another meaning here. nil stays nil.
func broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON object breaks off")
	}
	return err
}

func textOf(v any) (string, error) {
	const wanted = "a text or a number is wanted"
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return "", fmt.Errorf(wanted+", got %t", v)
	case []any:
		return "", errors.New(wanted + ", got a list")
	}
	return "", errors.New(wanted + ", got an object")
}

func (r *Reader) openJSONL(l *lines, wanted []Column) error {
	o := &object{wanted: wanted, at: make(map[string]int), others: make(map[string]bool)}
	for i, c := range wanted {
		o.at[fold(c.Name)] = i
	}
	parse := line(&o.line)
	// The first row that can be read says what the columns are: what is missing there is missing everywhere, in all
	// likelihood.
	const most = 1000
	var early []func(yield func(Row, error) bool) bool
	var first error
	l.each(JSONL, parse, o.read, func(row Row, err error) bool {
		early = append(early, func(yield func(Row, error) bool) bool { return yield(row, err) })
		first = err
		var bad *RowError
		return errors.As(err, &bad) && !errors.Is(err, ErrColumn) && len(early) < most
	})
	if o.missing {
		return first
	}
	r.others = slices.Sorted(maps.Keys(o.others))
	r.rows = func(yield func(Row, error) bool) {
		for _, e := range early {
			if !e(yield) {
				return
			}
		}
		l.each(JSONL, parse, o.read, yield)
	}
	return nil
}
