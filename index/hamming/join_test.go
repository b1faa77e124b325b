package hamming_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"touchstone/index/hamming"
)

func TestJoinIsExact(t *testing.T) {
	t.Run("64", testJoinIsExact[code64])
	t.Run("256", testJoinIsExact[code256])
}

func testJoinIsExact[C hamming.Code](t *testing.T) {
	defer goleak.VerifyNone(t)
	r := seeded(t)
	for kind, generate := range kinds[C]() {
		few, many := generate(r, 450), generate(r, 500)
		copy(many, few[:200]) // as they are in both
		a, b := sparseRows(r, len(few)), sparseRows(r, len(many))
		small, large := hamming.Small(a[:400], few[:400]), piecemeal(r, b, many)
		small.Put(a[400:], few[400:])
		small.Delete(a[:50]...)
		for _, radius := range []int{0, codeBits[C]() / 10} {
			var want, got []hamming.Pair
			for i := 50; i < len(a); i++ {
				for j := range b {
					if d := distance(few[i], many[j]); d <= radius {
						want = append(want, hamming.Pair{Row: a[i], Other: b[j], Distance: uint16(d)})
					}
				}
			}
			var inside atomic.Int32
			err := small.Snapshot().Join(context.Background(), large.Snapshot(), radius, func(pairs []hamming.Pair) error {
				if inside.Add(1) != 1 {
					t.Error("yield was called twice at once")
				}
				got = append(got, pairs...)
				inside.Add(-1)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(sortedPairs(want), sortedPairs(got)) {
				t.Errorf("%s, radius %d: %d pairs, want %d", kind, radius, len(got), len(want))
			}
		}
	}
}

func sortedPairs(pairs []hamming.Pair) []hamming.Pair {
	slices.SortFunc(pairs, func(a, b hamming.Pair) int {
		return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Other, b.Other))
	})
	return pairs
}

func TestJoinEnds(t *testing.T) {
	defer goleak.VerifyNone(t)
	r := seeded(t)
	s := hamming.Small(sparseRows(r, 3000), kinds[code64]()["all equal"](r, 3000)).Snapshot()
	some := hamming.Small(sparseRows(r, 3000), kinds[code64]()["random"](r, 3000)).Snapshot()
	enough := errors.New("enough")
	calls := 0
	err := some.Join(context.Background(), some, 0, func([]hamming.Pair) error { calls++; return enough })
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("error is %v after %d calls, want yield's after one", err, calls)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Join(ctx, some, 3, func([]hamming.Pair) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want the context's", err)
	}
	// Crowds come in pieces.
	crowd, pairs := hamming.Small(sparseRows(r, 600), kinds[code64]()["all equal"](r, 600)).Snapshot(), 0
	err = crowd.Join(context.Background(), crowd, 0, func(some []hamming.Pair) error {
		if len(some) > 1<<14 {
			t.Errorf("%d pairs at once", len(some))
		}
		pairs += len(some)
		return nil
	})
	if err != nil || pairs != 600*600 {
		t.Errorf("%d pairs and error %v, want %d", pairs, err, 600*600)
	}
	if err := s.Join(context.Background(), some, 65, nil); !errors.Is(err, hamming.ErrRadius) {
		t.Errorf("error is %v, want ErrRadius", err)
	}
}
