package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// near lets sums of shares differ in their last digits.
var near = cmpopts.EquateApprox(0, 1e-12)

func TestFigure(t *testing.T) {
	recall := func(none, thousandth, hundredth float64) map[string]float64 {
		return map[string]float64{"0": none, "0.001": thousandth, "0.01": hundredth}
	}
	none := unanswered
	tests := []struct {
		name    string
		answers []answer
		want    figures
	}{
		{
			name: "by hand",
			// By score: .9 right, .8 wrong positive, .7 right, .6 negative, .5 right, none right.
			// Precision where right: 1/1, 2/3, 3/5; four positives are right or wrong, one has no answer.
			answers: []answer{
				{"crop", "1", true, true, 0.5},
				{"crop", "2", true, false, 0.8},
				{"mirror", "1", true, true, 0.9},
				{"mirror", "2", true, true, 0.7},
				{"mirror", "2", true, false, none},
				{"mirror", "1", false, false, 0.6},
				{"crop", "1", false, false, none},
			},
			want: figures{
				MicroAP:     (1 + 2.0/3 + 3.0/5) / 5,
				Rank1:       3.0 / 5,
				RecallAtFPR: recall(2.0/5, 2.0/5, 2.0/5),
				ByEdit: map[string]group{
					"crop":   {2, 1.0 / 2, recall(0, 0, 0)},
					"mirror": {3, 2.0 / 3, recall(2.0/3, 2.0/3, 2.0/3)},
				},
				ByStrength: map[string]group{
					"1": {2, 1, recall(1.0/2, 1.0/2, 1.0/2)},
					"2": {3, 1.0 / 3, recall(1.0/3, 1.0/3, 1.0/3)},
				},
			},
		},
		{
			name: "equal scores count together, and are not above each other",
			answers: []answer{
				{"crop", "1", true, true, 0.5},
				{"crop", "1", false, false, 0.5},
			},
			want: figures{
				MicroAP:     1.0 / 2,
				Rank1:       1,
				RecallAtFPR: recall(0, 0, 0),
				ByEdit:      map[string]group{"crop": {1, 1, recall(0, 0, 0)}},
				ByStrength:  map[string]group{"1": {1, 1, recall(0, 0, 0)}},
			},
		},
		{
			name:    "no negatives",
			answers: []answer{{"crop", "1", true, true, 0.1}},
			want: figures{
				MicroAP:     1,
				Rank1:       1,
				RecallAtFPR: recall(1, 1, 1),
				ByEdit:      map[string]group{"crop": {1, 1, recall(1, 1, 1)}},
				ByStrength:  map[string]group{"1": {1, 1, recall(1, 1, 1)}},
			},
		},
		{
			name: "nothing",
			want: figures{RecallAtFPR: recall(0, 0, 0), ByEdit: map[string]group{}, ByStrength: map[string]group{}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, figure(test.answers), near); diff != "" {
				t.Errorf("figures (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFigureThresholds(t *testing.T) {
	// Of 1,000 negatives, scores 0 to 999, none, one and ten may lie above.
	negatives := make([]float64, 1000)
	for i := range negatives {
		negatives[i] = float64(i)
	}
	rand.Shuffle(len(negatives), func(i, j int) { negatives[i], negatives[j] = negatives[j], negatives[i] })
	want := map[string]float64{"0": 999, "0.001": 998, "0.01": 989}
	if diff := cmp.Diff(want, thresholds(negatives)); diff != "" {
		t.Errorf("thresholds (-want +got):\n%s", diff)
	}
	if got := thresholds(negatives[:999])["0.001"]; got < 998 {
		t.Errorf("of 999 negatives, 0.001 lets pass what scores above %v; want none to pass", got)
	}
}

// TestAveragePrecisionOracle compares with the sum written down from its definition, for answers of distinct scores.
func TestAveragePrecisionOracle(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		answers := make([]answer, 1+r.IntN(40))
		positives := 0
		for i := range answers {
			positive := r.IntN(3) > 0
			answers[i] = answer{positive: positive, right: positive && r.IntN(2) > 0, score: r.Float64()}
			if positive {
				positives++
			}
		}
		want := 0.0
		for _, a := range answers {
			if !a.right {
				continue
			}
			above, right := 0.0, 0.0
			for _, b := range answers {
				if b.score >= a.score {
					above++
					if b.right {
						right++
					}
				}
			}
			want += right / above / float64(max(positives, 1))
		}
		if got := averagePrecision(answers); math.Abs(got-want) > 1e-12 {
			t.Fatalf("average precision of %v: got %v, want %v", answers, got, want)
		}
	}
}
