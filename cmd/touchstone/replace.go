package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// writable tells, before any work is done, why a file can't be written: it is a folder or no regular file, its folder is
// not there, or it is one of those that are read.
func writable(path string, read ...string) error {
	known, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		folder, err := os.Stat(filepath.Dir(path))
		if err != nil {
			return err
		}
		if !folder.IsDir() {
			return fmt.Errorf("%s is not a folder", filepath.Dir(path))
		}
		return nil
	case err != nil:
		return err
	case known.IsDir():
		return fmt.Errorf("%s is a folder", path)
	case !known.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", path)
	}
	for _, r := range read {
		if other, err := os.Stat(r); err == nil && os.SameFile(known, other) {
			return fmt.Errorf("%s is what is to be read", path)
		}
	}
	return nil
}

// replaceMark is how names of files begin that are not complete yet.
const replaceMark = ".touchstone-"

// replace writes a file, or puts it in the place of the one that is there: whoever reads it finds all of the one or all of
// the other. A link stays, and what it leads to is replaced.
func replace(path string, b []byte) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	name := filepath.Join(filepath.Dir(path), replaceMark+rand.Text())
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(name))
		}
	}()
	_, wrote := f.Write(b)
	if known, err := os.Stat(path); err == nil && wrote == nil {
		wrote = f.Chmod(known.Mode().Perm())
	}
	if err := errors.Join(wrote, f.Close()); err != nil {
		return err
	}
	return os.Rename(name, path)
}
