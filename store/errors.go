package store

import "errors"

// What opening a file may meet.
var (
	// ErrLocked is returned by Open and Check when another process, or another Store of this one, holds the file. The
	// text names the file and, where the system tells, the process.
	ErrLocked = errors.New("store is in use")
	// ErrVersion is returned when the file has another format than this program writes; the text names both. The file
	// is left as it was.
	ErrVersion = errors.New("store has another format")
	// ErrMeta is returned by Open when one of the two pages that anchor the file is damaged, so that the last commits
	// may have been lost with it: Options.AcceptRollback goes on with the other one. It is returned together with
	// ErrCorrupt when both are damaged, which nothing but a backup heals.
	ErrMeta = errors.New("meta page is damaged")
)

// What a caller may have got wrong, or asked for in vain.
var (
	// ErrNotFound is returned when a room has no such key, or had none at the revision asked for.
	ErrNotFound = errors.New("not found")
	// ErrRevision is returned when a revision is asked for that the store has not reached.
	ErrRevision = errors.New("no such revision yet")
	// ErrInvalid is returned when a room, a key, a value or a limit breaks the limits of this package; the text says
	// which. Nothing is written.
	ErrInvalid = errors.New("invalid argument")
)

// What may befall a store.
var (
	// ErrClosed is returned by every call after Close.
	ErrClosed = errors.New("store is closed")
	// ErrFull is returned when the disk, or the file by Options.MaxSize, has no room for a change. Nothing of the change
	// is kept. Reads go on, and so do changes that delete.
	ErrFull = errors.New("store is full")
	// ErrReadOnly is returned by Commit when the store takes no changes: it was opened so, or an earlier write failed.
	// The Commit whose write failed returns it as well, with the cause: the outcome of that one is unknown, its changes
	// are there whole or not at all after the file has been opened anew, and repeating it then has to be safe.
	ErrReadOnly = errors.New("store takes no changes")
	// ErrCorrupt is returned when what is stored fails its checksum or contradicts itself; the text says where.
	ErrCorrupt = errors.New("store is damaged")
)
