package hamming_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"touchstone/index/hamming"
)

type (
	code64  = [1]uint64
	code256 = [4]uint64
)

// naive is the oracle: a map, searched by looking at everything.
type naive[C hamming.Code] map[uint32]C

func (n naive[C]) search(queries []C, radius int, filter *hamming.Rows) []hamming.Hit {
	var hits []hamming.Hit
	for i, q := range queries {
		for row, code := range n {
			if d := distance(q, code); d <= radius && (filter == nil || filter.Has(row)) {
				hits = append(hits, hamming.Hit{Row: row, Distance: uint16(d), Query: uint16(i)})
			}
		}
	}
	return sorted(hits)
}

func distance[C hamming.Code](a, b C) int {
	d := 0
	for i := range len(a) {
		d += bits.OnesCount64(a[i] ^ b[i])
	}
	return d
}

func sorted(hits []hamming.Hit) []hamming.Hit {
	slices.SortFunc(hits, func(a, b hamming.Hit) int {
		return cmp.Or(cmp.Compare(a.Query, b.Query), cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Row, b.Row))
	})
	return hits
}

func codeBits[C hamming.Code]() int {
	var c C
	return 64 * len(c)
}

func random[C hamming.Code](r *rand.Rand) (c C) {
	for i := range len(c) {
		c[i] = r.Uint64()
	}
	return c
}

// flip returns c with n distinct bits turned.
func flip[C hamming.Code](r *rand.Rand, c C, n int) C {
	for _, b := range r.Perm(codeBits[C]())[:n] {
		c[b/64] ^= 1 << (b % 64)
	}
	return c
}

// kinds are sets of codes, each with its own way of being awkward.
func kinds[C hamming.Code]() map[string]func(r *rand.Rand, n int) []C {
	fill := func(n int, code func() C) []C {
		codes := make([]C, n)
		for i := range codes {
			codes[i] = code()
		}
		return codes
	}
	return map[string]func(r *rand.Rand, n int) []C{
		"random":    func(r *rand.Rand, n int) []C { return fill(n, func() C { return random[C](r) }) },
		"all equal": func(r *rand.Rand, n int) []C { c := random[C](r); return fill(n, func() C { return c }) },
		"clustered": func(r *rand.Rand, n int) []C {
			centres := fill(1+n/50, func() C { return random[C](r) })
			return fill(n, func() C { return flip(r, centres[r.IntN(len(centres))], r.IntN(codeBits[C]()/8)) })
		},
		"one group of each table but the last": func(r *rand.Rand, n int) []C {
			base := random[C](r)
			return fill(n, func() C {
				c := base
				c[len(c)-1] ^= uint64(r.Uint32()&0xffff) << 48
				return unmix(c)
			})
		},
		"one group of the first table": func(r *rand.Rand, n int) []C {
			base := random[C](r)
			return fill(n, func() C {
				c := random[C](r)
				c[0] = c[0]&^0xffff | base[0]&0xffff
				return unmix(c)
			})
		},
		"few bits": func(r *rand.Rand, n int) []C { return fill(n, func() C { var c C; return flip(r, c, r.IntN(4)) }) },
	}
}

func seeded(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func check[C hamming.Code](t *testing.T, s *hamming.Set[C], want naive[C], queries []C, radius int, filter *hamming.Rows) {
	t.Helper()
	got, err := s.SearchBatch(context.Background(), nil, queries, radius, filter)
	if err != nil {
		t.Fatal(err)
	}
	// Equal first: Diff takes seconds over the larger answers.
	if naive := want.search(queries, radius, filter); !slices.Equal(naive, sorted(got)) {
		t.Fatalf("radius %d: naive search and set differ (-naive +set):\n%s", radius, gocmp.Diff(naive, got))
	}
}

func TestSearchIsExact(t *testing.T) {
	t.Run("64", testSearchIsExact[code64])
	t.Run("256", testSearchIsExact[code256])
}

func testSearchIsExact[C hamming.Code](t *testing.T) {
	r := seeded(t)
	full := codeBits[C]()
	radii := []int{0, 1, 2, 3, 4, 8, 10, 12, full / 8, full/8 + 1, full/4 - 1, full / 3, full/2 - 1, full - 1, full}
	sizes := []int{0, 1, hamming.SmallChain - 1, hamming.SmallChain, 63, 64, 65, 128, 129, hamming.SmallTable - 1, hamming.SmallTable, 700}
	for kind, generate := range kinds[C]() {
		for _, n := range sizes {
			t.Run(fmt.Sprintf("%s/%d", kind, n), func(t *testing.T) {
				codes := generate(r, n)
				rows := sparseRows(r, n)
				want := naive[C]{}
				for i, row := range rows {
					want[row] = codes[i]
				}
				queries := []C{random[C](r)}
				for i := 0; i < n && len(queries) < 18; i += 1 + n/16 {
					queries = append(queries, flip(r, codes[i], r.IntN(full/6)))
				}
				filter := hamming.NewRows()
				for _, row := range rows {
					if r.IntN(3) > 0 {
						filter.Add(row)
					}
				}
				for name, s := range map[string]*hamming.Set[C]{"at once": hamming.Small(rows, codes), "piecemeal": piecemeal(r, rows, codes)} {
					if s.Len() != n {
						t.Fatalf("%s: Len is %d, want %d", name, s.Len(), n)
					}
					for _, radius := range radii {
						few := queries
						if len(codes) >= 100 {
							few = queries[:min(3, len(queries))]
						}
						check(t, s, want, few, radius, nil)
						check(t, s, want, few[:1], radius, filter)
						check(t, s, want, few[:1], radius, hamming.NewRows())
					}
					s.Wait()
					check(t, s, want, queries, full/8, filter)
				}
			})
		}
	}
}

// sparseRows returns n distinct rows in random order, with gaps.
func sparseRows(r *rand.Rand, n int) []uint32 {
	rows := make([]uint32, n)
	next := uint32(0)
	for i := range rows {
		next += 1 + uint32(r.IntN(3))
		rows[i] = next
	}
	r.Shuffle(n, func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return rows
}

// piecemeal puts codes in pieces of every size up to beyond a tail's.
func piecemeal[C hamming.Code](r *rand.Rand, rows []uint32, codes []C) *hamming.Set[C] {
	s := hamming.Small[C](nil, nil)
	for len(rows) > 0 {
		n := min(len(rows), 1+r.IntN(hamming.SmallTail*5/4))
		s.Put(rows[:n], codes[:n])
		rows, codes = rows[n:], codes[n:]
	}
	return s
}

func TestPutOfRepeatedRowKeepsTheLast(t *testing.T) {
	for _, n := range []int{3, hamming.SmallTail, hamming.SmallTail * 3} {
		rows := make([]uint32, n)
		codes := make([]code64, n)
		for i := range rows {
			rows[i] = uint32(i % 2)
			codes[i] = code64{uint64(i)}
		}
		s := hamming.Small(rows, codes)
		want := naive[code64]{}
		for i := range rows {
			want[rows[i]] = codes[i]
		}
		check(t, s, want, []code64{{0}}, 64, nil)
		if s.Len() != 2 {
			t.Errorf("Len after %d puts of 2 rows is %d", n, s.Len())
		}
	}
}

func TestSearchAppends(t *testing.T) {
	s := hamming.NewSet(hamming.Options{}, []uint32{7}, []code256{{1}})
	before := hamming.Hit{Row: 1, Distance: 2, Query: 3}
	got, err := s.Search(context.Background(), []hamming.Hit{before}, code256{3}, 5, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff([]hamming.Hit{before, {Row: 7, Distance: 1}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSearchErrors(t *testing.T) {
	r := seeded(t)
	codes := kinds[code64]()["random"](r, 1000)
	s := hamming.Small(sparseRows(r, 1000), codes)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		ctx     context.Context
		queries int
		radius  int
		want    error
	}{
		"negative radius":      {context.Background(), 1, -1, hamming.ErrRadius},
		"radius beyond bits":   {context.Background(), 1, 65, hamming.ErrRadius},
		"too many queries":     {context.Background(), hamming.MaxQueries + 1, 1, hamming.ErrQueries},
		"cancelled, by tables": {cancelled, 1, 3, context.Canceled},
		"cancelled, by scan":   {cancelled, 1, 60, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			dst := []hamming.Hit{{Row: 1}}
			got, err := s.SearchBatch(c.ctx, dst, make([]code64, c.queries), c.radius, nil)
			if !errors.Is(err, c.want) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
			if diff := gocmp.Diff(dst, got); diff != "" {
				t.Errorf("dst changed: %s", diff)
			}
		})
	}
	if got, err := s.SearchBatch(context.Background(), nil, nil, 3, nil); err != nil || len(got) != 0 {
		t.Errorf("no queries: %v, %v", got, err)
	}
}

func TestPutPanicsOnUnequalLengths(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	hamming.NewSet(hamming.Options{}, []uint32{1}, []code64{})
}

// looks is a context that is cancelled once it has been looked at so often.
type looks struct {
	context.Context
	left int
}

func (c *looks) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// A search looks at its context while it works, even where all of it is the rows of one code.
func TestSearchesLookAtTheirContext(t *testing.T) {
	const n = 300_000
	r := seeded(t)
	equal, apart := kinds[code64]()["all equal"](r, n), kinds[code64]()["random"](r, n)
	rows := sparseRows(r, n)
	for name, s := range map[string]*hamming.Set[code64]{
		"one code": hamming.NewSet(hamming.Options{}, rows, equal), "many codes": hamming.NewSet(hamming.Options{}, rows, apart),
	} {
		for call, search := range map[string]func(ctx context.Context) error{
			"Search": func(ctx context.Context) error {
				_, err := s.Search(ctx, nil, equal[0], 40, nil)
				return err
			},
			"SearchBatch": func(ctx context.Context) error {
				_, err := s.SearchBatch(ctx, nil, slices.Repeat(equal[:1], 20), 40, nil)
				return err
			},
			"Nearest": func(ctx context.Context) error {
				_, err := s.Nearest(ctx, nil, equal[0], n, nil)
				return err
			},
		} {
			if err := search(&looks{context.Background(), 1}); !errors.Is(err, context.Canceled) {
				t.Errorf("%s among %s: error is %v, want the context's", call, name, err)
			}
		}
	}
}

// Whatever options are given, the answers are the same.
func TestOptionsChangeNoAnswer(t *testing.T) {
	t.Run("64", testOptionsChangeNoAnswer[code64])
	t.Run("256", testOptionsChangeNoAnswer[code256])
}

func testOptionsChangeNoAnswer[C hamming.Code](t *testing.T) {
	r := seeded(t)
	const n = 40_000
	codes, rows, want := kinds[C]()["clustered"](r, n), sparseRows(r, n), naive[C]{}
	for i, row := range rows {
		want[row] = codes[i]
	}
	bytes := map[int64]bool{}
	for _, o := range []hamming.Options{{}, {Budget: 1}, {Budget: 60}, {Budget: 1000}, {Radius: 3}, {Radius: 14, Budget: 100}, {Radius: 100, Budget: 70}} {
		s := hamming.NewSet(o, rows, codes)
		bytes[s.Bytes()] = true
		for _, radius := range []int{0, 5, codeBits[C]() / 8, codeBits[C]() / 5} {
			check(t, s, want, codes[:2], radius, nil)
		}
	}
	if len(bytes) < 2 {
		t.Error("every option gives the same tables: this tests nothing")
	}
}
