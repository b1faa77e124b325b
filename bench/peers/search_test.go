package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"touchstone/index/hamming"
)

func TestSearch(t *testing.T) {
	t.Run("64", testSearch[[1]uint64])
	t.Run("256", testSearch[[4]uint64])
}

// testSearch asks of files what peers.py asks, and compares the answers with those of a scan.
func testSearch[C hamming.Code](t *testing.T) {
	r := rand.New(rand.NewPCG(11, 0))
	codes := make([]C, 5000)
	for i := range codes {
		for w := range len(codes[i]) {
			codes[i][w] = r.Uint64()
		}
	}
	queries := slices.Clone(codes[:20])
	for i := range queries {
		queries[i][0] ^= 0b111
	}
	dir := t.TempDir()
	codesFile, queriesFile := filepath.Join(dir, "codes"), filepath.Join(dir, "queries")
	write(t, codesFile, codes)
	write(t, queriesFile, queries)

	requests := []request{{Radius: 2}, {Radius: 3}, {Radius: 3, Warm: 5}, {Radius: 21 * len(codes[0])}, {Nearest: 10}}
	var in strings.Builder
	for _, q := range requests {
		if err := json.NewEncoder(&in).Encode(q); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := search[C](t.Context(), strings.NewReader(in.String()), &out, codesFile, queriesFile); err != nil {
		t.Fatal(err)
	}
	lines := json.NewDecoder(&out)
	var b built
	if err := lines.Decode(&b); err != nil || b.Codes != len(codes) {
		t.Fatalf("%d codes and error %v, want %d", b.Codes, err, len(codes))
	}
	for _, q := range requests {
		var a answer
		if err := lines.Decode(&a); err != nil {
			t.Fatal(err)
		}
		hits, sums := scan(codes, queries[q.Warm:], q)
		if !slices.Equal(a.Hits, hits) || !slices.Equal(a.Sums, sums) || len(a.Micros) != len(hits) {
			t.Errorf("%+v: %v hits, want %v, or their sums differ", q, a.Hits, hits)
		}
	}
	if err := lines.Decode(&b); !errors.Is(err, io.EOF) {
		t.Errorf("more than was asked for, or %v", err)
	}
}

func scan[C hamming.Code](codes, queries []C, r request) (hits []int, sums []uint64) {
	for _, q := range queries {
		var found []uint64 // the distance in the upper half, the row in the lower one
		for row, c := range codes {
			if d := distance(q, c); r.Nearest > 0 || d <= r.Radius {
				found = append(found, uint64(d)<<32|uint64(row))
			}
		}
		if r.Nearest > 0 {
			slices.Sort(found)
			found = found[:r.Nearest]
		}
		sum := uint64(0)
		for _, x := range found {
			if r.Nearest > 0 {
				x = x >> 32 << 32
			}
			sum += mix(x)
		}
		hits, sums = append(hits, len(found)), append(sums, sum)
	}
	return hits, sums
}

func write[C hamming.Code](t *testing.T, file string, codes []C) {
	t.Helper()
	var b []byte
	for _, c := range codes {
		for w := range len(c) {
			b = binary.LittleEndian.AppendUint64(b, c[w])
		}
	}
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
