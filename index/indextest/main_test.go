package indextest

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// TestMain has random sequences of calls tried ten times, unless the command line says otherwise or TOUCHSTONE_LONG is
// set: each bug runs them all again.
func TestMain(m *testing.M) {
	flag.Parse()
	given := os.Getenv("TOUCHSTONE_LONG") != ""
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "10"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}
