package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/spf13/cobra"
)

// benchOptions are what is to be measured.
type benchOptions struct {
	bits, n, radius int
	k               int // 0: the nearest are not asked for
	clustered       bool
	seed            uint64
	queries         int           // most that are asked
	limit           time.Duration // of a measurement
	check           int           // queries; -1: as many as checkLimit allows
	dir             string        // where files go; "": where the system has temporary ones
}

func newBenchHamming(a *app) *cobra.Command {
	o := benchOptions{}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "hamming",
		Short: "Measure searching among so many hashes on this machine, to size it",
		Long: `Measure searching among so many hashes on this machine, to size it: how long it takes to index them, how much memory
they take, how fast queries are answered, how long it takes to load them again from files. No server is asked, and nothing
is kept.

The hashes are made out of the seed: uniform ones or, with --clustered, such as a catalogue of photos has: bits of uneven
probability that depend on their neighbours, families of unequal sizes, a tenth of copies, a twentieth of nearly blank
pictures, which lie so near each other that a query among them finds them all. One half of the queries are hashes of the
set with some bits turned, up to the radius; the other half are new.

Queries are first asked one at a time on one processor, which gives the latencies, then on all processors at once, one
at a time each and in batches. A scan reads every hash, and its radius is a quarter of the bits at least, so that it can
pass over none. The bytes of the hashes that it gets through a second are shown beside what memory gives to one processor;
of equal hashes, and of the bits by which hashes are sorted, it reads less than that. At last what was loaded from files
is asked, again one query at a time.

Answers are checked: each hash that a query was made from has to be found, and of some queries all of the answer is held
against a scan, of a few against a loop over the hashes as well. The exit status is 1 when there is a difference.`,
		Example: "  touchstone bench hamming --n 10000000 --clustered\n  touchstone bench hamming --bits 256 --n 1000000 --radius 31 --k 10 --json",
		Args:    cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.IntVar(&o.bits, "bits", 64, "bits of a hash: 64 or 256")
	flags.IntVar(&o.n, "n", 1_000_000, "number of hashes")
	flags.IntVar(&o.radius, "radius", 0, "bits within which queries are answered; 8 of 64 and 31 of 256 where it is not given")
	flags.IntVar(&o.k, "k", 0, "ask for so many nearest hashes as well")
	flags.BoolVar(&o.clustered, "clustered", false, "hashes as a catalogue of photos has them, instead of uniform ones")
	flags.Uint64Var(&o.seed, "seed", 1, "what the hashes and queries are made out of")
	flags.IntVar(&o.queries, "queries", 10_000, "most queries to ask")
	flags.DurationVar(&o.limit, "time", 2*time.Second, "most time that a measurement takes")
	flags.IntVar(&o.check, "check", 0, "queries whose answers are checked; as many as a second allows where it is not given")
	flags.StringVar(&o.dir, "dir", "", "folder for temporary files, as large as the index; the system's where it is not given")
	flags.BoolVar(&asJSON, "json", false, "an object instead of text")
	return a.verb(cmd, func(ctx context.Context, _ []string) error {
		if err := o.complete(flags.Changed); err != nil {
			return err
		}
		ctx, stop := interruptible(ctx)
		defer stop()
		bench := runBench[[1]uint64]
		if o.bits == 256 {
			bench = runBench[[4]uint64]
		}
		f, err := bench(ctx, a, o)
		switch {
		case err != nil && ctx.Err() != nil:
			return errInterrupted
		case errors.Is(err, errWrongAnswer):
			return hinted(err, "a fault of the program, or of this machine's memory: the same command makes the same hashes and queries again")
		case err != nil:
			return err
		case asJSON:
			return a.object(f)
		}
		return f.print(a)
	})
}

// complete fills in what was not given, and refuses what can't be measured.
func (o *benchOptions) complete(given func(flag string) bool) error {
	if o.bits != 64 && o.bits != 256 {
		return usagef("--bits: 64 or 256, got %d", o.bits)
	}
	if o.n < 1 {
		return usagef("--n: 1 or more, got %d", o.n)
	}
	if !given("radius") {
		o.radius = map[int]int{64: 8, 256: 31}[o.bits]
	}
	if o.radius < 0 || o.radius > o.bits {
		return usagef("--radius: 0 to %d bits, got %d", o.bits, o.radius)
	}
	if given("k") && o.k < 1 {
		return usagef("--k: 1 or more, got %d", o.k)
	}
	if o.queries < 1 {
		return usagef("--queries: 1 or more, got %d", o.queries)
	}
	if o.limit <= 0 {
		return usagef("--time: more than nothing, got %v", o.limit)
	}
	if !given("check") {
		o.check = -1
	} else if o.check < 0 {
		return usagef("--check: 0 or more, got %d", o.check)
	}
	// Rows are numbers of 32 bits.
	if o.n > math.MaxUint32 {
		return usagef("--n: %d at most, got %d", uint32(math.MaxUint32), o.n)
	}
	need := o.memory()
	if spare, ok := spareMemory(); ok && need > spare {
		fit := float64(o.n) * spare / need
		scale := math.Pow(10, max(0, math.Floor(math.Log10(fit))-1))
		return hinted(usagef("--n %d: that takes about %s of memory, and there are %s", o.n, byteCount(need), byteCount(spare)),
			"some %.0f hashes of %d bits fit", math.Floor(fit/scale)*scale, o.bits)
	}
	return nil
}

// memory estimates the most bytes that are held at a time.
func (o *benchOptions) memory() float64 {
	n, code := float64(o.n), float64(o.bits/8)
	tables := max(28*n, 64<<20)
	if o.bits == 256 {
		tables = max(84*n, 512<<20)
	}
	const row, sorting = 4, 32
	held := n*(code+row) + tables
	indexing := held + n*(2*code+row+sorting)
	// Of the answers, how many hashes lie within the radius by chance, and by being of a large family. A hit takes 8 bytes,
	// and as many in what it was found by and where a list grows.
	independent, family := float64(o.bits), 0.0
	if o.clustered {
		independent *= 0.6
		family = 0.1
	}
	chance := binomial(int(independent), int(float64(o.radius)*independent/float64(o.bits)))
	hits := 32 * n * (batchQueries*chance + family)
	nearest := 64 * float64(min(o.k, o.n))
	const bandwidth = 256 << 20
	collected := n * (code + row) // garbage that the collector lets grow as large as what it keeps
	asking := held + collected + max(bandwidth, float64(runtime.GOMAXPROCS(0))*max(hits, nearest))
	return 64<<20 + max(indexing, asking)
}

// binomial is how probable it is that of n bits at most k are set.
func binomial(n, k int) float64 {
	share, sum := math.Ldexp(1, -n), 0.0
	for i := range min(k, n) + 1 {
		sum += share
		share *= float64(n-i) / float64(i+1)
	}
	return sum
}

// byteCount is a number of bytes in words: "1.2 GB".
func byteCount(n float64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", n/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", n/1e6)
	}
	return fmt.Sprintf("%.0f kB", math.Ceil(n/1e3))
}
