package store

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

type Store struct{}

// Options of Open; the zero value is the default.
type Options struct {
	ReadOnly       bool          // open for reading alone
	AcceptRollback bool          // go on when one meta page is damaged
	InitialMmap    int64         // bytes of address space; 0: 16 GiB on 64-bit
	MaxSize        int64         // bytes of the file; 0: as far as the disk goes
	LockTimeout    time.Duration // 0: one second
	Log            *slog.Logger  // nil: silent
}

func Open(path string, o Options) (*Store, error) { return nil, errors.ErrUnsupported }

// View is the state that a Commit decides upon; of no use once decide has returned.
type View struct{}

func (v *View) Get(room string, key []byte) (Record, error) { return Record{}, errors.ErrUnsupported }
func (v *View) Next() uint64                                { return 0 }           // revision that the first change will have
func (v *View) Time() time.Time                             { return time.Time{} } // time that the changes will have
// Commit: decide may run more than once.
func (s *Store) Commit(ctx context.Context, decide func(*View) ([]Change, error)) (Span, error) {
	return Span{}, errors.ErrUnsupported
}
func (s *Store) Get(room string, key []byte) (Record, error) { return Record{}, errors.ErrUnsupported }
func (s *Store) At(room string, key []byte, revision uint64) (Record, error) { // ErrRevision: not there yet
	return Record{}, errors.ErrUnsupported
}

// Scan: a page of at most limit records, and whether there are more (a page may be shorter and more true: it is bounded in bytes too).
func (s *Store) Scan(ctx context.Context, room string, r Range, limit int) ([]Record, bool, error) {
	return nil, false, errors.ErrUnsupported
}
func (s *Store) Log(ctx context.Context, after uint64, limit int) ([]Event, error) {
	return nil, errors.ErrUnsupported
}
func (s *Store) Wait(ctx context.Context, after uint64) (uint64, error) { // until Revision() > after
	return 0, errors.ErrUnsupported
}
func (s *Store) Revision() uint64                              { return 0 }
func (s *Store) Err() error                                    { return nil } // why the store is latched read-only; nil: it isn't
func (s *Store) Backup(ctx context.Context, path string) error { return errors.ErrUnsupported }

type Fault struct {
	Where string // "meta page", "page", "format", "log", "state", "history"
	Room  string
	Key   []byte
	What  string
}

func (s *Store) Check(ctx context.Context) ([]Fault, error)   { return nil, errors.ErrUnsupported }
func Check(ctx context.Context, path string) ([]Fault, error) { return nil, errors.ErrUnsupported }
func (s *Store) Close() error                                 { return nil }
