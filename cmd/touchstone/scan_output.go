package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"

	"touchstone/table"
)

// results are the file that a scan writes, a record for each item in the items' order: so how far a scan came is how many
// records there are, and whatever ended it, the next one goes on behind the last whole record.
//
// Parquet can't be written on. Its records are collected in FILE.partial.jsonl. In the end they are written once more, under
// another name; that is synced, takes FILE's name, and the collection is removed. A scan that dies in between does so much
// of it again the next time: FILE is there with all its records, or not at all.
type results struct {
	path    string
	format  table.Format
	growing string       // the file that records are added to
	layout  table.Format // of that
	lock    *os.File     // what is locked for this process alone
	*table.Writer
}

// openResults takes a file of results for this process alone.
func openResults(path string) (*results, error) {
	format, err := table.FormatOf(path)
	if err != nil {
		return nil, usagef("--out: %w", err)
	}
	r := &results{path: path, format: format, growing: path, layout: format}
	if format == table.Parquet {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			r.path = target // a link stays
		}
		r.growing, r.layout = r.path+".partial.jsonl", table.JSONL
	}
	locked := r.growing
	if _, err := os.Stat(r.path); err == nil {
		locked = r.path // where it is Parquet, it is finished
	}
	if r.lock, err = os.OpenFile(locked, os.O_RDWR|os.O_CREATE, 0o666); err != nil {
		return nil, err
	}
	if err := lockFile(r.lock); err != nil {
		return nil, errors.Join(hinted(err, "wait for that scan, or choose another --out"), r.lock.Close())
	}
	return r, nil
}

// standing is how far earlier scans came.
type standing struct {
	done   int64
	counts map[string]int // of what is done, by status
	first  suspect        // that is to be done; with more alone
	more   bool
}

// hold goes through the records that are there, holds them against the items, and leaves the results ready to be written
// on; or finished, where there is nothing more to do.
func (r *results) hold(next func() (suspect, error, bool)) (s standing, err error) {
	s.counts = make(map[string]int)
	if r.format == table.Parquet {
		if finished, err := table.Open(r.path, resultColumns); err == nil {
			err = r.holdRows(&s, finished.Rows(), next)
			if err == nil && s.more {
				err = r.differs("it is finished after item %d, and item %d would be %s", s.done, s.done+1, printable(s.first.path))
			}
			if err := errors.Join(err, finished.Close()); err != nil {
				return s, err
			}
			return s, r.tidy()
		} else if !errors.Is(err, fs.ErrNotExist) {
			return s, r.foreign(err)
		}
	}
	unfinished, err := table.Reopen(r.growing, recordColumns(r.layout))
	if err != nil {
		return s, r.foreign(err)
	}
	rows, err := unfinished.Rows(resultColumns)
	if err == nil {
		err = r.holdRows(&s, rows, next)
	}
	if err != nil {
		return s, errors.Join(err, unfinished.Close())
	}
	if r.Writer, err = unfinished.Append(); err != nil {
		return s, err
	}
	return s, syncFolder(filepath.Dir(r.path))
}

// resultColumns are what is read of earlier results.
var resultColumns = []table.Column{
	{Name: "item", Required: true}, {Name: "path", Required: true}, {Name: "status", Required: true},
	{Name: columnMarketplace}, {Name: columnListing}, {Name: columnSeller}, {Name: columnRegion}, {Name: columnURL}, {Name: columnCurrency},
	{Name: columnPrice},
}

// holdRows holds records against the items, as far as there are records.
func (r *results) holdRows(s *standing, rows iter.Seq2[table.Row, error], next func() (suspect, error, bool)) error {
	for row, err := range rows {
		if err != nil {
			return r.foreign(fmt.Errorf("%s: %w", r.path, err))
		}
		item, path := row.Values[0], row.Values[1]
		if item != strconv.FormatInt(s.done+1, 10) {
			return r.foreign(fmt.Errorf("%s: record %d is of item %q", r.path, s.done+1, item))
		}
		now, err, ok := next()
		if err != nil {
			return err
		}
		if !ok {
			return r.differs("item %d was %s, and there are %d now", s.done+1, printable(path), s.done)
		}
		want := now.path
		if r.layout == table.CSV {
			want = table.Unformula(want)
		}
		if path != want {
			return r.differs("item %d was %s, is %s", s.done+1, printable(path), printable(now.path))
		}
		if err := r.holdFacts(s.done+1, row.Values[3:], recordOf(now)); err != nil {
			return err
		}
		s.done++
		s.counts[row.Values[2]]++
	}
	var err error
	s.first, err, s.more = next()
	return err
}

// holdFacts holds what a record has of an item's facts against what they are now.
func (r *results) holdFacts(item int64, had []string, now *record) error {
	has := []string{now.Marketplace, now.Listing, now.Seller, now.Region, now.URL, now.Currency}
	for i, value := range has {
		if r.layout == table.CSV {
			value = table.Unformula(value)
		}
		if had[i] != value {
			return r.differs("item %d had %s %s, has %s", item, resultColumns[3+i].Name, told(had[i]), told(value))
		}
	}
	price := had[len(has)]
	if was, err := strconv.ParseFloat(price, 64); price == "" && now.Price == nil || err == nil && now.Price != nil && was == *now.Price {
		return nil
	}
	if now.Price == nil {
		return r.differs("item %d had price %s, has none", item, told(price))
	}
	return r.differs("item %d had price %s, has %v", item, told(price), *now.Price)
}

// told is a value in a message.
func told(value string) string {
	if value == "" {
		return "none"
	}
	return printable(value)
}

func (r *results) differs(format string, args ...any) error {
	return hinted(fmt.Errorf("what is scanned has changed since %s was begun: %s", r.path, fmt.Sprintf(format, args...)), "choose another --out")
}

// foreign is the error of a file that is no scan's.
func (r *results) foreign(err error) error {
	return hinted(fmt.Errorf("these are no results to go on with: %w", err), "choose another --out")
}

// add writes a record.
func (r *results) add(rec *record) error {
	if err := r.Write(rec.values(r.layout)...); err != nil {
		return fmt.Errorf("write %s: %w", r.growing, err)
	}
	return nil
}

// close leaves the results to the next scan.
func (r *results) close() error {
	var err error
	if r.Writer != nil {
		err = r.Writer.Close()
		r.Writer = nil
	}
	return errors.Join(err, r.lock.Close())
}

// finish completes the results: all items have their records.
func (r *results) finish() error {
	if r.Writer == nil {
		return nil // they were complete before
	}
	err := r.Writer.Close()
	r.Writer = nil
	if err != nil || r.format != table.Parquet {
		return err
	}
	made := r.path + ".partial.parquet"
	if err := r.turn(made); err != nil {
		return err
	}
	if err := os.Rename(made, r.path); err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(r.path)); err != nil {
		return err
	}
	return r.tidy()
}

// turn writes what was collected as Parquet.
func (r *results) turn(made string) (err error) {
	f, err := os.Open(r.growing)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read: nothing can be lost in closing it
	w, err := table.Create(made, recordColumns(r.format))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var rec record
		if err := json.Unmarshal(line, &rec); err != nil {
			return fmt.Errorf("%s: %w", r.growing, err)
		}
		if err := w.Write(rec.values(r.format)...); err != nil {
			return fmt.Errorf("%s: %w", r.growing, err)
		}
	}
}

// tidy removes what a finished file of Parquet was made from.
func (r *results) tidy() error {
	for _, left := range []string{r.path + ".partial.parquet", r.growing} {
		if err := os.Remove(left); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
