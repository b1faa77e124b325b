package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"touchstone/index/hamming"
)

const (
	// checkLimit is how long checks go on where their number was not given, and checkLeast how many there are at least.
	checkLimit = time.Second
	checkLeast = 8
	// loopQueries are the first queries, which are checked by a loop as well.
	loopQueries = 4
)

// errWrongAnswer is returned when an answer is not what a scan, or a loop over all codes, gives.
var errWrongAnswer = errors.New("wrong answer")

// wrong is a wrong answer to a query.
func (b *bench[C]) wrong(number int, format string, args ...any) error {
	code := ""
	for _, w := range words(b.queries[number].code) {
		code += fmt.Sprintf("%016x", w)
	}
	return fmt.Errorf("%w to query %d, %s: %s", errWrongAnswer, number, code, fmt.Sprintf(format, args...))
}

// mustFind is an error when the answer lacks the code that the query was made from.
func (b *bench[C]) mustFind(number int, hits []hamming.Hit) error {
	q := b.queries[number]
	if q.of < 0 {
		return nil
	}
	want := hamming.Hit{Row: uint32(q.of), Distance: uint16(q.turned)}
	if !slices.Contains(hits, want) {
		return b.wrong(number, "row %d, %d bits away, is not among the %d within %d", q.of, q.turned, len(hits), b.radius)
	}
	return nil
}

// mustBeNear is an error when the answer has not k rows, or when the nearest is further than the code that the query was
// made from.
func (b *bench[C]) mustBeNear(number int, hits []hamming.Hit) error {
	if want := min(b.k, b.n); len(hits) != want {
		return b.wrong(number, "%d nearest rows, want %d", len(hits), want)
	}
	if q := b.queries[number]; q.of >= 0 && int(hits[0].Distance) > q.turned {
		return b.wrong(number, "the nearest row is %d bits away, and row %d is %d", hits[0].Distance, q.of, q.turned)
	}
	return nil
}

// check holds whole answers against scans, on all processors, and some of them against a loop over all codes.
func (b *bench[C]) check(ctx context.Context) error {
	most := b.benchOptions.check
	if most < 0 {
		most = len(b.queries)
	}
	for i := range min(most, loopQueries) {
		if err := b.checkQuery(ctx, i, b.loop); err != nil {
			return err
		}
		b.figures.CheckedByLoop++
	}
	v := b.set.Snapshot()
	scan := func(ctx context.Context, q C, radius int) ([]hamming.Hit, error) {
		return v.Scan(ctx, nil, q, radius, nil)
	}
	start := time.Now()
	var next, checked atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= most || b.benchOptions.check < 0 && i >= checkLeast && time.Since(start) > checkLimit {
					return nil
				}
				if err := b.checkQuery(ctx, i, scan); err != nil {
					return err
				}
				checked.Add(1)
			}
		})
	}
	err := g.Wait()
	b.figures.Checked = int(checked.Load())
	return err
}

// checkQuery holds the answers to a query, by the set that was built and by the one that was loaded, against a slow way to
// find all rows within a radius.
func (b *bench[C]) checkQuery(ctx context.Context, number int, all func(ctx context.Context, q C, radius int) ([]hamming.Hit, error)) error {
	q := b.queries[number].code
	want, err := all(ctx, q, b.radius)
	if err != nil {
		return err
	}
	inOrder(want)
	for _, s := range []*hamming.Set[C]{b.set, b.loaded} {
		of := ""
		if s == b.loaded {
			of = "loaded from files, "
		}
		got, err := b.within(s)(ctx, nil, q)
		if err != nil {
			return err
		}
		if difference := differ(inOrder(got), want); difference != "" {
			return b.wrong(number, "%swithin %d bits: %s", of, b.radius, difference)
		}
		if b.k == 0 {
			continue
		}
		if got, err = b.nearestIn(s)(ctx, nil, q); err != nil {
			return err
		}
		if err := b.mustBeNear(number, got); err != nil {
			return err
		}
		// All that lie as near as the last of them: were one missing, it would come before that.
		near, err := all(ctx, q, int(got[len(got)-1].Distance))
		if err != nil {
			return err
		}
		if difference := differ(got, inOrder(near)[:min(len(got), len(near))]); difference != "" {
			return b.wrong(number, "%snearest %d: %s", of, b.k, difference)
		}
	}
	return nil
}

// loop finds all rows within a radius by looking at each code.
func (b *bench[C]) loop(ctx context.Context, q C, radius int) ([]hamming.Hit, error) {
	found := make([][]hamming.Hit, b.n/codeBlock+1)
	err := eachBlock(ctx, b.n, func(block, from, to int) {
		for row := from; row < to; row++ {
			if d := codeDistance(q, b.codes[row]); d <= radius {
				found[block] = append(found[block], hamming.Hit{Row: uint32(row), Distance: uint16(d)})
			}
		}
	})
	return slices.Concat(found...), err
}

// inOrder sorts hits by distance, then row.
func inOrder(hits []hamming.Hit) []hamming.Hit {
	slices.SortFunc(hits, func(a, b hamming.Hit) int {
		return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Row, b.Row))
	})
	return hits
}

// differ tells the first difference of two answers in order; "" where there is none.
func differ(got, want []hamming.Hit) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(want):
			return fmt.Sprintf("row %d, said to be %d bits away, should not be there", got[i].Row, got[i].Distance)
		case i >= len(got):
			return fmt.Sprintf("row %d, %d bits away, is missing", want[i].Row, want[i].Distance)
		case got[i] != want[i]:
			return fmt.Sprintf("at place %d is row %d, said to be %d bits away, instead of row %d, %d bits away",
				i, got[i].Row, got[i].Distance, want[i].Row, want[i].Distance)
		}
	}
	return ""
}

// codeDistance is the number of bits in which two codes differ.
func codeDistance[C hamming.Code](a, b C) (n int) {
	for w := range len(a) {
		n += bits.OnesCount64(a[w] ^ b[w])
	}
	return n
}

// words are those of a code.
func words[C hamming.Code](c C) (w []uint64) {
	for i := range len(c) {
		w = append(w, c[i])
	}
	return w
}
