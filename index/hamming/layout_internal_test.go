package hamming

import (
	"context"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"touchstone/index/internal/offheap"
)

// However codes are cut, and at each moment of a hand-over, tables find what a scan finds. Which layouts a machine's own
// measurements choose, the other tests can't tell.
func TestEveryLayoutIsExact(t *testing.T) {
	t.Run("64", testEveryLayoutIsExact[[1]uint64])
	t.Run("256", testEveryLayoutIsExact[[4]uint64])
}

func testEveryLayoutIsExact[C Code](t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var c C
	words := len(c)
	for m := max(3, words); m <= 64*words/minGroup; m++ {
		most := min(maxGroup, (64*words+m-1)/m)
		for _, group := range []int{minGroup, minGroup + r.IntN(most-minGroup+1)} {
			l := newLayout(words, m, group)
			rows, flat := crowd(r, words, 800)
			// A segment of two thirds of them hands its tables over to one of all.
			some := len(rows) * 2 / 3
			heir := laidOut(l, rows, flat)
			from := laidOut(l, rows[:some], flat[:some*words])
			parts := []*segment{heir, from}
			tables, given := slices.Clone(from.tables), make([]*table, m)
			for c := range m {
				tables[c], given[c] = heir.tables[c], heir.tables[c]
				parts = append(parts, &segment{body: from.body, tables: slices.Clone(tables),
					here: &segment{body: from.body, tables: from.tables[:1]}, heir: &segment{body: heir.body, tables: slices.Clone(given)}})
			}
			for i, g := range parts {
				here := some
				if i == 0 {
					here = len(rows)
				}
				v := &Snapshot[C]{snapshot{version: 1, live: here, segments: []*segment{g}}}
				for range 6 {
					at := r.IntN(len(rows))
					q := slices.Clone(flat[at*words : (at+1)*words])
					for range r.IntN(2 * m) {
						b := r.IntN(64 * words)
						q[b/64] ^= 1 << (b % 64)
					}
					radius := r.IntN((maxShell + 1) * m)
					checkLayout(t, v, rows[:here], flat, q, radius)
				}
			}
		}
	}
}

// checkLayout holds the tables of a snapshot against its rows, and the nearest as well.
func checkLayout[C Code](t *testing.T, v *Snapshot[C], rows []uint32, flat, q []uint64, radius int) {
	t.Helper()
	words := len(q)
	var all []Hit
	for i, row := range rows {
		d := 0
		for j := range words {
			d += bits.OnesCount64(flat[i*words+j] ^ q[j])
		}
		all = append(all, Hit{Row: row, Distance: uint16(d)})
	}
	sortHits(all)
	within := 0
	for within < len(all) && int(all[within].Distance) <= radius {
		within++
	}
	w := newSearch()
	defer w.release()
	w.begin(context.Background())
	w.words, w.radius, w.version = words, radius, v.version
	w.ask(q)
	if err := w.parts(&v.snapshot); err != nil {
		t.Fatal(err)
	}
	g := v.segments[0]
	if w.queries[0].scan {
		t.Fatalf("%d chunks by %d bits, radius %d: it was scanned", g.m, g.group[0], radius)
	}
	sortHits(w.hits)
	if !slices.Equal(w.hits, all[:within]) {
		t.Fatalf("%d chunks by %d bits, radius %d: %d hits, want %d", g.m, g.group[0], radius, len(w.hits), within)
	}
	w.hits = nil
	w.every, w.radius = true, 64*words
	n := nearest{search: w, snap: &v.snapshot, query: &w.queries[0], k: 1 + radius, limit: 50}
	if err := n.run(); err != nil {
		t.Fatal(err)
	}
	sortHits(w.hits)
	if !slices.Equal(w.hits[:min(len(w.hits), n.k)], all[:min(len(all), n.k)]) {
		t.Fatalf("%d chunks by %d bits: the nearest %d differ", g.m, g.group[0], n.k)
	}
}

// crowd is codes of which many are near each other or equal, in a stretch of their bits or anywhere.
func crowd(r *rand.Rand, words, n int) (rows []uint32, flat []uint64) {
	for i := range n {
		code := make([]uint64, words)
		if i > 3 {
			copy(code, flat[r.IntN(i)*words:])
			first, width := r.IntN(64*words), 64*words
			if r.IntN(2) == 0 {
				width = 30
			}
			for range r.IntN(10 * words) {
				b := (first + r.IntN(width)) % (64 * words)
				code[b/64] ^= 1 << (b % 64)
			}
		} else {
			for j := range code {
				code[j] = r.Uint64()
			}
		}
		rows, flat = append(rows, uint32(3*i)), append(flat, code...)
	}
	return rows, flat
}

// laidOut is a segment of that layout, which never finds a scan cheaper.
func laidOut(l layout, rows []uint32, flat []uint64) *segment {
	b := &recipe{words: l.words, limits: limits{table: len(rows) + 1}}
	small := b.indexed(slices.Clone(rows), slices.Clone(flat), 1)
	var sorted []uint32
	var codes []uint64
	for c := (&cursor{g: small}); c.next(0); {
		sorted, codes = append(sorted, c.left[0]), append(codes, c.code[:l.words]...)
	}
	b.limits.table = 1
	g := &segment{body: b.collapse(sorted, codes, rowsSet(sorted), 2), tables: make([]*table, l.m)}
	codes = codes[:g.slots*l.words]
	copy(g.codes, codes)
	g.layout = l
	g.costs = costs{Scan: 1e9, Tile: 1e9}
	g.tables[0] = firstTable(&l, codes, 2)
	work := offheap.NewScratch(8 * g.slots)
	defer work.Free()
	for c, counts := range g.counts(2) {
		if c > 0 {
			g.tables[c] = g.table(c, counts, work)
		}
	}
	return g
}
