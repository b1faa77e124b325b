package report_test

import (
	"strings"
	"testing"

	"touchstone/listing"
	"touchstone/report"
)

// TestReasons holds that each reason there is has words of its own.
func TestReasons(t *testing.T) {
	seen := map[string]listing.Reason{}
	for r := listing.NoGrant; r <= listing.TooPlain; r++ {
		words := report.Reason(r)
		if strings.HasPrefix(words, "reason ") {
			t.Errorf("reason %d has no words", r)
		}
		if o, twice := seen[words]; twice {
			t.Errorf("reasons %d and %d are told alike", o, r)
		}
		seen[words] = r
	}
	if got := report.Reason(200); got != "reason 200" {
		t.Errorf("an unknown one is %q", got)
	}
}
