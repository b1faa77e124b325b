package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touchstone/store"
)

// TestEachPart holds that parts have each record of a room once, in order, and about as many each.
func TestEachPart(t *testing.T) {
	s := open(t)
	ctx := context.Background()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	said := func(r store.Record) string { return fmt.Sprintf("%s %s %d %v", r.Key, r.Value, r.Revision, r.Time) }
	for _, n := range []int{0, 3, 40, 1000, 2000, 2000, 2000} {
		var changes []store.Change
		for range n {
			k := fmt.Sprint(r.IntN(1 << 20))
			v := "value " + k
			if r.IntN(50) == 0 {
				v += strings.Repeat("x", r.IntN(20_000)) // of several pages
			}
			changes = append(changes, set("r", k, v), set("other", k, "x"))
		}
		if n > 0 {
			commit(t, s, append(changes, remove("r", string(changes[0].Key)))...)
		}
		var want []string
		for rng, more := (store.Range{}), true; more; {
			var page []store.Record
			var err error
			if page, more, err = s.Scan(ctx, "r", rng, 1<<20); err != nil {
				t.Fatal(err)
			}
			for _, r := range page {
				want, rng.After = append(want, said(r)), r.Key
			}
		}
		for _, parts := range []int{1, 2, 7, 1 << 10} {
			got := make([][]string, parts)
			err := s.EachPart(ctx, "r", parts, func(part int, r store.Record) error {
				got[part] = append(got[part], said(r))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if all := slices.Concat(got...); !slices.Equal(want, all) { // in a hundredth of the time that a diff takes
				t.Fatalf("records in %d parts (-want +got):\n%s", parts, cmp.Diff(want, all))
			}
			for i, of := range got {
				if len(want) > 2000 && parts < 10 && len(of) > 2*len(want)/parts {
					t.Errorf("part %d of %d has %d records of %d", i, parts, len(of), len(want))
				}
			}
		}
	}
	enough := errors.New("enough")
	if err := s.EachPart(ctx, "r", 4, func(int, store.Record) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("look that fails: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.EachPart(ended, "r", 4, func(int, store.Record) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("of a context that has ended: %v", err)
	}
	if err := s.EachPart(ctx, "r", 0, nil); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("no parts: %v", err)
	}
}
