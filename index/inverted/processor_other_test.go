//go:build !unix

package inverted_test

import "time"

func processor() time.Duration { return 0 }
