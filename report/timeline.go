package report

import (
	"fmt"
	"math"
	"time"
)

// unit is what a bar of the timeline stands for.
type unit struct {
	name  string
	start func(time.Time) time.Time // of the unit that a time lies in
	next  func(time.Time) time.Time // from a start to the next one
	label func(time.Time) string
}

func day(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func week(t time.Time) time.Time {
	t = day(t)
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7) // Monday, as ISO 8601 has it
}

func month(t time.Time) time.Time {
	y, m, _ := t.UTC().Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
}

func year(t time.Time) time.Time { return time.Date(t.UTC().Year(), 1, 1, 0, 0, 0, 0, time.UTC) }

func steps(years, months, days int) func(time.Time) time.Time {
	return func(t time.Time) time.Time { return t.AddDate(years, months, days) }
}

func layout(l string) func(time.Time) string { return func(t time.Time) string { return t.Format(l) } }

// The longest periods that are shown by day, week and month.
const (
	mostByDay   = 45 * 24 * time.Hour
	mostByWeek  = 53 * 7 * 24 * time.Hour
	mostByMonth = 10 * 366 * 24 * time.Hour
)

// unitOf is what bars stand for in a period of that length.
func unitOf(period time.Duration) unit {
	switch {
	case period <= mostByDay:
		return unit{"day", day, steps(0, 0, 1), layout("2 Jan")}
	case period <= mostByWeek:
		return unit{"week", week, steps(0, 0, 7), layout("2 Jan")}
	case period <= mostByMonth:
		return unit{"month", month, steps(0, 1, 0), layout("Jan 06")}
	}
	return unit{"year", year, steps(1, 0, 0), layout("2006")}
}

// chart is a bar chart as SVG: plain numbers, in its own units.
type chart struct {
	Width, Height int
	Alt           string
	Bars          []rect
	Grid          []tick // of the upright axis
	Labels        []tick // of the other one
	Shade         []rect
	Base          float64 // where bars stand
	Left, Right   float64 // of the grid
}

// rect is a part of a bar; what it says is shown to who points at it, and read to who can't see it.
type rect struct {
	X, Y, Width, Height float64
	Class, Says         string
}

// tick is a line of the grid, or a label.
type tick struct {
	At   float64
	Text string
}

// The charts' measures.
const (
	chartWidth  = 960
	chartHeight = 220
	chartLeft   = 44
	chartRight  = chartWidth - 22
	chartTop    = 14
	chartBase   = chartHeight - 26
)

// column is a bar before it is drawn.
type column struct {
	label, says string
	tally       tally
}

// timeline counts cases over the period, by when their listings were seen. A period that begins years before the first
// listing begins with it.
func timeline(r *Report, cases []Case) (c chart, by string) {
	since, until := r.Since, r.Until
	for i := range cases { // what is told stays true where a caller's period doesn't hold all
		seen := cases[i].Listing.Seen
		if seen.Before(since) {
			since = seen
		}
		if !seen.Before(until) {
			until = seen.Add(1)
		}
	}
	u := unitOf(until.Sub(since))
	start := u.start(since)
	if u.name == "year" {
		first := until
		for i := range cases {
			if seen := cases[i].Listing.Seen; seen.Before(first) {
				first = seen
			}
		}
		start = u.start(first)
	}
	counts := map[time.Time]*tally{}
	for i := range cases {
		at := u.start(cases[i].Listing.Seen)
		if counts[at] == nil {
			counts[at] = &tally{}
		}
		counts[at].add(cases[i].Listing.Decision.Outcome)
	}
	var columns []column
	most, busiest := 0, time.Time{}
	for at := start; at.Before(until); at = u.next(at) {
		col := column{label: u.label(at), says: date(at)}
		if t := counts[at]; t != nil {
			col.tally = *t
		}
		if n := col.tally.sum(); n > most {
			most, busiest = n, at
		}
		columns = append(columns, col)
	}
	c = drawn(columns)
	c.Alt = fmt.Sprintf("%s listing images by %s, from %s on", count(len(cases)), u.name, date(start))
	if most > 0 {
		c.Alt += fmt.Sprintf("; most, %s, in the %s of %s", count(most), u.name, date(busiest))
	}
	return c, u.name
}

// drawn draws columns, as wide as there is room, with as many labels as can be read.
func drawn(columns []column) chart {
	c := chart{Width: chartWidth, Height: chartHeight, Base: chartBase, Left: chartLeft, Right: chartRight}
	most := 0
	for _, col := range columns {
		most = max(most, col.tally.sum())
	}
	top, step := scale(most)
	for v := 0; v <= top; v += step {
		c.Grid = append(c.Grid, tick{chartBase - float64(v)/float64(top)*(chartBase-chartTop), count(v)})
	}
	pitch := float64(chartRight-chartLeft) / float64(max(len(columns), 1))
	width := min(pitch*0.78, 48)
	const labelWidth = 58
	every := int(math.Ceil(labelWidth / pitch))
	for i, col := range columns {
		middle := chartLeft + (float64(i)+0.5)*pitch
		if i%every == 0 && col.label != "" {
			c.Labels = append(c.Labels, tick{middle, col.label})
		}
		y := float64(chartBase)
		for k, n := range col.tally {
			if n == 0 {
				continue
			}
			h := float64(n) / float64(top) * (chartBase - chartTop)
			y -= h
			c.Bars = append(c.Bars, rect{middle - width/2, y, width, h, class(outcomes[k]), fmt.Sprintf("%s: %s %s", col.says, count(n), Outcome(outcomes[k]))})
		}
	}
	return c
}

// scale is the top of an axis that shows numbers up to most, and the step between its lines: 1, 2 or 5 times a power of ten.
func scale(most int) (top, step int) {
	step = 1
	for factor := 0; most > 4*step; factor++ {
		if factor%3 == 1 {
			step = step / 2 * 5
		} else {
			step *= 2
		}
	}
	return max(step*((most+step-1)/step), step), step
}
