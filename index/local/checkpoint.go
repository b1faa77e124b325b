package local

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/index/hamming"
	"touchstone/index/inverted"
	"touchstone/store"
)

// A checkpoint is what memory has, as files, so that it need not be built again: in the folder FILE.memory beside the
// store's FILE, a base, the files of the sets, and a manifest, which names them. The store stays the truth: a checkpoint
// that is missing or does not fit is thrown away, and costs the time to build memory from the store, no more.
//
// The manifest is text: "touchstone memory 2 ", the CRC-32C of all behind that line as 8 hexadecimal digits, a line feed,
// and the JSON of a manifest. It is put in its place by a rename once all that it names is on the disk; what it does not
// name is removed after that. Worked example, in one line: touchstone memory 2 89abcdef {"Revision":7,...}
//
// Versions so far: 1 (2026-11), without features, and not read any more; 2 (2026-11).
const (
	memorySuffix = ".memory"
	manifestName = "manifest"
	manifestText = "touchstone memory 2 "
	temporary    = "new-"
)

// manifest says what a checkpoint consists of.
type manifest struct {
	Revision uint64 // that it shows
	Event    string // what the store's log has at that revision, as its SHA-256: the same history has the same
	Base     piece
	P, PDQ   []byte   // what package hamming says of the sets
	Spots    []byte   // what package inverted says of the set of features
	Off      []string // brands that are not in that one, in order
	Files    []string
}

// piece is a file.
type piece struct {
	Name  string
	Bytes int64
	Sum   uint32
}

// errNoCheckpoint is returned when there is none, which is no reason to warn.
var errNoCheckpoint = fmt.Errorf("%w: there is none", errMemory)

func (m *manifest) encode() ([]byte, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return append(fmt.Appendf(nil, "%s%08x\n", manifestText, crc32.Checksum(body, castagnoli)), body...), nil
}

// readManifest reads what encode made. Errors: errMemory.
func readManifest(b []byte) (*manifest, error) {
	rest, ok := strings.CutPrefix(string(b), manifestText)
	if !ok {
		return nil, fmt.Errorf("%w: the manifest has another version", errMemory)
	}
	sum, body, _ := strings.Cut(rest, "\n")
	if sum != fmt.Sprintf("%08x", crc32.Checksum([]byte(body), castagnoli)) {
		return nil, fmt.Errorf("%w: the manifest's checksum", errMemory)
	}
	m := new(manifest)
	if err := json.Unmarshal([]byte(body), m); err != nil {
		return nil, fmt.Errorf("%w: the manifest: %w", errMemory, err)
	}
	for _, name := range append(slices.Clone(m.Files), m.Base.Name) {
		if name == "" || filepath.Base(name) != name || !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%w: the manifest names a file %q", errMemory, name)
		}
	}
	return m, nil
}

// eventAt is what tells a store's history up to a revision from any other: the log's event at it, whose time is to the
// nanosecond. An older copy that went on by itself has another event there, or none.
func eventAt(ctx context.Context, s *store.Store, revision uint64) (string, error) {
	if revision == 0 {
		return "", nil
	}
	events, err := s.Log(ctx, revision-1, 1)
	if err != nil {
		return "", translate(err)
	}
	if len(events) == 0 || events[0].Revision != revision {
		return "", fmt.Errorf("%w: the log has no revision %d", errMemory, revision)
	}
	e := events[0]
	h := sha256.New()
	number := func(n uint64) { _, _ = h.Write(binary.BigEndian.AppendUint64(nil, n)) } // a hash never fails
	for _, s := range [][]byte{[]byte(e.Room), e.Key, e.Value} {
		number(uint64(len(s)))
		_, _ = h.Write(s)
	}
	number(e.Revision)
	number(uint64(e.Time.UnixNano()))
	number(uint64(e.Kind))
	return hex.EncodeToString(h.Sum(nil)), nil
}

// restore makes memory of the checkpoint and what has changed since. Errors: errMemory (it does not fit), the store's.
func (x *Index) restore(ctx context.Context) (*memory, error) {
	b, err := os.ReadFile(filepath.Join(x.dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoCheckpoint
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMemory, err)
	}
	about, err := readManifest(b)
	if err != nil {
		return nil, err
	}
	until := x.store.Revision()
	if about.Revision > until {
		return nil, fmt.Errorf("%w: it shows revision %d, the store has %d", errMemory, about.Revision, until)
	}
	event, err := eventAt(ctx, x.store, about.Revision)
	if err != nil {
		return nil, unfit(err)
	}
	if event != about.Event {
		return nil, fmt.Errorf("%w: it is of another history", errMemory)
	}
	began := time.Now()
	var base *base
	var s sets
	errs := make([]error, 4)
	parallel(4, func(i int) {
		switch i {
		case 0:
			base, errs[i] = x.openBase(about.Base)
			x.log.Debug("base mapped", "seconds", time.Since(began).Seconds())
		case 1:
			s.p, errs[i] = hamming.OpenSet[[1]uint64](hamming.Options{}, x.dir, about.P)
		case 2:
			s.pdq, errs[i] = hamming.OpenSet[fingerprint.Hash256](hamming.Options{}, x.dir, about.PDQ)
		case 3:
			s.spots, errs[i] = inverted.OpenSet(x.dir, about.Spots)
		}
	})
	for _, err := range errs {
		if errors.Is(err, hamming.ErrFiles) || errors.Is(err, inverted.ErrFiles) {
			return nil, fmt.Errorf("%w: %w", errMemory, err)
		}
		if err != nil {
			return nil, err
		}
	}
	codes := base.photos() + len(base.contentP)
	if base.revision != about.Revision || s.p.Len() != codes || s.pdq.Len() != codes {
		return nil, fmt.Errorf("%w: its files are not of one revision", errMemory)
	}
	x.log.Debug("checkpoint mapped", "revision", about.Revision, "seconds", time.Since(began).Seconds())
	if changes := until - about.Revision; changes > 10_000 && changes > uint64(base.photos())/4 {
		return nil, fmt.Errorf("%w: %d changes since would take longer than building it from the store", errMemory, changes)
	}
	m := newMemory(base, s)
	m.now.off = map[string]bool{}
	for _, brand := range about.Off {
		m.now.off[brand] = true
	}
	if s.spots.Len() != m.now.searched() {
		return nil, fmt.Errorf("%w: its files are not of one revision", errMemory)
	}
	x.saved.Store(about.Revision)
	return m, unfit(m.replay(ctx, x.store, until))
}

// unfit has damage of the log be no more than a reason to build memory from the state, which may be sound.
func unfit(err error) error {
	if errors.Is(err, index.ErrCorrupt) {
		return fmt.Errorf("%w: %w", errMemory, err)
	}
	return err
}

// openBase maps a base and checks it. Errors: errMemory.
func (x *Index) openBase(p piece) (*base, error) {
	m, err := mapFile(filepath.Join(x.dir, p.Name), p.Bytes)
	if err != nil {
		return nil, err
	}
	if checksum(m.bytes) != p.Sum {
		return nil, fmt.Errorf("%w: the checksum of %s", errMemory, p.Name)
	}
	b, err := readBase(m.bytes)
	if err != nil {
		return nil, err
	}
	b.mapped = m
	return b, nil
}

// save writes a checkpoint of a view, whose base b has all there is to it, and removes the one before.
func (x *Index) save(ctx context.Context, v *view, b *base) (about *manifest, err error) {
	if err := os.MkdirAll(x.dir, 0o700); err != nil {
		return nil, err
	}
	about = &manifest{Revision: v.applied, Off: slices.Sorted(maps.Keys(v.off))}
	if about.Event, err = eventAt(ctx, x.store, v.applied); err != nil {
		return nil, err
	}
	if about.Base, err = x.saveBase(ctx, b); err != nil {
		return nil, err
	}
	x.limits.at("base written")
	var filesP, filesPDQ, filesSpots []string
	if about.P, filesP, err = v.p.Save(ctx, x.dir, "p-"); err != nil {
		return nil, err
	}
	x.limits.at("one set written")
	if about.PDQ, filesPDQ, err = v.pdq.Save(ctx, x.dir, "pdq-"); err != nil {
		return nil, err
	}
	x.limits.at("two sets written")
	if about.Spots, filesSpots, err = v.spots.Save(ctx, x.dir, "spots-"); err != nil {
		return nil, err
	}
	about.Files = slices.Concat([]string{about.Base.Name}, filesP, filesPDQ, filesSpots)
	text, err := about.encode()
	if err != nil {
		return nil, err
	}
	x.limits.at("sets written")
	if err := x.writeManifest(text); err != nil {
		return nil, err
	}
	x.limits.at("manifest in place")
	x.saved.Store(v.applied)
	x.tidy(about)
	x.limits.at("tidied")
	return about, nil
}

func (x *Index) saveBase(ctx context.Context, b *base) (p piece, err error) {
	f, err := os.CreateTemp(x.dir, "base-*")
	if err != nil {
		return p, err
	}
	w := &summer{w: f}
	err = b.write(ctx, w)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return p, errors.Join(err, os.Remove(f.Name()))
	}
	return piece{filepath.Base(f.Name()), w.bytes, w.sum()}, nil
}

func (x *Index) writeManifest(text []byte) error {
	f, err := os.CreateTemp(x.dir, temporary+"*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		x.limits.at("manifest written")
		err = os.Rename(f.Name(), filepath.Join(x.dir, manifestName))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(x.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// tidy removes what a checkpoint does not need.
func (x *Index) tidy(about *manifest) {
	entries, err := os.ReadDir(x.dir)
	if err != nil {
		x.log.Warn("the folder of memory can't be tidied", "files", x.dir, "error", err)
		return
	}
	for _, e := range entries {
		if e.Name() != manifestName && !slices.Contains(about.Files, e.Name()) {
			_ = os.Remove(filepath.Join(x.dir, e.Name())) // where it stays it harms nobody, and the next time will do
		}
	}
}

// discard removes a checkpoint that does not fit: its manifest first.
func (x *Index) discard() {
	err := os.Remove(filepath.Join(x.dir, manifestName))
	if err = errors.Join(err, os.RemoveAll(x.dir)); err != nil {
		x.log.Warn("files that memory was kept in can't be removed", "files", x.dir, "error", err)
	}
}
