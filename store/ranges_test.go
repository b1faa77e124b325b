package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touchstone/store"
)

// TestRanges holds that the ranges between cuts have each record of a room once, in order, and about as many each.
func TestRanges(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	if cuts, err := s.Cuts("r", 8); err != nil || len(cuts) > 0 {
		t.Errorf("cuts of a room that is not there: %q, %v", cuts, err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 6 {
		var changes []store.Change
		for range 2000 {
			k := fmt.Sprint(r.IntN(1 << 20))
			changes = append(changes, set("r", k, "value "+k), set("other", k, "x"))
		}
		commit(t, s, changes...)
	}
	want, more, err := s.Scan(ctx, "r", store.Range{}, 1<<20)
	if err != nil || more {
		t.Fatal(more, err)
	}
	for _, parts := range []int{1, 2, 7, 16, 1 << 10} {
		cuts, err := s.Cuts("r", parts)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(cuts) + 1; n > parts || parts <= 16 && n < parts {
			t.Errorf("%d ranges, want %d", n, parts)
		}
		var got []string
		bounds := append(append([][]byte{nil}, cuts...), nil)
		for i := range cuts {
			if i > 0 && string(cuts[i]) <= string(cuts[i-1]) {
				t.Errorf("cut %q behind %q", cuts[i], cuts[i-1])
			}
		}
		for i := range len(bounds) - 1 {
			before := len(got)
			if err := s.Each(ctx, "r", bounds[i], bounds[i+1], func(r store.Record) error {
				got = append(got, fmt.Sprintf("%s %s %d %v", r.Key, r.Value, r.Revision, r.Time))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if n := len(got) - before; parts <= 16 && n > 3*len(want)/parts {
				t.Errorf("range %d of %d has %d records of %d", i, parts, n, len(want))
			}
		}
		var wanted []string
		for _, r := range want {
			wanted = append(wanted, fmt.Sprintf("%s %s %d %v", r.Key, r.Value, r.Revision, r.Time))
		}
		if slices.Equal(wanted, got) {
			continue // in a hundredth of the time that a diff takes
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Fatalf("records in %d ranges (-want +got):\n%s", parts, diff)
		}
	}
	enough := errors.New("enough")
	n := 0
	if err := s.Each(ctx, "r", nil, nil, func(store.Record) error { n++; return enough }); !errors.Is(err, enough) || n != 1 {
		t.Errorf("look that fails: %v after %d", err, n)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Each(ended, "r", nil, nil, func(store.Record) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("of a context that has ended: %v", err)
	}
}
