package feature

// perCell is how many of a level's spots a cell of its grid has, when all have the same.
const perCell = 4

// spread chooses at most most spots. Each level has a share that falls with its side, and the strongest of each cell of a
// grid come first, so that a caption or a pattern takes what lies under it and no more. What levels leave goes to those
// below them, and what remains to the strongest.
func spread(levels []level, byLevel [][]spot, most int) []spot {
	shares := [steps]int{65536, 52016, 41285} // 2^(-i/3)
	share := func(i int) int { return shares[i%steps] >> (i / steps) }
	total := 0
	for i := range levels {
		total += share(i)
	}
	out := make([]spot, 0, most)
	var rest []spot
	carry := 0 // in 1/total of a spot
	for i := range levels {
		carry += most * share(i)
		chosen := pick(&levels[i].plane, byLevel[i], carry/total)
		carry -= len(chosen) * total
		out = append(out, chosen...)
		rest = append(rest, byLevel[i][len(chosen):]...)
	}
	if n := most - len(out); n > 0 && len(rest) > 0 {
		byScore(rest)
		out = append(out, rest[:min(n, len(rest))]...)
	}
	return out
}

// byScore sorts spots, the strongest first, and those of equal scores as they stand: by both bytes of the score.
func byScore(spots []spot) {
	from, to := spots, make([]spot, len(spots))
	for shift := 0; shift < 16; shift += 8 {
		var starts [257]int
		for i := range from {
			starts[256-int(uint8(from[i].score>>shift))]++
		}
		for i := range 256 {
			starts[i+1] += starts[i]
		}
		for i := range from {
			at := &starts[255-int(uint8(from[i].score>>shift))]
			to[*at] = from[i]
			*at++
		}
		from, to = to, from
	}
}

// pick moves n spots of a level, spread over a grid, to the front, and returns them: all when there are no more.
func pick(p *plane, spots []spot, n int) []spot {
	if len(spots) <= n {
		return spots
	}
	byScore(spots)
	// About n/perCell cells, which are squares. They are counted from the centre, so that those of the mirrored picture
	// are the mirrored ones.
	side := 1
	for side*side*max(1, n/perCell) < p.w*p.h {
		side++
	}
	right, down := p.w/(2*side)+1, p.h/(2*side)+1 // cells on either side of the centre
	cell := func(x int32, n, half int) int { return (2*int(x) + 1 - n + 2*side*half) / (2 * side) }
	counts := make([]int, 2*right*2*down)
	ranks := make([]int, len(spots)) // within the cell
	for i := range spots {
		c := &counts[cell(spots[i].y, p.h, down)*2*right+cell(spots[i].x, p.w, right)]
		ranks[i] = *c
		*c++
	}
	starts := make([]int, len(spots)+1)
	for _, r := range ranks {
		starts[r+1]++
	}
	for i := range ranks {
		starts[i+1] += starts[i]
	}
	sorted := make([]spot, len(spots))
	for i, r := range ranks {
		sorted[starts[r]] = spots[i]
		starts[r]++
	}
	copy(spots, sorted)
	return spots[:n]
}
