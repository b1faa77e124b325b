package feature

import "slices"

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
		n := carry / total
		chosen := pick(&levels[i].plane, byLevel[i], n)
		carry -= chosen * total
		out = append(out, byLevel[i][:chosen]...)
		rest = append(rest, byLevel[i][chosen:]...)
	}
	if n := most - len(out); n > 0 && len(rest) > 0 {
		order(rest, func(s *spot) uint64 { return uint64(^s.score) })
		out = append(out, rest[:min(n, len(rest))]...)
	}
	return out
}

// order sorts spots by a key of 32 bits, and those of equal keys as they stand.
func order(spots []spot, key func(*spot) uint64) {
	keys := make([]uint64, len(spots))
	for i := range spots {
		keys[i] = key(&spots[i])<<32 | uint64(i)
	}
	slices.Sort(keys)
	sorted := make([]spot, len(spots))
	for i, k := range keys {
		sorted[i] = spots[uint32(k)]
	}
	copy(spots, sorted)
}

// pick moves n spots of a level, spread over a grid, to the front, and returns how many there are, at most n.
func pick(p *plane, spots []spot, n int) int {
	if len(spots) <= n {
		return len(spots)
	}
	// About n/perCell cells, which are squares.
	side := 1
	for side*side*max(1, n/perCell) < p.w*p.h {
		side++
	}
	across := 2 * (p.w/(2*side) + 1)
	order(spots, func(s *spot) uint64 { return uint64(^s.score) })
	ranks := make([]uint32, across*2*(p.h/(2*side)+1))
	// Cells are counted from the centre, so that those of the mirrored picture are the mirrored ones.
	cell := func(x int32, n int) int { return (2*int(x) + 1 - n + 2*side*(n/(2*side)+1)) / (2 * side) }
	keys := make([]uint64, len(spots))
	for i := range spots {
		rank := &ranks[cell(spots[i].y, p.h)*across+cell(spots[i].x, p.w)]
		keys[i] = uint64(*rank)<<32 | uint64(i)
		*rank++
	}
	slices.Sort(keys)
	sorted := make([]spot, len(spots))
	for i, k := range keys {
		sorted[i] = spots[uint32(k)]
	}
	copy(spots, sorted)
	return n
}
