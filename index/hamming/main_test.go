package hamming_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// TestMain lowers the number of rapid's checks, which is 100 where no flag says otherwise: here each takes 10 ms, and
// 100 under the race detector. "-rapid.checks 1000" is for the night.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", "20"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	os.Exit(m.Run())
}
