package book

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"touchstone/index"
	"touchstone/store"
)

// Task is something that is done with each photo of the catalogue as it comes; it names the task's progress in the store.
type Task string

// The tasks.
const (
	Past      Task = "catalog"   // photos are held against the listing images of the past
	Conflicts Task = "conflicts" // photos are held against those of other brands
)

// Progress is the revision of the catalogue up to which a task is done; 0: it never began. Errors: index.ErrCorrupt.
func (b *Book) Progress(t Task) (uint64, error) {
	r, err := b.store.Get(roomProgress, []byte(t))
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, translate(err)
	}
	return progressOf(r.Value)
}

// SetProgress notes up to which revision of the catalogue a task is done. Errors: index.ErrFull, index.ErrReadOnly.
func (b *Book) SetProgress(ctx context.Context, t Task, catalog uint64) error {
	_, err := b.commit(ctx, func(*store.View) ([]store.Change, error) {
		return []store.Change{{Kind: kindPut, Room: roomProgress, Key: []byte(t), Value: binary.AppendUvarint(nil, catalog)}}, nil
	}, func(store.Span) {})
	return err
}

func progressOf(value []byte) (uint64, error) {
	n, size := binary.Uvarint(value)
	if size <= 0 || size != len(value) {
		return 0, fmt.Errorf("%w: progress % x", index.ErrCorrupt, value)
	}
	return n, nil
}
