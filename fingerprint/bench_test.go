package fingerprint_test

import (
	"testing"

	"touchstone/fingerprint"
)

func BenchmarkOf(b *testing.B) {
	p := drawn(500, 500, 2)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fingerprint.Of(p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkProbes(b *testing.B) {
	a, err := fingerprint.Analyse(drawn(500, 500, 2))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(a.Probes()); n != 16 {
			b.Fatalf("%d probes, want 16", n)
		}
	}
}
