package store

import (
	"fmt"
	"time"
)

// Limits of what a change may hold.
const (
	MaxRoom  = 64       // bytes of a room's name
	MaxKey   = 1 << 10  // bytes of a key
	MaxValue = 16 << 20 // bytes of a value
	MaxBlob  = 16 << 20 // bytes of a blob
)

// Change is what a Commit does to one key.
type Change struct {
	Kind  byte   // what happened, in the caller's own vocabulary; the store keeps it and does not look at it
	Room  string // the keyed collection, 1 to MaxRoom bytes; a room is there once something was put into it
	Key   []byte // 1 to MaxKey bytes; ordered byte by byte
	Value []byte // the new state, 0 to MaxValue bytes; nil deletes. To delete what is not there is an event like any other
	Blob  []byte // attached to the change, 0 to MaxBlob bytes, for Store.Blob by its revision; nil: nothing is. Not with a deletion

	// Erase deletes the key as if it had never been there: its value, and all its past. Of each earlier change of the key
	// the log keeps a revision and a time, and of this one no key. Value and Blob must be nil. What was erased can be read
	// from the file until Wipe, and from backups that were made before.
	Erase bool
}

// Record is the state of a key, as one change left it. It shares no memory with the store.
type Record struct {
	Key      []byte
	Value    []byte    // never nil in a Record that stands by itself; nil in the Event of a deletion
	Revision uint64    // of the change, 1 or more
	Time     time.Time // of the change, UTC; never earlier than that of a lower revision
	Kind     byte      // of the change
}

// Event is a change as the log tells it: what it left, in which room. A nil Value means that it deleted the key, or that
// one of the last two fields says more.
type Event struct {
	Room string
	Record
	Blob   bool     // something is attached, which Store.Blob returns
	Erased bool     // its key was erased by a later change: only Revision and Time are left, all else is zero
	Erases []uint64 // revisions of the changes that this one erased, ascending; Key is nil. Not nil in an erasure, maybe empty
}

// Span is the revisions that a Commit gave to its changes, in order and without a gap: First for the first change, Last
// for the last. It is zero when there were no changes.
type Span struct{ First, Last uint64 }

// Range says which keys of a room to scan. The zero Range is all of them, as they are now.
type Range struct {
	Prefix []byte // only keys that begin so; empty: any
	After  []byte // only keys that come after this one; empty: from the first
	At     uint64 // the room as it was at this revision; 0: as it is now
}

func validateKey(room string, key []byte) error {
	switch {
	case room == "" || len(room) > MaxRoom:
		return fmt.Errorf("%w: room of %d bytes, wanted 1 to %d", ErrInvalid, len(room), MaxRoom)
	case len(key) == 0 || len(key) > MaxKey:
		return fmt.Errorf("%w: key of %d bytes, wanted 1 to %d", ErrInvalid, len(key), MaxKey)
	}
	return nil
}

func (c Change) validate() error {
	if len(c.Value) > MaxValue {
		return fmt.Errorf("%w: value of %d bytes, wanted %d at most", ErrInvalid, len(c.Value), MaxValue)
	}
	if len(c.Blob) > MaxBlob {
		return fmt.Errorf("%w: blob of %d bytes, wanted %d at most", ErrInvalid, len(c.Blob), MaxBlob)
	}
	if c.Value == nil && c.Blob != nil {
		return fmt.Errorf("%w: a deletion with a blob", ErrInvalid)
	}
	if c.Erase && c.Value != nil {
		return fmt.Errorf("%w: an erasure with a value", ErrInvalid)
	}
	return validateKey(c.Room, c.Key)
}
