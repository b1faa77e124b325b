package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// variable is the environment's name for a flag.
func variable(flag string) string {
	return "TOUCHSTONE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// settable tells whether a flag can come from the environment: all can but those that ask for something else than the
// verb's work.
func settable(f *pflag.Flag) bool {
	return f.Name != "help"
}

// fromEnvironment sets the flags that were not typed and that the environment has. An empty variable counts as none.
func fromEnvironment(cmd *cobra.Command, lookup func(string) (string, bool)) error {
	var first error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || first != nil || !settable(f) {
			return
		}
		v, ok := lookup(variable(f.Name))
		if !ok || v == "" {
			return
		}
		if err := cmd.Flags().Set(f.Name, v); err != nil {
			first = usagef("%s from the environment: %w", variable(f.Name), err)
		}
	})
	return first
}

// describeEnvironment adds to each flag's description what the environment calls it.
func describeEnvironment(cmd *cobra.Command) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if settable(f) {
			f.Usage = fmt.Sprintf("%s [$%s]", f.Usage, variable(f.Name))
		}
	})
	for _, c := range cmd.Commands() {
		describeEnvironment(c)
	}
}
