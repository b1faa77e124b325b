package main

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"

	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/table"
)

// suspect is a listing image to check.
type suspect struct {
	path  string // as the results name it
	facts *touchstonev1.ListingFacts
	read  func() ([]byte, error)
	bytes int64 // that read returns, where that is known; else file tells
	file  string
	now   bool   // read has to be called before the next suspect is asked for
	bad   string // the status of one that can't even be read; "" for all others
	err   error  // why
}

// suspects goes through listing images, the same ones each time. After an error nothing follows.
type suspects = iter.Seq2[suspect, error]

// recorded is a path as results have it: UTF-8, whatever a file system allows.
func recorded(path string) string { return strings.ToValidUTF8(filepath.ToSlash(path), "\uFFFD") }

// inFile is a listing image in a file.
func inFile(name, file string, facts *touchstonev1.ListingFacts) suspect {
	return suspect{path: recorded(name), facts: facts, file: file, read: func() ([]byte, error) { return readPicture(file, mostBytes) }}
}

// spoilt is a listing image that there is no asking about.
func spoilt(name string, facts *touchstonev1.ListingFacts, status string, err error) suspect {
	return suspect{path: recorded(name), facts: facts, bad: status, err: err}
}

// inFolder are the pictures in a folder, in order, each with the folder's facts. Their paths begin with the folder's name.
func inFolder(name, folder string, facts *touchstonev1.ListingFacts) iter.Seq[suspect] {
	return func(yield func(suspect) bool) {
		none := true
		for f, err := range pictures(folder) {
			none = false
			s := inFile(path.Join(name, f.rel), f.path, ofPicture(facts, f.rel))
			if err != nil {
				s = spoilt(path.Join(name, f.rel), facts, statusUnreadable, err)
			}
			if !yield(s) {
				return
			}
		}
		if none {
			yield(spoilt(name, facts, statusUnreadable, fmt.Errorf("no picture in %s", folder)))
		}
	}
}

// manifest is a list of listing images.
type manifest struct {
	path string
	defaults
	tell func(format string, args ...any) // what is worth a word once
}

// manifestRow is what a manifest says of an image, or of those in a folder.
type manifestRow struct {
	path  string // as written; "" where it is not known
	facts *touchstonev1.ListingFacts
	err   error // why the row can't be used
}

// rows goes through a manifest's rows.
func (m manifest) rows() iter.Seq2[manifestRow, error] {
	return func(yield func(manifestRow, error) bool) {
		r, err := table.Open(m.path, manifestColumns)
		if err != nil {
			if errors.Is(err, table.ErrColumn) || errors.Is(err, table.ErrFormat) {
				err = hinted(err, "touchstone scan --help tells the columns of a manifest")
			}
			yield(manifestRow{}, err)
			return
		}
		defer func() { _ = r.Close() }() // it was only read: nothing can be lost in closing it
		if others := r.Others(); len(others) > 0 {
			m.tell("touchstone: scan: %s: columns that are passed over: %s", m.path, strings.Join(others, ", "))
		}
		for row, err := range r.Rows() {
			var broken *table.RowError
			if err != nil && !errors.As(err, &broken) {
				yield(manifestRow{}, fmt.Errorf("%s: %w", m.path, err))
				return
			}
			mr := manifestRow{err: err}
			if err == nil {
				if mr.path, mr.facts, mr.err = m.factsOf(row.Values); mr.err != nil {
					mr.err = &table.RowError{Format: r.Format(), Number: row.Number, Err: mr.err}
				}
			}
			if !yield(mr, nil) {
				return
			}
		}
	}
}

// suspects goes through the images that the rows name, those in folders too.
func (m manifest) suspects() suspects {
	return func(yield func(suspect, error) bool) {
		for row, err := range m.rows() {
			if err != nil {
				yield(suspect{}, err)
				return
			}
			for s := range m.expand(row) {
				if !yield(s, nil) {
					return
				}
			}
		}
	}
}

// expand are the images that a row names.
func (m manifest) expand(row manifestRow) iter.Seq[suspect] {
	if row.err != nil {
		return only(spoilt(row.path, row.facts, statusBadLine, row.err))
	}
	file := filepath.FromSlash(row.path)
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(m.path), file)
	}
	if leadsToFolder(file) {
		return inFolder(row.path, file, row.facts)
	}
	return only(inFile(row.path, file, row.facts))
}

func only(s suspect) iter.Seq[suspect] {
	return func(yield func(suspect) bool) { yield(s) }
}

// without are suspects among which there is no error.
func without(all iter.Seq[suspect]) suspects {
	return func(yield func(suspect, error) bool) {
		for s := range all {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// leadsToFolder tells whether a row's path is a folder's. Those that are named like pictures are not looked at, which saves
// a call for each row.
func leadsToFolder(file string) bool {
	if namedLikePicture(file) {
		return false
	}
	known, err := os.Stat(file)
	return err == nil && known.IsDir()
}
