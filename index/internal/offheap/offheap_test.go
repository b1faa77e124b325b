package offheap_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"touchstone/index/internal/offheap"
)

// TestFiles holds that arrays come back as they were written, and that a file which has changed is refused.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	numbers, words := make([]uint32, 100_000), []uint64{1, 1 << 63}
	for i := range numbers {
		numbers[i] = uint32(i) * 2654435761
	}
	f, err := offheap.Write(context.Background(), dir, "arrays", [][]byte{offheap.BytesOf(numbers), offheap.BytesOf(words)})
	if err != nil {
		t.Fatal(err)
	}
	read := func() ([]uint32, []uint64, error) {
		maps, err := offheap.Open(dir, []*offheap.File{&f})
		if err != nil {
			return nil, nil, err
		}
		c := offheap.CarverOf(slices.Clone(maps[0].Bytes))
		a, err := offheap.Cut[uint32](&c, len(numbers))
		b, err2 := offheap.Cut[uint64](&c, len(words))
		if _, err := offheap.Cut[uint64](&c, 8); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut beyond the end: %v", err)
		}
		return a, b, errors.Join(err, err2)
	}
	a, b, err := read()
	if err != nil || !slices.Equal(a, numbers) || !slices.Equal(b, words) {
		t.Fatalf("%d and %d numbers came back: %v", len(a), len(b), err)
	}
	name := filepath.Join(dir, "arrays")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	flipped := slices.Clone(whole)
	flipped[77_777] ^= 4
	for what, bytes := range map[string][]byte{"a bit is flipped": flipped, "it is cut": whole[:len(whole)-64], "it is empty": nil} {
		if err := os.WriteFile(name, bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := read(); err == nil {
			t.Errorf("%s: it is opened all the same", what)
		}
	}
}

// TestSummed holds that a text that has changed is told.
func TestSummed(t *testing.T) {
	b := offheap.Summed([]byte("text"))
	if text, ok := offheap.Unsummed(b); !ok || string(text) != "text" {
		t.Errorf("%q, %v", text, ok)
	}
	for i := range b {
		b[i] ^= 1
		if _, ok := offheap.Unsummed(b); ok {
			t.Errorf("byte %d has changed, and nobody is told", i)
		}
		b[i] ^= 1
	}
	if _, ok := offheap.Unsummed(b[:3]); ok {
		t.Error("three bytes are taken for a text")
	}
}
