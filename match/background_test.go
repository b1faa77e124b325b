package match_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"touchstone/match"
)

// TestLikelihood holds that a brand has a likelihood once it was surveyed, and one that is too small has not.
func TestLikelihood(t *testing.T) {
	b := newBench(t)
	for i := range 200 {
		b.add("large", fmt.Sprint(i), scene(uint64(i), 120, 90))
	}
	b.add("small", "0", scene(1000, 120, 90))
	is := func(brand string, want bool) {
		t.Helper()
		factor, surveyed := b.m.Likelihood(brand)
		if surveyed != want || factor < 1.0/20 || factor > 20 || !surveyed && factor != 1 {
			t.Errorf("%s: likelihood %v, surveyed: %v, want %v", brand, factor, surveyed, want)
		}
	}
	is("large", false)
	if err := b.m.Survey(context.Background()); err != nil {
		t.Fatal(err)
	}
	is("large", true)
	is("small", false)
	is("nobody", false)
}

func TestFalseMatches(t *testing.T) {
	for name, c := range map[string]struct {
		allowed float64
		photos  int
		least   float64
		most    float64
	}{
		"many photos: what is allowed":         {10, 1_000_000, 10, 10},
		"few photos: NONE ends earlier":        {1000, 10, 5, 20},
		"no photo":                             {10, 0, 0, 0},
		"nothing allowed":                      {0, 1000, 0, 0},
		"a subject has one best match at most": {1e6, math.MaxInt32, 1e6 - 1, 1e6},
	} {
		if got := match.FalseMatches(c.allowed, c.photos, 1); got < c.least || got > c.most {
			t.Errorf("%s: %v, want %v to %v", name, got, c.least, c.most)
		}
	}
	if a, b := match.FalseMatches(1000, 10, 1), match.FalseMatches(1000, 10, 5); math.Abs(b-5*a) > a/100 {
		t.Errorf("%v among photos five times as likely, %v else", b, a)
	}
}

// TestExpectedAmong holds that what a comparison expects among many photos is what a match among as many does.
func TestExpectedAmong(t *testing.T) {
	b, photos := catalogue(t)
	subject := match.Subject{Image: asPNG(t, scaled(photos[7], 300, 225))}
	r, err := b.m.Match(context.Background(), match.Interactive, subject, match.Options{Depth: match.Whole, MinScore: -1})
	if err != nil {
		t.Fatal(err)
	}
	// Compare looks at parts as well, so its own odds are taken: of one photo and likelihood 1.
	c, err := b.m.Compare(context.Background(), match.Interactive, match.Subject{Photo: r.Matches[0].Photo.Key}, subject)
	if err != nil {
		t.Fatal(err)
	}
	if got := match.ExpectedAmong(&c, 1, 1); math.Abs(got-c.ExpectedFalse) > 1e-6*c.ExpectedFalse {
		t.Errorf("among one photo: %v, want %v", got, c.ExpectedFalse)
	}
	few := match.ExpectedAmong(&c, 1000, 1)
	if few <= c.ExpectedFalse || math.Abs(few-1000*c.ExpectedFalse) > few/100 {
		t.Errorf("among a thousand: %v, among one %v", few, c.ExpectedFalse)
	}
	if got := match.ExpectedAmong(&c, 500, 2); math.Abs(got-few) > 1e-9*few {
		t.Errorf("among half as many that are twice as likely: %v, want %v", got, few)
	}
	for _, sure := range []float64{0, 1e6} {
		if got := match.ExpectedAmong(&match.Comparison{ExpectedFalse: sure}, 1000, 1); got != sure {
			t.Errorf("of %v: %v", sure, got)
		}
	}
}
