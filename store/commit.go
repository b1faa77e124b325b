package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// How much shares a transaction, at the most.
const (
	queued       = 1024 // Commits that wait, before others wait to wait
	groupCommits = 1024
	groupChanges = 5000
	groupBytes   = 32 << 20
)

// View is the state that a Commit decides upon: what all Commits before it left, those of the same transaction
// included. It is of no use once decide has returned.
type View struct {
	tx   *bolt.Tx
	next uint64
	now  time.Time
}

// Get returns a key's record. Errors: ErrNotFound, ErrCorrupt.
func (v *View) Get(room string, key []byte) (r Record, err error) {
	err = guard(func() (err error) {
		r, err = getState(v.tx, room, key)
		return err
	})
	return r, err
}

// Next is the revision that the first change will have.
func (v *View) Next() uint64 { return v.next }

// Time is the time that the changes will have.
func (v *View) Time() time.Time { return v.now }

// request is a Commit on its way through the writer.
type request struct {
	ctx    context.Context
	decide func(*View) ([]Change, error)
	taken  atomic.Bool // by the writer, or by the caller who gave up
	done   chan struct{}

	span  Span // valid once done is closed, as is err
	bytes int
	err   error
}

// Commit asks decide for changes and makes them: all of them or none, each with a revision of its own, in order. It
// returns once they are on the disk. Commits that come at once share a transaction and its syncs.
//
// decide must only look and answer: it runs in the writer, may run more than once, and what it returns as an error
// comes back unchanged, with nothing written and no harm to other Commits. It must not use the store otherwise. The
// slices in its changes must not be changed until Commit returns.
//
// A context that ends before the writer has taken the Commit up prevents it; later it has no effect. Errors: those of
// decide, ErrInvalid, ErrFull, ErrReadOnly, ErrCorrupt, ErrClosed, the context's.
func (s *Store) Commit(ctx context.Context, decide func(*View) ([]Change, error)) (Span, error) {
	r := &request{ctx: ctx, decide: decide, done: make(chan struct{})}
	if err := s.submit(r); err != nil {
		return Span{}, err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.taken.CompareAndSwap(false, true) {
			return Span{}, ctx.Err()
		}
		<-r.done
	}
	return r.span, r.err
}

func (s *Store) submit(r *request) error {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return ErrClosed
	}
	if err := s.Err(); err != nil {
		return err
	}
	select {
	case s.queue <- r:
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// write is the writer: it takes what waits and commits it together, and does the steps of Wipe in between, until the queue
// is closed and empty.
func (s *Store) write() {
	defer close(s.done)
	for {
		select {
		case first, ok := <-s.queue:
			if !ok {
				return
			}
			s.commitGroup(s.waiting(first))
		case step := <-s.steps:
			step()
		}
	}
}

// waiting returns the first request and those that wait behind it.
func (s *Store) waiting(first *request) []*request {
	if !s.trusted {
		s.Survey()
		<-s.surveyed
	}
	group := []*request{first}
	for len(group) < groupCommits {
		select {
		case r, ok := <-s.queue:
			if !ok {
				return group
			}
			group = append(group, r)
		default:
			return group
		}
	}
	return group
}

// commitGroup commits requests in as few transactions as the limits allow and tells their callers.
func (s *Store) commitGroup(group []*request) {
	waiting := group[:0]
	for _, r := range group {
		if !r.taken.CompareAndSwap(false, true) {
			continue // its caller has gone
		}
		if r.err = r.ctx.Err(); r.err != nil {
			close(r.done)
			continue
		}
		waiting = append(waiting, r)
	}
	for len(waiting) > 0 {
		n, err := s.transact(waiting)
		if n > 1 && errors.Is(err, ErrFull) {
			// What frees space may still succeed by itself, and so may what needs little.
			n, err = 1, s.alone(waiting[0])
		}
		for _, r := range waiting[:n] {
			if err != nil {
				r.span, r.err = Span{}, err
			}
			close(r.done)
		}
		waiting = waiting[n:]
	}
}

// alone commits one request.
func (s *Store) alone(r *request) error {
	_, err := s.transact([]*request{r})
	return err
}

// transact runs the first so many requests in one transaction and tells how many. An error is of the transaction, and
// so of all of them; what went wrong with one alone is in its err.
func (s *Store) transact(group []*request) (n int, err error) {
	last, refusal := s.Revision(), s.Err()
	if refusal != nil {
		return len(group), refusal
	}
	var tx *bolt.Tx
	err = guard(func() (err error) {
		tx, err = s.db.Begin(true)
		return err
	})
	if err != nil {
		return len(group), s.writeFailed(err, last)
	}
	at := last
	err = guard(func() error {
		now, err := timeAfter(tx)
		if err != nil {
			return err
		}
		bytes := 0
		for n < len(group) && (n == 0 || at-last < groupChanges && bytes < groupBytes) {
			r := group[n]
			n++
			v := &View{tx: tx, next: at + 1, now: now}
			if err := r.apply(v); err != nil {
				return err
			}
			at += r.changes()
			bytes += r.bytes
		}
		return nil
	})
	if err == nil && at == last {
		return n, s.rollback(tx)
	}
	if err != nil {
		return max(n, 1), s.writeFailed(errors.Join(err, s.rollback(tx)), last)
	}
	if err := guard(tx.Commit); err != nil {
		return n, s.writeFailed(errors.Join(err, s.rollback(tx)), last)
	}
	s.committed()
	s.mu.Lock()
	s.revision = at
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	return n, nil
}

// committed remembers what the next open, and a Wipe, have to know of a commit.
func (s *Store) committed() {
	s.note()
	if s.wiping != nil {
		s.wiping.keep(s)
	}
}

// rollback ends a transaction, where it has not ended by itself.
func (s *Store) rollback(tx *bolt.Tx) error {
	err := guard(func() error {
		if err := tx.Rollback(); !errors.Is(err, bolterrors.ErrTxClosed) {
			return err
		}
		return nil
	})
	if errors.Is(err, ErrCorrupt) {
		s.mu.Lock()
		s.stuck = true
		s.mu.Unlock()
	}
	return err
}

// changes is how many revisions the request was given.
func (r *request) changes() uint64 {
	if r.span == (Span{}) {
		return 0
	}
	return r.span.Last - r.span.First + 1
}

// apply asks the request what to change and writes it. An error is of the transaction; one of the request alone is left
// in it.
func (r *request) apply(v *View) error {
	var changes []Change
	r.span, r.bytes = Span{}, 0
	changes, r.err = r.valid(v) // none with an error
	for i, c := range changes {
		e := Event{
			Room: c.Room, Blob: c.Blob != nil,
			Record: Record{Key: c.Key, Value: c.Value, Revision: v.next + uint64(i), Time: v.now, Kind: c.Kind},
		}
		if c.Erase {
			erased, err := erase(v.tx, e)
			if err != nil {
				return err
			}
			r.bytes += len(c.Key) + erased*erasedBytes
			continue
		}
		if err := put(v.tx, e); err != nil {
			return err
		}
		if c.Blob != nil {
			if err := attach(v.tx, e.Revision, c.Blob); err != nil {
				return err
			}
		}
		r.bytes += len(c.Key) + len(c.Value) + len(c.Blob)
	}
	if len(changes) > 0 {
		r.span = Span{v.next, v.next + uint64(len(changes)) - 1}
	}
	return nil
}

// valid asks the request what to change, and checks it.
func (r *request) valid(v *View) ([]Change, error) {
	changes, err := r.ask(v)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		if err := c.validate(); err != nil {
			return nil, err
		}
		if c.Erase { // what damage would make impossible must not begin
			if _, err := pastOf(v.tx, c.Room, c.Key); err != nil {
				return nil, err
			}
		}
	}
	return changes, nil
}

// ask runs decide; its panic is its caller's error.
func (r *request) ask(v *View) (changes []Change, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("store: commit: panic: %v", p)
		}
	}()
	return r.decide(v)
}

// put writes an event to log, history and state.
func put(tx *bolt.Tx, e Event) error {
	if err := putLog(tx, e); err != nil {
		return err
	}
	history, err := tx.Bucket(bucketHistory).CreateBucketIfNotExists([]byte(e.Room))
	if err != nil {
		return err
	}
	h := historyKey(e.Key, e.Revision)
	if err := history.Put(h, frame(bucketHistory, e.Room, h, make([]byte, 5))); err != nil {
		return err
	}
	state, err := tx.Bucket(bucketState).CreateBucketIfNotExists([]byte(e.Room))
	if err != nil {
		return err
	}
	if e.Value == nil {
		return state.Delete(e.Key)
	}
	return state.Put(e.Key, encodeRecord(e.Room, e.Record))
}

// putLog writes an event to the log.
func putLog(tx *bolt.Tx, e Event) error {
	log := tx.Bucket(bucketLog)
	log.FillPercent = 1 // keys come in order
	return log.Put(revisionKey(e.Revision), encodeEvent(e))
}

// timeAfter is now, or the time of the last event where the clock went back.
func timeAfter(tx *bolt.Tx) (time.Time, error) {
	now := time.Now().UTC().Round(0)
	k, v := tx.Bucket(bucketLog).Cursor().Last()
	if k == nil {
		return now, nil
	}
	e, err := decodeEvent(k, v)
	if err == nil && e.Time.After(now) {
		now = e.Time
	}
	return now, err
}

// writeFailed tells what a failed transaction means, before which last was the last revision. No room leaves the store as
// it was, unless the failure came so late that the commit shows all the same. After anything else it is not known what
// is on the disk, and a sync that failed once may be reported as done the next time, so no more is written.
func (s *Store) writeFailed(cause error, last uint64) error {
	full := errors.Is(cause, syscall.ENOSPC) || errors.Is(cause, syscall.EDQUOT) || errors.Is(cause, bolterrors.ErrMaxSizeReached)
	if full && s.shows(last) {
		return fmt.Errorf("%w: %w", ErrFull, cause)
	}
	err := fmt.Errorf("%w: a write failed, its outcome is unknown: %w", ErrReadOnly, cause)
	s.refuse(err)
	s.log.Error("a write failed; the store takes no more changes until it is opened anew", "file", s.path, "error", cause)
	return err
}

// shows tells whether a fresh transaction sees that revision as the last one.
func (s *Store) shows(revision uint64) bool {
	var last uint64
	err := s.view(func(tx *bolt.Tx) (err error) {
		last, err = lastRevision(tx)
		return err
	})
	return err == nil && last == revision
}
