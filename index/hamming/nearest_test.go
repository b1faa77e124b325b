package hamming_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"touchstone/index/hamming"
)

func TestNearestIsExact(t *testing.T) {
	t.Run("64", testNearestIsExact[code64])
	t.Run("256", testNearestIsExact[code256])
}

func testNearestIsExact[C hamming.Code](t *testing.T) {
	r := seeded(t)
	full := codeBits[C]()
	for kind, generate := range kinds[C]() {
		for _, n := range []int{0, 1, hamming.SmallChain, hamming.SmallTable - 1, hamming.SmallTable, 1500} {
			t.Run(fmt.Sprintf("%s/%d", kind, n), func(t *testing.T) {
				codes, rows, want := generate(r, n), sparseRows(r, n), naive[C]{}
				for i, row := range rows {
					want[row] = codes[i]
				}
				queries := []C{random[C](r)}
				for i := 0; i < n && len(queries) < 4; i += 1 + n/3 {
					queries = append(queries, flip(r, codes[i], r.IntN(full/6)))
				}
				filter := hamming.NewRows()
				for _, row := range rows {
					if r.IntN(3) == 0 {
						filter.Add(row)
					}
				}
				for name, s := range map[string]*hamming.Set[C]{"at once": hamming.Small(rows, codes), "piecemeal": piecemeal(r, rows, codes)} {
					for _, k := range []int{1, 10, 300, n + 1} {
						for _, q := range queries {
							checkNearest(t, name, s, want, q, k, nil)
							checkNearest(t, name, s, want, q, k, filter)
						}
						checkNearest(t, name, s, want, queries[0], k, hamming.NewRows())
					}
					s.Wait()
					s.Delete(rows[:n/3]...)
					rest := naive[C]{}
					for _, row := range rows[n/3:] {
						rest[row] = want[row]
					}
					checkNearest(t, name, s, rest, queries[len(queries)-1], 10, nil)
				}
			})
		}
	}
}

func checkNearest[C hamming.Code](t *testing.T, name string, s *hamming.Set[C], all naive[C], q C, k int, filter *hamming.Rows) {
	t.Helper()
	want := all.search([]C{q}, codeBits[C](), filter)
	want = want[:min(k, len(want))]
	before := hamming.Hit{Row: 1, Distance: 2, Query: 3}
	got, err := s.Nearest(context.Background(), []hamming.Hit{before}, q, k, filter)
	if err != nil {
		t.Fatal(err)
	}
	if got[0] != before {
		t.Fatalf("%s: dst changed: %v", name, got[0])
	}
	if !slices.Equal(want, got[1:]) {
		t.Fatalf("%s: the nearest %d of %d differ (-naive +set):\n%s", name, k, s.Len(), gocmp.Diff(want, got[1:]))
	}
}

func TestNearestErrors(t *testing.T) {
	r := seeded(t)
	s := hamming.Small(sparseRows(r, 1000), kinds[code64]()["random"](r, 1000))
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	dst := []hamming.Hit{{Row: 1}}
	if got, err := s.Nearest(context.Background(), dst, code64{}, 0, nil); !errors.Is(err, hamming.ErrNearest) || !slices.Equal(got, dst) {
		t.Errorf("k=0: %v, %v", got, err)
	}
	if got, err := s.Nearest(cancelled, dst, code64{}, 3, nil); !errors.Is(err, context.Canceled) || !slices.Equal(got, dst) {
		t.Errorf("cancelled: %v, %v", got, err)
	}
}

func TestSearchLimitIsExact(t *testing.T) {
	t.Run("64", testSearchLimitIsExact[code64])
	t.Run("256", testSearchLimitIsExact[code256])
}

func testSearchLimitIsExact[C hamming.Code](t *testing.T) {
	r := seeded(t)
	ctx := context.Background()
	for kind, generate := range kinds[C]() {
		codes, rows, all := generate(r, 1000), sparseRows(r, 1000), naive[C]{}
		for i, row := range rows {
			all[row] = codes[i]
		}
		s, filter := hamming.Small(rows, codes), hamming.NewRows(rows[:600]...)
		before := hamming.Hit{Row: 1, Distance: 2, Query: 3}
		for _, radius := range []int{0, 3, codeBits[C]() / 8, codeBits[C]()} {
			for _, limit := range []int{1, 7, 500, 2000} {
				for _, filter := range []*hamming.Rows{nil, filter} {
					want := all.search(codes[:1], radius, filter)
					got, total, err := s.SearchLimit(ctx, []hamming.Hit{before}, codes[0], radius, limit, filter)
					if err != nil {
						t.Fatal(err)
					}
					if total != len(want) || got[0] != before || !slices.Equal(got[1:], want[:min(limit, len(want))]) {
						t.Fatalf("%s, radius %d, limit %d: %d of %d hits, want %d:\n%s", kind, radius, limit, len(got)-1, total, len(want), gocmp.Diff(want, got[1:]))
					}
				}
			}
		}
		if got, _, err := s.SearchLimit(ctx, nil, codes[0], 3, 0, nil); !errors.Is(err, hamming.ErrLimit) || got != nil {
			t.Errorf("limit 0: %v, %v", got, err)
		}
		if got, _, err := s.SearchLimit(ctx, nil, codes[0], -1, 1, nil); !errors.Is(err, hamming.ErrRadius) || got != nil {
			t.Errorf("radius -1: %v, %v", got, err)
		}
	}
}
