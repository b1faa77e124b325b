package inverted_test

import (
	"cmp"
	"context"
	"math"
	near "math/bits"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"touchstone/fingerprint/feature"
	"touchstone/index/inverted"
)

// lsh is what the inverted file was chosen over: tables by some bits of descriptors, of which a query reads the entry that
// has its bits, and those that differ in one (multi-probe). An entry is a photo's number and 32 further bits, of which 7
// may differ: 8 bytes for each table.
type lsh struct {
	bits   [][]int // by table
	starts [][]uint32
	docs   [][]uint32
	rest   [][]uint32
}

func newLSH(photos [][]feature.Feature, tables, width int) *lsh {
	r := rand.New(rand.NewPCG(1, 0))
	l := new(lsh)
	for range tables {
		order := r.Perm(256)
		bits := order[:width+32]
		starts, total := make([]uint32, 1<<width+1), 0
		for _, p := range photos {
			for i := range p {
				starts[sampleOf(&p[i].Descriptor, bits[:width])+1]++
				total++
			}
		}
		for i := range 1 << width {
			starts[i+1] += starts[i]
		}
		docs, rest, at := make([]uint32, total), make([]uint32, total), slices.Clone(starts)
		for doc, p := range photos {
			for i := range p {
				to := &at[sampleOf(&p[i].Descriptor, bits[:width])]
				docs[*to], rest[*to] = uint32(doc), sampleOf(&p[i].Descriptor, bits[width:])
				*to++
			}
		}
		l.bits, l.starts = append(l.bits, bits), append(l.starts, starts)
		l.docs, l.rest = append(l.docs, docs), append(l.rest, rest)
	}
	return l
}

func sampleOf(d *feature.Descriptor, bits []int) (key uint32) {
	for i, b := range bits {
		key |= uint32(d[b/64]>>(b%64)&1) << i
	}
	return key
}

// search votes with the square of a bucket's rarity, once for each feature and photo.
func (l *lsh) search(features []feature.Feature, photos, limit int) []inverted.Hit {
	votes, last := make([]float32, photos), make([]int32, photos)
	var touched []uint32
	for n := range features {
		for t, bits := range l.bits {
			width := len(bits) - 32
			key, rest := sampleOf(&features[n].Descriptor, bits[:width]), sampleOf(&features[n].Descriptor, bits[width:])
			for probe := range 1 + width {
				k := key
				if probe > 0 {
					k ^= 1 << (probe - 1)
				}
				from, to := l.starts[t][k], l.starts[t][k+1]
				docs := l.docs[t][from:to]
				if len(docs) == 0 || len(docs) > photos/16 {
					continue
				}
				idf := math.Log2(2*float64(photos)/float64(len(docs))) / math.Log2(2*float64(photos))
				for i, doc := range docs {
					if near.OnesCount32(l.rest[t][from:to][i]^rest) > 7 {
						continue
					}
					if last[doc] != int32(n+1) {
						if last[doc] == 0 {
							touched = append(touched, doc)
						}
						last[doc] = int32(n + 1)
						votes[doc] += float32(idf * idf)
					}
				}
			}
		}
	}
	slices.SortFunc(touched, func(a, b uint32) int { return cmp.Or(cmp.Compare(votes[b], votes[a]), cmp.Compare(a, b)) })
	var hits []inverted.Hit
	for _, doc := range touched[:min(limit, len(touched))] {
		hits = append(hits, inverted.Hit{Row: doc, Votes: votes[doc]})
	}
	return hits
}

// The same photos, others made of real descriptors, and the same queries, both ways.
func TestAgainstLSH(t *testing.T) {
	if os.Getenv("TOUCHSTONE_LONG") == "" {
		t.Skip("a measurement: TOUCHSTONE_LONG is not set")
	}
	g := load(t)
	r := rand.New(rand.NewPCG(9, 0))
	all := slices.Clone(g.Photos)
	for len(all) < 20_000 {
		p := make([]feature.Feature, 200)
		for i := range p {
			p[i] = g.Pool[r.IntN(len(g.Pool))]
			p[i].Descriptor = flip(r, p[i].Descriptor, 50)
		}
		all = append(all, p)
	}
	s, rows := inverted.NewSet(), make([]uint32, len(all))
	for i := range rows {
		rows[i] = uint32(i)
	}
	s.Put(rows, all)
	s.Wait()
	// Every other mirror image is left out: LSH is asked for one orientation.
	g.Queries = slices.DeleteFunc(g.Queries, func(q made) bool { return q.Kind == "mirrored crop" || q.Row%5 != 0 })
	g.recall(t, "inverted, 20000", func(q []feature.Feature, limit int) []inverted.Hit {
		hits, err := s.Snapshot().Search(context.Background(), inverted.Query{Features: q, Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		return hits
	})
	for _, c := range []struct{ tables, width int }{{1, 16}, {2, 16}, {4, 16}} {
		l := newLSH(all, c.tables, c.width)
		t.Logf("LSH of %d tables by %d bits: %d bytes a photo", c.tables, c.width, 1600*c.tables)
		g.recall(t, "LSH, 20000", func(q []feature.Feature, limit int) []inverted.Hit { return l.search(q, len(all), limit) })
	}
}
