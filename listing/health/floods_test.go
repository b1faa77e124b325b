package health_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"touchstone/listing/health"
)

func TestFloods(t *testing.T) {
	// of makes hits of photos "0000", "0001" and so on, each listing by another of its sellers as far as these go.
	of := func(sellers int, listings ...int) map[string]health.Hits {
		hits := map[string]health.Hits{}
		for i, n := range listings {
			hits[numbered(i)] = health.Hits{Listings: n, Sellers: min(n, sellers)}
		}
		return hits
	}
	for name, c := range map[string]struct {
		hits map[string]health.Hits
		want []string
	}{
		"none":                          {nil, nil},
		"one alone":                     {of(100, 10_000), nil},
		"nothing to compare with":       {of(100, 1, 1, 1, 10_000), nil},
		"one among few":                 {of(100, 1, 1, 1, 1, 10_000), []string{"0004"}},
		"without hits none is compared": {of(100, 0, 0, 0, 0, 0, 0, 10_000), nil},
		"all alike":                     {of(100, 400, 400, 400, 400, 400, 400), nil},
		"the most first":                {of(100, 2, 2, 60, 2, 2, 2, 2, 90, 2), []string{"0007", "0002"}},
		"49 listings are few":           {of(100, 2, 2, 2, 2, 2, 49), nil},
		"50 listings are not":           {of(100, 2, 2, 2, 2, 2, 50), []string{"0005"}},
		"of 9 sellers":                  {of(9, 2, 2, 2, 2, 2, 500), nil},
		"of 10 sellers":                 {of(10, 2, 2, 2, 2, 2, 500), []string{"0005"}},
		"nine times the median":         {of(100, 10, 10, 10, 10, 10, 10, 90), nil},
		"ten times the median":          {of(100, 10, 10, 10, 10, 10, 10, 100), []string{"0006"}},
		"what sells well is no flood":   {of(1000, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048), nil},
		"beyond all that spreads":       {of(1000, 8, 12, 16, 16, 24, 32, 32, 48, 64, 100_000), []string{"0009"}},
		"half of them flood":            {of(1000, 1, 1, 1, 1, 1, 1000, 1000, 1000, 1000), []string{"0005", "0006", "0007", "0008"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range health.Floods("acme", c.hits) {
				if f.Photo.Brand != "acme" || f.Hits != c.hits[f.Photo.ID] {
					t.Errorf("flood %+v", f)
				}
				got = append(got, f.Photo.ID)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("floods (-want +got):\n%s", diff)
			}
		})
	}
}
