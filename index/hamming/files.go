package hamming

import (
	"bytes"
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

	"touchstone/index/internal/offheap"
)

// How a snapshot lies in files, format 1. Each segment has a file of its arrays as they are in memory, each at a multiple
// of 64 bytes, the rest zeros: codes, rows, shared, extra, the numbers of the pages of has, these pages, and for each
// table starts, near, and far or slots. A state file has what changes: for each segment its dead rows, then the rows of
// the fresh part and their codes, each array again at a multiple of 64 bytes. Numbers are in the machine's own order, which
// a manifest states by the number 1 as it lies in memory.
//
// The manifest is a CRC-32C of what follows, in 4 bytes, and JSON: how long each array is, and of each file its length and
// the CRC-32C of each 16 MiB. A file that fits them is trusted: what checksums guard against is damage, not an enemy who
// can write there.
//
// Formats so far: 1 (2026-11).
const filesFormat = 1

// ErrFiles is returned when files are not those that a manifest describes: missing, damaged, or of another version.
var ErrFiles = errors.New("files of a set do not fit")

// segmentRecord tells how a segment's arrays lie in its file.
type segmentRecord struct {
	File     offheap.File
	Slots    int
	Live     int
	Flat     bool  // it has codes besides tables
	Width    int   // of rows
	Extra    int   // numbers
	Pages    int   // of has
	Chunks   int   // 0: no tables
	Group    int   // most bits of a group
	Missing  []int // tables handed over just then, which are made anew
	Costs    costs
	Lookup   []float64
	DeadRows int
}

type manifest struct {
	Format   int
	Order    []byte // the number 1, of 4 bytes
	Words    int
	Segments []segmentRecord
	State    offheap.File
	Fresh    int // rows of the fresh part
}

// Save writes what the snapshot consists of to files in a directory, whose names begin with prefix; segments that an
// earlier Save of the set wrote there, or OpenSet read, are not written again. It returns a manifest, from which OpenSet
// makes the set anew, and the names of all files that the manifest needs; others with that prefix may be removed. Files
// and directory are synced. A Save that fails or is cancelled leaves files that nobody needs. Errors: the context's, the
// system's.
func (v *Snapshot[C]) Save(ctx context.Context, dir, prefix string) (description []byte, names []string, err error) {
	defer runtime.KeepAlive(v)
	m := manifest{Format: filesFormat, Order: binary.NativeEndian.AppendUint32(nil, 1), Words: v.words()}
	var state [][]byte
	for _, g := range v.segments {
		g = g.whole()
		f, err := g.save(ctx, dir, prefix)
		if err != nil {
			return nil, nil, fmt.Errorf("hamming: save: %w", err)
		}
		var dead []uint32
		for row := range g.has.All() {
			if g.deaths.dead(row, v.version) {
				dead = append(dead, row)
			}
		}
		state = append(state, offheap.BytesOf(dead))
		r := g.record()
		r.File, r.DeadRows = f, len(dead)
		m.Segments = append(m.Segments, r)
		names = append(names, f.Name)
	}
	var rows []uint32
	var codes []uint64
	for i := range v.tails {
		r, c := v.tails[i].alive(m.Words, v.version)
		rows, codes = append(rows, r...), append(codes, c...)
	}
	m.Fresh = len(rows)
	state = append(state, offheap.BytesOf(rows), offheap.BytesOf(codes))
	if m.State, err = offheap.Write(ctx, dir, prefix+rand.Text()+".state", state); err != nil {
		return nil, nil, fmt.Errorf("hamming: save: %w", err)
	}
	if err := offheap.SyncDir(dir); err != nil {
		return nil, nil, fmt.Errorf("hamming: save: %w", err)
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, nil, fmt.Errorf("hamming: save: %w", err)
	}
	return offheap.Summed(text), append(names, m.State.Name), nil
}

// saved is a segment's file.
type saved struct {
	dir string
	offheap.File
	tables int // in it
}

// save writes a segment's file, unless it is there.
func (g *segment) save(ctx context.Context, dir, prefix string) (offheap.File, error) {
	if s := g.saved.Load(); s != nil && s.dir == dir && s.tables >= len(g.tables) {
		if at, err := os.Stat(filepath.Join(dir, s.Name)); err == nil && at.Size() == s.Bytes {
			return s.File, nil
		}
	}
	f, err := offheap.Write(ctx, dir, prefix+rand.Text()+".segment", g.arrays())
	if err == nil {
		g.saved.Store(&saved{dir, f, len(g.tables)})
	}
	return f, err
}

// arrays are what a segment's file consists of.
func (g *segment) arrays() [][]byte {
	var numbers []uint32
	var pages [][]byte
	for n, p := range g.has.pages {
		if p != nil {
			numbers = append(numbers, uint32(n))
			pages = append(pages, offheap.BytesOf(p[:]))
		}
	}
	all := [][]byte{offheap.BytesOf(g.codes), g.rows.bytes, offheap.BytesOf(g.shared), offheap.BytesOf(g.extra), offheap.BytesOf(numbers), bytes.Join(pages, nil)}
	for _, t := range g.tables {
		all = append(all, offheap.BytesOf(t.starts), offheap.BytesOf(t.near))
		switch {
		case g.words == 1:
			all = append(all, offheap.BytesOf(t.far))
		case t.slots.bytes != nil:
			all = append(all, t.slots.bytes)
		}
	}
	return all
}

func (g *segment) record() segmentRecord {
	r := segmentRecord{Slots: g.slots, Live: g.live, Flat: g.codes != nil, Width: g.rows.width, Extra: len(g.extra),
		Chunks: g.m, Costs: g.costs, Lookup: g.costs.lookup[:]}
	for _, p := range g.has.pages {
		if p != nil {
			r.Pages++
		}
	}
	for c := range g.m {
		r.Group = max(r.Group, int(g.group[c]))
		if c >= len(g.tables) {
			r.Missing = append(r.Missing, c)
		}
	}
	return r
}

// OpenSet makes the set that a manifest of Save describes from the files in dir, which it maps into memory: they must not
// change as long as the set is used, but may be removed where the system lets a mapped file be removed. Every byte is
// checked first. Errors: ErrFiles; nothing is kept then.
func OpenSet[C Code](o Options, dir string, description []byte) (*Set[C], error) {
	return openSet[C](defaultLimits, o, dir, description)
}

func openSet[C Code](l limits, o Options, dir string, description []byte) (*Set[C], error) {
	s := newSet[C](l, o, nil, nil)
	if err := s.load(dir, description); err != nil {
		return nil, fmt.Errorf("hamming: open: %w: %w", ErrFiles, err)
	}
	return s, nil
}

func (s *Set[C]) load(dir string, description []byte) error {
	text, ok := offheap.Unsummed(description)
	if !ok {
		return errors.New("manifest: its checksum does not fit")
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	if !bytes.Equal(m.Order, binary.NativeEndian.AppendUint32(nil, 1)) {
		return errors.New("manifest: of a machine with another order of bytes")
	}
	if m.Format != filesFormat || m.Words != s.words {
		return fmt.Errorf("manifest: format %d for %d words, want %d for %d", m.Format, m.Words, filesFormat, s.words)
	}
	files := []*offheap.File{&m.State}
	for i := range m.Segments {
		files = append(files, &m.Segments[i].File)
	}
	maps, err := offheap.Open(dir, files)
	if err != nil {
		return err
	}
	snap := *s.now.Load()
	snap.version = 1
	c := offheap.CarverOf(maps[0].Bytes)
	for i := range m.Segments {
		g, err := m.Segments[i].segment(m.Words, maps[i+1])
		if err != nil {
			return fmt.Errorf("%s: %w", m.Segments[i].File.Name, err)
		}
		if len(m.Segments[i].Missing) == 0 {
			g.saved.Store(&saved{dir, m.Segments[i].File, len(g.tables)})
		}
		dead, err := offheap.Cut[uint32](&c, m.Segments[i].DeadRows)
		if err != nil {
			return fmt.Errorf("%s: %w", m.State.Name, err)
		}
		for _, row := range dead {
			g.deaths.mark(row, snap.version)
		}
		g.died = len(dead)
		snap.live += g.live - g.died
		snap.segments = append(snap.segments, g)
	}
	rows, err := offheap.Cut[uint32](&c, m.Fresh)
	codes, err2 := offheap.Cut[uint64](&c, m.Fresh*m.Words)
	if err := errors.Join(err, err2); err != nil {
		return fmt.Errorf("%s: %w", m.State.Name, err)
	}
	s.now.Store(&snap)
	s.put(rows, append([]uint64(nil), codes...))
	runtime.KeepAlive(maps)
	return nil
}

// segment is a segment of the arrays in a file.
func (r *segmentRecord) segment(words int, mem *offheap.Memory) (*segment, error) {
	g := &segment{body: &body{layout: layout{words: words}, slots: r.Slots, live: r.Live, mem: mem, costs: r.Costs}}
	if r.Chunks != 0 {
		if r.Chunks < max(3, words) || r.Chunks > 64*words/minGroup || r.Group < minGroup || r.Group > maxGroup {
			return nil, fmt.Errorf("%d chunks with groups by %d bits", r.Chunks, r.Group)
		}
		g.layout = newLayout(words, r.Chunks, r.Group)
	}
	copy(g.costs.lookup[:], r.Lookup)
	if g.rows.width = r.Width; r.Width != 3 && r.Width != 4 {
		return nil, fmt.Errorf("rows of %d bytes", r.Width)
	}
	if r.Slots < 0 || int64(r.Slots) > 1<<32-1 || r.Extra < 0 || r.Pages < 0 {
		return nil, errors.New("lengths out of range")
	}
	c := offheap.CarverOf(mem.Bytes)
	var err error
	take := func(e error) { err = errors.Join(err, e) }
	flat := 0
	if r.Flat {
		flat = r.Slots * words
	}
	g.codes, err = offheap.Cut[uint64](&c, flat)
	var e error
	g.rows.bytes, e = offheap.Cut[byte](&c, packedSize(r.Slots, r.Width))
	take(e)
	g.shared, e = offheap.Cut[uint64](&c, r.Slots/64+1)
	take(e)
	g.extra, e = offheap.Cut[uint32](&c, r.Extra)
	take(e)
	numbers, e := offheap.Cut[uint32](&c, r.Pages)
	take(e)
	pages, e := offheap.Cut[uint64](&c, r.Pages*len(rowPage{}))
	take(e)
	if err != nil {
		return nil, err
	}
	g.has = &Rows{pages: []*rowPage{}, count: r.Live}
	for i, n := range numbers {
		if n >= 1<<32/rowPageBits || int(n) < len(g.has.pages) {
			return nil, errors.New("pages of rows out of order")
		}
		g.has.pages = append(g.has.pages, make([]*rowPage, int(n)+1-len(g.has.pages))...)
		g.has.pages[n] = (*rowPage)(pages[i*len(rowPage{}):])
	}
	missing := map[int]bool{}
	for _, c := range r.Missing {
		if c < 1 || c >= r.Chunks {
			return nil, fmt.Errorf("table %d is missing of %d", c, r.Chunks)
		}
		missing[c] = true
	}
	if r.Chunks > 0 && r.Flat != (words == maxWords) || r.Chunks == 0 && !r.Flat {
		return nil, errors.New("no codes")
	}
	g.tables = make([]*table, r.Chunks)
	for i := range g.tables {
		if missing[i] {
			continue
		}
		t := &table{first: int(g.first[i]), group: int(g.group[i]), mem: mem}
		t.starts, err = offheap.Cut[uint32](&c, 1<<t.group+1)
		t.near, e = offheap.Cut[uint16](&c, r.Slots)
		take(e)
		switch {
		case words == 1:
			t.far, e = offheap.Cut[uint32](&c, r.Slots)
			take(e)
		case i > 0:
			t.slots.width = packedWidth(uint32(r.Slots))
			t.slots.bytes, e = offheap.Cut[byte](&c, packedSize(r.Slots, t.slots.width))
			take(e)
		}
		if err != nil {
			return nil, err
		}
		if t.starts[1<<t.group] != uint32(r.Slots) || !slices.IsSorted(t.starts) {
			return nil, fmt.Errorf("table %d has %d entries, want %d, or its groups are out of order", i, t.starts[1<<t.group], r.Slots)
		}
		g.tables[i] = t
	}
	if len(missing) > 0 {
		work := offheap.NewScratch(8 * g.slots)
		defer work.Free()
		counts := g.counts(runtime.GOMAXPROCS(0))
		for i, t := range g.tables {
			if t == nil {
				g.tables[i] = g.table(i, counts[i], work)
			}
		}
	}
	return g, nil
}
