package main

import (
	"context"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"touchstone/fingerprint"
)

// build is what the binary knows of itself.
type build struct {
	Version  string `json:"version"`            // of the module, "(devel)" where it was built from a work tree
	Revision string `json:"revision,omitempty"` // of the work tree
	Modified bool   `json:"modified"`           // the work tree had changes
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Recipe   int    `json:"recipe"` // of the fingerprints that it makes
}

func thisBuild() build {
	b := build{
		Version:  "unknown",
		Go:       runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Recipe:   int(fingerprint.Current),
	}
	known, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Version = known.Main.Version
	for _, s := range known.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func newVersion(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Tell which build this is, and the recipe of its fingerprints",
		Example: "  touchstone version --json",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object instead of text")
	return a.verb(cmd, func(context.Context, []string) error {
		b := thisBuild()
		if asJSON {
			return a.object(b)
		}
		modified := ""
		if b.Modified {
			modified = " with changes"
		}
		t := a.table()
		t.row("version", b.Version)
		if b.Revision != "" {
			t.row("revision", b.Revision+modified)
		}
		t.row("go", b.Go+" "+b.Platform)
		t.row("recipe", b.Recipe)
		return t.flush()
	})
}
