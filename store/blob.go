package store

import (
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// A blob is what is attached to a change: too large to stand in log and state both, and to be written again with each
// change of the key. It belongs to the change and not to the key, so whoever wants to find it later keeps its revision in
// the key's value. As the log, it stays until its key is erased.

// Blob returns what is attached to the change of that revision; it shares no memory with the store. Errors: ErrNotFound
// (nothing is, or it was erased, or there is no such revision yet), ErrCorrupt, ErrClosed.
func (s *Store) Blob(revision uint64) (b []byte, err error) {
	err = s.Blobs(context.Background(), []uint64{revision}, func(_ int, found []byte) error {
		b = append([]byte{}, found...)
		return nil
	})
	return b, err
}

// Blobs shows what is attached to changes, revisions[i] as i, in the order in which they are given, until look fails. It
// must not be kept nor changed. A read transaction is held all the while, so that the file grows under writes meanwhile.
// Ascending revisions lie together on the disk. Errors: those of look, those of Blob, the context's.
func (s *Store) Blobs(ctx context.Context, revisions []uint64, look func(i int, b []byte) error) error {
	return s.read(func(tx *bolt.Tx, until uint64, _ bool) error {
		for i, revision := range revisions {
			if err := ctx.Err(); err != nil {
				return err
			}
			if revision > until {
				return fmt.Errorf("%w: blob %d", ErrNotFound, revision)
			}
			b, err := blobIn(tx, revision)
			if err == nil {
				err = look(i, b)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// blobIn returns a blob in place.
func blobIn(tx *bolt.Tx, revision uint64) ([]byte, error) {
	b, k := tx.Bucket(bucketBlobs), revisionKey(revision)
	if b == nil { // of format 1
		return nil, fmt.Errorf("%w: blob %d", ErrNotFound, revision)
	}
	v := b.Get(k)
	if v != nil {
		return unframe(bucketBlobs, "", k, v)
	}
	if e := tx.Bucket(bucketLog).Get(k); e != nil {
		if e, err := decodeEvent(k, e); err != nil {
			return nil, err
		} else if e.Blob {
			return nil, fmt.Errorf("%w: blob %d is missing", ErrCorrupt, revision)
		}
	}
	return nil, fmt.Errorf("%w: blob %d", ErrNotFound, revision)
}

// attach writes a blob.
func attach(tx *bolt.Tx, revision uint64, blob []byte) error {
	if err := raise(tx, format2); err != nil {
		return err
	}
	b := tx.Bucket(bucketBlobs)
	b.FillPercent = 1 // keys come in order
	k := revisionKey(revision)
	return b.Put(k, frame(bucketBlobs, "", k, append(make([]byte, 5, 5+len(blob)), blob...)))
}
