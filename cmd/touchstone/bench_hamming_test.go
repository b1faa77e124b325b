package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touchstone/index/hamming"
)

func TestLatencies(t *testing.T) {
	// A thousand queries that took 1 to 1,000 µs.
	took := make([]time.Duration, 1000)
	for i := range took {
		took[i] = time.Duration(i+1) * time.Microsecond
	}
	rand.Shuffle(len(took), func(i, j int) { took[i], took[j] = took[j], took[i] })
	var got askedFigures
	got.latencies(took, 2500)
	want := askedFigures{Queries: 1000, Hits: 2.5, P50: 500, P99: 990, Mean: 500.5, Max: 1000, PerSecond: 1e6 / 500.5}
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}

// TestPercentile holds it to its definition: so many of the values, and no fewer than by a lesser value, are not above it.
func TestPercentile(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		sorted := make([]time.Duration, 1+r.IntN(30))
		for i := range sorted {
			sorted[i] = time.Duration(r.IntN(20))
		}
		slices.Sort(sorted)
		share := math.Round(100*r.Float64()) / 100
		got := percentile(sorted, share)
		upTo := func(most time.Duration) float64 {
			n := 0
			for _, v := range sorted {
				if v <= most {
					n++
				}
			}
			return float64(n)
		}
		wanted := share * float64(len(sorted))
		if upTo(got) < wanted-1e-9 || got > sorted[0] && upTo(got-1) >= wanted+1e-9 || !slices.Contains(sorted, got) {
			t.Fatalf("%v of %v: %d", share, sorted, got)
		}
	}
}

// TestBenchChecks damages a set, and wants the query named whose answer that makes wrong.
func TestBenchChecks(t *testing.T) {
	t.Run("64", testBenchChecks[[1]uint64])
	t.Run("256", testBenchChecks[[4]uint64])
}

func testBenchChecks[C hamming.Code](t *testing.T) {
	const n, member, k = 6000, 2, 7
	remove := func(s *hamming.Set[C], row uint32, _ C) { s.Delete(row) }
	change := func(s *hamming.Set[C], row uint32, code C) {
		code[0] ^= 1
		s.Put([]uint32{row}, []C{code})
	}
	tests := []struct {
		name   string
		check  int
		loaded bool // what was loaded is damaged, instead of what was built
		damage func(s *hamming.Set[C], row uint32, code C)
		want   string // "": all is well
	}{
		{"none", -1, false, func(*hamming.Set[C], uint32, C) {}, ""},
		{"a row is missing", 5, false, remove, "wrong answer to query 2, "},
		{"a row has another code", 5, false, change, "wrong answer to query 2, "},
		{"what was loaded lacks a row", 5, true, remove, "wrong answer to query 2, "},
		{"what was loaded has another code", 5, true, change, "wrong answer to query 2, "},
		{"nothing is checked", 0, false, remove, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := benchOptions{n: n, k: k, seed: 3, queries: 40, limit: time.Millisecond, check: test.check}
			o.bits = newCodeModel[C](0, false).bits()
			o.radius = o.bits / 8
			b := &bench[C]{app: &app{streams: streams{err: io.Discard}}, benchOptions: o}
			b.dir = t.TempDir()
			for _, step := range []func(context.Context) error{b.generate, b.build, b.load} {
				if err := step(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			damaged := b.set
			if test.loaded {
				damaged = b.loaded
			}
			row := b.queries[member].of
			test.damage(damaged, uint32(row), b.codes[row])
			err := b.check(t.Context())
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.Is(err, errWrongAnswer) || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			hits, err := b.within(damaged)(t.Context(), nil, b.queries[member].code)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.mustFind(member, hits); !errors.Is(err, errWrongAnswer) {
				t.Errorf("what the query was made from is not there, and that is found to be %v", err)
			}
		})
	}
}

// TestNearestChecks gives answers about the nearest that are wrong.
func TestNearestChecks(t *testing.T) {
	b := &bench[[1]uint64]{benchOptions: benchOptions{n: 10, k: 2}}
	b.queries = []benchQuery[[1]uint64]{{code: [1]uint64{1}, of: 4, turned: 1}}
	for name, hits := range map[string][]hamming.Hit{
		"too few":  {{Row: 4, Distance: 1}},
		"too far":  {{Row: 3, Distance: 2}, {Row: 4, Distance: 2}},
		"too many": {{Row: 4, Distance: 1}, {Row: 5, Distance: 2}, {Row: 6, Distance: 3}},
	} {
		if err := b.mustBeNear(0, hits); !errors.Is(err, errWrongAnswer) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := b.mustBeNear(0, []hamming.Hit{{Row: 5, Distance: 0}, {Row: 4, Distance: 1}}); err != nil {
		t.Errorf("right answer: %v", err)
	}
}

func TestDiffer(t *testing.T) {
	a, b, c := hamming.Hit{Row: 1, Distance: 2}, hamming.Hit{Row: 2, Distance: 2}, hamming.Hit{Row: 2, Distance: 3}
	for _, test := range []struct {
		got, want []hamming.Hit
		tell      string
	}{
		{nil, nil, ""},
		{[]hamming.Hit{a, b}, []hamming.Hit{a, b}, ""},
		{[]hamming.Hit{a}, []hamming.Hit{a, b}, "row 2, 2 bits away, is missing"},
		{[]hamming.Hit{a, b}, []hamming.Hit{a}, "row 2, said to be 2 bits away, should not be there"},
		{[]hamming.Hit{a, c}, []hamming.Hit{a, b}, "at place 1 is row 2, said to be 3 bits away, instead of row 2, 2 bits away"},
	} {
		if got := differ(test.got, test.want); got != test.tell {
			t.Errorf("%v against %v: %q, want %q", test.got, test.want, got, test.tell)
		}
	}
}

// TestBenchMemory wants the estimate to grow with what is asked for, and what can't fit to be refused with what can.
func TestBenchMemory(t *testing.T) {
	given := func(string) bool { return false }
	need := func(o benchOptions) float64 { return o.memory() }
	small := benchOptions{bits: 64, n: 1_000_000, radius: 8}
	for name, larger := range map[string]benchOptions{
		"more":      {bits: 64, n: 10_000_000, radius: 8},
		"longer":    {bits: 256, n: 1_000_000, radius: 31},
		"wider":     {bits: 64, n: 1_000_000, radius: 64},
		"clustered": {bits: 64, n: 10_000_000, radius: 40, clustered: true},
		"nearest":   {bits: 64, n: 10_000_000, radius: 8, k: 10_000_000},
	} {
		if need(larger) <= need(small) {
			t.Errorf("%s: %.0f bytes, and %.0f for less", name, need(larger), need(small))
		}
	}
	if got := need(benchOptions{bits: 64, n: 10_000_000, radius: 8}) / 10_000_000; got < 80 || got > 110 {
		// 84 were measured, 2026-11.
		t.Errorf("10 million hashes of 64 bits are said to take %.0f bytes each", got)
	}
	if _, ok := spareMemory(); !ok {
		t.Skip("the system doesn't tell how much memory there is")
	}
	huge := benchOptions{bits: 256, n: math.MaxUint32, queries: 1, limit: 1}
	err := huge.complete(given)
	var h *hintedError
	if !isUsage(err) || !errors.As(err, &h) || !strings.HasSuffix(h.hint, "hashes of 256 bits fit") {
		t.Errorf("a terabyte: %v", err)
	}
}

func TestBinomial(t *testing.T) {
	for _, test := range []struct {
		n, k int
		want float64
	}{{4, 0, 1.0 / 16}, {4, 1, 5.0 / 16}, {4, 4, 1}, {4, 9, 1}, {256, 128, 0.5249}, {64, 8, 2.78e-10}} {
		if got := binomial(test.n, test.k); math.Abs(got-test.want) > 0.005*test.want {
			t.Errorf("%d of %d: %v, want %v", test.k, test.n, got, test.want)
		}
	}
}

// TestBenchInterrupted breaks a measurement off that would take long.
func TestBenchInterrupted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var out, told bytes.Buffer
	start := time.Now()
	status := run(ctx, []string{"bench", "hamming", "--n=100000", "--time=1m"}, streams{out: &out, err: &told})
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	if want := "touchstone: bench hamming: interrupted\n"; status != exitFailure || told.String() != want || out.Len() > 0 {
		t.Errorf("status %d, %q, and %d bytes of output; want %d and %q", status, &told, out.Len(), exitFailure, want)
	}
}

// TestBenchFigures wants figures that fit each other, and from the same seed the same answers.
func TestBenchFigures(t *testing.T) {
	o := benchOptions{bits: 256, n: 5000, radius: 31, k: 3, clustered: true, seed: 9, queries: 50, limit: time.Minute, check: 20}
	var before benchFigures
	for i := range 2 {
		b := &bench[[4]uint64]{app: &app{streams: streams{err: io.Discard}}, benchOptions: o}
		b.dir = t.TempDir()
		for _, step := range []func(context.Context) error{b.generate, b.build, b.load} {
			if err := step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		b.limit = 20 * time.Millisecond
		for _, step := range []func(context.Context) error{b.search, b.nearest, b.searchLoaded, b.check} {
			if err := step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		f := b.figures
		for _, asked := range []askedFigures{f.askedFigures, *f.Nearest, f.Loaded} {
			if asked.P50 <= 0 || asked.P50 > asked.P99 || asked.P99 > asked.Max || asked.Mean > asked.Max ||
				asked.PerSecond <= 0 || asked.PerSecondAll <= 0 || asked.Queries < 1 || asked.Queries > o.queries {
				t.Errorf("figures don't fit each other: %+v", asked)
			}
		}
		if f.Load <= 0 || f.Save <= 0 || f.Stored < 32*int64(o.n) {
			t.Errorf("saved in %v s, loaded in %v s, %d bytes", f.Save, f.Load, f.Stored)
		}
		if left, err := os.ReadDir(b.dir); err != nil || len(left) > 0 {
			t.Errorf("files that are left: %v, %v", left, err)
		}
		if f.PerSecondBatch <= 0 || f.Nearest.Hits != 3 || f.Checked != 20 || f.CheckedByLoop != loopQueries {
			t.Errorf("figures: %+v", f)
		}
		if i > 0 && f.Queries == before.Queries && f.Hits != before.Hits {
			t.Errorf("%v hits a query, and %v before", f.Hits, before.Hits)
		}
		before = f
	}
}
