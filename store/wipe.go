package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	bolt "go.etcd.io/bbolt"
)

// bbolt writes what has changed to other pages, and leaves the old ones as they are until it has use for them. So what was
// erased stays in the file, for months maybe. Wipe writes zeros over pages, behind bbolt's back, so it has to be certain
// that nobody wants them:
//
//   - Not the state on the disk, of which there are two: the newest meta page names one, and the other one what was there
//     a commit ago, for when a crash tears the newest. A commit that changes nothing makes both the same, and a page that
//     is listed as free before and after it belongs to neither, nor to their lists.
//   - Not a reader, who sees the file as it was when his transaction began: those that began before that commit are
//     waited for, and later ones see nothing of these pages.
//   - Not a later commit: pages are wiped by the writer, so that there is none at the time, and what one has put to use
//     since is left alone for good, even when it is free again: a reader or the other meta page may know it.
//
// A page that was put to use was written anew from end to end, so what had been there is gone from it as well.

// stepPages is how many pages are looked at while commits wait: 4 MiB, as pages mostly are.
const stepPages = 1024

// Wipe overwrites with zeros what nothing in the file refers to any more, so that what was erased before can't be read from
// it either. It goes through all free pages, and takes its time: commits go on in between, and reads meanwhile, of which it
// waits for those that had begun before it. When it is cancelled, or the process dies, the file is sound, with some of it
// wiped. It must not be called from a function that is called by a read or a commit, which it would wait for. What a disk
// or a file system keeps of its own is out of its reach. Errors: ErrReadOnly, ErrFull, ErrCorrupt, ErrClosed, the
// context's.
func (s *Store) Wipe(ctx context.Context) error {
	if err := s.Err(); err != nil {
		return err
	}
	s.Survey() // what is listed as free must be
	if err := s.await(ctx, s.surveyed); err != nil {
		return err
	}
	select {
	case s.wipes <- struct{}{}:
	case <-s.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.wipes }()
	defer func() { // where this is refused no commit comes any more for which it matters
		_ = s.inWriter(context.WithoutCancel(ctx), func() error { s.wiping = nil; return nil })
	}()
	if err := s.inWriter(ctx, s.beginWipe); err != nil {
		return err
	}
	if err := s.await(ctx, s.readers.earlier()); err != nil {
		return err
	}
	for more := true; more; {
		err := s.inWriter(ctx, func() (err error) {
			more, err = s.wipe(stepPages)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// await waits for a channel to be closed. Errors: ErrClosed, the context's.
func (s *Store) await(ctx context.Context, closed <-chan struct{}) error {
	select {
	case <-closed:
		return ctx.Err()
	case <-s.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// inWriter has the writer do something between commits. Errors: those of f, ErrReadOnly, ErrClosed, the context's.
func (s *Store) inWriter(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done := make(chan error, 1)
	step := func() {
		err := s.Err()
		if err == nil {
			err = guard(f)
		}
		done <- err
	}
	select {
	case s.steps <- step:
		return <-done
	case <-s.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wiping is what is left for Wipe. It is the writer's.
type wiping struct {
	pages []uint64 // ascending; free in each state that is, or was, on the disk since the Wipe began
	err   error    // why that is not known any more
}

// beginWipe makes both meta pages refer to the present state, and finds the pages that are part of neither.
func (s *Store) beginWipe() error {
	pages, err := s.unused()
	if err != nil {
		return err
	}
	s.wiping = &wiping{pages: pages}
	last := s.Revision()
	var tx *bolt.Tx
	if err := guard(func() (err error) {
		tx, err = s.db.Begin(true)
		return err
	}); err != nil {
		return s.writeFailed(err, last)
	}
	if err := guard(tx.Commit); err != nil {
		return s.writeFailed(errors.Join(err, s.rollback(tx)), last)
	}
	s.committed()
	return s.wiping.err
}

// keep drops the pages that a commit has put to use.
func (w *wiping) keep(s *Store) {
	unused, err := s.unused()
	if err != nil {
		w.pages, w.err = nil, err
		return
	}
	kept := w.pages[:0]
	for _, id := range w.pages {
		for len(unused) > 0 && unused[0] < id {
			unused = unused[1:]
		}
		if len(unused) > 0 && unused[0] == id {
			kept = append(kept, id)
		}
	}
	w.pages = kept
}

// unused returns the pages that the state on the disk does not use, ascending: those that its freelist names, and those
// of the file that lie behind all that are counted.
func (s *Store) unused() ([]uint64, error) {
	m := newestMeta(s.file, s.page)
	if m == nil {
		return nil, fmt.Errorf("%w: no meta page is sound", ErrCorrupt)
	}
	list, high := binary.NativeEndian.Uint64(m[32:]), binary.NativeEndian.Uint64(m[40:])
	w := &walker{f: s.file, page: s.page, high: high}
	b, err := w.load(list, nil)
	if err != nil {
		return nil, err
	}
	ids, count := listed(b)
	if binary.NativeEndian.Uint16(b[8:]) != flagFreelist || count > uint64(len(ids)/8) {
		return nil, damaged(list, "is no freelist")
	}
	info, err := s.file.Stat()
	if err != nil {
		return nil, err
	}
	end := max(high, uint64((info.Size()+s.page-1)/s.page))
	pages := make([]uint64, 0, count+end-high)
	for last := uint64(1); count > 0; count, ids = count-1, ids[8:] {
		id := binary.NativeEndian.Uint64(ids)
		if id <= last || id >= high {
			return nil, damaged(list, "lists pages that are not free")
		}
		pages, last = append(pages, id), id
	}
	for id := high; id < end; id++ {
		pages = append(pages, id)
	}
	return pages, nil
}

// wipe looks at so many of the pages that are left, wipes those that are not zero, and tells whether there are more.
func (s *Store) wipe(pages int) (more bool, err error) {
	w := s.wiping
	if w.err != nil {
		return false, w.err
	}
	step := w.pages[:min(pages, len(w.pages))]
	w.pages = w.pages[len(step):]
	buf := make([]byte, int64(len(step))*s.page)
	wiped := false
	for i := 0; i < len(step); {
		end := i + 1
		for end < len(step) && step[end] == step[end-1]+1 {
			end++
		}
		at := int64(step[i]) * s.page
		n, err := s.file.ReadAt(buf[:int64(end-i)*s.page], at)
		if err != nil && !errors.Is(err, io.EOF) { // a file need not end with a page
			return false, fmt.Errorf("store: wipe: %w", err)
		}
		wrote, err := s.zero(at, buf[:n])
		if err != nil {
			return false, s.writeFailed(err, s.Revision())
		}
		wiped = wiped || wrote
		i = end
	}
	if wiped {
		if err := s.file.Sync(); err != nil {
			return false, s.writeFailed(err, s.Revision())
		}
	}
	return len(w.pages) > 0, nil
}

// zero overwrites those of the pages at an offset, which hold b, that are not zero.
func (s *Store) zero(at int64, b []byte) (wrote bool, err error) {
	zeros := make([]byte, s.page)
	for i := 0; i < len(b); {
		end := i
		for end < len(b) {
			p := b[end:min(end+len(zeros), len(b))]
			if bytes.Equal(p, zeros[:len(p)]) {
				break
			}
			clear(p)
			end += len(p)
		}
		if end > i {
			if _, err := s.file.WriteAt(b[i:end], at+int64(i)); err != nil {
				return wrote, err
			}
			wrote = true
		}
		i = end + len(zeros)
	}
	return wrote, nil
}
