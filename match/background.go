package match

import "math"

// background is what unrelated subjects are matched with by chance: for some log-odds, ascending, how many of a million of
// them have a match that is as strong or stronger, among a thousand photos. Beyond the last the count falls off as
// between the last two.
var background = []struct{ odds, perMillion float64 }{
	{-2, 1e6}, {0, 2e5}, {2.2, 1e4}, {6, 200},
}

// expectedFalse is how many of a million unrelated subjects have a match of these log-odds or more among so many photos,
// which are so many times as likely to match by chance as those that the background was measured on.
func expectedFalse(odds float64, photos int, likelier float64) float64 {
	b := background
	i := 1
	for i < len(b)-1 && odds > b[i].odds {
		i++
	}
	t := (odds - b[i-1].odds) / (b[i].odds - b[i-1].odds)
	rate := math.Exp(math.Log(b[i-1].perMillion) + t*(math.Log(b[i].perMillion)-math.Log(b[i-1].perMillion)))
	return math.Min(rate*likelier*float64(photos)/1000, 1e6)
}
