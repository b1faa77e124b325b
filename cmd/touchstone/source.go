package main

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"golang.org/x/text/unicode/norm"
)

// photo is one to hand in.
type photo struct {
	id       string
	path     string // that opens it
	where    string // how its user knows it: the file's name, or a line of the CSV
	metadata metadata
}

// source goes through the photos to hand in, the same ones each time. A *skipError stands in place of one that can't be
// handed in; after any other error nothing follows.
type source func() iter.Seq2[photo, error]

// skipError is why a photo can't be handed in although the others can.
type skipError struct {
	reason string // a few words, to group by
	err    error
}

func (e *skipError) Error() string { return e.err.Error() }
func (e *skipError) Unwrap() error { return e.err }

// open returns the photos of a folder, or those that a CSV lists.
func open(path string) (source, error) {
	known, err := os.Stat(path)
	if err != nil {
		return nil, hinted(err, "give a folder of photos, or a CSV that lists them")
	}
	if known.IsDir() {
		return distinct(folderSource(path)), nil
	}
	if namedLikePicture(path) {
		return nil, hinted(fmt.Errorf("%s is neither a folder nor a CSV", path), "give the folder that it lies in, or a CSV that lists it")
	}
	return distinct(csvSource(path)), nil
}

func folderSource(folder string) source {
	return func() iter.Seq2[photo, error] {
		return func(yield func(photo, error) bool) {
			for f, err := range pictures(folder) {
				if err != nil {
					err = &skipError{unreadable(err), err}
				}
				// Some systems decompose accents in names; what looks the same has to be the same photo.
				p := photo{id: norm.NFC.String(f.rel), path: f.path, where: f.path}
				if !yield(p, err) {
					return
				}
			}
		}
	}
}

func csvSource(name string) source {
	return func() iter.Seq2[photo, error] {
		return func(yield func(photo, error) bool) {
			f, err := os.Open(name)
			if err != nil {
				yield(photo{}, err)
				return
			}
			// It was only read: nothing can be lost in closing it.
			defer func() { _ = f.Close() }()
			for r, err := range rows(f) {
				p := photo{id: r.id, path: filepath.FromSlash(r.path), where: fmt.Sprintf("%s:%d", name, r.line), metadata: r.metadata}
				if !filepath.IsAbs(p.path) {
					p.path = filepath.Join(filepath.Dir(name), p.path)
				}
				var bad *lineError
				switch {
				case errors.As(err, &bad):
					err = &skipError{"bad line", bad.err}
				case err != nil:
					err = hinted(fmt.Errorf("%s: %w", name, err), "the first line names the columns: path, and any of photo_id, product, variant, price, currency")
				}
				if !yield(p, err) {
					return
				}
			}
		}
	}
}

// distinct puts a *skipError in place of a photo whose ID was there before.
func distinct(s source) source {
	return func() iter.Seq2[photo, error] {
		return func(yield func(photo, error) bool) {
			seen := make(map[string]string)
			for p, err := range s() {
				if err == nil {
					if first, twice := seen[p.id]; twice {
						err = &skipError{"photo ID twice", fmt.Errorf("the photo ID %q was there before: %s", p.id, first)}
					} else {
						seen[p.id] = p.where
					}
				}
				if !yield(p, err) {
					return
				}
			}
		}
	}
}
