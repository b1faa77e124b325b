package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"touchstone/index/local"
)

func newCheck(a *app) *cobra.Command {
	var (
		dir    string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "List what is inconsistent in a store that no server has open",
		Long: `List what is inconsistent in a store that no server has open: a line each on standard output, nothing where all is well.
The exit status is 1 when there is any. The file is only read.`,
		Example: "  touchstone check data/touchstone.db",
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringVar(&dir, "data-dir", defaultDir, "folder of the store, where no file is given")
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object a line instead of text")
	return a.verb(cmd, func(ctx context.Context, args []string) error {
		ctx, stop := interruptible(ctx)
		defer stop()
		path := filepath.Join(dir, storeName)
		if len(args) == 1 {
			path = args[0]
		}
		faults, err := local.Check(ctx, path)
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
	})
}

// fault is something inconsistent, as --json prints it.
type fault struct {
	File  string `json:"file"`
	Fault string `json:"fault"`
}
