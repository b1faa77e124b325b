package main

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"touchstone/index/hamming"
)

// codeModel makes codes out of a seed: the same ones on one processor and on many.
//
// Those of a clustered model are skewed as real perceptual hashes are. On 7,298 photos (2026-11) bits were set with
// probabilities of 0.26 to 0.65, neighbours in the grid of frequencies correlated by up to 0.54, and the distance of two
// random codes spread as if they had 48 bits of 64, or 151 of 256: here a Gaussian field over the grid, cut at uneven
// levels, gives the same. A catalogue has families besides: of 20 codes one is a nearly blank picture, one of three and a
// few bits turned; six are relatives of popular pictures, the first of which has 2% of all codes; two are copies of
// others, one of them exact and one nearly so.
type codeModel[C hamming.Code] struct {
	seed      uint64
	clustered bool

	side       int     // of the grid
	pull, rest float32 // how much of a neighbour there is in a value of the field, and of itself
	cut        []float32
	normal     [256]float32 // values that are as far apart as a normal distribution has them
	popular    []C
	blank      []C
}

const (
	// codeBlock is how many codes are made by one stream of random numbers.
	codeBlock = 1 << 14

	popularCodes = 8192
	blankCodes   = 3
)

// The streams of random numbers besides those of blocks.
const (
	copyStreams  = 1 << 40 // and on: of the copies in blocks
	centreStream = 1 << 50
	queryStream  = 1<<50 + 1
	warmStream   = 1<<50 + 2
)

// kind is what a code is, in a clustered set.
type kind int

const (
	skewed kind = iota
	relative
	nearlyBlank
	exactCopy
	nearCopy
)

// kinds are what the codes are, over and over again.
var kinds = [20]kind{
	nearlyBlank, skewed, relative, skewed, skewed, relative, skewed, skewed, relative, exactCopy,
	skewed, relative, skewed, skewed, relative, skewed, skewed, relative, skewed, nearCopy,
}

func newCodeModel[C hamming.Code](seed uint64, clustered bool) *codeModel[C] {
	m := &codeModel[C]{seed: seed, clustered: clustered}
	if !clustered {
		return m
	}
	pull := 0.42
	if m.side = 8; m.bits() == 256 {
		m.side, pull = 16, 0.53
	}
	m.pull, m.rest = float32(pull), float32(math.Sqrt(1-pull*pull))
	levels := rand.New(rand.NewPCG(1, 0)) // of the hash, whatever the seed of the codes
	m.cut = make([]float32, m.bits())
	for i := range m.cut {
		m.cut[i] = float32(0.25 * levels.NormFloat64())
	}
	squares := 0.0
	for i := range m.normal {
		v := math.Sqrt2 * math.Erfinv((2*float64(i)+1)/256-1)
		m.normal[i] = float32(v)
		squares += v * v / 256
	}
	for i := range m.normal {
		m.normal[i] /= float32(math.Sqrt(squares))
	}
	d := m.dice(centreStream)
	m.popular, m.blank = make([]C, popularCodes), make([]C, blankCodes)
	for i := range m.popular {
		m.popular[i] = m.skewed(d)
	}
	for i := range m.blank {
		m.blank[i] = m.skewed(d)
	}
	return m
}

func (m *codeModel[C]) bits() int {
	var c C
	return 64 * len(c)
}

// dice are a stream of random numbers.
type dice struct {
	*rand.PCG // words of the same stream, faster
	*rand.Rand
}

func (d dice) word() uint64 { return d.PCG.Uint64() }

func (m *codeModel[C]) dice(stream uint64) dice {
	const golden = 0x9e3779b97f4a7c15 // so that streams whose numbers are close have states that are not
	p := rand.NewPCG(m.seed, stream*golden)
	return dice{p, rand.New(p)}
}

// codes makes n codes on all processors. It has made told how many are done, some at a time. Errors: the context's.
func (m *codeModel[C]) codes(ctx context.Context, n int, made func(int)) ([]C, error) {
	codes := make([]C, n)
	err := eachBlock(ctx, n, func(block, from, to int) {
		m.fill(m.dice(uint64(block)), codes[from:to], from)
		made(to - from)
	})
	if err != nil || !m.clustered {
		return codes, err
	}
	// Copies are of what is no copy, so that it doesn't matter which block is made first.
	return codes, eachBlock(ctx, n, func(block, from, to int) {
		m.copy(m.dice(copyStreams+uint64(block)), codes, from, to)
	})
}

// eachBlock has do called for each block of n codes, on all processors.
func eachBlock(ctx context.Context, n int, do func(block, from, to int)) error {
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			for {
				block := int(next.Add(1)) - 1
				if block*codeBlock >= n {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				do(block, block*codeBlock, min(n, (block+1)*codeBlock))
			}
		})
	}
	return g.Wait()
}

// fill makes what is no copy among the codes from one on.
func (m *codeModel[C]) fill(d dice, codes []C, first int) {
	if !m.clustered {
		for i := range codes {
			codes[i] = m.fresh(d)
		}
		return
	}
	for i := range codes {
		switch kinds[(first+i)%len(kinds)] {
		case skewed:
			codes[i] = m.skewed(d)
		case relative:
			// By Zipf's law: the k-th most popular one has a share of about 1/k.
			at := int(math.Exp(d.Float64()*math.Log(popularCodes+1))) - 1
			codes[i] = m.noisy(d, m.popular[min(at, popularCodes-1)], 3, 6)
		case nearlyBlank:
			codes[i] = m.noisy(d, m.blank[d.IntN(blankCodes)], 4, 6)
		}
	}
}

// copy makes the copies among the codes from one up to another.
func (m *codeModel[C]) copy(d dice, codes []C, from, to int) {
	for i := from; i < to; i++ {
		k := kinds[i%len(kinds)]
		if k != exactCopy && k != nearCopy {
			continue
		}
		of := d.IntN(len(codes))
		for kinds[of%len(kinds)] >= exactCopy {
			of = d.IntN(len(codes))
		}
		codes[i] = codes[of]
		if k == nearCopy {
			codes[i] = turned(d, codes[i], 1+d.IntN(m.side/2))
		}
	}
}

// fresh makes a code that is no relative of others.
func (m *codeModel[C]) fresh(d dice) (c C) {
	if m.clustered {
		return m.skewed(d)
	}
	for w := range len(c) {
		c[w] = d.word()
	}
	return c
}

// skewed makes a code with the skew of real ones.
func (m *codeModel[C]) skewed(d dice) (c C) {
	var field [256]float32
	area := m.side * m.side
	for at := 0; at < area; at += 8 {
		x := d.word()
		for i := range 8 {
			field[at+i] = m.normal[byte(x>>(8*i))]
		}
	}
	for column := 1; column < m.side; column++ {
		for at := column; at < area; at += m.side {
			field[at] = m.pull*field[at-1] + m.rest*field[at]
		}
	}
	for at := m.side; at < area; at++ {
		field[at] = m.pull*field[at-m.side] + m.rest*field[at]
	}
	for w := range len(c) {
		for i, cut := range m.cut[64*w:][:64] {
			// The sign of the difference.
			c[w] |= uint64(math.Float32bits(cut-field[64*w+i])>>31) << i
		}
	}
	return c
}

// noisy turns each bit of a code with a probability of 2 to the -least down to 2 to the -most, drawn anew for each code.
func (m *codeModel[C]) noisy(d dice, c C, least, most int) C {
	depth := least + d.IntN(most-least+1)
	for w := range len(c) {
		turn := ^uint64(0)
		for range depth {
			turn &= d.word()
		}
		c[w] ^= turn
	}
	return c
}

// turned turns so many distinct bits of a code.
func turned[C hamming.Code](d dice, c C, n int) C {
	var turn C
	for left := n; left > 0; {
		at := d.IntN(64 * len(c))
		if turn[at/64]>>(at%64)&1 == 0 {
			turn[at/64] |= 1 << (at % 64)
			left--
		}
	}
	for w := range len(c) {
		c[w] ^= turn[w]
	}
	return c
}

// benchQuery is a code to ask about.
type benchQuery[C hamming.Code] struct {
	code   C
	of     int // row of the code that it was made from; -1: of none
	turned int // bits that were
}

// queries makes n queries about codes: every other one is one of them with up to so many bits turned, the others are fresh.
func (m *codeModel[C]) queries(stream uint64, codes []C, n, most int) []benchQuery[C] {
	d := m.dice(stream)
	queries := make([]benchQuery[C], n)
	for i := range queries {
		if i%2 == 1 {
			queries[i] = benchQuery[C]{m.fresh(d), -1, 0}
			continue
		}
		of, bits := d.IntN(len(codes)), d.IntN(most+1)
		queries[i] = benchQuery[C]{turned(d, codes[of], bits), of, bits}
	}
	return queries
}
