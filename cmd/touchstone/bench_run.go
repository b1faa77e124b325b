package main

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"touchstone/index/hamming"
)

const (
	// batchQueries is how many queries a batch has.
	batchQueries = 16
	// warmQueries are asked first and don't count.
	warmQueries = 200
)

// bench is a run of bench hamming.
type bench[C hamming.Code] struct {
	*app
	benchOptions
	codes   []C
	queries []benchQuery[C] // at least as many as are asked and as are checked
	warm    []benchQuery[C]
	set     *hamming.Set[C]
	loaded  *hamming.Set[C] // the same, from files
	figures benchFigures
}

func runBench[C hamming.Code](ctx context.Context, a *app, o benchOptions) (*benchFigures, error) {
	b := &bench[C]{app: a, benchOptions: o}
	b.figures = benchFigures{
		Bits: o.bits, N: o.n, Radius: o.radius, K: o.k, Clustered: o.clustered, Seed: o.seed,
		Processors: runtime.GOMAXPROCS(0),
	}
	_, watched := onTerminal(a.err)
	for _, step := range []struct {
		what string // "": it tells by itself
		skip bool
		do   func(context.Context) error
	}{
		{"", false, b.generate},
		{"indexing", false, b.build},
		{"searching within the radius", false, b.search},
		{"searching for the nearest", b.k == 0, b.nearest},
		{"saving and loading", false, b.load},
		{"searching what was loaded", false, b.searchLoaded},
		{"scanning", false, b.scan},
		{"checking answers", false, b.check},
	} {
		if step.skip {
			continue
		}
		if watched && step.what != "" {
			a.say("touchstone: bench hamming: %s", step.what)
		}
		if err := step.do(ctx); err != nil {
			return nil, err
		}
	}
	return &b.figures, nil
}

func (b *bench[C]) generate(ctx context.Context) (err error) {
	m := newCodeModel[C](b.seed, b.clustered)
	p := b.progress(b.n, "hashes")
	b.codes, err = m.codes(ctx, b.n, p.add)
	b.figures.Generate = p.close().Seconds()
	if err != nil {
		return err
	}
	b.queries = m.queries(queryStream, b.codes, max(b.benchOptions.queries, b.benchOptions.check), b.radius)
	b.warm = m.queries(warmStream, b.codes, warmQueries, b.radius)
	return nil
}

func (b *bench[C]) build(ctx context.Context) error {
	rows := make([]uint32, b.n)
	for i := range rows {
		rows[i] = uint32(i)
	}
	runtime.GC() // so that what came before is not swept at the index's expense
	start, cpu := time.Now(), processTime()
	built := make(chan *hamming.Set[C], 1)
	go func() {
		s := hamming.NewSet(hamming.Options{Radius: b.radius}, rows, b.codes)
		s.Wait()
		built <- s
	}()
	select {
	case b.set = <-built:
	case <-ctx.Done():
		// It can't be stopped, and may take minutes: who interrupts the program needn't wait for what nobody will use.
		return ctx.Err()
	}
	b.figures.Build = time.Since(start).Seconds()
	b.figures.BuildCPU = (processTime() - cpu).Seconds()
	b.figures.BytesPerCode = float64(b.set.Bytes()) / float64(b.n)
	runtime.GC()
	return nil
}

// processTime is the CPU time that all threads have used.
func processTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it fails only for who is none of RUSAGE_SELF and its like
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// asking is a way to ask: it appends the answer to dst.
type asking[C hamming.Code] func(ctx context.Context, dst []hamming.Hit, q C) ([]hamming.Hit, error)

func (b *bench[C]) search(ctx context.Context) error {
	f := &b.figures.askedFigures
	if err := b.ask(ctx, f, b.within(b.set), b.mustFind); err != nil {
		return err
	}
	batches := make([][]C, 0, len(b.queries)/batchQueries+1)
	for some := range slices.Chunk(b.queries, batchQueries) {
		batch := make([]C, len(some))
		for i, q := range some {
			batch[i] = q.code
		}
		batches = append(batches, batch)
	}
	var err error
	f.PerSecondBatch, err = b.throughput(ctx, len(batches), func(ctx context.Context, dst []hamming.Hit, i int) ([]hamming.Hit, int, error) {
		hits, err := b.set.SearchBatch(ctx, dst, batches[i], b.radius, nil)
		return hits, len(batches[i]), err
	})
	return err
}

func (b *bench[C]) nearest(ctx context.Context) error {
	b.figures.Nearest = new(askedFigures)
	return b.ask(ctx, b.figures.Nearest, b.nearestIn(b.set), b.mustBeNear)
}

func (b *bench[C]) searchLoaded(ctx context.Context) error {
	return b.ask(ctx, &b.figures.Loaded, b.within(b.loaded), b.mustFind)
}

func (b *bench[C]) within(s *hamming.Set[C]) asking[C] {
	return func(ctx context.Context, dst []hamming.Hit, q C) ([]hamming.Hit, error) {
		return s.Search(ctx, dst, q, b.radius, nil)
	}
}

func (b *bench[C]) nearestIn(s *hamming.Set[C]) asking[C] {
	return func(ctx context.Context, dst []hamming.Hit, q C) ([]hamming.Hit, error) {
		return s.Nearest(ctx, dst, q, b.k, nil)
	}
}

// ask asks the queries one at a time, on one processor and then on all. Each answer of the former is shown to must.
func (b *bench[C]) ask(ctx context.Context, f *askedFigures, ask asking[C], must func(number int, hits []hamming.Hit) error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var hits []hamming.Hit
	var err error
	start := time.Now()
	for i := 0; i < len(b.warm) && time.Since(start) < b.limit/4; i++ {
		if hits, err = ask(ctx, hits[:0], b.warm[i].code); err != nil {
			return err
		}
	}
	asked := b.queries[:b.benchOptions.queries]
	took := make([]time.Duration, 0, len(asked))
	found := 0
	start = time.Now()
	for i, q := range asked {
		if i > 0 && time.Since(start) > b.limit {
			break
		}
		began := time.Now()
		hits, err = ask(ctx, hits[:0], q.code)
		took = append(took, time.Since(began))
		if err != nil {
			return err
		}
		if err := must(i, hits); err != nil {
			return err
		}
		found += len(hits)
	}
	f.latencies(took, found)
	f.PerSecondAll, err = b.throughput(ctx, len(asked), func(ctx context.Context, dst []hamming.Hit, i int) ([]hamming.Hit, int, error) {
		hits, err := ask(ctx, dst, asked[i].code)
		return hits, 1, err
	})
	return err
}

// throughput is how many queries a second are answered by all processors, asked for as long as a measurement may take.
// ask is given the number of a question below n, and tells how many queries it is.
func (b *bench[C]) throughput(ctx context.Context, n int, ask func(ctx context.Context, dst []hamming.Hit, i int) ([]hamming.Hit, int, error)) (float64, error) {
	var next, answered atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			var hits []hamming.Hit
			for first := true; first || time.Since(start) < b.limit; first = false {
				var queries int
				var err error
				if hits, queries, err = ask(ctx, hits[:0], int((next.Add(1)-1)%int64(n))); err != nil {
					return err
				}
				answered.Add(int64(queries))
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return rate(int(answered.Load()), time.Since(start)), nil
}

// scan measures how long it takes to read every code, and what memory allows. Within a small radius scans pass over codes
// whose first bits differ too much already, so the radius is a quarter of the bits at least: few codes lie within that.
func (b *bench[C]) scan(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const least = 3
	b.figures.ScanRadius = max(b.radius, b.bits/4)
	v := b.set.Snapshot()
	var hits []hamming.Hit
	var took []time.Duration
	for start := time.Now(); len(took) < least || time.Since(start) < b.limit/2; {
		began := time.Now()
		var err error
		if hits, err = v.Scan(ctx, hits[:0], b.warm[(2*len(took)+1)%len(b.warm)].code, b.figures.ScanRadius, nil); err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.figures.Scan = percentile(took, 0.5).Seconds()
	b.figures.ScanBandwidth = float64(b.n*b.bits/8) / b.figures.Scan
	b.figures.MemoryBandwidth = hamming.ReadBandwidth()
	return ctx.Err()
}
