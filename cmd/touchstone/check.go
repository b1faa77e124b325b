package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"touchstone/index/local"
	"touchstone/listing/book"
)

func newCheck(a *app) *cobra.Command {
	var (
		dir    string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "List what is inconsistent in stores that no server has open",
		Long: `List what is inconsistent in stores that no server has open: a line each on standard output, nothing where all is well.
The exit status is 1 when there is any. Files are only read. Without FILE both of a folder are gone through, that of photos
(touchstone.db) and that of listings (listings.db).`,
		Example: "  touchstone check data/touchstone.db",
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringVar(&dir, "data-dir", defaultDir, "folder of the stores, where no file is given")
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object a line instead of text")
	return a.verb(cmd, func(ctx context.Context, args []string) error {
		ctx, stop := interruptible(ctx)
		defer stop()
		paths := args
		if len(paths) == 0 {
			paths = []string{filepath.Join(dir, storeName)}
			if listings := filepath.Join(dir, listingsName); exists(listings) {
				paths = append(paths, listings) // folders of earlier releases have none
			}
		}
		var errs []error
		for _, path := range paths {
			errs = append(errs, a.checkStore(ctx, path, asJSON))
		}
		return errors.Join(errs...)
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// checkStore lists what is inconsistent in one file. By its name it is one of listings or one of photos.
func (a *app) checkStore(ctx context.Context, path string, asJSON bool) error {
	check := local.Check
	if filepath.Base(path) == listingsName {
		check = book.Check
	}
	faults, err := check(ctx, path)
	if err != nil {
		return storeHint(err)
	}
	t := a.table()
	for _, f := range faults {
		if asJSON {
			if err := a.object(fault{path, f}); err != nil {
				return err
			}
			continue
		}
		t.row(f)
	}
	if err := t.flush(); err != nil {
		return err
	}
	if len(faults) > 0 {
		return hinted(fmt.Errorf("%s has %s", path, amount(len(faults), "fault")), "put a copy in its place that was made while no server ran, or choose another folder and onboard again")
	}
	a.say("%s is sound", path)
	return nil
}

// fault is something inconsistent, as --json prints it.
type fault struct {
	File  string `json:"file"`
	Fault string `json:"fault"`
}
