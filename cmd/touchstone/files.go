package main

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// pictureEndings are the names' endings that are looked at in a folder, in lower case. What a file is, its content
// tells; the names only keep a folder's other files from being reported as broken pictures.
var pictureEndings = []string{
	".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".avif", ".heic", ".heif",
}

// file is a picture found in a folder.
type file struct {
	path string // that opens it
	rel  string // relative to the folder, with forward slashes
}

// stem is rel without the name's ending.
func (f file) stem() string { return strings.TrimSuffix(f.rel, path.Ext(f.rel)) }

// pictures goes through the pictures in a folder and those below it, by name. Hidden files and folders, and files that
// no picture is named like, are passed over; a folder that can't be read is an error in its place, and the rest goes
// on.
func pictures(folder string) iter.Seq2[file, error] {
	return func(yield func(file, error) bool) {
		// The callback never returns anything else than nil, SkipDir and SkipAll: WalkDir has no error of its own.
		_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			rel, relErr := filepath.Rel(folder, path)
			if err = errors.Join(err, relErr); err != nil {
				if !yield(file{path: path, rel: filepath.ToSlash(rel)}, err) {
					return fs.SkipAll
				}
				return nil
			}
			if hidden := strings.HasPrefix(d.Name(), ".") && path != folder; hidden {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if d.IsDir() || !namedLikePicture(d.Name()) || !leadsToFile(path, d) {
				return nil
			}
			if !yield(file{path: path, rel: filepath.ToSlash(rel)}, nil) {
				return fs.SkipAll
			}
			return nil
		})
	}
}

func namedLikePicture(name string) bool {
	return slices.Contains(pictureEndings, strings.ToLower(filepath.Ext(name)))
}

// leadsToFile tells whether an entry is a regular file, or a link to one. A link that leads nowhere counts: opening it
// tells what is wrong.
func leadsToFile(path string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink == 0 {
		return d.Type().IsRegular()
	}
	target, err := os.Stat(path)
	return err != nil || target.Mode().IsRegular()
}

// readPicture reads a file that may be a picture, most bytes at most.
func readPicture(path string, most int) ([]byte, error) {
	known, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case known.IsDir():
		return nil, fmt.Errorf("%s is a folder", path)
	case !known.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", path)
	case known.Size() > int64(most):
		return nil, fmt.Errorf("%s has %d bytes, at most %d are taken", path, known.Size(), most)
	}
	return os.ReadFile(path)
}

// allPictures returns the pictures in a folder and those below it. Errors: one for a folder without any.
func allPictures(folder string) ([]file, error) {
	var all []file
	for f, err := range pictures(folder) {
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no picture in %s", folder)
	}
	return all, nil
}
