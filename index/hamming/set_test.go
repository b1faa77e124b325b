package hamming_test

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"touchstone/index/hamming"
)

// Any sequence of changes and searches gives what a map gives.
func TestSetBehavesAsMap(t *testing.T) {
	t.Run("64", func(t *testing.T) { testSetBehavesAsMap[code64](t) })
	t.Run("256", func(t *testing.T) { testSetBehavesAsMap[code256](t) })
}

func testSetBehavesAsMap[C hamming.Code](t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) { setBehavesAsMap[C](t, dir) })
}

func setBehavesAsMap[C hamming.Code](t *rapid.T, dir string) {
	// Few rows and codes near one another, so that replacing, deleting and finding all happen.
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	rowCount := rapid.SampledFrom([]uint32{5, 100, 1000}).Draw(t, "rows")
	centres := []C{random[C](r), random[C](r)}
	fresh := func() C { return flip(r, centres[r.IntN(len(centres))], r.IntN(codeBits[C]()/4)) }
	change := func(n int) (rows []uint32, codes []C) {
		for range n {
			rows = append(rows, r.Uint32N(rowCount))
			codes = append(codes, fresh())
		}
		return rows, codes
	}
	s, want := hamming.Small[C](nil, nil), naive[C]{}
	put := func(n int) {
		rows, codes := change(n)
		s.Put(rows, codes)
		for i, row := range rows {
			want[row] = codes[i]
		}
	}
	size := rapid.OneOf(rapid.IntRange(0, 3), rapid.SampledFrom([]int{hamming.SmallChain, hamming.SmallTail - 1, hamming.SmallTail}))
	t.Repeat(map[string]func(*rapid.T){
		"put": func(t *rapid.T) { put(size.Draw(t, "n")) },
		"put many": func(t *rapid.T) {
			put(rapid.IntRange(hamming.SmallTail, 5*hamming.SmallTail).Draw(t, "n"))
		},
		"delete": func(t *rapid.T) {
			rows, _ := change(rapid.IntRange(0, int(rowCount)).Draw(t, "n"))
			s.Delete(rows...)
			for _, row := range rows {
				delete(want, row)
			}
		},
		"wait": func(*rapid.T) { s.Wait() },
		"reopen": func(t *rapid.T) {
			description, _, err := s.Snapshot().Save(context.Background(), dir, "s")
			if err != nil {
				t.Fatal(err)
			}
			s.Wait()
			if s, err = hamming.OpenSmall[C](dir, description); err != nil {
				t.Fatal(err)
			}
		},
		"nearest": func(t *rapid.T) {
			k, q := rapid.IntRange(1, 40).Draw(t, "k"), fresh()
			got, err := s.Nearest(context.Background(), nil, q, k, nil)
			if err != nil {
				t.Fatal(err)
			}
			all := want.search([]C{q}, codeBits[C](), nil)
			if all = all[:min(k, len(all))]; !slices.Equal(all, got) {
				t.Fatalf("the nearest %d (-naive +set):\n%s", k, gocmp.Diff(all, got))
			}
		},
		"search": func(t *rapid.T) {
			queries := []C{fresh(), centres[0]}
			radius := rapid.IntRange(0, codeBits[C]()).Draw(t, "radius")
			var filter *hamming.Rows
			if rapid.Bool().Draw(t, "filtered") {
				rows, _ := change(int(rowCount) / 2)
				filter = hamming.NewRows(rows...)
			}
			got, err := s.SearchBatch(context.Background(), nil, queries, radius, filter)
			if err != nil {
				t.Fatal(err)
			}
			if naive := want.search(queries, radius, filter); !slices.Equal(naive, sorted(got)) {
				t.Fatalf("radius %d (-naive +set):\n%s", radius, gocmp.Diff(naive, got))
			}
		},
		"": func(t *rapid.T) {
			if s.Len() != len(want) {
				t.Fatalf("Len is %d, want %d", s.Len(), len(want))
			}
		},
	})
	s.Wait()
	segments, tails := s.Parts()
	if tails != 1 || segments > 10 {
		t.Fatalf("%d segments and %d tails are left after merging", segments, tails)
	}
}

// While codes are replaced, a search sees each row exactly once, with a code that was its own at some moment of the
// search; and what was acknowledged before it began, it sees.
func TestSearchesSeeWholeChanges(t *testing.T) {
	defer goleak.VerifyNone(t)
	const (
		writers = 3
		rows    = 30 // of each writer
		radius  = 12
	)
	changes := 60
	if os.Getenv("TOUCHSTONE_LONG") != "" {
		changes = 2000
	}
	base := random[code256](seeded(t))
	// A row's code tells its generation by the number of bits turned, so that a hit's distance tells it as well.
	code := func(generation int) code256 {
		c := base
		c[0] ^= 1<<(generation%radius) - 1
		return c
	}
	s := hamming.Small[code256](nil, nil)
	var acknowledged [writers]atomic.Int64
	write := func(w, generation int) {
		var all []uint32
		var codes []code256
		for i := range uint32(rows) {
			all = append(all, uint32(w)*rows+i)
			codes = append(codes, code(generation))
		}
		s.Put(all, codes)
		acknowledged[w].Store(int64(generation))
	}
	for w := range writers {
		write(w, 0)
	}
	var writing, searching sync.WaitGroup
	var done atomic.Bool
	for w := range writers {
		writing.Go(func() {
			for g := 1; g <= changes; g++ {
				write(w, g)
			}
		})
	}
	// Another writer's rows come and go, far from the query, to keep merges busy.
	writing.Go(func() {
		for i := range uint32(changes * 5) {
			s.Put([]uint32{1000 + i}, []code256{{}})
			s.Delete(1000 + i/2)
		}
	})
	for range 2 {
		searching.Go(func() {
			var hits []hamming.Hit
			for !done.Load() {
				var least [writers]int64
				for w := range least {
					least[w] = acknowledged[w].Load()
				}
				var err error
				if hits, err = s.Search(context.Background(), hits[:0], base, radius, nil); err != nil {
					t.Error(err)
					return
				}
				if len(hits) != writers*rows {
					t.Errorf("%d hits, want each of %d rows once", len(hits), writers*rows)
					return
				}
				generation := map[int]uint16{}
				for _, h := range sorted(hits) {
					w := int(h.Row) / rows
					if first, ok := generation[w]; ok && first != h.Distance {
						t.Errorf("writer %d's rows are seen in two generations", w)
						return
					}
					generation[w] = h.Distance
				}
				for w, g := range least {
					// By now at most radius-1 further generations may have passed before the distance repeats; more
					// make this check weaker, never wrong.
					latest := acknowledged[w].Load() + 1
					if latest-g < radius && (int64(generation[w])-g%radius+radius)%radius > latest-g {
						t.Errorf("writer %d: generation %d (modulo %d) seen after %d was acknowledged", w, generation[w], radius, g)
						return
					}
				}
			}
		})
	}
	writing.Wait()
	done.Store(true)
	searching.Wait()
	s.Wait()
}

func TestRows(t *testing.T) { rapid.Check(t, testRows) }

func testRows(t *rapid.T) {
	var r hamming.Rows
	want := map[uint32]bool{}
	row := rapid.OneOf(rapid.Uint32Range(0, 200), rapid.Uint32Range(4090, 4100), rapid.Uint32Range(0, 1<<20))
	// A set of up to 128 rows is kept otherwise than a larger one.
	many := func(t *rapid.T) (rows []uint32) {
		first, step := row.Draw(t, "first"), rapid.Uint32Range(1, 100).Draw(t, "step")
		for i := range uint32(rapid.IntRange(100, 200).Draw(t, "rows")) {
			rows = append(rows, first+i*step)
		}
		return rows
	}
	other := func(t *rapid.T) []uint32 {
		if rapid.Bool().Draw(t, "many") {
			return many(t)
		}
		return rapid.SliceOf(row).Draw(t, "other")
	}
	t.Repeat(map[string]func(*rapid.T){
		"add":    func(t *rapid.T) { n := row.Draw(t, "row"); r.Add(n); want[n] = true },
		"remove": func(t *rapid.T) { n := row.Draw(t, "row"); r.Remove(n); delete(want, n) },
		"union": func(t *rapid.T) {
			o := other(t)
			r.Union(hamming.NewRows(o...))
			for _, n := range o {
				want[n] = true
			}
		},
		"intersect": func(t *rapid.T) {
			o := other(t)
			if rapid.Bool().Draw(t, "overlapping") {
				o = append(o, slices.Collect(r.All())[r.Len()/3:]...)
			}
			r.Intersect(hamming.NewRows(o...))
			for n := range want {
				if !slices.Contains(o, n) {
					delete(want, n)
				}
			}
		},
		"": func(t *rapid.T) {
			if r.Len() != len(want) {
				t.Fatalf("Len is %d, want %d", r.Len(), len(want))
			}
			got := slices.Collect(r.All())
			if !slices.IsSorted(got) || len(got) != len(want) {
				t.Fatalf("All yields %v, want %v", got, want)
			}
			for _, n := range got {
				if !want[n] || !r.Has(n) {
					t.Fatalf("row %d: wanted %v, Has %v", n, want[n], r.Has(n))
				}
			}
			if n := row.Draw(t, "any"); r.Has(n) != want[n] {
				t.Fatalf("Has(%d) is %v", n, r.Has(n))
			}
		},
	})
}

func TestNilRows(t *testing.T) {
	var none *hamming.Rows
	if none.Has(0) || none.Len() != 0 || len(slices.Collect(none.All())) != 0 {
		t.Error("a nil *Rows has rows")
	}
	r := hamming.NewRows(1, 5000)
	r.Union(none)
	if r.Len() != 2 {
		t.Errorf("union with nil left %d rows, want 2", r.Len())
	}
	r.Intersect(none)
	if r.Len() != 0 {
		t.Errorf("intersection with nil left %d rows", r.Len())
	}
}
