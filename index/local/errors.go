package local

import (
	"errors"
	"fmt"

	"touchstone/index"
	"touchstone/store"
)

// What Open and Check return beside package index's errors.
var (
	// ErrLocked is returned when another process has the file open.
	ErrLocked = store.ErrLocked
	// ErrVersion is returned when the file has another format than this program writes; it is left as it was.
	ErrVersion = store.ErrVersion
	// ErrMeta is returned when the file may have lost its last commits to a damaged page; Options.AcceptRollback goes on.
	ErrMeta = store.ErrMeta
)

// translate gives the store's errors the contract's names.
func translate(err error) error {
	for _, pair := range [...][2]error{
		{store.ErrNotFound, index.ErrNotFound},
		{store.ErrRevision, index.ErrQuery},
		{store.ErrClosed, index.ErrClosed},
		{store.ErrFull, index.ErrFull},
		{store.ErrReadOnly, index.ErrReadOnly},
		{store.ErrCorrupt, index.ErrCorrupt},
	} {
		if errors.Is(err, pair[0]) {
			return fmt.Errorf("%w: %w", pair[1], err)
		}
	}
	return err
}
