package report

import (
	"cmp"
	"slices"
	"strings"

	"touchstone/listing"
)

// tally counts listing images by their outcome, in the order of outcomes.
type tally [len(outcomes)]int

func (t *tally) add(o listing.Outcome) { t[severity(o)]++ }

func (t tally) sum() int {
	n := 0
	for _, v := range t {
		n += v
	}
	return n
}

// figure is a number that stands at the head of the report.
type figure struct {
	Class, Name string
	Count       int
}

// figures are the numbers at the head of the report.
func figures(cases []Case) []figure {
	var t tally
	listings, sellers, marketplaces := map[[2]string]bool{}, map[[2]string]bool{}, map[string]bool{}
	for i := range cases {
		f := &cases[i].Listing.Facts
		t.add(cases[i].Listing.Decision.Outcome)
		listings[[2]string{f.Marketplace, f.Key.Listing}] = true
		marketplaces[f.Marketplace] = true
		if f.Seller != "" {
			sellers[[2]string{f.Marketplace, f.Seller}] = true
		}
	}
	all := []figure{
		{"", "listings", len(listings)},
		{"", "listing images", len(cases)},
	}
	for i, o := range outcomes {
		all = append(all, figure{class(o), Outcome(o), t[i]})
	}
	return append(all, figure{"", "sellers", len(sellers)}, figure{"", "marketplaces", len(marketplaces)})
}

// class is an outcome's name in the style sheet.
func class(o listing.Outcome) string { return strings.ToLower(o.String()) }

// mostRows is how many rows a table has before the rest becomes one.
const mostRows = 50

// group are the listing images of a seller or a marketplace.
type group struct {
	Name, Marketplace string // Marketplace is empty where groups are marketplaces
	Others            int    // groups that this row stands for; 0: it is one
	Tally             tally
	Lowest            float64 // ratio of a price to the list price; 0: none is known
	Bar               []segment
}

// Sum are the group's listing images.
func (g *group) Sum() int { return g.Tally.sum() }

// LowestRatio is the lowest price of the group, in percent of the list price.
func (g *group) LowestRatio() string {
	if g.Lowest == 0 {
		return ""
	}
	return percent(g.Lowest)
}

// segment is a part of a bar, in percent of the longest one.
type segment struct {
	Class       string
	From, Width float64
}

// groups counts cases by what name tells of them: most infringing first, the rest after mostRows as one.
func groups(cases []Case, name func(*listing.Facts) (name, marketplace string)) []group {
	at := map[[2]string]int{}
	var all []group
	for i := range cases {
		n, m := name(&cases[i].Listing.Facts)
		g, ok := at[[2]string{n, m}]
		if !ok {
			g = len(all)
			at[[2]string{n, m}] = g
			all = append(all, group{Name: n, Marketplace: m})
		}
		all[g].take(cases[i].Listing.Decision)
	}
	slices.SortFunc(all, func(a, b group) int {
		for i := range a.Tally {
			if c := cmp.Compare(b.Tally[i], a.Tally[i]); c != 0 {
				return c
			}
		}
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Marketplace, b.Marketplace))
	})
	if len(all) > mostRows+1 { // a row of others that stands for one would hide its name for nothing
		rest := group{Others: len(all) - mostRows}
		for _, g := range all[mostRows:] {
			rest.merge(g)
		}
		all = append(all[:mostRows:mostRows], rest)
	}
	longest := 1
	for i := range all {
		if all[i].Others == 0 {
			longest = max(longest, all[i].Sum())
		}
	}
	for i := range all {
		if all[i].Others == 0 { // the others together would dwarf each: they have no bar
			all[i].Bar = bar(all[i].Tally, longest)
		}
	}
	return all
}

func (g *group) take(d listing.Decision) {
	g.Tally.add(d.Outcome)
	if d.PriceRatio > 0 && (g.Lowest == 0 || d.PriceRatio < g.Lowest) {
		g.Lowest = d.PriceRatio
	}
}

func (g *group) merge(o group) {
	for i, n := range o.Tally {
		g.Tally[i] += n
	}
	if o.Lowest > 0 && (g.Lowest == 0 || o.Lowest < g.Lowest) {
		g.Lowest = o.Lowest
	}
}

// bar is a tally drawn against the longest one.
func bar(t tally, longest int) []segment {
	var segments []segment
	from := 0.0
	for i, n := range t {
		if n == 0 {
			continue
		}
		width := 100 * float64(n) / float64(longest)
		segments = append(segments, segment{class(outcomes[i]), from, width})
		from += width
	}
	return segments
}
