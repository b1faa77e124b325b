package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// figure is what is read of a run of `touchstone bench hamming --json`.
type figure struct {
	Bits    int     `json:"bits"`
	N       int     `json:"n"`
	Radius  int     `json:"radius"`
	K       int     `json:"k"` // 0: the nearest were not asked for
	Bytes   float64 `json:"bytes_per_code"`
	Scan    float64 `json:"scan_seconds"`
	asked           // within the radius
	Nearest *asked  `json:"nearest,omitempty"`
}

type asked struct {
	Queries int     `json:"queries"`
	Median  float64 `json:"p50_us"`
	Mean    float64 `json:"mean_us"`
}

// measurement is what to measure.
type measurement struct {
	program  string
	sizes    [2][]int // of 64 bits and of 256
	queries  int
	limit    time.Duration
	progress io.Writer
}

// asks are the runs for each size. The nearest is asked for in one of those of a number of bits.
var asks = [2][]figure{
	{{Bits: 64, Radius: 8, K: 1}, {Bits: 64, Radius: 10}},
	{{Bits: 256, Radius: 31}},
}

func (m *measurement) run(ctx context.Context) (figures []figure, err error) {
	start := time.Now()
	for i, sizes := range m.sizes {
		for _, n := range sizes {
			for _, want := range asks[i] {
				want.N = n
				_, err := fmt.Fprintf(m.progress, "growth: %4.0f s: %s codes of %d bits, within %d\n", time.Since(start).Seconds(), size(n), want.Bits, want.Radius)
				if err != nil {
					return nil, err
				}
				f, err := m.bench(ctx, want)
				if err != nil {
					return nil, err
				}
				figures = append(figures, f)
			}
		}
	}
	return figures, nil
}

// bench has one size measured.
func (m *measurement) bench(ctx context.Context, want figure) (f figure, err error) {
	// All is given that the environment could say otherwise.
	args := []string{
		"bench", "hamming", "--json", "--clustered=false", "--seed=1",
		"--bits=" + strconv.Itoa(want.Bits), "--n=" + strconv.Itoa(want.N), "--radius=" + strconv.Itoa(want.Radius),
		"--queries=" + strconv.Itoa(m.queries), "--time=" + m.limit.String(),
	}
	if want.K > 0 {
		args = append(args, "--k="+strconv.Itoa(want.K))
	}
	cmd := exec.CommandContext(ctx, m.program, args...)
	cmd.Stderr = m.progress
	out, err := cmd.Output()
	if err != nil {
		return f, fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), cmp.Or(ctx.Err(), err))
	}
	if err := json.Unmarshal(out, &f); err != nil {
		return f, fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	if f.Bits != want.Bits || f.N != want.N || f.Radius != want.Radius || (want.K > 0) != (f.Nearest != nil) {
		return f, fmt.Errorf("%s: that is not what it measured: %s", strings.Join(cmd.Args, " "), out)
	}
	return f, nil
}

// point is how long a query takes among so many codes.
type point struct {
	n            int
	median, mean float64 // µs; the mean of scans is not known, and 0
}

// line is a line of the plot, and a column of the table.
type line struct {
	bits   int
	what   string
	points []point // by number of codes
}

func (l *line) name() string { return fmt.Sprintf("%d bits, %s", l.bits, l.what) }

// linesOf are the figures by what was asked: for each number of bits the radii, the nearest, and the scan.
func linesOf(figures []figure) (lines []line) {
	add := func(bits int, what string, p point) {
		at := slices.IndexFunc(lines, func(l line) bool { return l.bits == bits && l.what == what })
		if at < 0 {
			at = len(lines)
			lines = append(lines, line{bits: bits, what: what})
		}
		lines[at].points = append(lines[at].points, p)
	}
	for i := range asks {
		bits := asks[i][0].Bits
		for _, f := range figures {
			if f.Bits == bits {
				add(bits, fmt.Sprintf("within %d", f.Radius), point{f.N, f.Median, f.Mean})
			}
		}
		for _, f := range figures {
			if f.Bits == bits && f.Nearest != nil {
				add(bits, fmt.Sprintf("nearest %d", f.K), point{f.N, f.Nearest.Median, f.Nearest.Mean})
			}
		}
		// A scan is measured whatever the radius is: once is enough.
		for _, f := range figures {
			if f.Bits == bits && f.Radius == asks[i][0].Radius {
				add(bits, "scan", point{n: f.N, median: f.Scan * 1e6})
			}
		}
	}
	for _, l := range lines {
		slices.SortFunc(l.points, func(a, b point) int { return cmp.Compare(a.n, b.n) })
	}
	return lines
}

// table is the figures in Markdown: a row a number of codes, and a column a line.
func table(figures []figure, lines []line) string {
	var b, rule strings.Builder
	b.WriteString("| codes |")
	rule.WriteString("|---|")
	last := 0
	for i, l := range lines {
		head := l.what
		if l.bits != last {
			head, last = l.name(), l.bits
		}
		fmt.Fprintf(&b, " %s |", head)
		rule.WriteString("---|")
		if i == len(lines)-1 || lines[i+1].bits != l.bits {
			b.WriteString(" bytes a code |")
			rule.WriteString("---|")
		}
	}
	b.WriteString("\n" + rule.String() + "\n")
	var sizes []int
	for _, f := range figures {
		sizes = append(sizes, f.N)
	}
	slices.Sort(sizes)
	for _, n := range slices.Compact(sizes) {
		fmt.Fprintf(&b, "| %s |", size(n))
		for i, l := range lines {
			cell := ""
			if at := slices.IndexFunc(l.points, func(p point) bool { return p.n == n }); at >= 0 {
				cell = amount(l.points[at].median)
				if mean := l.points[at].mean; mean > 0 {
					cell += " (" + amount(mean) + ")"
				}
			}
			b.WriteString(strings.TrimRight(" "+cell, " ") + " |")
			if i == len(lines)-1 || lines[i+1].bits != l.bits {
				cell = ""
				if at := slices.IndexFunc(figures, func(f figure) bool { return f.Bits == l.bits && f.N == n }); at >= 0 {
					cell = amount(figures[at].Bytes)
				}
				b.WriteString(strings.TrimRight(" "+cell, " ") + " |")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// amount is a number to two or three digits, with commas: "4.9", "65", "5,070".
func amount(x float64) string {
	if x < 9.95 {
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	unit := 1.0
	for x >= 999.5*unit {
		unit *= 10
	}
	s := strconv.FormatFloat(float64(int64(x/unit+0.5))*unit, 'f', 0, 64)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// size is a number of codes in words: "10M".
func size(n int) string {
	switch {
	case n%1_000_000 == 0:
		return strconv.Itoa(n/1_000_000) + "M"
	case n%1000 == 0:
		return strconv.Itoa(n/1000) + "k"
	}
	return strconv.Itoa(n)
}

// parseSizes reads sizes as size writes them, with commas between them.
func parseSizes(s string) (sizes []int, err error) {
	if s == "" {
		return nil, nil
	}
	for one := range strings.SplitSeq(s, ",") {
		digits, unit := one, 1
		if t, ok := strings.CutSuffix(one, "M"); ok {
			digits, unit = t, 1_000_000
		} else if t, ok := strings.CutSuffix(one, "k"); ok {
			digits, unit = t, 1000
		}
		n, err := strconv.Atoi(digits)
		if err != nil || n < 1 || n > 1<<32/unit {
			return nil, fmt.Errorf("%q is no number of codes: want such as 300k, 10M", one)
		}
		if slices.Contains(sizes, n*unit) {
			return nil, fmt.Errorf("%s twice", one)
		}
		sizes = append(sizes, n*unit)
	}
	return sizes, nil
}
