package hamming

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"unsafe"
)

// ErrFiles is returned when files are not what a set was saved as.
var ErrFiles = errors.New("files do not fit")

// Options of a set; the zero value is the default.
type Options struct{}

// Snapshot is a set as it was at one moment.
type Snapshot[C Code] struct {
	snap  *snapshot
	words int
}

// Snapshot returns the set as it is now.
func (s *Set[C]) Snapshot() *Snapshot[C] { return &Snapshot[C]{s.now.Load(), s.words} }

// SearchBatch is SearchMany.
func (s *Set[C]) SearchBatch(ctx context.Context, dst []Hit, queries []C, radius int, filter *Rows) ([]Hit, error) {
	return s.SearchMany(ctx, dst, queries, radius, filter)
}

// Len is the number of rows that have a code.
func (v *Snapshot[C]) Len() int { return v.snap.live }

// Search is Set.Search on the snapshot.
func (v *Snapshot[C]) Search(ctx context.Context, dst []Hit, q C, radius int, filter *Rows) ([]Hit, error) {
	return v.SearchBatch(ctx, dst, []C{q}, radius, filter)
}

// SearchBatch is Set.SearchBatch on the snapshot.
func (v *Snapshot[C]) SearchBatch(ctx context.Context, dst []Hit, queries []C, radius int, filter *Rows) ([]Hit, error) {
	t := &Set[C]{words: v.words}
	t.now.Store(v.snap)
	return t.SearchMany(ctx, dst, queries, radius, filter)
}

type stubFile struct {
	Name  string
	Codes int
	Sum   uint32
}

// Save writes the snapshot to files.
func (v *Snapshot[C]) Save(_ context.Context, dir, prefix string) (manifest []byte, files []string, err error) {
	rows, codes := gather(v.words, v.snap, due{0, len(v.snap.segments), len(v.snap.tails)})
	var b bytes.Buffer
	if len(rows) > 0 {
		b.Write(unsafe.Slice((*byte)(unsafe.Pointer(&codes[0])), 8*len(codes)))
		b.Write(unsafe.Slice((*byte)(unsafe.Pointer(&rows[0])), 4*len(rows)))
	}
	f, err := os.CreateTemp(dir, prefix+"*")
	if err != nil {
		return nil, nil, err
	}
	_, err = f.Write(b.Bytes())
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, nil, err
	}
	m := stubFile{filepath.Base(f.Name()), len(rows), crc32.Checksum(b.Bytes(), crc32.MakeTable(crc32.Castagnoli))}
	manifest, err = json.Marshal(m)
	return manifest, []string{m.Name}, err
}

// OpenSet opens what Save wrote.
func OpenSet[C Code](_ Options, dir string, manifest []byte) (*Set[C], error) {
	var m stubFile
	if err := json.Unmarshal(manifest, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFiles, err)
	}
	s := NewSet[C](nil, nil)
	b, err := os.ReadFile(filepath.Join(dir, filepath.Base(m.Name)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFiles, err)
	}
	if m.Codes < 0 || len(b) != m.Codes*(8*s.words+4) || m.Sum != crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) {
		return nil, fmt.Errorf("%w: %s", ErrFiles, m.Name)
	}
	if m.Codes == 0 {
		return s, nil
	}
	codes := make([]uint64, m.Codes*s.words)
	rows := make([]uint32, m.Codes)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&codes[0])), 8*len(codes)), b)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&rows[0])), 4*len(rows)), b[8*len(codes):])
	s.putSegment(rows, codes)
	return s, nil
}
