package main

import "github.com/spf13/cobra"

func newBench(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "Measure what this machine can do",
		Example: "  touchstone bench hamming --n 10000000",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usagef("of what? hamming")
		},
	}
	cmd.AddCommand(newBenchHamming(a))
	return cmd
}
