package inverted

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"touchstone/fingerprint/feature"
	"touchstone/index/internal/offheap"
)

// How a snapshot lies in files, format 1. Each segment has a file of its arrays as they are in memory, each at a multiple
// of 64 bytes, the rest zeros: starts, near, rest, rows, ends, lists. A state file has what changes: for each segment the
// numbers of its dead photos, then of the fresh part the rows, how many entries each has, and the entries, each array
// again at a multiple of 64 bytes. Numbers are in the machine's own order, which a manifest states by the number 1 as it
// lies in memory.
//
// The manifest is a CRC-32C of what follows, in 4 bytes, and JSON: the checksum of the vocabulary, without which entries
// say nothing; how long each array is; of each file its length and the CRC-32C of each 16 MiB. What checksums guard
// against is damage, not an enemy who can write there; yet numbers that lead somewhere are held against what is there.
//
// Formats so far: 1 (2026-11).
const filesFormat = 1

// ErrFiles is returned when files are not those that a manifest describes: missing, damaged, or of another version.
var ErrFiles = errors.New("files of a set do not fit")

// segmentRecord tells how a segment's arrays lie in its file.
type segmentRecord struct {
	File    offheap.File
	Docs    int
	Entries int
	Lists   int // bytes
	Dead    int // photos
}

type manifest struct {
	Format     int
	Order      []byte // the number 1, of 4 bytes
	Vocabulary uint32
	Segments   []segmentRecord
	State      offheap.File
	Fresh      int // photos of the fresh part
	Entries    int // of these
}

// saved is a segment's file.
type saved struct {
	dir string
	offheap.File
}

// Save writes what the snapshot consists of to files in a directory, whose names begin with prefix; segments that an
// earlier Save of the set wrote there, or OpenSet read, are not written again. It returns a manifest, from which OpenSet
// makes the set anew, and the names of all files that the manifest needs; others with that prefix may be removed. Files
// and directory are synced. A Save that fails or is cancelled leaves files that nobody needs. Errors: the context's, the
// system's.
func (v *Snapshot) Save(ctx context.Context, dir, prefix string) (about []byte, files []string, err error) {
	defer runtime.KeepAlive(v)
	m := manifest{Format: filesFormat, Order: binary.NativeEndian.AppendUint32(nil, 1), Vocabulary: words().sum}
	var state [][]byte
	for _, g := range v.segments {
		f, err := g.save(ctx, dir, prefix)
		if err != nil {
			return nil, nil, fmt.Errorf("inverted: save: %w", err)
		}
		var dead []uint32
		for doc := range uint32(len(g.rows)) {
			if g.deaths.dead(doc, v.version) {
				dead = append(dead, doc)
			}
		}
		state = append(state, offheap.BytesOf(dead))
		m.Segments = append(m.Segments, segmentRecord{File: f, Docs: len(g.rows), Entries: len(g.near), Lists: len(g.lists), Dead: len(dead)})
		files = append(files, f.Name)
	}
	var rows, counts []uint32
	var entries []entry
	for i := range v.tails {
		for _, p := range v.tails[i].alive(v.version) {
			rows, counts = append(rows, p.row), append(counts, uint32(len(p.entries)))
			entries = append(entries, p.entries...)
		}
	}
	m.Fresh, m.Entries = len(rows), len(entries)
	state = append(state, offheap.BytesOf(rows), offheap.BytesOf(counts), offheap.BytesOf(entries))
	if m.State, err = offheap.Write(ctx, dir, prefix+rand.Text()+".state", state); err != nil {
		return nil, nil, fmt.Errorf("inverted: save: %w", err)
	}
	if err := offheap.SyncDir(dir); err != nil {
		return nil, nil, fmt.Errorf("inverted: save: %w", err)
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, nil, fmt.Errorf("inverted: save: %w", err)
	}
	return offheap.Summed(text), append(files, m.State.Name), nil
}

// save writes a segment's file, unless it is there.
func (g *segment) save(ctx context.Context, dir, prefix string) (offheap.File, error) {
	if s := g.saved.Load(); s != nil && s.dir == dir {
		if at, err := os.Stat(filepath.Join(dir, s.Name)); err == nil && at.Size() == s.Bytes {
			return s.File, nil
		}
	}
	f, err := offheap.Write(ctx, dir, prefix+rand.Text()+".segment", [][]byte{offheap.BytesOf(g.starts), offheap.BytesOf(g.near), offheap.BytesOf(g.rest),
		offheap.BytesOf(g.rows), offheap.BytesOf(g.ends), g.lists})
	if err == nil {
		g.saved.Store(&saved{dir, f})
	}
	return f, err
}

// OpenSet makes the set that a manifest of Save describes from the files in dir, which it maps into memory: they must not
// change as long as the set is used, but may be removed where the system lets a mapped file be removed. Every byte is
// checked first. Errors: ErrFiles; nothing is kept then.
func OpenSet(dir string, about []byte) (*Set, error) { return openSet(defaultLimits, dir, about) }

func openSet(l limits, dir string, about []byte) (*Set, error) {
	s := newSet(l)
	if err := s.load(dir, about); err != nil {
		return nil, fmt.Errorf("inverted: open: %w: %w", ErrFiles, err)
	}
	return s, nil
}

func (s *Set) load(dir string, about []byte) error {
	m, err := parseManifest(about)
	if err != nil {
		return err
	}
	files := []*offheap.File{&m.State}
	for i := range m.Segments {
		files = append(files, &m.Segments[i].File)
	}
	maps, err := offheap.Open(dir, files)
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(maps)
	snap := *s.now.Load()
	snap.version = 1
	c := offheap.CarverOf(maps[0].Bytes)
	for i := range m.Segments {
		r := &m.Segments[i]
		g, err := r.segment(maps[i+1])
		if err != nil {
			return fmt.Errorf("%s: %w", r.File.Name, err)
		}
		g.saved.Store(&saved{dir, r.File})
		for w := range wordCount {
			snap.counts[w] += g.starts[w+1] - g.starts[w]
		}
		dead, err := offheap.Cut[uint32](&c, r.Dead)
		if err != nil {
			return fmt.Errorf("%s: %w", m.State.Name, err)
		}
		for _, doc := range dead {
			if int(doc) >= len(g.rows) || g.deaths.since(doc) != 0 {
				return fmt.Errorf("%s: photo %d is dead of %d, or twice", m.State.Name, doc, len(g.rows))
			}
			g.deaths.mark(doc, snap.version)
			eachWord(g.record(doc), func(w uint16) { snap.counts[w]-- })
		}
		g.died = len(dead)
		snap.live += len(g.rows) - g.died
		snap.segments = append(snap.segments, g)
	}
	photos, err := m.fresh(&c)
	if err != nil {
		return fmt.Errorf("%s: %w", m.State.Name, err)
	}
	s.now.Store(&snap)
	s.put(photos)
	return nil
}

func parseManifest(about []byte) (*manifest, error) {
	text, ok := offheap.Unsummed(about)
	if !ok {
		return nil, errors.New("manifest: its checksum does not fit")
	}
	m := new(manifest)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	switch {
	case !bytes.Equal(m.Order, binary.NativeEndian.AppendUint32(nil, 1)):
		return nil, errors.New("manifest: of a machine with another order of bytes")
	case m.Format != filesFormat:
		return nil, fmt.Errorf("manifest: format %d, want %d", m.Format, filesFormat)
	case m.Vocabulary != words().sum:
		return nil, fmt.Errorf("manifest: vocabulary %08x, want %08x", m.Vocabulary, words().sum)
	}
	return m, nil
}

// segment is a segment of the arrays in a file.
func (r *segmentRecord) segment(mem *offheap.Memory) (*segment, error) {
	if r.Docs < 0 || r.Docs > maxDocs || r.Entries < 0 || int64(r.Entries) > 1<<32-1 || r.Lists < 0 {
		return nil, errors.New("lengths out of range")
	}
	g := &segment{mem: mem}
	c := offheap.CarverOf(mem.Bytes)
	var errs [6]error
	g.starts, errs[0] = offheap.Cut[uint32](&c, wordCount+1)
	g.near, errs[1] = offheap.Cut[uint32](&c, r.Entries)
	g.rest, errs[2] = offheap.Cut[uint32](&c, r.Entries)
	g.rows, errs[3] = offheap.Cut[uint32](&c, r.Docs)
	g.ends, errs[4] = offheap.Cut[uint32](&c, r.Docs)
	g.lists, errs[5] = offheap.Cut[byte](&c, r.Lists)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	if g.starts[0] != 0 || int(g.starts[wordCount]) != r.Entries || !slices.IsSorted(g.starts) {
		return nil, errors.New("words out of order")
	}
	// Entries are counted by photo: a merge makes room for what the records say.
	counts := make([]int32, r.Docs)
	for _, rest := range g.rest {
		if int(rest>>12) >= r.Docs {
			return nil, fmt.Errorf("an entry of photo %d of %d", rest>>12, r.Docs)
		}
		counts[rest>>12]++
	}
	from := 0
	for doc, end := range g.ends {
		if doc > 0 && g.rows[doc] <= g.rows[doc-1] {
			return nil, errors.New("rows out of order")
		}
		to := int(end)
		if to < from+recordHead || to > r.Lists {
			return nil, fmt.Errorf("record %d ends at %d", doc, to)
		}
		record := g.lists[from:to]
		if n := recordCount(record); n != int(counts[doc]) || n > feature.MaxFeatures || len(record) != recordSize(n) {
			return nil, fmt.Errorf("record %d is of %d words in %d bytes, want %d words", doc, n, len(record), counts[doc])
		}
		from = to
	}
	return g, nil
}

// fresh is the photos of the fresh part, which come last in a state file.
func (m *manifest) fresh(c *offheap.Carver) ([]photo, error) {
	rows, err := offheap.Cut[uint32](c, m.Fresh)
	counts, err2 := offheap.Cut[uint32](c, m.Fresh)
	flat, err3 := offheap.Cut[uint64](c, m.Entries)
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, err
	}
	photos := make([]photo, len(rows))
	seen := make(map[uint32]bool, len(rows))
	for i, row := range rows {
		n := int(counts[i])
		if n > len(flat) || n > feature.MaxFeatures || seen[row] {
			return nil, fmt.Errorf("row %d of the fresh part has %d entries, or comes twice", row, n)
		}
		seen[row] = true
		photos[i] = photo{row: row, entries: make([]entry, n)}
		for j, e := range flat[:n] {
			photos[i].entries[j] = entry(e & (1<<60 - 1))
		}
		flat = flat[n:]
	}
	slices.SortFunc(photos, func(a, b photo) int { return cmp.Compare(a.row, b.row) })
	return photos, nil
}
