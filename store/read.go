package store

import (
	"bytes"
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// pageBytes bounds the keys and values of one page of Scan or Log, but for the last of it.
const pageBytes = 8 << 20

// read runs f in a read transaction, unless the store is closed. bbolt's transactions see a commit as soon as it is
// written, which is before it is synced, and even if that fails; until is the last revision that is known to be on the
// disk, and f tells nothing that came after it, though what an erasure took away can't be told meanwhile. ahead tells whether the transaction sees more than that.
func (s *Store) read(f func(tx *bolt.Tx, until uint64, ahead bool) error) error {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return ErrClosed
	}
	until := s.Revision()
	return s.view(func(tx *bolt.Tx) error {
		last, err := lastRevision(tx)
		if err != nil {
			return err
		}
		return f(tx, until, last > until)
	})
}

// lastRevision is that of the last event which a transaction sees, 0 before the first.
func lastRevision(tx *bolt.Tx) (uint64, error) {
	k, _ := tx.Bucket(bucketLog).Cursor().Last()
	switch len(k) {
	case 0:
		return 0, nil
	case 8:
		return revisionOf(k), nil
	}
	return 0, fmt.Errorf("%w: log: key of %d bytes", ErrCorrupt, len(k))
}

// Get returns the record of a key. Errors: ErrNotFound, ErrCorrupt, ErrInvalid, ErrClosed.
func (s *Store) Get(room string, key []byte) (r Record, err error) {
	err = s.read(func(tx *bolt.Tx, until uint64, ahead bool) (err error) {
		if ahead {
			r, err = getAt(tx, room, key, until)
		} else {
			r, err = getState(tx, room, key)
		}
		return err
	})
	return r, err
}

func getState(tx *bolt.Tx, room string, key []byte) (Record, error) {
	if err := validateKey(room, key); err != nil {
		return Record{}, err
	}
	b := tx.Bucket(bucketState).Bucket([]byte(room))
	if b == nil {
		return Record{}, ErrNotFound
	}
	v := b.Get(key)
	if v == nil {
		return Record{}, ErrNotFound
	}
	return decodeRecord(room, key, v)
}

// At returns the record of a key as it stood at a revision. Errors: ErrNotFound (there was none then), ErrRevision,
// ErrCorrupt, ErrInvalid, ErrClosed.
func (s *Store) At(room string, key []byte, revision uint64) (r Record, err error) {
	err = s.read(func(tx *bolt.Tx, until uint64, _ bool) (err error) {
		if err := reached(revision, until); err != nil {
			return err
		}
		r, err = getAt(tx, room, key, revision)
		return err
	})
	return r, err
}

func getAt(tx *bolt.Tx, room string, key []byte, revision uint64) (Record, error) {
	if err := validateKey(room, key); err != nil {
		return Record{}, err
	}
	b := tx.Bucket(bucketHistory).Bucket([]byte(room))
	if b == nil {
		return Record{}, ErrNotFound
	}
	found, err := lastUpTo(b, room, historyPrefix(key), revision)
	if err != nil {
		return Record{}, err
	}
	if found == 0 {
		return Record{}, ErrNotFound
	}
	r, err := eventOf(tx, room, key, found)
	if err != nil {
		return Record{}, err
	}
	if r.Value == nil {
		return Record{}, ErrNotFound
	}
	return r, nil
}

func reached(revision, last uint64) error {
	if revision > last {
		return fmt.Errorf("%w: %d, the last one is %d", ErrRevision, revision, last)
	}
	return nil
}

// lastUpTo returns the last revision, up to the given one, of the key that has the prefix in a room's history; 0: none.
func lastUpTo(b *bolt.Bucket, room string, prefix []byte, revision uint64) (uint64, error) {
	c := b.Cursor()
	want := append(bytes.Clone(prefix), revisionKey(revision)...)
	k, v := c.Seek(want)
	if !bytes.Equal(k, want) {
		if k == nil {
			k, v = c.Last()
		} else {
			k, v = c.Prev()
		}
	}
	if len(k) != len(prefix)+8 || !bytes.HasPrefix(k, prefix) {
		return 0, nil
	}
	if _, err := unframe(bucketHistory, room, k, v); err != nil {
		return 0, err
	}
	return revisionOf(k[len(prefix):]), nil
}

// eventAt returns the event of a revision that there must be.
func eventAt(tx *bolt.Tx, revision uint64) (Event, error) {
	k := revisionKey(revision)
	v := tx.Bucket(bucketLog).Get(k)
	if v == nil {
		return Event{}, fmt.Errorf("%w: log %d is missing", ErrCorrupt, revision)
	}
	return decodeEvent(k, v)
}

// eventOf returns the record that an event of the log left, which must be of that key.
func eventOf(tx *bolt.Tx, room string, key []byte, revision uint64) (Record, error) {
	e, err := eventAt(tx, revision)
	if err != nil {
		return Record{}, err
	}
	if e.Room != room || !bytes.Equal(e.Key, key) {
		return Record{}, fmt.Errorf("%w: log %d is of %q %q, history has %q %q there", ErrCorrupt, revision, e.Room, e.Key, room, key)
	}
	return e.Record, nil
}

// Scan returns a page of a room's records, by key: limit at most, fewer where they are large, and whether more follow.
// It holds nothing afterwards; go on after the last key. A room that does not exist is empty. Errors: ErrCorrupt,
// ErrInvalid, ErrRevision, ErrClosed, the context's.
func (s *Store) Scan(ctx context.Context, room string, r Range, limit int) (page []Record, more bool, err error) {
	if limit < 1 {
		return nil, false, fmt.Errorf("%w: limit of %d, wanted 1 or more", ErrInvalid, limit)
	}
	if room == "" || len(room) > MaxRoom {
		return nil, false, fmt.Errorf("%w: room of %d bytes, wanted 1 to %d", ErrInvalid, len(room), MaxRoom)
	}
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	size := 0
	take := func(rec Record) bool {
		if len(page) == limit || size > pageBytes {
			more = true
			return false
		}
		page = append(page, rec)
		size += len(rec.Key) + len(rec.Value)
		return true
	}
	err = s.read(func(tx *bolt.Tx, until uint64, ahead bool) error {
		if r.At == 0 {
			r.At = until
		}
		if err := reached(r.At, until); err != nil {
			return err
		}
		if r.At == until && !ahead {
			return scanState(ctx, tx, room, r, take)
		}
		return scanHistory(ctx, tx, room, r, take)
	})
	if err != nil {
		return nil, false, err
	}
	return page, more, nil
}

func scanState(ctx context.Context, tx *bolt.Tx, room string, r Range, take func(Record) bool) error {
	b := tx.Bucket(bucketState).Bucket([]byte(room))
	if b == nil {
		return nil
	}
	c := b.Cursor()
	last := maxKey(r.Prefix, r.After) // a key that stands before it would be met again and again
	k, v := c.Seek(last)
	if len(r.After) > 0 && bytes.Equal(k, r.After) {
		k, v = c.Next()
	}
	for ; k != nil && bytes.HasPrefix(k, r.Prefix); k, v = c.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if bytes.Compare(k, last) < 0 {
			return fmt.Errorf("%w: state %q: key %q behind %q", ErrCorrupt, room, k, last)
		}
		last = k
		rec, err := decodeRecord(room, k, v)
		if err != nil {
			return err
		}
		if !take(rec) {
			return nil
		}
	}
	return nil
}

// scanHistory walks the keys that a room ever had and takes those that were there at the revision.
func scanHistory(ctx context.Context, tx *bolt.Tx, room string, r Range, take func(Record) bool) error {
	b := tx.Bucket(bucketHistory).Bucket([]byte(room))
	if b == nil {
		return nil
	}
	c := b.Cursor()
	k, _ := c.First()
	if from := maxKey(r.Prefix, r.After); len(from) > 0 {
		start := historyPrefix(from)
		k, _ = c.Seek(start[:len(start)-2])
	}
	for k != nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		prefix, key, _, err := splitHistory(k)
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(key, r.Prefix) && bytes.Compare(key, r.Prefix) > 0 {
			return nil
		}
		if bytes.HasPrefix(key, r.Prefix) && (len(r.After) == 0 || bytes.Compare(key, r.After) > 0) {
			at, err := lastUpTo(b, room, prefix, r.At)
			if err != nil {
				return err
			}
			if at > 0 {
				rec, err := eventOf(tx, room, key, at)
				if err != nil {
					return err
				}
				if rec.Value != nil && !take(rec) {
					return nil
				}
			}
		}
		// 00 02 comes after every entry of this key and before those of any other.
		next := append(bytes.Clone(prefix[:len(prefix)-1]), 2)
		if k, _ = c.Seek(next); k != nil && bytes.Compare(k, next) < 0 {
			return fmt.Errorf("%w: history %q: key %x behind %x", ErrCorrupt, room, k, next)
		}
	}
	return nil
}

func maxKey(a, b []byte) []byte {
	if bytes.Compare(a, b) > 0 {
		return a
	}
	return b
}

// Log returns the events after a revision, in order: limit at most, fewer where they are large. None means that there
// are none yet; Wait tells when. Errors: ErrCorrupt, ErrInvalid, ErrClosed, the context's.
func (s *Store) Log(ctx context.Context, after uint64, limit int) (page []Event, err error) {
	if limit < 1 {
		return nil, fmt.Errorf("%w: limit of %d, wanted 1 or more", ErrInvalid, limit)
	}
	size := 0
	err = s.read(func(tx *bolt.Tx, until uint64, _ bool) error {
		c := tx.Bucket(bucketLog).Cursor()
		for k, v := c.Seek(revisionKey(after + 1)); k != nil && len(page) < limit && size <= pageBytes; k, v = c.Next() {
			if err := ctx.Err(); err != nil {
				return err
			}
			e, err := decodeEvent(k, v)
			if err != nil {
				return err
			}
			if e.Revision > until {
				break
			}
			if want := after + 1 + uint64(len(page)); e.Revision != want {
				return fmt.Errorf("%w: log: revision %d where %d should be", ErrCorrupt, e.Revision, want)
			}
			page = append(page, e)
			size += len(e.Key) + len(e.Value) + 8*len(e.Erases)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}
