package report

import (
	"fmt"
	"math"
)

// The histogram of price ratios: columns of a fifth of a decade, from a thousandth of the list price to ten times it. What
// lies beyond is in the first and the last one.
const (
	perDecade    = 5
	leastDecade  = -3
	mostDecade   = 1
	ratioColumns = (mostDecade - leastDecade) * perDecade
)

// lowRatio is the ratio at and below which the histogram is shaded: nobody sells genuine goods at a tenth of their price.
const lowRatio = 0.1

// ratios are the prices of listings against list prices.
type ratios struct {
	Chart  chart
	Known  int // cases with a ratio
	Low    int // of them, at lowRatio or below
	Lowest *row
}

// LowestRatio is the lowest price in percent of the list price.
func (r *ratios) LowestRatio() string { return r.Lowest.Ratio }

// ratiosOf counts the cases whose price can be held against the list price.
func ratiosOf(cases []Case) ratios {
	columns := make([]column, ratioColumns)
	edge := func(i int) float64 { return math.Pow(10, leastDecade+float64(i)/perDecade) }
	for i := range columns {
		columns[i].says = percent(edge(i)) + " to " + percent(edge(i+1)) + " of the list price"
	}
	columns[0].says = "under " + percent(edge(1)) + " of the list price"
	columns[ratioColumns-1].says = percent(edge(ratioColumns-1)) + " of the list price and more"
	var r ratios
	var lowest *Case
	for i := range cases {
		d := &cases[i].Listing.Decision
		if !(d.PriceRatio > 0) {
			continue
		}
		r.Known++
		if d.PriceRatio <= lowRatio {
			r.Low++
		}
		if lowest == nil || d.PriceRatio < lowest.Listing.Decision.PriceRatio {
			lowest = &cases[i]
		}
		at := int(math.Floor((math.Log10(d.PriceRatio) - leastDecade) * perDecade))
		columns[min(max(at, 0), ratioColumns-1)].tally.add(d.Outcome)
	}
	if lowest != nil {
		v := rowOf(lowest)
		r.Lowest = &v
	}
	c := drawn(columns)
	pitch := float64(chartRight-chartLeft) / ratioColumns
	for decade := leastDecade; decade <= mostDecade; decade++ {
		x := chartLeft + float64((decade-leastDecade)*perDecade)*pitch
		label := fmt.Sprintf("%g%%", 100*math.Pow(10, float64(decade)))
		if decade == 0 {
			label = "list price"
		}
		c.Labels = append(c.Labels, tick{x, label})
	}
	low := (math.Log10(lowRatio) - leastDecade) * perDecade * pitch
	c.Shade = []rect{{X: chartLeft, Y: chartTop, Width: low, Height: chartBase - chartTop}}
	c.Alt = fmt.Sprintf("prices of %s listing images in percent of the list price, on a logarithmic scale; %s at %s or less", count(r.Known), count(r.Low), percent(lowRatio))
	r.Chart = c
	return r
}
