package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// Fault is one inconsistency of a file.
type Fault struct {
	Where string // "meta page", "page", "format", "log", "blobs", "state", "history"
	Room  string // where it concerns one
	Key   []byte // where it concerns one
	What  string
}

// String is the fault on one line.
func (f Fault) String() string {
	s := f.Where
	if f.Room != "" {
		s += fmt.Sprintf(" %q", f.Room)
	}
	if f.Key != nil {
		s += fmt.Sprintf(" %q", f.Key)
	}
	return s + ": " + f.What
}

// Look is shown a record of state whose checksum holds, and tells as an error what is wrong with its value. blob is
// Store.Blob, but that the bytes must not be kept nor changed.
type Look func(room string, r Record, blob func(revision uint64) ([]byte, error)) error

// Check lists each inconsistency of a file that nobody has open: bbolt's pages, every checksum, revisions without a gap,
// log, history and state telling the same, each blob having its event, and what is erased its erasure. None: the file is sound. look, which may be
// nil, is shown all there is. Errors: ErrLocked, ErrVersion, the context's, the system's; damage is a Fault and not an
// error, as far as it lets the file be read.
func Check(ctx context.Context, path string, look Look) ([]Fault, error) {
	damaged, all := checkMeta(path)
	s, err := Open(path, Options{ReadOnly: true, AcceptRollback: true})
	switch {
	case errors.Is(err, ErrCorrupt) || err != nil && all && !errors.Is(err, ErrLocked) && !isMissing(path):
		if damaged != "" {
			return []Fault{{Where: "meta page", What: damaged}}, nil
		}
		return []Fault{{Where: "page", What: err.Error()}}, nil
	case err != nil:
		return nil, err
	}
	faults, err := s.Check(ctx, look)
	if damaged != "" {
		faults = append([]Fault{{Where: "meta page", What: damaged}}, faults...)
	}
	return faults, errors.Join(err, s.Close())
}

// Check is the function Check on an open store; it sees the store at one revision. It holds a read transaction all the
// while, so that the file grows under writes meanwhile.
func (s *Store) Check(ctx context.Context, look Look) (faults []Fault, err error) {
	c := &checker{ctx: ctx, look: look, still: s.readOnly, erased: map[uint64]uint64{}}
	err = s.read(func(tx *bolt.Tx, _ uint64, _ bool) error {
		c.tx = tx
		for _, step := range []func() error{c.pages, c.format, c.log, c.blobs, c.history, c.state} {
			err := guard(step)
			if errors.Is(err, ErrCorrupt) {
				c.add("page", "", nil, "%v", err)
				continue
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return c.faults, err
}

type checker struct {
	ctx     context.Context
	look    Look // nil: at nothing
	still   bool // nobody writes
	tx      *bolt.Tx
	faults  []Fault
	keyed   int // events in the log, but for erasures and what they erased
	blobbed int // of them with a blob

	erasures   int               // events that erase, or are erased
	erased     map[uint64]uint64 // a bit for each erased event that no erasure has named so far, by revision / 64
	erasedLeft int               // how many bits
}

func (c *checker) add(where, room string, key []byte, format string, args ...any) {
	c.faults = append(c.faults, Fault{where, room, bytes.Clone(key), fmt.Sprintf(format, args...)})
}

// pages checks what the file is made of. Nothing that is not sound is handed to bbolt's own check, nor followed further; it
// is the second opinion on a file that nobody writes to.
func (c *checker) pages() error {
	faults, err := checkPages(c.tx, c.ctx.Done(), false)
	if errors.Is(err, errEnded) {
		return c.ctx.Err()
	}
	for _, f := range faults {
		c.add("page", "", nil, "%s", f)
	}
	if err != nil || len(faults) > 0 {
		return err
	}
	if !c.still { // bbolt's looks at what is free now, beside the writer, and not as the transaction sees it
		return c.ctx.Err()
	}
	for err := range c.tx.Check() {
		c.add("page", "", nil, "%v", err)
	}
	return c.ctx.Err()
}

func (c *checker) format() error {
	if err := checkFormat(c.tx); err != nil {
		c.add("format", "", nil, "%v", err)
	}
	return nil
}

// log checks each event and that history knows it, or that it is erased for a reason.
func (c *checker) log() error {
	want := uint64(1)
	err := c.tx.Bucket(bucketLog).ForEach(func(k, v []byte) error {
		if len(k) == 8 {
			at := revisionOf(k)
			if at != want {
				c.add("log", "", k, "revision %d follows %d", at, want-1)
			}
			want = at + 1
		}
		e, err := decodeEvent(k, v)
		if err != nil {
			c.keyed++ // as history may have it
			c.add("log", "", k, "%v", err)
			return c.ctx.Err()
		}
		if e.Erased || e.Erases != nil {
			c.erasure(e)
			return c.ctx.Err()
		}
		c.keyed++
		if e.Blob {
			c.blobbed++
		}
		h := c.tx.Bucket(bucketHistory).Bucket([]byte(e.Room))
		if h == nil || h.Get(historyKey(e.Key, e.Revision)) == nil {
			c.add("history", e.Room, e.Key, "revision %d is missing", e.Revision)
		}
		return c.ctx.Err()
	})
	if c.erasedLeft > 0 {
		c.add("log", "", nil, "%d events are erased, though no later one says so", c.erasedLeft)
	}
	if v := c.tx.Bucket(bucketFormat).Get(keyFormat); c.erasures > 0 && len(v) == 4 && binary.BigEndian.Uint32(v) < format {
		c.add("format", "", nil, "%d, which has no erasures, with %d of them", binary.BigEndian.Uint32(v), c.erasures)
	}
	return err
}

// erasure checks that each erased event is named by one erasure behind it, and each that an erasure names is erased.
func (c *checker) erasure(e Event) {
	c.erasures++
	if e.Erased {
		c.erased[e.Revision/64] |= 1 << (e.Revision % 64)
		c.erasedLeft++
		return
	}
	for _, r := range e.Erases {
		bit := uint64(1) << (r % 64)
		if c.erased[r/64]&bit == 0 {
			c.add("log", "", revisionKey(e.Revision), "revision %d, which it erased, is there, or was erased before", r)
			continue
		}
		if c.erased[r/64] &^= bit; c.erased[r/64] == 0 {
			delete(c.erased, r/64)
		}
		c.erasedLeft--
	}
}

// blobs checks each blob, and that as many are there as the log has attached.
func (c *checker) blobs() error {
	b, found := c.tx.Bucket(bucketBlobs), 0
	if b == nil {
		if c.blobbed > 0 {
			c.add("blobs", "", nil, "none, for %d events that have one", c.blobbed)
		}
		return nil
	}
	err := b.ForEach(func(k, v []byte) error {
		found++
		if _, err := unframe(bucketBlobs, "", k, v); err != nil {
			c.add("blobs", "", k, "%v", err)
			return c.ctx.Err()
		}
		if len(k) != 8 {
			c.add("blobs", "", k, "key of %d bytes", len(k))
			return c.ctx.Err()
		}
		e := c.tx.Bucket(bucketLog).Get(k)
		if e == nil {
			c.add("blobs", "", k, "revision %d is not in the log", revisionOf(k))
		} else if e, err := decodeEvent(k, e); err == nil && !e.Blob {
			c.add("blobs", "", k, "revision %d has none in the log", revisionOf(k))
		}
		return c.ctx.Err()
	})
	if found != c.blobbed {
		c.add("blobs", "", nil, "%d, for %d events that have one", found, c.blobbed)
	}
	return err
}

// history checks that each entry has its event, and that the last of each key is what state holds.
func (c *checker) history() error {
	entries := 0
	err := c.rooms(bucketHistory, func(room string, b *bolt.Bucket) error {
		state := c.tx.Bucket(bucketState).Bucket([]byte(room))
		var last []byte // entry, of the key before
		settle := func() {
			if last != nil {
				c.settle(room, state, last)
			}
		}
		err := b.ForEach(func(k, v []byte) error {
			entries++
			if _, err := unframe(bucketHistory, room, k, v); err != nil {
				c.add("history", room, k, "%v", err)
			}
			prefix, _, _, err := splitHistory(k)
			if err != nil {
				c.add("history", room, k, "%v", err)
				return nil
			}
			if last != nil && !bytes.HasPrefix(last, prefix) {
				settle()
			}
			last = k
			return c.ctx.Err()
		})
		settle()
		return err
	})
	if entries != c.keyed {
		c.add("history", "", nil, "%d entries for %d events", entries, c.keyed)
	}
	return err
}

// settle compares the last entry of a key with the log and with state.
func (c *checker) settle(room string, state *bolt.Bucket, entry []byte) {
	_, key, revision, err := splitHistory(entry)
	if err != nil {
		return // told already
	}
	e, err := eventOf(c.tx, room, key, revision)
	if err != nil {
		c.add("history", room, key, "%v", err)
		return
	}
	var v []byte
	if state != nil {
		v = state.Get(key)
	}
	switch {
	case e.Value == nil && v != nil:
		c.add("state", room, key, "is there, though revision %d deleted it", revision)
	case e.Value != nil && v == nil:
		c.add("state", room, key, "is missing, though revision %d put it", revision)
	case v != nil:
		r, err := decodeRecord(room, key, v)
		if err == nil && (r.Revision != revision || r.Kind != e.Kind || !r.Time.Equal(e.Time) || !bytes.Equal(r.Value, e.Value)) {
			c.add("state", room, key, "revision %d, other than the log's %d", r.Revision, revision)
		}
	}
}

// state checks each record, and that history knows its key.
func (c *checker) state() error {
	return c.rooms(bucketState, func(room string, b *bolt.Bucket) error {
		history := c.tx.Bucket(bucketHistory).Bucket([]byte(room))
		return b.ForEach(func(k, v []byte) error {
			r, err := decodeRecord(room, k, v)
			if err == nil && c.look != nil {
				err = c.look(room, r, func(revision uint64) ([]byte, error) { return blobIn(c.tx, revision) })
			}
			if err != nil {
				c.add("state", room, k, "%v", err)
			} else if history == nil || history.Get(historyKey(k, r.Revision)) == nil {
				c.add("state", room, k, "revision %d is not in its history", r.Revision)
			}
			return c.ctx.Err()
		})
	})
}

func (c *checker) rooms(bucket []byte, f func(room string, b *bolt.Bucket) error) error {
	top := c.tx.Bucket(bucket)
	return top.ForEach(func(name, v []byte) error {
		if v != nil {
			c.add(string(bucket), "", name, "a value among rooms")
			return nil
		}
		return f(string(name), top.Bucket(name))
	})
}
