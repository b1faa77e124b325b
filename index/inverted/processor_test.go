//go:build unix

package inverted_test

import (
	"time"

	"golang.org/x/sys/unix"
)

// processor is the time that processors have spent on this process: what a measurement takes on a machine that does other
// work as well.
func processor() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
