package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// bbolt trusts its list of free pages and writes over what that names, so nothing is written before the list is known to
// be sound. That is known when all pages were walked through, which takes a while where there are many: it happens
// beside the reads, and the first write waits for it. It is known at once where the list is, byte for byte, the one that
// bbolt wrote last before the store was closed, when it was known to be sound: Close notes what that was beside the file.
// The pages are walked through even then, for what else a write could make worse; meanwhile there are writes.
//
// Reads of a damaged file give what was written, or ErrCorrupt, or don't find a key because the way down to it is damaged:
// that is for the walk, or a check, to tell. They go on once it was told, as they do after a failed write.
//
// Of pages with blobs the walk looks at the first, which tells how many they are: they are nearly all of a large file.

// anchor is what a file hangs on: its newest meta page, and the checksum of the list of free pages that this one names.
type anchor struct {
	meta [metaSummed + 8]byte
	free uint32
}

// The layout of FILE.closed, which Close writes: the text below, the meta page behind its header (64 bytes), the CRC-32C
// of the pages of the freelist (4, big-endian), and the CRC-32C of all of that (4). It is worth nothing where it does not
// fit, and is then left out of account.
const (
	closedSuffix = ".closed"
	closedText   = "touchstone closed 1\n"
	closedSize   = len(closedText) + metaSummed + 8 + 4 + 4
)

// readAnchor reads a file's anchor; not ok where there is none that can be compared.
func readAnchor(f io.ReaderAt, page int64) (a anchor, ok bool) {
	newest := newestMeta(f, page)
	if newest == nil {
		return a, false
	}
	copy(a.meta[:], newest)
	at := int64(binary.NativeEndian.Uint64(newest[32:])) * page
	high := int64(binary.NativeEndian.Uint64(newest[40:])) * page
	var header [pageHeader]byte
	if at <= 0 || at >= high {
		return a, false // none is kept, or the page is not one
	}
	if _, err := f.ReadAt(header[:], at); err != nil {
		return a, false
	}
	size := (int64(binary.NativeEndian.Uint32(header[12:])) + 1) * page
	if size > high-at {
		return a, false
	}
	h := crc32.New(castagnoli)
	if _, err := io.Copy(h, io.NewSectionReader(f, at, size)); err != nil {
		return a, false
	}
	a.free = h.Sum32()
	return a, true
}

// newestMeta returns what the newest sound meta page has behind its header, nil where none is sound.
func newestMeta(f io.ReaderAt, page int64) (newest []byte) {
	for _, at := range []int64{0, page} {
		m, err := soundMeta(f, at)
		if err == nil && (newest == nil || transactionOf(m) > transactionOf(newest)) {
			newest = m
		}
	}
	return newest
}

func transactionOf(meta []byte) uint64 { return binary.NativeEndian.Uint64(meta[48:]) }

// readClosed reads what Close noted beside a file.
func readClosed(path string) (a anchor, ok bool) {
	b, err := os.ReadFile(path + closedSuffix)
	if err != nil || len(b) != closedSize || string(b[:len(closedText)]) != closedText {
		return a, false
	}
	end := len(b) - 4
	if binary.BigEndian.Uint32(b[end:]) != crc32.Checksum(b[:end], castagnoli) {
		return a, false
	}
	n := copy(a.meta[:], b[len(closedText):])
	a.free = binary.BigEndian.Uint32(b[len(closedText)+n:])
	return a, true
}

// writeClosed notes an anchor beside a file. It needs no sync: what did not reach the disk does not fit.
func writeClosed(path string, a anchor) error {
	b := append([]byte(closedText), a.meta[:]...)
	b = binary.BigEndian.AppendUint32(b, a.free)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+closedSuffix+".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path+closedSuffix)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Survey begins to look through all pages, where Options.Later left that, and does not wait for it.
func (s *Store) Survey() {
	s.begin.Do(func() {
		if s.readOnly {
			close(s.surveyed)
			return
		}
		go s.survey()
	})
}

// survey walks through all pages, once, beside whatever else happens. Damage ends all writing.
func (s *Store) survey() {
	defer close(s.surveyed)
	var faults []string
	a, known := readAnchor(s.file, s.page)
	err := s.view(func(tx *bolt.Tx) (err error) {
		faults, err = checkPages(tx, s.ending, true)
		return err
	})
	if errors.Is(err, errEnded) {
		return
	}
	if err == nil && len(faults) > 0 {
		err = fmt.Errorf("%w: %d faults, the first: %s", ErrCorrupt, len(faults), faults[0])
	}
	if err != nil {
		err = fmt.Errorf("%w: its pages are not sound: %w", ErrReadOnly, err)
		s.refuse(err)
		s.log.Error("pages are damaged; the store takes no changes", "file", s.path, "error", err)
	} else if !s.trusted { // nothing was written yet
		s.anchor, s.anchored = a, known
	}
}

// refuse has all further writes refused, if they are not already.
func (s *Store) refuse(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.latch == nil {
		s.latch = why
	}
}

// note remembers the anchor of what has just been committed. It is called by the writer alone.
func (s *Store) note() { s.anchor, s.anchored = readAnchor(s.file, s.page) }

// leave notes the anchor for whoever opens the file next, once nobody writes any more.
func (s *Store) leave() {
	if s.readOnly {
		return
	}
	if s.latch != nil || !s.anchored {
		_ = os.Remove(s.path + closedSuffix) // where it stays it does not fit, or the walk finds again what it found
		return
	}
	if err := writeClosed(s.path, s.anchor); err != nil {
		s.log.Warn("could not note that the store was closed; the first write after the next start waits for a check", "file", s.path, "error", err)
	}
}
