package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// drawn is what a test reads out of an SVG.
type drawn struct {
	lines   map[string][]pixel // by name
	circles map[string][]pixel
	labels  map[string]pixel // by text
	colours map[string]bool  // of backgrounds
}

// parse reads an SVG, and fails on what is no XML.
func parse(t *testing.T, svg []byte) drawn {
	t.Helper()
	d := drawn{map[string][]pixel{}, map[string][]pixel{}, map[string]pixel{}, map[string]bool{}}
	x := xml.NewDecoder(bytes.NewReader(svg))
	var open []string
	var group string
	var at pixel
	for {
		token, err := x.Token()
		if errors.Is(err, io.EOF) {
			if len(open) > 0 {
				t.Fatalf("%v left open", open)
			}
			return d
		}
		if err != nil {
			t.Fatalf("no XML: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			a := map[string]string{}
			for _, attr := range e.Attr {
				a[attr.Name.Local] = attr.Value
			}
			open = append(open, e.Name.Local)
			switch e.Name.Local {
			case "svg":
				if e.Name.Space != "http://www.w3.org/2000/svg" {
					t.Errorf("namespace %q", e.Name.Space)
				}
			case "rect":
				d.colours[a["fill"]] = true
			case "text":
				at = pixel{number(t, a["x"]), number(t, a["y"])}
			case "circle":
				d.circles[group] = append(d.circles[group], pixel{number(t, a["cx"]), number(t, a["cy"])})
			case "polyline":
				for point := range strings.FieldsSeq(a["points"]) {
					px, py, _ := strings.Cut(point, ",")
					d.lines[group] = append(d.lines[group], pixel{number(t, px), number(t, py)})
				}
			case "image", "script", "style", "use":
				t.Errorf("a plot with <%s>", e.Name.Local)
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			switch path := strings.Join(open, " "); path {
			case "svg g title":
				group = string(e)
			case "svg text":
				d.labels[string(e)] = at
			}
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func near(a, b pixel) bool { return math.Abs(a.x-b.x) < 0.06 && math.Abs(a.y-b.y) < 0.06 }

// growing are lines as one expects them.
var growing = []line{
	{64, "within 8", []point{{1e6, 5, 6}, {1e7, 20, 21}, {1e8, 100, 120}}},
	{64, "within 10", []point{{1e6, 17, 18}, {1e7, 60, 61}, {1e8, 300, 310}}},
	{64, "nearest 1", []point{{1e6, 10, 60}, {1e7, 30, 180}, {1e8, 100, 900}}},
	{64, "scan", []point{{n: 1e6, median: 310}, {n: 1e7, median: 3100}, {n: 1e8, median: 31000}}},
	{256, "within 31", []point{{1e6, 18, 20}, {1e7, 60, 66}}},
	{256, "scan", []point{{n: 1e6, median: 1300}, {n: 1e7, median: 13000}}},
}

func TestDraw(t *testing.T) {
	svg, err := draw(growing)
	if err != nil {
		t.Fatal(err)
	}
	d := parse(t, svg)
	if !d.colours["#ffffff"] {
		t.Error("no white background")
	}
	for _, want := range []string{"µs a query", "number of codes", "1M", "3M", "10M", "30M", "100M", "1", "1,000", "100,000"} {
		if _, ok := d.labels[want]; !ok {
			t.Errorf("no label %q", want)
		}
	}
	if len(d.lines) != len(growing) {
		t.Errorf("%d lines, want %d", len(d.lines), len(growing))
	}
	for _, l := range growing {
		got := d.lines[l.name()]
		if len(got) != len(l.points) {
			t.Errorf("%s: %d points, want %d", l.name(), len(got), len(l.points))
			continue
		}
		for i, at := range got {
			if !near(at, d.circles[l.name()][i]) {
				t.Errorf("%s: a circle at %v, and the line goes through %v", l.name(), d.circles[l.name()][i], at)
			}
			if at.x < left || at.x > right || at.y < top || at.y > bottom {
				t.Errorf("%s: %v is outside of the axes", l.name(), at)
			}
			// Larger values are further right and further up.
			if i > 0 && (at.x <= got[i-1].x || at.y >= got[i-1].y) {
				t.Errorf("%s: %v follows %v", l.name(), at, got[i-1])
			}
		}
	}
	// The axes go from 1M to 100M and from 1 to 100,000, so that what grows by 10 moves by a half and a fifth of them.
	const decade = (bottom - top) / 5.0
	for _, want := range []struct {
		line  string
		point int
		at    pixel
	}{
		{"64 bits, within 8", 2, pixel{right, bottom - 2*decade}},
		{"64 bits, nearest 1", 0, pixel{left, bottom - decade}},
		{"64 bits, nearest 1", 2, pixel{right, bottom - 2*decade}},
		{"64 bits, scan", 1, pixel{(left + right) / 2, bottom - 3.49136*decade}},
		{"256 bits, scan", 1, pixel{(left + right) / 2, bottom - 4.11394*decade}},
	} {
		if at := d.lines[want.line][want.point]; !near(at, want.at) {
			t.Errorf("%s: point %d is at %v, want %v", want.line, want.point, at, want.at)
		}
	}
	if at, ok := d.labels["64 bits, scan: 31,000 µs"]; !ok {
		t.Error("no label for the scan of 64 bits")
	} else if end := d.lines["64 bits, scan"][2]; at.x < end.x || at.x > end.x+20 || math.Abs(at.y-end.y) > 10 {
		t.Errorf("the label of a line that ends at %v is at %v", end, at)
	}
}

// Lines that end at one place have labels that can be told apart.
func TestLabelsApart(t *testing.T) {
	var lines []line
	for _, what := range []string{"within 8", "within 10", "nearest 1", "scan"} {
		lines = append(lines, line{64, what, []point{{n: 1e6, median: 10}, {n: 1e7, median: 50}}})
	}
	svg, err := draw(lines)
	if err != nil {
		t.Fatal(err)
	}
	labels := parse(t, svg).labels
	for _, l := range lines {
		at, ok := labels[l.name()+": 50 µs"]
		if !ok {
			t.Fatalf("%s has no label", l.name())
		}
		for _, other := range lines {
			if o := labels[other.name()+": 50 µs"]; other.what != l.what && math.Abs(at.y-o.y) < labelSize {
				t.Errorf("%s at %v, %s at %v", l.name(), at, other.name(), o)
			}
		}
	}
}

func TestDrawOneSize(t *testing.T) {
	svg, err := draw([]line{{64, "scan", []point{{n: 1e6, median: 100}}}})
	if err != nil {
		t.Fatal(err)
	}
	if at := parse(t, svg).lines["64 bits, scan"][0]; !near(at, pixel{left, bottom}) {
		t.Errorf("the only point is at %v", at)
	}
}

func TestDrawRefuses(t *testing.T) {
	for name, lines := range map[string][]line{
		"nothing":  nil,
		"unknown":  {{64, "within 9", []point{{n: 1e6, median: 1}}}},
		"no time":  {{64, "scan", []point{{n: 1e6}}}},
		"negative": {{64, "scan", []point{{n: 1e6, median: -1}}}},
		"NaN":      {{64, "scan", []point{{n: 1e6, median: math.NaN()}}}},
		"infinite": {{64, "scan", []point{{n: 1e6, median: math.Inf(1)}}}},
	} {
		if _, err := draw(lines); err == nil {
			t.Errorf("%s: drawn", name)
		}
	}
}

// The plot that is kept is drawn from the figures that are kept.
func TestKept(t *testing.T) {
	figures, err := readFigures("growth.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	want, err := draw(linesOf(figures))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile("growth.svg"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("growth.svg is not what growth.jsonl gives (%v): go run ./bench/growth -redraw, from the root", err)
	}
}
