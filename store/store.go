// Package store makes bbolt trustworthy: one file holds rooms of keyed values, the log of every change that made them,
// what was attached to changes, and an index of each key's past. It promises that a Commit which returned nil survives a crash, that what is read is
// what was written or ErrCorrupt, that a file which lost commits to a damaged meta page is not opened as if nothing had
// happened, and that after a write whose outcome is unknown nothing more is written. It knows bytes and keys, not what
// they mean.
//
// It does not protect against two copies of the file that drift apart, nor against a disk that lies about a sync. Old
// values are kept for ever, in the log, and so is what was attached to them, unless their key is erased; Wipe then takes
// them out of the file as well, though not out of backups, nor out of what a disk or file system keeps of its own.
//
// The caveat that bites: the file is mapped into memory, so a disk that fails under it shows as ErrCorrupt, and a file
// that is cut short while it is open takes the process down.
package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Options of Open; the zero value is the default.
type Options struct {
	ReadOnly       bool          // open for reading alone; the file must be there
	AcceptRollback bool          // go on when one meta page is damaged, with the commits that the other one knows
	InitialMmap    int64         // bytes of address space; 0: 16 GiB. A file that outgrows it stalls readers while it is mapped anew
	MaxSize        int64         // bytes of the file; 0: as far as the disk goes
	LockTimeout    time.Duration // how long to wait for another holder; 0: one second
	Later          bool          // look through all pages only once Survey is called, or a Commit waits for it
	Log            *slog.Logger  // told of what an operator should know; nil: nobody is
}

const (
	defaultMmap        = 16 << 30
	defaultLockTimeout = time.Second
	fileMode           = 0o600
)

// Store is an open file. All methods may be called at once from many goroutines.
type Store struct {
	db       *bolt.DB
	path     string
	log      *slog.Logger
	readOnly bool

	queue chan *request // to the writer; closed by Close
	steps chan func()   // to the writer, in between
	done  chan struct{} // closed when the writer has ended

	wipes   chan struct{} // holds one while there is a Wipe
	wiping  *wiping       // what is left for it; nil: there is none. The writer's
	readers readers       // all read transactions

	file     *os.File      // to read pages from, and wipe them, beside bbolt
	page     int64         // bytes of a page
	trusted  bool          // the freelist was known to be sound when the file was opened
	begin    sync.Once     // of survey
	surveyed chan struct{} // closed when survey has ended, or the store without it
	ending   chan struct{} // closed: survey should end
	anchor   anchor        // of the last commit; survey's until it has ended, if not trusted, then the writer's
	anchored bool          // anchor is known

	life   sync.RWMutex // held for reading by whoever uses db or queue, so that Close waits; protects closed
	closed bool

	mu       sync.Mutex // protects the fields below
	revision uint64
	latch    error         // why nothing is written any more
	stuck    bool          // a transaction could not even be rolled back: bbolt waits for it for ever
	changed  chan struct{} // closed and replaced when revision grows or the store is closed
}

// Open opens the file, or makes it where there is none. Not all of its pages are looked at by then: the first Commit waits
// until they were, unless Close left a note that fits, and is refused where they are damaged, as all others then are. Reads
// don't wait. Errors: ErrLocked, ErrVersion, ErrMeta, ErrCorrupt, the system's.
func Open(path string, o Options) (*Store, error) {
	if o.InitialMmap == 0 {
		o.InitialMmap = defaultMmap
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = defaultLockTimeout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if !o.ReadOnly {
		if err := create(path); err != nil {
			return nil, fmt.Errorf("store: make %s: %w", path, err)
		}
	}
	s := &Store{
		path: path, log: o.Log, readOnly: o.ReadOnly,
		queue: make(chan *request, queued), done: make(chan struct{}), changed: make(chan struct{}),
		surveyed: make(chan struct{}), ending: make(chan struct{}),
		steps: make(chan func()), wipes: make(chan struct{}, 1),
	}
	if err := s.open(o); err != nil {
		return nil, fmt.Errorf("store: open %s: %w", path, err)
	}
	if !o.Later {
		s.Survey()
	}
	go s.write()
	return s, nil
}

func (s *Store) open(o Options) error {
	known, err := os.Stat(s.path)
	switch {
	case err != nil:
		return err
	case !known.Mode().IsRegular():
		return fmt.Errorf("%w: it is no file", ErrVersion)
	case known.Size() == 0:
		return fmt.Errorf("%w: an empty file", ErrVersion) // which bbolt would make one of its own of
	}
	err = guard(func() (err error) {
		s.db, err = bolt.Open(s.path, fileMode, &bolt.Options{
			Timeout:         o.LockTimeout,
			ReadOnly:        o.ReadOnly,
			InitialMmapSize: int(o.InitialMmap),
			MaxSize:         int(o.MaxSize),
			FreelistType:    bolt.FreelistMapType,
		})
		return err
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("%w%s", ErrLocked, holder(s.path))
	case err != nil && !errors.Is(err, fs.ErrPermission):
		if _, bad := checkMeta(s.path); bad {
			return fmt.Errorf("%w: %w: %w", ErrMeta, ErrCorrupt, err)
		}
		return err
	case err != nil:
		return err
	}
	if err := s.accept(o); err != nil {
		return errors.Join(err, s.db.Close())
	}
	mode := os.O_RDWR
	if o.ReadOnly {
		mode = os.O_RDONLY
	}
	if s.file, err = os.OpenFile(s.path, mode, 0); err != nil {
		return errors.Join(err, s.db.Close())
	}
	s.page = int64(s.db.Info().PageSize)
	if closed, ok := readClosed(s.path); ok {
		s.anchor, s.anchored = readAnchor(s.file, s.page)
		s.trusted = s.anchored && s.anchor == closed
	}
	return nil
}

// accept looks at what was opened before anything is written to it.
func (s *Store) accept(o Options) error {
	damaged, all := checkMeta(s.path)
	if all {
		return fmt.Errorf("%w: %w: both are", ErrMeta, ErrCorrupt)
	}
	if damaged != "" {
		if !o.AcceptRollback {
			return fmt.Errorf("%w: %s; the last commits may be lost with it", ErrMeta, damaged)
		}
		s.log.Warn("a meta page is damaged, the last commits may be lost with it", "file", s.path, "page", damaged)
	}
	return s.view(func(tx *bolt.Tx) (err error) {
		if !o.ReadOnly { // before bbolt follows them
			if err := skimPages(tx); err != nil {
				return err
			}
		}
		if err := checkFormat(tx); err != nil {
			return err
		}
		s.revision, err = lastRevision(tx)
		return err
	})
}

// create makes an empty store under another name and links it into place, so that there is a whole file or none.
func create(path string) error {
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	temp := f.Name()
	defer func() { _ = os.Remove(temp) }() // it has its name, or is of no use
	if err := f.Close(); err != nil {
		return err
	}
	db, err := bolt.Open(temp, fileMode, nil)
	if err != nil {
		return err
	}
	if err := errors.Join(db.Update(initialise), db.Close()); err != nil {
		return err
	}
	if err := os.Link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Close waits for the Commits under way and lets go of the file. A second Close returns ErrClosed.
func (s *Store) Close() error {
	s.life.Lock()
	if s.closed {
		s.life.Unlock()
		return ErrClosed
	}
	s.closed = true
	close(s.queue)
	s.life.Unlock()
	<-s.done
	close(s.ending)
	s.Survey()
	<-s.surveyed
	close(s.changed)
	defer func() { _ = s.file.Close() }() // what was written to it was synced
	if s.stuck {
		return fmt.Errorf("store: close %s: %w: a write is stuck, the file stays locked until the process ends", s.path, ErrCorrupt)
	}
	if err := guard(s.db.Close); err != nil {
		return fmt.Errorf("store: close %s: %w", s.path, err)
	}
	s.leave()
	return nil
}

// Revision is that of the last change, 0 before the first.
func (s *Store) Revision() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revision
}

// Err tells why the store takes no changes, as ErrReadOnly; nil: it takes them.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusal()
}

// refusal is Err with the mutex held.
func (s *Store) refusal() error {
	if s.readOnly {
		return fmt.Errorf("%w: it was opened for reading", ErrReadOnly)
	}
	return s.latch
}

// Wait waits until there is a revision after the given one and returns the last one. Errors: ErrClosed, the context's.
func (s *Store) Wait(ctx context.Context, after uint64) (uint64, error) {
	for {
		s.life.RLock()
		closed := s.closed
		s.life.RUnlock()
		s.mu.Lock()
		revision, changed := s.revision, s.changed
		s.mu.Unlock()
		switch {
		case closed:
			return 0, ErrClosed
		case revision > after:
			return revision, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
