package store

import (
	"bytes"
	"context"
	"os"

	bolt "go.etcd.io/bbolt"
)

// Cuts returns keys, ascending, that part a room into about as many ranges of like size, for several goroutines to read:
// up to parts-1 of them, fewer or none where the room is small. No key needs to be there. Errors: ErrCorrupt, ErrClosed,
// the system's.
func (s *Store) Cuts(room string, parts int) (cuts [][]byte, err error) {
	err = s.read(func(tx *bolt.Tx, _ uint64, _ bool) error {
		b := tx.Bucket(bucketState).Bucket([]byte(room))
		if b == nil || b.Root() == 0 {
			return nil
		}
		f, err := os.Open(tx.DB().Path())
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it was only read
		w := newWalker(tx, f)
		level := []uint64{uint64(b.Root())}
		// A level of branches has the first key of each page below it.
		for len(cuts) < 4*parts {
			keys, below, err := w.branches(level, true)
			if err != nil {
				return err
			}
			if len(below) == 0 {
				break // of leaves
			}
			cuts, level = keys, below
		}
		return nil
	})
	if err != nil || len(cuts) <= parts {
		return nil, err // a room of so few pages is read in no time
	}
	var even [][]byte
	for i := 1; i < parts; i++ {
		even = append(even, cuts[i*len(cuts)/parts])
	}
	return even, nil
}

// Each shows look a room's records as they are now, with keys after one and up to another (empty: from the first, to the
// last), by key, until look fails. A Record's slices must not be kept nor changed: they lie in the file. It holds a read
// transaction all the while, so that the file grows under writes meanwhile. Errors: those of look, ErrCorrupt, ErrClosed,
// the context's.
func (s *Store) Each(ctx context.Context, room string, after, upTo []byte, look func(Record) error) error {
	return s.read(func(tx *bolt.Tx, until uint64, ahead bool) error {
		end := func(k []byte) bool { return len(upTo) > 0 && bytes.Compare(k, upTo) > 0 }
		if ahead {
			var err error
			scanned := scanHistory(ctx, tx, room, Range{After: after, At: until}, func(r Record) bool {
				if end(r.Key) {
					return false
				}
				err = look(r)
				return err == nil
			})
			if scanned != nil {
				return scanned
			}
			return err
		}
		b := tx.Bucket(bucketState).Bucket([]byte(room))
		if b == nil {
			return nil
		}
		c := b.Cursor()
		k, v := c.Seek(after)
		if len(after) > 0 && bytes.Equal(k, after) {
			k, v = c.Next()
		}
		for n := 0; k != nil && !end(k); k, v = c.Next() {
			if n++; n%1000 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			r, err := recordIn(room, k, v)
			if err != nil {
				return err
			}
			if err := look(r); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}
