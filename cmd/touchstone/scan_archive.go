package main

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"path/filepath"
	"strings"
	"sync"

	touchstonev1 "touchstone/proto/touchstone/v1"
)

// archive is a tar stream of pictures.
type archive struct {
	in io.Reader
	defaults
	rows  []manifestRow    // of its manifest
	named map[string][]int // the rows of a path
	found []bool           // whether the archive has what a row names
}

// newArchive reads the manifest, which is held in memory: an archive has its own order. An empty path is none.
func newArchive(in io.Reader, m manifest) (*archive, error) {
	a := &archive{in: in, defaults: m.defaults, named: make(map[string][]int)}
	if m.path == "" {
		return a, nil
	}
	for row, err := range m.rows() {
		if err != nil {
			return nil, err
		}
		if row.path != "" {
			name := path.Clean(filepath.ToSlash(row.path))
			a.named[name] = append(a.named[name], len(a.rows))
		}
		a.rows = append(a.rows, row)
	}
	a.found = make([]bool, len(a.rows))
	return a, nil
}

// suspects goes through the archive's pictures in its order, and then through the rows of the manifest that nothing in it
// belongs to. It can be called once.
func (a *archive) suspects() suspects {
	return func(yield func(suspect, error) bool) {
		in := bufio.NewReaderSize(a.in, 1<<20)
		if head, err := in.Peek(2); err == nil && string(head) == "\x1f\x8b" {
			err := errors.New("standard input is compressed by gzip, a plain tar stream is wanted")
			yield(suspect{}, hinted(err, "gzip -dc archive.tar.gz | touchstone scan --out results.jsonl -"))
			return
		}
		t := tar.NewReader(in)
		for n := 0; ; n++ {
			h, err := t.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				yield(suspect{}, fmt.Errorf("the tar stream on standard input, after %d entries: %w", n, err))
				return
			}
			name := path.Clean(h.Name)
			if h.Typeflag != tar.TypeReg || !namedLikePicture(name) || hiddenWithin(name) {
				continue
			}
			for s := range a.entry(name, h.Size, t) {
				if !yield(s, nil) {
					return
				}
			}
		}
		for i, row := range a.rows {
			if a.found[i] {
				continue
			}
			s := spoilt(row.path, row.facts, statusUnreadable, errors.New("it is not in the archive"))
			if row.err != nil {
				s = spoilt(row.path, row.facts, statusBadLine, row.err)
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

// entry is a picture in the archive: once, or for each row of the manifest that names it.
func (a *archive) entry(name string, size int64, r io.Reader) iter.Seq[suspect] {
	return func(yield func(suspect) bool) {
		read := sync.OnceValues(func() ([]byte, error) {
			if size > mostBytes {
				return nil, fmt.Errorf("%s has %d bytes, at most %d are taken", name, size, mostBytes)
			}
			b := make([]byte, size)
			if _, err := io.ReadFull(r, b); err != nil {
				return nil, &streamError{fmt.Errorf("the tar stream on standard input, in %s: %w", name, err)}
			}
			return b, nil
		})
		here := func(facts *touchstonev1.ListingFacts) suspect {
			return suspect{path: recorded(name), facts: facts, read: read, bytes: min(size, mostBytes), now: true}
		}
		rows, rel := a.rowsOf(name)
		if len(rows) == 0 {
			facts := &touchstonev1.ListingFacts{Marketplace: a.marketplace, RegionCode: a.region}
			yield(here(ofPicture(facts, name)))
			return
		}
		for _, i := range rows {
			a.found[i] = true
			row := a.rows[i]
			s := here(row.facts)
			switch {
			case row.err != nil:
				s = spoilt(name, row.facts, statusBadLine, row.err)
			case rel != "":
				s.facts = ofPicture(row.facts, rel)
			}
			if !yield(s) {
				return
			}
		}
	}
}

// rowsOf are the rows that name a picture, or the nearest folder that it lies in: rel is its path there.
func (a *archive) rowsOf(name string) (rows []int, rel string) {
	if rows = a.named[name]; len(rows) > 0 {
		return rows, ""
	}
	for folder := path.Dir(name); ; folder = path.Dir(folder) {
		if rows = a.named[folder]; len(rows) > 0 {
			return rows, strings.TrimPrefix(strings.TrimPrefix(name, folder), "/")
		}
		if folder == "." || folder == "/" {
			return nil, ""
		}
	}
}

// streamError is an error behind which nothing more can be read.
type streamError struct{ err error }

func (e *streamError) Error() string { return e.err.Error() }
func (e *streamError) Unwrap() error { return e.err }

// hiddenWithin tells whether a file or a folder on the path is hidden, such as those that some systems put beside each file.
func hiddenWithin(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") && part != "." && part != ".." {
			return true
		}
	}
	return false
}
