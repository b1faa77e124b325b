package hamming

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"unsafe"
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

// sumEvery is of how many bytes of a file each checksum is.
const sumEvery = 16 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// file is a file with what it is checked by.
type file struct {
	Name  string
	Bytes int64
	Sums  []uint32
}

// segmentRecord tells how a segment's arrays lie in its file.
type segmentRecord struct {
	File     file
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
	State    file
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
		state = append(state, bytesOf(dead))
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
	state = append(state, bytesOf(rows), bytesOf(codes))
	if m.State, err = writeFile(ctx, dir, prefix+rand.Text()+".state", state); err != nil {
		return nil, nil, fmt.Errorf("hamming: save: %w", err)
	}
	if err := syncDir(dir); err != nil {
		return nil, nil, fmt.Errorf("hamming: save: %w", err)
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, nil, fmt.Errorf("hamming: save: %w", err)
	}
	sum := binary.LittleEndian.AppendUint32(nil, crc32.Checksum(text, castagnoli))
	return append(sum, text...), append(names, m.State.Name), nil
}

// saved is a segment's file.
type saved struct {
	dir string
	file
	tables int // in it
}

// save writes a segment's file, unless it is there.
func (g *segment) save(ctx context.Context, dir, prefix string) (file, error) {
	if s := g.saved.Load(); s != nil && s.dir == dir && s.tables >= len(g.tables) {
		if at, err := os.Stat(filepath.Join(dir, s.Name)); err == nil && at.Size() == s.Bytes {
			return s.file, nil
		}
	}
	f, err := writeFile(ctx, dir, prefix+rand.Text()+".segment", g.arrays())
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
			pages = append(pages, bytesOf(p[:]))
		}
	}
	all := [][]byte{bytesOf(g.codes), g.rows.bytes, bytesOf(g.shared), bytesOf(g.extra), bytesOf(numbers), bytes.Join(pages, nil)}
	for _, t := range g.tables {
		all = append(all, bytesOf(t.starts), bytesOf(t.near))
		switch {
		case g.words == 1:
			all = append(all, bytesOf(t.far))
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

// bytesOf is the memory of an array.
func bytesOf[T uint16 | uint32 | uint64](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*int(unsafe.Sizeof(s[0])))
}

// writeFile writes arrays, each at a multiple of 64 bytes, and syncs the file.
func writeFile(ctx context.Context, dir, name string, arrays [][]byte) (f file, err error) {
	out, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return f, err
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			err = errors.Join(err, os.Remove(out.Name()))
		}
	}()
	f.Name = name
	sum := uint32(0)
	write := func(b []byte) error {
		for len(b) > 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			n := min(int64(len(b)), sumEvery-f.Bytes%sumEvery)
			if _, err := out.Write(b[:n]); err != nil {
				return err
			}
			sum = crc32.Update(sum, castagnoli, b[:n])
			b = b[n:]
			if f.Bytes += n; f.Bytes%sumEvery == 0 {
				f.Sums, sum = append(f.Sums, sum), 0
			}
		}
		return nil
	}
	var none [carverAlign]byte
	for _, a := range arrays {
		if err := errors.Join(write(a), write(none[:aligned(len(a))-len(a)])); err != nil {
			return f, err
		}
	}
	if f.Bytes%sumEvery != 0 {
		f.Sums = append(f.Sums, sum)
	}
	return f, out.Sync()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
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
	if len(description) < 4 || crc32.Checksum(description[4:], castagnoli) != binary.LittleEndian.Uint32(description) {
		return errors.New("manifest: its checksum does not fit")
	}
	var m manifest
	if err := json.Unmarshal(description[4:], &m); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	if !bytes.Equal(m.Order, binary.NativeEndian.AppendUint32(nil, 1)) {
		return errors.New("manifest: of a machine with another order of bytes")
	}
	if m.Format != filesFormat || m.Words != s.words {
		return fmt.Errorf("manifest: format %d for %d words, want %d for %d", m.Format, m.Words, filesFormat, s.words)
	}
	files := []*file{&m.State}
	for i := range m.Segments {
		files = append(files, &m.Segments[i].File)
	}
	maps := make([]*memory, len(files))
	for i, f := range files {
		var err error
		if maps[i], err = mapFile(filepath.Join(dir, filepath.Base(f.Name)), f.Bytes); err != nil {
			return err
		}
	}
	if err := checkSums(files, maps); err != nil {
		return err
	}
	snap := *s.now.Load()
	snap.version = 1
	c := carver{bytes: maps[0].bytes}
	for i := range m.Segments {
		g, err := m.Segments[i].segment(m.Words, maps[i+1])
		if err != nil {
			return fmt.Errorf("%s: %w", m.Segments[i].File.Name, err)
		}
		if len(m.Segments[i].Missing) == 0 {
			g.saved.Store(&saved{dir, m.Segments[i].File, len(g.tables)})
		}
		dead, err := cut[uint32](&c, m.Segments[i].DeadRows)
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
	rows, err := cut[uint32](&c, m.Fresh)
	codes, err2 := cut[uint64](&c, m.Fresh*m.Words)
	if err := errors.Join(err, err2); err != nil {
		return fmt.Errorf("%s: %w", m.State.Name, err)
	}
	s.now.Store(&snap)
	s.put(rows, append([]uint64(nil), codes...))
	runtime.KeepAlive(maps)
	return nil
}

// segment is a segment of the arrays in a file.
func (r *segmentRecord) segment(words int, mem *memory) (*segment, error) {
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
	c := carver{bytes: mem.bytes}
	var err error
	take := func(e error) { err = errors.Join(err, e) }
	flat := 0
	if r.Flat {
		flat = r.Slots * words
	}
	g.codes, err = cut[uint64](&c, flat)
	var e error
	g.rows.bytes, e = cut[byte](&c, packedSize(r.Slots, r.Width))
	take(e)
	g.shared, e = cut[uint64](&c, r.Slots/64+1)
	take(e)
	g.extra, e = cut[uint32](&c, r.Extra)
	take(e)
	numbers, e := cut[uint32](&c, r.Pages)
	take(e)
	pages, e := cut[uint64](&c, r.Pages*len(rowPage{}))
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
		t.starts, err = cut[uint32](&c, 1<<t.group+1)
		t.near, e = cut[uint16](&c, r.Slots)
		take(e)
		switch {
		case words == 1:
			t.far, e = cut[uint32](&c, r.Slots)
			take(e)
		case i > 0:
			t.slots.width = packedWidth(uint32(r.Slots))
			t.slots.bytes, e = cut[byte](&c, packedSize(r.Slots, t.slots.width))
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
		work := newScratch(8 * g.slots)
		defer work.free()
		counts := g.counts(runtime.GOMAXPROCS(0))
		for i, t := range g.tables {
			if t == nil {
				g.tables[i] = g.table(i, counts[i], work)
			}
		}
	}
	return g, nil
}

// cut is carve for lengths that nobody has vouched for.
func cut[T uint16 | uint32 | uint64 | byte](c *carver, n int) ([]T, error) {
	var t T
	if n < 0 || n > (len(c.bytes)-min(c.at, len(c.bytes)))/int(unsafe.Sizeof(t)) {
		return nil, io.ErrUnexpectedEOF
	}
	return carve[T](c, n), nil
}

// checkSums holds files against their checksums, on all processors.
func checkSums(files []*file, maps []*memory) error {
	type piece struct {
		file *file
		at   int64
		data []byte
	}
	var pieces []piece
	for i, f := range files {
		if int64(len(f.Sums)) != (f.Bytes+sumEvery-1)/sumEvery {
			return fmt.Errorf("%s: %d checksums for %d bytes", f.Name, len(f.Sums), f.Bytes)
		}
		for at := int64(0); at < f.Bytes; at += sumEvery {
			pieces = append(pieces, piece{f, at, maps[i].bytes[at:min(at+sumEvery, f.Bytes)]})
		}
	}
	var next atomic.Int64
	var bad atomic.Pointer[piece]
	parallel(runtime.GOMAXPROCS(0), func(int) {
		for i := next.Add(1) - 1; i < int64(len(pieces)) && bad.Load() == nil; i = next.Add(1) - 1 {
			p := &pieces[i]
			if crc32.Checksum(p.data, castagnoli) != p.file.Sums[p.at/sumEvery] {
				bad.Store(p)
			}
		}
	})
	if p := bad.Load(); p != nil {
		return fmt.Errorf("%s: damaged within %d bytes from %d", p.file.Name, len(p.data), p.at)
	}
	return nil
}
