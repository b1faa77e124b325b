package hamming

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
)

// Pair is a row of one set and a row of another, whose codes are near each other.
type Pair struct {
	Row, Other uint32
	Distance   uint16
}

// joinCodes is how many codes are searched for at a time: enough to share what they share, few enough for all of
// them to lie in a cluster of a hundred thousand.
// joinPairs is how many pairs are given to yield at once.
const (
	joinCodes = 64
	joinPairs = 1 << 14
)

// Join finds every pair of a row of v and a row of other whose codes differ in at most radius bits. It has yield called
// with some pairs at a time, in no order, never twice at once; the slice is yield's only until it returns. It works on all
// processors, and takes as long as a search of other for each code of v: v should be the smaller. An error of yield ends
// it. Errors: ErrRadius, yield's, the context's.
func (v *Snapshot[C]) Join(ctx context.Context, other *Snapshot[C], radius int, yield func([]Pair) error) error {
	if err := v.checkRadius(radius); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan *joined)
	var mu sync.Mutex // held while yield is called
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			w := newSearch()
			defer w.release()
			pairs := make([]Pair, 0, joinPairs)
			give := func() bool {
				mu.Lock()
				defer mu.Unlock()
				if len(pairs) > 0 && ctx.Err() == nil {
					if err := yield(pairs); err != nil {
						cancel(&joinError{err})
					}
				}
				pairs = pairs[:0]
				return ctx.Err() == nil
			}
			for j := range work {
				w.begin(ctx)
				w.words, w.radius, w.version, w.hits = other.words(), radius, other.version, w.hits[:0]
				w.ask(j.flat)
				if w.parts(&other.snapshot) != nil {
					continue
				}
				for _, h := range w.hits {
					for _, row := range j.rows[j.first[h.Query]:j.first[h.Query+1]] {
						pairs = append(pairs, Pair{row, h.Row, h.Distance})
						if len(pairs) == joinPairs && !give() {
							break
						}
					}
				}
				give()
			}
		})
	}
	v.each(joinCodes, func(j *joined) bool {
		select {
		case work <- j:
			return true
		case <-ctx.Done():
			return false
		}
	})
	close(work)
	workers.Wait()
	runtime.KeepAlive(v)
	runtime.KeepAlive(other)
	if of := new(joinError); errors.As(context.Cause(ctx), &of) {
		return fmt.Errorf("hamming: join: %w", of.error)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("hamming: join: %w", err)
	}
	return nil
}

// joinError is an error of yield.
type joinError struct{ error }

// joined is codes, each with its rows: those of code i are rows[first[i]:first[i+1]].
type joined struct {
	flat  []uint64
	rows  []uint32
	first []int
}

func (j *joined) add(code []uint64, row uint32) {
	if n := len(j.flat); n == 0 || !slices.Equal(j.flat[n-len(code):], code) {
		j.flat = append(j.flat, code...)
		j.first = append(j.first, len(j.rows))
	}
	j.rows = append(j.rows, row)
}

// each calls take with all codes that are alive, so many at a time, until it returns false. Those of a segment come in
// order, so that codes near each other are searched for one after the other.
func (v *Snapshot[C]) each(codes int, take func(*joined) bool) {
	words := v.words()
	j := new(joined)
	flush := func() bool {
		if len(j.rows) == 0 {
			return true
		}
		j.first = append(j.first, len(j.rows))
		full := j
		j = new(joined)
		return take(full)
	}
	add := func(code []uint64, row uint32) bool {
		if len(j.first) == codes && !slices.Equal(j.flat[len(j.flat)-words:], code) && !flush() {
			return false
		}
		j.add(code, row)
		return true
	}
	for _, g := range v.segments {
		for c := (&cursor{g: g.whole()}); c.next(v.version); {
			if !add(c.code[:words], c.left[0]) {
				return
			}
		}
	}
	for i := range v.tails {
		rows, flat := v.tails[i].alive(words, v.version)
		for n, row := range rows {
			if !add(flat[n*words:(n+1)*words], row) {
				return
			}
		}
	}
	flush()
}
