package inverted_test

import (
	"cmp"
	"context"
	"errors"
	"math/bits"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"touchstone/fingerprint/feature"
	"touchstone/index/inverted"
)

func seeded(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// spot is a feature near some word's centre.
func spot(r *rand.Rand) feature.Feature {
	return feature.Feature{Angle: uint8(r.Uint32()), Descriptor: flip(r, inverted.Centre(uint16(r.Uint32())), 40)}
}

// flip turns n bits, some of them twice.
func flip(r *rand.Rand, d feature.Descriptor, n int) feature.Descriptor {
	for range n {
		b := r.IntN(256)
		d[b/64] ^= 1 << (b % 64)
	}
	return d
}

// again is a feature as another picture of the same shows it.
func again(r *rand.Rand, f feature.Feature, flips, turn int) feature.Feature {
	f.Descriptor = flip(r, f.Descriptor, flips)
	f.Angle += uint8(turn + r.IntN(9) - 4)
	return f
}

// photos draws features of n photos out of some spots, so that they share many.
func photos(r *rand.Rand, spots []feature.Feature, n int) [][]feature.Feature {
	all := make([][]feature.Feature, n)
	for i := range all {
		for range r.IntN(40) {
			all[i] = append(all[i], again(r, spots[r.IntN(len(spots))], r.IntN(20), r.IntN(2)*r.IntN(256)))
		}
	}
	return all
}

func sparseRows(r *rand.Rand, n int) []uint32 {
	seen := map[uint32]bool{}
	var rows []uint32
	for len(rows) < n {
		row := r.Uint32() >> r.IntN(32)
		if !seen[row] {
			seen[row] = true
			rows = append(rows, row)
		}
	}
	return rows
}

// naive is what a set should be.
type naive map[uint32][]feature.Feature

var words sync.Map

// word1 is the word nearest to d.
func word1(d feature.Descriptor) uint16 {
	w, ok := words.Load(d)
	if !ok {
		w, _ = words.LoadOrStore(d, inverted.Assign(d)[0])
	}
	return w.(uint16)
}

// vote is one of a naive search.
type vote struct {
	feature, differ  int
	word             uint16
	signature        uint64
	angle, direction int
	weight           uint64
}

// near are the votes of one feature of a query, without their weight, by row.
func (n naive) near(f feature.Feature, number int, ranks []bool) map[uint32][]vote {
	votes := map[uint32][]vote{}
	for rank, word := range inverted.Assign(f.Descriptor) {
		if !ranks[rank] {
			continue
		}
		for row, features := range n {
			for _, g := range features {
				if word1(g.Descriptor) != word {
					continue
				}
				a, b := inverted.Signature(f.Descriptor, word), inverted.Signature(g.Descriptor, word)
				d := bits.OnesCount64(a ^ b)
				if all, near := inverted.Bounds(len(n)); d > all || bits.OnesCount32(uint32(a)^uint32(b)) > near {
					continue
				}
				angle := int(g.Angle) / 16
				votes[row] = append(votes[row], vote{feature: number, differ: d, word: word, signature: b, angle: angle,
					direction: (int(f.Angle)/16 - angle + 16) % 16})
			}
		}
	}
	return votes
}

// plan says which words of which features are read.
func (n naive) plan(features []feature.Feature) [][]bool {
	counts := map[uint16]int{}
	for _, fs := range n {
		for _, f := range fs {
			counts[word1(f.Descriptor)]++
		}
	}
	type reading struct{ cost, n, feature, rank int }
	var all []reading
	for i, f := range features {
		for rank, w := range inverted.Assign(f.Descriptor) {
			if c := counts[w]; c > 0 {
				all = append(all, reading{c * []int{2, 5, 8}[rank], c, i, rank})
			}
		}
	}
	slices.SortFunc(all, func(a, b reading) int {
		return cmp.Or(a.cost-b.cost, a.feature-b.feature, a.rank-b.rank)
	})
	plan := make([][]bool, len(features))
	for i := range plan {
		plan[i] = make([]bool, 3)
	}
	left := inverted.SmallMost(len(n))
	for _, r := range all {
		if left -= r.n; left < 0 {
			break
		}
		plan[r.feature][r.rank] = true
	}
	return plan
}

func (n naive) scores(features []feature.Feature) map[uint32]float32 {
	byRow := map[uint32][]vote{}
	plan := n.plan(features)
	for i, f := range features {
		near, witnesses := n.near(f, i, plan[i]), 0
		for _, votes := range near {
			witnesses += len(votes)
		}
		if witnesses > max(inverted.SmallWitnesses, len(n)/32) {
			continue
		}
		for row, votes := range near {
			best := slices.MinFunc(votes, func(a, b vote) int {
				return cmp.Or(a.differ-b.differ, cmp.Compare(a.word, b.word), a.angle-b.angle, cmp.Compare(a.signature, b.signature))
			})
			best.weight = inverted.Rarity(witnesses, len(n)) * inverted.Nearness(best.differ)
			byRow[row] = append(byRow[row], best)
		}
	}
	scores := map[uint32]float32{}
	for row, votes := range byRow {
		type entry struct {
			word      uint16
			angle     int
			signature uint64
		}
		taken := map[entry]vote{}
		for _, v := range votes {
			e := entry{v.word, v.angle, v.signature}
			if old, ok := taken[e]; !ok || v.weight > old.weight {
				taken[e] = v
			}
		}
		var sums [16]uint64
		for _, v := range taken {
			sums[v.direction] += v.weight
		}
		best := uint64(0)
		for i := range sums {
			best = max(best, 2*sums[i]+sums[(i+1)%16]+sums[(i+15)%16])
		}
		if score := best >> 13; score > 0 {
			scores[row] = float32(score) / 256
		}
	}
	return scores
}

// search is what Search should return.
func (n naive) search(q inverted.Query) []inverted.Hit {
	hits := []inverted.Hit{}
	plain, mirrored := n.scores(q.Features), map[uint32]float32{}
	if q.Mirrored {
		var turned []feature.Feature
		for _, f := range q.Features {
			turned = append(turned, f.Mirrored())
		}
		mirrored = n.scores(turned)
	}
	for row := range n {
		a, b := plain[row], mirrored[row]
		if max(a, b) > 0 && (q.Keep == nil || q.Keep(row)) {
			hits = append(hits, inverted.Hit{Row: row, Votes: max(a, b), Mirrored: b > a})
		}
	}
	slices.SortFunc(hits, func(a, b inverted.Hit) int {
		return cmp.Or(cmp.Compare(b.Votes, a.Votes), cmp.Compare(a.Row, b.Row))
	})
	return hits[:min(q.Limit, len(hits))]
}

// query draws a query that shares features with some of the photos.
func (n naive) query(r *rand.Rand, spots []feature.Feature) inverted.Query {
	q := inverted.Query{Mirrored: r.IntN(2) == 0, Limit: 1 + r.IntN(50)}
	turn, mirror := r.IntN(256), r.IntN(2) == 0
	for range r.IntN(60) {
		f := again(r, spots[r.IntN(len(spots))], r.IntN(30), turn)
		if mirror {
			f = f.Mirrored()
		}
		q.Features = append(q.Features, f)
	}
	if r.IntN(3) == 0 {
		q.Keep = func(row uint32) bool { return row%3 != 0 }
	}
	return q
}

func check(t *testing.T, v *inverted.Snapshot, n naive, q inverted.Query) {
	t.Helper()
	got, err := v.Search(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	if got == nil {
		got = []inverted.Hit{}
	}
	if diff := gocmp.Diff(n.search(q), got); diff != "" {
		t.Fatalf("of %d rows, %d features, limit %d, mirrored %v (-want +got):\n%s", len(n), len(q.Features), q.Limit, q.Mirrored, diff)
	}
	if v.Len() != len(n) {
		t.Fatalf("Len is %d, want %d", v.Len(), len(n))
	}
}

// Whatever was put, replaced, deleted, merged, saved and opened: a set answers as a naive one does, and so do snapshots
// taken earlier.
func TestSetAnswersAsANaiveOne(t *testing.T) {
	r := seeded(t)
	for range 3 {
		var spots []feature.Feature
		for range 1 + r.IntN(150) {
			spots = append(spots, spot(r))
		}
		s, want, rows, dir := inverted.Small(), naive{}, sparseRows(r, 150), t.TempDir()
		type past struct {
			v    *inverted.Snapshot
			want naive
		}
		var pasts []past
		for step := range 60 {
			switch n := r.IntN(10); {
			case n < 6:
				n := 1 + r.IntN(8)
				if r.IntN(8) == 0 {
					n = 80
				}
				put, features := make([]uint32, n), photos(r, spots, n)
				for i := range put {
					put[i] = rows[r.IntN(len(rows))]
					want[put[i]] = features[i]
				}
				s.Put(put, features)
			case n < 8:
				var gone []uint32
				for range r.IntN(20) {
					gone = append(gone, rows[r.IntN(len(rows))])
					delete(want, gone[len(gone)-1])
				}
				s.Delete(gone...)
			case n < 9:
				s.Wait()
			default:
				about, _, err := s.Snapshot().Save(context.Background(), dir, "x")
				if err != nil {
					t.Fatal(err)
				}
				s.Wait()
				if s, err = inverted.OpenSmall(dir, about); err != nil {
					t.Fatal(err)
				}
			}
			if step%6 == 0 {
				check(t, s.Snapshot(), want, want.query(r, spots))
			}
			if step%20 == 0 {
				then := naive{}
				for row, f := range want {
					then[row] = f
				}
				pasts = append(pasts, past{s.Snapshot(), then})
			}
		}
		for _, p := range pasts {
			check(t, p.v, p.want, p.want.query(r, spots))
		}
		s.Wait()
		check(t, s.Snapshot(), want, want.query(r, spots))
	}
}

func TestQueriesOutOfRangeAreRefused(t *testing.T) {
	s := inverted.NewSet()
	for name, q := range map[string]inverted.Query{
		"no limit":          {},
		"negative limit":    {Limit: -1},
		"too many features": {Limit: 1, Features: make([]feature.Feature, feature.MaxFeatures+1)},
	} {
		if _, err := s.Snapshot().Search(context.Background(), q); !errors.Is(err, inverted.ErrQuery) {
			t.Errorf("%s: error is %v, want ErrQuery", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Snapshot().Search(ctx, inverted.Query{Limit: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error is %v", err)
	}
}

// Words are those whose centres are nearest, under the nearest centres of the first level.
func TestWordsAreTheNearest(t *testing.T) {
	r := seeded(t)
	for range 100 {
		d := spot(r).Descriptor
		order := func(n int, distance func(i int) int) []int {
			all := make([]int, n)
			for i := range all {
				all[i] = i
			}
			slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(distance(a), distance(b)) })
			return all
		}
		var under []int
		for _, c := range order(256, func(i int) int { return inverted.FirstCentre(i).Distance(d) })[:4] {
			for i := range 256 {
				under = append(under, c*256+i)
			}
		}
		slices.Sort(under)
		near := order(len(under), func(i int) int { return inverted.Centre(uint16(under[i])).Distance(d) })
		for i, got := range inverted.Assign(d) {
			if want := uint16(under[near[i]]); got != want {
				t.Fatalf("word %d is %d, want %d", i, got, want)
			}
		}
	}
}
