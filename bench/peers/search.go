package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"runtime"
	"slices"
	"time"

	"touchstone/index/hamming"
)

// built is the first line of the answer: what the index took.
type built struct {
	Codes   int     `json:"codes"`
	Seconds float64 `json:"build_seconds"` // CPU time of the process
	Bytes   float64 `json:"bytes_a_code"`
}

// request is a line of input. With Nearest it asks for so many rows, otherwise for those within Radius bits. The first
// Warm queries are asked, and left out of the answer.
type request struct {
	Warm    int `json:"warm"`
	Radius  int `json:"radius"`
	Nearest int `json:"nearest"`
}

// answer is the line that follows a request: for each query the thread's CPU time, the hits, and a sum over them that
// does not depend on their order.
type answer struct {
	Micros []float64 `json:"micros"`
	Hits   []int     `json:"hits"`
	Sums   []uint64  `json:"sums"`
}

// newSet and the three functions below it are all that is said here to the index.
func newSet[C hamming.Code](rows []uint32, codes []C) *hamming.Set[C] {
	return hamming.NewSet(hamming.Options{}, rows, codes)
}

func within[C hamming.Code](ctx context.Context, s *hamming.Set[C], dst []hamming.Hit, q C, radius int) ([]hamming.Hit, error) {
	return s.Search(ctx, dst, q, radius, nil)
}

func nearest[C hamming.Code](ctx context.Context, s *hamming.Set[C], dst []hamming.Hit, q C, k int) ([]hamming.Hit, error) {
	return s.Nearest(ctx, dst, q, k, nil)
}

// search indexes the codes and answers requests until the input ends. The queries of a request are asked one by one,
// each once.
func search[C hamming.Code](ctx context.Context, in io.Reader, out io.Writer, codesFile, queriesFile string) error {
	codes, err := readCodes[C](codesFile)
	if err != nil {
		return err
	}
	queries, err := readCodes[C](queriesFile)
	if err != nil {
		return err
	}
	rows := make([]uint32, len(codes))
	for i := range rows {
		rows[i] = uint32(i)
	}
	runtime.GC() // so that what reading left is not swept at the index's expense
	start := processTime()
	s := newSet(rows, codes)
	s.Wait()
	took := processTime() - start
	runtime.GC()

	runtime.LockOSThread() // its CPU time is what is measured
	defer runtime.UnlockOSThread()
	lines := json.NewEncoder(out)
	if err := lines.Encode(built{len(codes), took.Seconds(), float64(s.Bytes()) / float64(s.Len())}); err != nil {
		return err
	}
	for requests := json.NewDecoder(in); ; {
		var r request
		if err := requests.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		a, err := ask(ctx, s, codes, queries, r)
		if err != nil {
			return err
		}
		if err := lines.Encode(a); err != nil {
			return err
		}
	}
}

func ask[C hamming.Code](ctx context.Context, s *hamming.Set[C], codes, queries []C, r request) (answer, error) {
	var a answer
	var hits []hamming.Hit
	clock := clockTime()
	for i, q := range queries {
		var err error
		start := threadTime()
		if r.Nearest > 0 {
			hits, err = nearest(ctx, s, hits[:0], q, r.Nearest)
		} else {
			hits, err = within(ctx, s, hits[:0], q, r.Radius)
		}
		took := threadTime() - start - clock
		if err != nil {
			return answer{}, err
		}
		if i < r.Warm {
			continue
		}
		sum := uint64(0)
		for _, h := range hits {
			if d := distance(q, codes[h.Row]); d != int(h.Distance) {
				return answer{}, fmt.Errorf("row %d is %d bits away, not %d", h.Row, d, h.Distance)
			}
			if r.Nearest > 0 {
				h.Row = 0 // of rows at one distance, any will do
			}
			sum += mix(uint64(h.Distance)<<32 | uint64(h.Row))
		}
		a.Micros = append(a.Micros, max(0, float64(took.Nanoseconds())/1000))
		a.Hits = append(a.Hits, len(hits))
		a.Sums = append(a.Sums, sum)
	}
	return a, nil
}

// clockTime is what a measurement of nothing shows.
func clockTime() time.Duration {
	took := make([]time.Duration, 1001)
	for i := range took {
		start := threadTime()
		took[i] = threadTime() - start
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// mix is the last step of splitmix64: sums of what it returns are equal for equal sets, and hardly ever for others.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func distance[C hamming.Code](a, b C) (n int) {
	for i := range len(a) {
		n += bits.OnesCount64(a[i] ^ b[i])
	}
	return n
}

func readCodes[C hamming.Code](file string) ([]C, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var c C
	if len(b) == 0 || len(b)%(8*len(c)) != 0 {
		return nil, fmt.Errorf("%s: %d bytes are no codes of %d", file, len(b), 8*len(c))
	}
	codes := make([]C, len(b)/(8*len(c)))
	for i := range codes {
		for w := range len(c) {
			codes[i][w] = binary.LittleEndian.Uint64(b)
			b = b[8:]
		}
	}
	return codes, nil
}
