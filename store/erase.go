package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Erasure is for what must not be kept: a deletion only says that a key is gone, and At, Log and Blob go on telling what it
// was. The log stays without a gap all the same, so that who follows it can: it says that there was a change, and when.
//
// An erasure names the revisions that it erased and not the key. Whoever follows the log and holds what it told earlier
// knows by the revisions what to forget; for who comes later there is nothing to know.

// erasedBytes is what an erased event counts as what shares a transaction is bounded: a page or two are written anew for it.
const erasedBytes = 8 << 10

// erase takes a key out of state, and what there ever was of it out of log, history and blobs; e is the erasing event, its
// key still named. It costs as much as the key has events, and tells how many it had.
func erase(tx *bolt.Tx, e Event) (events int, err error) {
	if err := raise(tx, format); err != nil {
		return 0, err
	}
	past, err := pastOf(tx, e.Room, e.Key)
	if err != nil {
		return 0, err
	}
	history, blobs := tx.Bucket(bucketHistory).Bucket([]byte(e.Room)), tx.Bucket(bucketBlobs)
	key := e.Key
	e.Key, e.Erases = nil, make([]uint64, 0, len(past))
	for _, p := range past {
		blank := Event{Erased: true, Record: Record{Revision: p.revision, Time: p.time}}
		if err := errors.Join(
			putLog(tx, blank),
			history.Delete(historyKey(key, p.revision)),
			blobs.Delete(revisionKey(p.revision)), // there or not
		); err != nil {
			return 0, err
		}
		e.Erases = append(e.Erases, p.revision)
	}
	if state := tx.Bucket(bucketState).Bucket([]byte(e.Room)); state != nil {
		if err := state.Delete(key); err != nil {
			return 0, err
		}
	}
	return len(past), putLog(tx, e)
}

// change is what an erasure leaves of an event.
type change struct {
	revision uint64
	time     time.Time
}

// pastOf returns all changes of a key, ascending.
func pastOf(tx *bolt.Tx, room string, key []byte) ([]change, error) {
	revisions, err := revisionsOf(context.Background(), tx, room, key)
	if err != nil {
		return nil, err
	}
	past := make([]change, len(revisions))
	for i, revision := range revisions {
		r, err := eventOf(tx, room, key, revision)
		if err != nil {
			return nil, err
		}
		past[i] = change{revision, r.Time}
	}
	return past, nil
}

// History returns the revisions of a key's changes, deletions among them, ascending; none of a key that never was, or was
// erased. Errors: ErrCorrupt, ErrInvalid, ErrClosed, the context's.
func (s *Store) History(ctx context.Context, room string, key []byte) (revisions []uint64, err error) {
	if err := validateKey(room, key); err != nil {
		return nil, err
	}
	err = s.read(func(tx *bolt.Tx, until uint64, _ bool) error {
		if revisions, err = revisionsOf(ctx, tx, room, key); err != nil {
			return err
		}
		for len(revisions) > 0 && revisions[len(revisions)-1] > until {
			revisions = revisions[:len(revisions)-1]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return revisions, nil
}

// revisionsOf returns the revisions that history has of a key, ascending.
func revisionsOf(ctx context.Context, tx *bolt.Tx, room string, key []byte) (revisions []uint64, err error) {
	b := tx.Bucket(bucketHistory).Bucket([]byte(room))
	if b == nil {
		return nil, ctx.Err()
	}
	prefix, last := historyPrefix(key), uint64(0)
	c := b.Cursor()
	for k, v := c.Seek(prefix); len(k) == len(prefix)+8 && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := unframe(bucketHistory, room, k, v); err != nil {
			return nil, err
		}
		revision := revisionOf(k[len(prefix):])
		if revision <= last {
			return nil, fmt.Errorf("%w: history %q: revision %d behind %d", ErrCorrupt, room, revision, last)
		}
		revisions, last = append(revisions, revision), revision
	}
	return revisions, ctx.Err()
}

// Event returns the change of a revision; one that was erased is there, as Erased says. Errors: ErrNotFound (there is no
// such revision yet), ErrCorrupt, ErrClosed.
func (s *Store) Event(revision uint64) (e Event, err error) {
	err = s.read(func(tx *bolt.Tx, until uint64, _ bool) (err error) {
		if revision == 0 || revision > until {
			return fmt.Errorf("%w: revision %d, the last one is %d", ErrNotFound, revision, until)
		}
		e, err = eventAt(tx, revision)
		return err
	})
	return e, err
}

// appendRevisions appends ascending revisions: each as its distance from the one before.
func appendRevisions(b []byte, revisions []uint64) []byte {
	last := uint64(0)
	for _, r := range revisions {
		b, last = binary.AppendUvarint(b, r-last), r
	}
	return b
}

// revisionsIn reads what appendRevisions wrote: revisions before the given one.
func revisionsIn(b []byte, before uint64) ([]uint64, error) {
	revisions, last := []uint64{}, uint64(0)
	for len(b) > 0 {
		distance, n := binary.Uvarint(b)
		if n <= 0 || n > 1 && b[n-1] == 0 || distance == 0 || distance >= before-last {
			return nil, fmt.Errorf("%w: revisions that do not ascend", ErrCorrupt)
		}
		last += distance
		revisions, b = append(revisions, last), b[n:]
	}
	return revisions, nil
}
