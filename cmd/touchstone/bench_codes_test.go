package main

import (
	"context"
	"math"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"touchstone/index/hamming"
)

func TestCodeModel(t *testing.T) {
	t.Run("64", testCodeModel[[1]uint64])
	t.Run("256", testCodeModel[[4]uint64])
}

func testCodeModel[C hamming.Code](t *testing.T) {
	const n = 2*codeBlock + 77
	for _, clustered := range []bool{false, true} {
		one, other := newCodeModel[C](1, clustered), newCodeModel[C](2, clustered)
		made := func(m *codeModel[C], n, processors int) []C {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
			codes, err := m.codes(context.Background(), n, func(int) {})
			if err != nil {
				t.Fatal(err)
			}
			return codes
		}
		codes := made(one, n, 4)
		if !slices.Equal(codes, made(one, n, 1)) {
			t.Errorf("clustered %v: other codes on one processor than on four", clustered)
		}
		if slices.Equal(codes, made(other, n, 4)) {
			t.Errorf("clustered %v: the same codes by another seed", clustered)
		}
		for few := range 25 {
			if got := len(made(one, few, 2)); got != few {
				t.Errorf("clustered %v: %d codes, want %d", clustered, got, few)
			}
		}
	}
}

// TestSkewedCodes holds the model to what was measured on photos: how uneven bits are, how far neighbours depend on each
// other, and as if of how many independent bits distances spread.
func TestSkewedCodes(t *testing.T) {
	t.Run("64", func(t *testing.T) { testSkewedCodes[[1]uint64](t, 48, 4) })
	t.Run("256", func(t *testing.T) { testSkewedCodes[[4]uint64](t, 151, 12) })
}

func testSkewedCodes[C hamming.Code](t *testing.T, independent, tolerance float64) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	m := newCodeModel[C](seed, true)
	d := m.dice(0)
	const n = 20_000
	var set [256]float64
	codes := make([]C, n)
	for i := range codes {
		codes[i] = m.skewed(d)
		for at := range m.bits() {
			set[at] += float64(codes[i][at/64]>>(at%64)&1) / n
		}
	}
	if least, most := slices.Min(set[:m.bits()]), slices.Max(set[:m.bits()]); least < 0.1 || least > 0.4 || most < 0.6 || most > 0.9 {
		t.Errorf("bits are set with probabilities of %.2f to %.2f", least, most)
	}
	// The distance of two codes of n independent bits has a mean of n/2 and a variance of n/4.
	sum, squares := 0.0, 0.0
	for i := 0; i < n; i += 2 {
		dist := float64(codeDistance(codes[i], codes[i+1])) / float64(m.bits())
		sum += dist
		squares += dist * dist
	}
	mean := sum / (n / 2)
	variance := squares/(n/2) - mean*mean
	if got := mean * (1 - mean) / variance; math.Abs(got-independent) > tolerance {
		t.Errorf("distances spread as if there were %.1f independent bits, want %v", got, independent)
	}
}

// TestClusteredCodes counts what a clustered set is to consist of.
func TestClusteredCodes(t *testing.T) {
	const n = 100_000
	m := newCodeModel[[1]uint64](7, true)
	codes, err := m.codes(t.Context(), n, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[[1]uint64]int)
	blank, popular := 0, 0
	for _, c := range codes {
		rows[c]++
		for _, b := range m.blank {
			if codeDistance(c, b) <= 8 {
				blank++
			}
		}
		if codeDistance(c, m.popular[0]) <= 12 {
			popular++
		}
	}
	again := 0
	for _, count := range rows {
		again += count - 1
	}
	for _, count := range []struct {
		name        string
		got         int
		least, most float64
	}{
		{"the same as another, nearly blank ones included", again, 0.05, 0.15},
		{"nearly blank", blank, 0.05, 0.07},
		{"relatives of the most popular", popular, 0.015, 0.03},
	} {
		if share := float64(count.got) / n; share < count.least || share > count.most {
			t.Errorf("%s: a share of %.4f, want %v to %v", count.name, share, count.least, count.most)
		}
	}
}

func TestCodeModelQueries(t *testing.T) {
	m := newCodeModel[[4]uint64](7, true)
	codes, err := m.codes(t.Context(), 1000, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	const most = 31
	seen := make(map[int]bool)
	for i, q := range m.queries(queryStream, codes, 2000, most) {
		if fresh := i%2 == 1; fresh != (q.of < 0) {
			t.Fatalf("query %d is of row %d", i, q.of)
		}
		if q.of < 0 {
			continue
		}
		if got := codeDistance(q.code, codes[q.of]); got != q.turned || got > most {
			t.Fatalf("query %d: %d bits turned, want %d, and %d at most", i, got, q.turned, most)
		}
		seen[q.turned] = true
	}
	if len(seen) != most+1 {
		t.Errorf("%d different numbers of bits were turned, want each of 0 to %d", len(seen), most)
	}
	var zero [1]uint64
	if got := turned(newCodeModel[[1]uint64](1, false).dice(0), zero, 64); bits.OnesCount64(got[0]) != 64 {
		t.Errorf("of 64 bits to turn %d were", bits.OnesCount64(got[0]))
	}
}

// BenchmarkCodeModel makes a million codes.
func BenchmarkCodeModel(b *testing.B) {
	b.Run("64", benchmarkCodeModel[[1]uint64])
	b.Run("256", benchmarkCodeModel[[4]uint64])
}

func benchmarkCodeModel[C hamming.Code](b *testing.B) {
	const n = 1_000_000
	m := newCodeModel[C](1, true)
	for b.Loop() {
		codes, err := m.codes(b.Context(), n, func(int) {})
		if err != nil || len(codes) != n {
			b.Fatalf("%d codes: %v", len(codes), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/code")
}
