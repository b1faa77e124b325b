package local

import (
	"context"
	"errors"
	"fmt"

	"touchstone/index"
	"touchstone/store"
)

// Check lists each inconsistency of the file of an index that nobody has open, a line each; none: it is sound. Errors:
// ErrLocked, ErrVersion, the context's, the system's.
func Check(ctx context.Context, path string) (faults []string, err error) {
	found, err := store.Check(ctx, path)
	if err != nil {
		return nil, translate(err)
	}
	for _, f := range found {
		faults = append(faults, f.String())
	}
	s, err := store.Open(path, store.Options{ReadOnly: true, AcceptRollback: true})
	if err != nil {
		if len(faults) > 0 {
			return faults, nil // so damaged that it can't be read further
		}
		return nil, translate(err)
	}
	more, err := checkPhotos(ctx, s)
	return append(faults, more...), errors.Join(err, s.Close())
}

// checkPhotos reads every photo.
func checkPhotos(ctx context.Context, s *store.Store) (faults []string, err error) {
	var first *index.Photo
	for r, more := (store.Range{}), true; more; {
		var records []store.Record
		records, more, err = s.Scan(ctx, room, r, 10_000)
		if errors.Is(err, store.ErrCorrupt) {
			return faults, nil // which store.Check has told
		}
		if err != nil {
			return faults, translate(err)
		}
		for _, rec := range records {
			r.After = rec.Key
			p, err := photoOf(rec)
			if err == nil {
				err = p.Validate()
			}
			if err != nil {
				faults = append(faults, fmt.Sprintf("photo %q: %v", rec.Key, err))
				continue
			}
			if first == nil {
				first = &p
			}
			if p.Fingerprint.Recipe != first.Fingerprint.Recipe {
				faults = append(faults, fmt.Sprintf("photo %q: recipe %d, others have %d", p.Key, p.Fingerprint.Recipe, first.Fingerprint.Recipe))
			}
		}
	}
	return faults, nil
}
