package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The whole of it, with few codes: what the program prints is what is read of it.
func TestRun(t *testing.T) {
	if os.Getenv("TOUCHSTONE_LONG") == "" {
		t.Skip("builds the program: set TOUCHSTONE_LONG")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "touchstone")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-tags=nodynamic", "-o", program, "touchstone/cmd/touchstone").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	svg := filepath.Join(dir, "plot.svg")
	var measured, redrawn strings.Builder
	args := []string{"-program", program, "-n64", "1k,2k", "-n256", "1k", "-queries", "20", "-time", "10ms", "-svg", svg}
	if err := run(args, &measured, io.Discard); err != nil {
		t.Fatal(err)
	}
	plot, err := os.ReadFile(svg)
	if err != nil {
		t.Fatal(err)
	}
	points := 0
	for _, line := range parse(t, plot).lines {
		points += len(line)
	}
	if points != 4*2+2 {
		t.Errorf("%d points, want 10", points)
	}
	figures, err := readFigures(filepath.Join(dir, "plot.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if len(figures) != 2*2+1 {
		t.Errorf("%d figures, want 5", len(figures))
	}
	for _, f := range figures {
		if f.Bytes <= 0 || f.Scan <= 0 || f.Queries == 0 || f.Median <= 0 || f.Mean <= 0 || f.Nearest != nil && f.Nearest.Median <= 0 {
			t.Errorf("figures are missing: %+v", f)
		}
	}
	if err := run([]string{"-redraw", "-svg", svg}, &redrawn, io.Discard); err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff(measured.String(), redrawn.String()); difference != "" {
		t.Errorf("drawn anew, the table is another:\n%s", difference)
	}
	if again, err := os.ReadFile(svg); err != nil || string(again) != string(plot) {
		t.Errorf("drawn anew, the plot is another (%v)", err)
	}
}

// script makes a program that prints something, and fails unless it was given all the arguments.
func script(t *testing.T, prints string, arguments ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "touchstone")
	text := "#!/bin/sh\nset -e\n"
	for _, a := range arguments {
		text += `case " $* " in *" ` + a + ` "*) ;; *) echo "no ` + a + `" >&2; exit 1; esac` + "\n"
	}
	if err := os.WriteFile(file, []byte(text+"cat <<END\n"+prints+"\nEND\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestBench(t *testing.T) {
	prints := `{
  "bits": 64, "n": 1000, "radius": 8, "k": 1, "build_seconds": 1, "bytes_per_code": 36.5, "queries": 9,
  "p50_us": 5, "mean_us": 6, "nearest": {"queries": 8, "p50_us": 7, "mean_us": 70}, "loaded": {"p50_us": 4}, "scan_seconds": 0.25
}`
	want := figure{Bits: 64, N: 1000, Radius: 8, K: 1, Bytes: 36.5, Scan: 0.25, asked: asked{9, 5, 6}, Nearest: &asked{8, 7, 70}}
	m := measurement{queries: 9, limit: 1500 * time.Millisecond, progress: t.Output()}
	m.program = script(t, prints, "bench hamming", "--json", "--clustered=false", "--bits=64", "--n=1000", "--radius=8", "--k=1", "--queries=9", "--time=1.5s")
	got, err := m.bench(t.Context(), figure{Bits: 64, N: 1000, Radius: 8, K: 1})
	if difference := cmp.Diff(want, got, cmp.AllowUnexported(figure{})); err != nil || difference != "" {
		t.Error(err, difference)
	}
	for name, program := range map[string]string{
		"fails":                  "false",
		"prints nothing":         "true",
		"isn't there":            filepath.Join(t.TempDir(), "touchstone"),
		"prints no JSON":         script(t, "nothing"),
		"measures another size":  script(t, strings.Replace(prints, "1000", "2000", 1)),
		"doesn't find a nearest": script(t, `{"bits": 64, "n": 1000, "radius": 8}`),
	} {
		m.program = program
		if _, err := m.bench(t.Context(), figure{Bits: 64, N: 1000, Radius: 8, K: 1}); err == nil || !strings.Contains(err.Error(), "--n=1000") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTable(t *testing.T) {
	figures := []figure{
		{Bits: 64, N: 1e6, Radius: 8, K: 1, Bytes: 36.7, Scan: 0.00031, asked: asked{Median: 5.04, Mean: 6}, Nearest: &asked{Median: 10, Mean: 1234}},
		{Bits: 64, N: 1e6, Radius: 10, Bytes: 36.7, Scan: 0.00032, asked: asked{Median: 17.4, Mean: 18}},
		{Bits: 64, N: 3e6, Radius: 8, K: 1, Bytes: 36.2, Scan: 0.00094, asked: asked{Median: 9.96, Mean: 10}, Nearest: &asked{Median: 20, Mean: 2345}},
		{Bits: 64, N: 3e6, Radius: 10, Bytes: 36.2, Scan: 0.00095, asked: asked{Median: 30, Mean: 31}},
		{Bits: 256, N: 1e6, Radius: 31, Bytes: 136, Scan: 0.00131, asked: asked{Median: 18, Mean: 20}},
	}
	want := `| codes | 64 bits, within 8 | within 10 | nearest 1 | scan | bytes a code | 256 bits, within 31 | scan | bytes a code |
|---|---|---|---|---|---|---|---|---|
| 1M | 5.0 (6.0) | 17 (18) | 10 (1,230) | 310 | 37 | 18 (20) | 1,310 | 136 |
| 3M | 10 (10) | 30 (31) | 20 (2,350) | 940 | 36 | | | |
`
	if difference := cmp.Diff(want, table(figures, linesOf(figures))); difference != "" {
		t.Error(difference)
	}
}

func TestAmount(t *testing.T) {
	for x, want := range map[float64]string{
		0.04: "0.0", 4.94: "4.9", 9.94: "9.9", 9.96: "10", 65.4: "65", 999.4: "999", 999.6: "1,000", 1234: "1,230",
		31415: "31,400", 999_600: "1,000,000",
	} {
		if got := amount(x); got != want {
			t.Errorf("%v is written as %s, want %s", x, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	got, err := parseSizes("1M,300k,77,100M")
	if difference := cmp.Diff([]int{1e6, 3e5, 77, 1e8}, got); err != nil || difference != "" {
		t.Error(err, difference)
	}
	var again []string
	for _, n := range got {
		again = append(again, size(n))
	}
	if s := strings.Join(again, ","); s != "1M,300k,77,100M" {
		t.Errorf("written as %s", s)
	}
	for _, bad := range []string{"M", "0", "-1M", "1G", "1M,", "1M,1000k", "10000M", "1e6"} {
		if got, err := parseSizes(bad); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}
