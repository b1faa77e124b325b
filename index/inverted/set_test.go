package inverted_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"touchstone/fingerprint/feature"
	"touchstone/index/inverted"
)

// Searches run while a set changes: each finds what was put before it began, and the same again in its snapshot.
func TestSearchesRunBesideChanges(t *testing.T) {
	r := seeded(t)
	var spots []feature.Feature
	for range 300 {
		spots = append(spots, spot(r))
	}
	s := inverted.Small()
	known := spots[:30]
	s.Put([]uint32{7}, [][]feature.Feature{known})
	want := naive{7: known}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for ctx.Err() == nil {
				v := s.Snapshot()
				var answers [2][]inverted.Hit
				for i := range answers {
					hits, err := v.Search(context.Background(), inverted.Query{Features: known, Limit: 1000})
					if err != nil {
						t.Error(err)
						return
					}
					answers[i] = hits
				}
				if !slices.Equal(answers[0], answers[1]) {
					t.Errorf("a snapshot answers %v, then %v", answers[0], answers[1])
				}
				if !slices.ContainsFunc(answers[0], func(h inverted.Hit) bool { return h.Row == 7 }) {
					t.Error("row 7 is not found")
				}
			}
		})
	}
	for range 600 {
		rows := make([]uint32, 1+r.IntN(6))
		for i := range rows {
			rows[i] = 10 + uint32(r.IntN(120))
		}
		features := photos(r, spots[30:], len(rows))
		s.Put(rows, features)
		for i, row := range rows {
			want[row] = features[i]
		}
		gone := 10 + uint32(r.IntN(120))
		s.Delete(gone)
		delete(want, gone)
	}
	cancel()
	group.Wait()
	s.Wait()
	// Rows have died in parts that were being merged.
	for range 5 {
		check(t, s.Snapshot(), want, want.query(r, spots))
	}
	if segments, tails := s.Parts(); segments > 12 || tails > 1 {
		t.Errorf("%d segments and %d fresh parts after all merges", segments, tails)
	}
}

func TestWaitStepEndsWithItsContext(t *testing.T) {
	r := seeded(t)
	s := inverted.Small()
	for i := range 50 {
		s.Put([]uint32{uint32(i)}, [][]feature.Feature{{spot(r), spot(r), spot(r), spot(r), spot(r), spot(r), spot(r), spot(r), spot(r), spot(r)}})
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for merging := true; merging; {
		var err error
		if merging, err = s.WaitStep(ctx); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if _, err := s.WaitStep(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want the context's", err)
	}
}

// A part of a photo, mirrored or not, with an eighth of the bits turned and half of the features lost, finds it first.
func TestCopiesAreFound(t *testing.T) {
	r := seeded(t)
	s := inverted.NewSet()
	rows, all := make([]uint32, 500), make([][]feature.Feature, 500)
	for i := range rows {
		rows[i] = uint32(i)
		for range 200 {
			all[i] = append(all[i], spot(r))
		}
	}
	s.Put(rows, all)
	found := 0
	for i := range 100 {
		q := inverted.Query{Mirrored: true, Limit: 1}
		turn := r.IntN(256)
		for _, f := range all[i][:60] {
			if f = again(r, f, 36, turn); i%2 == 1 {
				f = f.Mirrored()
			}
			q.Features = append(q.Features, f)
		}
		for range 600 {
			q.Features = append(q.Features, spot(r))
		}
		hits, err := s.Snapshot().Search(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		if len(hits) == 1 && hits[0].Row == uint32(i) && hits[0].Mirrored == (i%2 == 1) {
			found++
		}
	}
	if found < 95 {
		t.Errorf("%d of 100 were found", found)
	}
}
