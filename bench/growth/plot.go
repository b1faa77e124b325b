package main

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// The plot's size and where its axes are, in pixels. The labels of lines that go on to the right edge stand beside it.
const (
	width, height            = 900, 600
	left, right, top, bottom = 76, 676, 84, 540

	labelSize  = 13
	labelWidth = 0.5 * labelSize // of a character, about
	circle     = 3.6             // radius of a point
)

// styles are how lines are drawn, by their names. Each colour is dark enough for text on white.
var styles = map[string]struct{ colour, dash string }{
	"64 bits, within 8":   {"#0067a5", ""},
	"64 bits, within 10":  {"#00755a", ""},
	"64 bits, nearest 1":  {"#b34700", ""},
	"64 bits, scan":       {"#444444", ""},
	"256 bits, within 31": {"#8a3c8a", "7 4"},
	"256 bits, scan":      {"#6b6b6b", "7 4"},
}

// axis is a logarithmic axis: the pixel from is where low is, and the pixel to is where high is.
type axis struct{ low, high, from, to float64 }

func (a axis) at(x float64) float64 {
	return a.from + (a.to-a.from)*math.Log(x/a.low)/math.Log(a.high/a.low)
}

// decades makes an axis that holds values, from a power of ten to another.
func decades(low, high, from, to float64) axis {
	a := axis{math.Pow10(int(math.Floor(math.Log10(low)))), math.Pow10(int(math.Ceil(math.Log10(high)))), from, to}
	if a.low == a.high {
		a.high *= 10
	}
	return a
}

// ticks are the numbers of one digit and any zeros on the axis.
func (a axis) ticks(yield func(value float64, digit int) bool) {
	for decade := math.Pow10(int(math.Floor(math.Log10(a.low)))); decade <= a.high; decade *= 10 {
		for digit := 1; digit < 10; digit++ {
			if v := decade * float64(digit); v >= a.low && v <= a.high && !yield(v, digit) {
				return
			}
		}
	}
}

// draw draws the lines' medians as an SVG: microseconds a query against the number of codes, both logarithmic.
func draw(lines []line) ([]byte, error) {
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{}
	for _, l := range lines {
		if _, ok := styles[l.name()]; !ok {
			return nil, fmt.Errorf("%s: no style to draw that in", l.name())
		}
		for _, p := range l.points {
			for i, v := range [2]float64{float64(p.n), p.median} {
				if !(v > 0) || math.IsInf(v, 1) {
					return nil, fmt.Errorf("%s, %d codes: %v has no place on a logarithmic axis", l.name(), p.n, v)
				}
				low[i], high[i] = min(low[i], v), max(high[i], v)
			}
		}
	}
	if high[0] == 0 {
		return nil, errors.New("nothing to draw")
	}
	d := drawing{
		x: decades(low[0], high[0], left, right),
		y: decades(low[1], high[1], bottom, top),
	}
	d.frame()
	for _, l := range lines {
		d.line(l)
	}
	for _, l := range lines {
		d.label(l)
	}
	d.put("</svg>")
	return d.svg.Bytes(), nil
}

// drawing is a plot that is being drawn.
type drawing struct {
	svg    bytes.Buffer
	x, y   axis
	taken  [][2]pixel // pieces of lines
	labels []box
}

type pixel struct{ x, y float64 }

func (d *drawing) put(format string, args ...any) { fmt.Fprintf(&d.svg, format+"\n", args...) }

// text puts text that begins, ends, or has its middle at a place.
func (d *drawing) text(x, y float64, anchor, attributes, text string) {
	d.put(`<text x="%.1f" y="%.1f" text-anchor="%s"%s>%s</text>`, x, y, anchor, attributes, html.EscapeString(text))
}

func (d *drawing) rule(x1, y1, x2, y2 float64, colour string) {
	d.put(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s"/>`, x1, y1, x2, y2, colour)
}

// frame draws all but the lines and their labels.
func (d *drawing) frame() {
	const grid, fine, faint = "#cfcfcf", "#eeeeee", ` fill="#555555"`
	d.put(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" font-family="Helvetica, Arial, 'Liberation Sans', sans-serif" font-size="%d" fill="#222222">`,
		width, height, width, height, labelSize)
	d.put(`<title>Time of a search against the number of codes</title>`)
	// A background of its own, so that it can be read on a dark page as well.
	d.put(`<rect width="%d" height="%d" rx="6" fill="#ffffff"/>`, width, height)
	d.text(left, 32, "start", ` font-size="18" font-weight="bold"`, "Exact search: time of a query against the number of codes")
	d.text(left, 54, "start", faint, "Uniform codes, one query at a time on one core, medians. Both axes are logarithmic. Dashed: 256 bits.")
	d.text(24, top-12, "start", faint, "µs a query")
	for v, digit := range d.y.ticks {
		y := d.y.at(v)
		if digit > 1 {
			d.rule(left, y, right, y, fine)
			continue
		}
		d.rule(left, y, right, y, grid)
		d.text(left-8, y+labelSize*0.35, "end", faint, strings.TrimSuffix(amount(v), ".0"))
	}
	for v, digit := range d.x.ticks {
		x := d.x.at(v)
		colour := fine
		if digit == 1 || digit == 3 {
			colour = grid
			d.text(x, bottom+20, "middle", faint, size(int(math.Round(v))))
		}
		d.rule(x, top, x, bottom, colour)
	}
	d.text((left+right)/2, bottom+42, "middle", faint, "number of codes")
}

// line draws a line and its points, each of which tells its value to who points at it.
func (d *drawing) line(l line) {
	s := styles[l.name()]
	var points []string
	var last pixel
	for i, p := range l.points {
		at := pixel{d.x.at(float64(p.n)), d.y.at(p.median)}
		points = append(points, fmt.Sprintf("%.1f,%.1f", at.x, at.y))
		if i > 0 {
			d.taken = append(d.taken, [2]pixel{last, at})
		}
		last = at
	}
	dash := ""
	if s.dash != "" {
		dash = fmt.Sprintf(` stroke-dasharray=%q`, s.dash)
	}
	d.put(`<g fill="%s"><title>%s</title>`, s.colour, html.EscapeString(l.name()))
	d.put(`<polyline points="%s" fill="none" stroke="%s" stroke-width="2.2" stroke-linejoin="round"%s/>`, strings.Join(points, " "), s.colour, dash)
	for i, p := range l.points {
		x, y, _ := strings.Cut(points[i], ",")
		d.put(`<circle cx="%s" cy="%s" r="%.1f"><title>%s, %s codes: %s µs</title></circle>`, x, y, circle, html.EscapeString(l.name()), size(p.n), amount(p.median))
	}
	d.put(`</g>`)
}

// label puts a line's name and its last value to where the line ends, or as near to that as there is room.
func (d *drawing) label(l line) {
	p := l.points[len(l.points)-1]
	text := fmt.Sprintf("%s: %s µs", l.name(), amount(p.median))
	at := pixel{d.x.at(float64(p.n)) + 2.5*circle, d.y.at(p.median)}
	place := func(down float64) box {
		return box{at.x, at.y + down - labelSize/2 - 1, at.x + labelWidth*float64(len([]rune(text))), at.y + down + labelSize/2 + 1}
	}
	here := place(0)
	for step := range 40 {
		// In turns below and above, further each time.
		down := float64((step + 1) / 2 * 3)
		if step%2 == 0 {
			down = -down
		}
		if b := place(down); d.free(b) {
			here = b
			break
		}
	}
	d.labels = append(d.labels, here)
	d.text(here.left, (here.top+here.bottom)/2+labelSize*0.35, "start",
		fmt.Sprintf(` fill=%q stroke="#ffffff" stroke-width="4" stroke-linejoin="round" paint-order="stroke"`, styles[l.name()].colour), text)
}

// box is what a label takes.
type box struct{ left, top, right, bottom float64 }

// free tells whether a label at b would cover neither a line nor another label, nor leave the axes.
func (d *drawing) free(b box) bool {
	if b.top < top-labelSize || b.bottom > bottom {
		return false
	}
	if slices.ContainsFunc(d.labels, func(o box) bool {
		return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
	}) {
		return false
	}
	return !slices.ContainsFunc(d.taken, func(piece [2]pixel) bool {
		// Where the piece is while it passes the box: lines never go back.
		from, to := max(b.left-circle, piece[0].x), min(b.right+circle, piece[1].x)
		if from > to {
			return false
		}
		y := func(x float64) float64 {
			return piece[0].y + (piece[1].y-piece[0].y)*(x-piece[0].x)/(piece[1].x-piece[0].x)
		}
		return min(y(from), y(to)) < b.bottom+circle && max(y(from), y(to)) > b.top-circle
	})
}
