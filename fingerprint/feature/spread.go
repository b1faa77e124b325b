package feature

import (
	"cmp"
	"math"
	"slices"
)

// spread chooses spots, the strongest of each cell first.
func spread(levels []level, byLevel [][]spot, most int) []spot {
	total := 0.0
	for i := range levels {
		total += math.Exp2(-float64(i) / steps)
	}
	var out, rest []spot
	carry := 0.0
	for i := range levels {
		quota := carry + float64(most)*math.Exp2(-float64(i)/steps)/total
		n := int(quota)
		carry = quota - float64(n)
		chosen, left := pick(&levels[i].plane, byLevel[i], n)
		carry += float64(n - len(chosen))
		out = append(out, chosen...)
		rest = append(rest, left...)
	}
	if len(out) < most {
		slices.SortStableFunc(rest, func(a, b spot) int { return cmp.Compare(b.score, a.score) })
		out = append(out, rest[:min(len(rest), most-len(out))]...)
	}
	return out
}

// pick takes n spots of a level, spread over a grid.
func pick(p *plane, cs []spot, n int) (chosen, left []spot) {
	if len(cs) <= n {
		return cs, nil
	}
	cells := max(1, float64(n)/perCell())
	side := math.Sqrt(float64(p.w) * float64(p.h) / cells)
	gw, gh := int(math.Ceil(float64(p.w)/side)), int(math.Ceil(float64(p.h)/side))
	slices.SortStableFunc(cs, func(a, b spot) int { return cmp.Compare(b.score, a.score) })
	rank := make([]int, gw*gh)
	type ranked struct {
		spot
		rank int
	}
	rs := make([]ranked, len(cs))
	for i, c := range cs {
		cell := int(float64(c.y)/side)*gw + int(float64(c.x)/side)
		rs[i] = ranked{c, rank[cell]}
		rank[cell]++
	}
	slices.SortStableFunc(rs, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	for i, r := range rs {
		if i < n {
			chosen = append(chosen, r.spot)
		} else {
			left = append(left, r.spot)
		}
	}
	return chosen, left
}
