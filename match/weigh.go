package match

import "math"

// signs are what the score weighs: numbers of about 0 to 1, or a few.
type signs [12]float64

// signs of a finding.
func (f *finding) signs() (s signs) {
	s[0] = 1
	s[1] = math.Max(-6, math.Min(f.whole.odds, 6)) / 6
	p := f.place
	if p == nil {
		return s
	}
	n := float64(max(p.Features, 1))
	s[2] = 1
	s[3] = math.Log1p(float64(p.Pairs))
	s[4] = p.Alike
	s[5] = math.Max(0, p.Alike-0.6) / 0.4 * math.Log1p(float64(p.Textured)) / 5
	s[6] = math.Log1p(float64(p.Confirmed[0]))
	s[7] = float64(p.Confirmed[0]) / n
	s[8] = math.Log1p(float64(p.Confirmed[1]))
	s[9] = float64(p.Confirmed[1]) / n
	s[10] = math.Max(p.Correlation, 0)
	s[11] = math.Log(math.Max(p.Seen*math.Min(1, p.Covered*4), 0.01))
	return s
}

// weights of the signs.
var weights = signs{-3, 0, -6, 0.5, 2, 3, 1, 3, 0.5, 1, 1, 0.3}

func (f *finding) weigh() {
	if f.place == nil {
		f.odds = f.whole.odds
		return
	}
	s := f.signs()
	f.odds = 0
	for i, v := range s {
		f.odds += v * weights[i]
	}
}

// score takes log-odds to 0..1.
func score(odds float64) float64 { return 1 / (1 + math.Exp(-odds)) }
