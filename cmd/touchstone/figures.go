package main

import (
	"math"
	"slices"
	"strconv"
)

// answer is what a query of known truth got.
type answer struct {
	edit, strength string  // what was done to the photo to make the query
	positive       bool    // a photo of the catalogue was
	right          bool    // the best match shows the right product; false of negatives
	score          float64 // of the best match; unanswered: there is none
}

// unanswered is the score of a query without a match: below all others.
var unanswered = math.Inf(-1)

// falsePositiveRates are the shares of negatives that may score above a threshold, as they key recall.
var falsePositiveRates = []string{"0", "0.001", "0.01"}

// figures are what a set of answers amounts to.
type figures struct {
	// MicroAP is the area under precision against recall over all queries, sorted by the score of their best match: the
	// mean over the positives of the precision at the score of each that is right, 0 for those that are not. Answers of
	// equal score are counted together.
	MicroAP float64 `json:"micro_ap"`
	// Rank1 is the share of positives whose best match is right, whatever its score.
	Rank1 float64 `json:"rank1"`
	// RecallAtFPR is the share of positives whose best match is right and scores above the strictest negatives, but for
	// that share of them, rounded down.
	RecallAtFPR map[string]float64 `json:"recall_at_fpr"`
	// ByEdit and ByStrength look at some of the positives each, with the thresholds of all negatives.
	ByEdit     map[string]group `json:"by_edit"`
	ByStrength map[string]group `json:"by_strength"`
}

// group is how the positives that have an edit or a strength in common fare.
type group struct {
	N           int                `json:"n"`
	Rank1       float64            `json:"rank1"`
	RecallAtFPR map[string]float64 `json:"recall_at_fpr"`
}

// figure works out the figures of answers.
func figure(answers []answer) figures {
	var positives []answer
	var negatives []float64
	edits, strengths := map[string][]answer{}, map[string][]answer{}
	for _, a := range answers {
		if !a.positive {
			negatives = append(negatives, a.score)
			continue
		}
		positives = append(positives, a)
		edits[a.edit] = append(edits[a.edit], a)
		strengths[a.strength] = append(strengths[a.strength], a)
	}
	thresholds := thresholds(negatives)
	all := fare(positives, thresholds)
	f := figures{
		MicroAP:     averagePrecision(answers),
		Rank1:       all.Rank1,
		RecallAtFPR: all.RecallAtFPR,
		ByEdit:      make(map[string]group, len(edits)),
		ByStrength:  make(map[string]group, len(strengths)),
	}
	for edit, some := range edits {
		f.ByEdit[edit] = fare(some, thresholds)
	}
	for strength, some := range strengths {
		f.ByStrength[strength] = fare(some, thresholds)
	}
	return f
}

// thresholds returns the score above which an answer lies, for each rate: that of the negative which is the first that
// may not.
func thresholds(negatives []float64) map[string]float64 {
	sorted := slices.Sorted(slices.Values(negatives))
	slices.Reverse(sorted)
	t := make(map[string]float64, len(falsePositiveRates))
	for _, key := range falsePositiveRates {
		rate, err := strconv.ParseFloat(key, 64)
		if err != nil {
			panic(err) // a constant of this file
		}
		t[key] = unanswered
		if k := int(rate * float64(len(sorted))); k < len(sorted) {
			t[key] = sorted[k]
		}
	}
	return t
}

func fare(positives []answer, thresholds map[string]float64) group {
	right, above := 0, make(map[string]int, len(thresholds))
	for _, a := range positives {
		if !a.right {
			continue
		}
		right++
		for key, least := range thresholds {
			if a.score > least {
				above[key]++
			}
		}
	}
	g := group{N: len(positives), Rank1: share(right, len(positives)), RecallAtFPR: make(map[string]float64, len(thresholds))}
	for key := range thresholds {
		g.RecallAtFPR[key] = share(above[key], len(positives))
	}
	return g
}

// share is n of all; of none it is 0.
func share(n, all int) float64 {
	if all == 0 {
		return 0
	}
	return float64(n) / float64(all)
}

func averagePrecision(answers []answer) float64 {
	sorted := slices.SortedFunc(slices.Values(answers), func(a, b answer) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	positives, right, area := 0, 0, 0.0
	for start := 0; start < len(sorted); {
		end, fresh := start, 0
		for ; end < len(sorted) && sorted[end].score == sorted[start].score; end++ {
			if sorted[end].positive {
				positives++
			}
			if sorted[end].right {
				fresh++
			}
		}
		right += fresh
		area += float64(fresh) * float64(right) / float64(end)
		start = end
	}
	return area / float64(max(positives, 1))
}
