package fingerprint_test

import (
	"errors"
	"strings"
	"testing"

	"touchstone/fingerprint"
)

func TestParseHash(t *testing.T) {
	pdq := "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
	h, err := fingerprint.ParseHash256(strings.ToUpper(pdq))
	if err != nil || h.String() != pdq {
		t.Errorf("ParseHash256(%q) = %v, %v, want itself", pdq, h, err)
	}
	p, err := fingerprint.ParseHash64("8f00ff00C0ffee01")
	if err != nil || p.String() != "8f00ff00c0ffee01" {
		t.Errorf("ParseHash64 = %v, %v, want itself", p, err)
	}
	for _, bad := range []string{"", "8f", "8f00ff00c0ffee0", "8f00ff00c0ffee011", "p:8f00ff00c0ffee", "8f00ff00c0ffee0g", " f00ff00c0ffee01", pdq} {
		if _, err := fingerprint.ParseHash64(bad); !errors.Is(err, fingerprint.ErrEncoding) {
			t.Errorf("ParseHash64(%q) gives error %v, want ErrEncoding", bad, err)
		}
	}
	for _, bad := range []string{"", pdq[1:], pdq + "0", "x" + pdq[1:], pdq[:63] + "\n"} {
		if _, err := fingerprint.ParseHash256(bad); !errors.Is(err, fingerprint.ErrEncoding) {
			t.Errorf("ParseHash256(%q) gives error %v, want ErrEncoding", bad, err)
		}
	}
}

func TestDistance(t *testing.T) {
	if d := fingerprint.Hash64(0).Distance(^fingerprint.Hash64(0)); d != 64 {
		t.Errorf("distance of all 64 bits = %d", d)
	}
	a, b := fingerprint.Hash256{1, 2, 4, 8}, fingerprint.Hash256{0, 0, 0, 8}
	if d := a.Distance(b); d != 3 {
		t.Errorf("distance = %d, want 3", d)
	}
	if d := b.Distance(a); d != 3 {
		t.Errorf("distance the other way round = %d, want 3", d)
	}
}
