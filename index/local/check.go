package local

import (
	"context"

	"touchstone/fingerprint"
	"touchstone/store"
)

// Check lists each inconsistency of the file of an index that nobody has open, a line each; none: it is sound. Errors:
// ErrLocked, ErrVersion, the context's, the system's.
func Check(ctx context.Context, path string) (faults []string, err error) {
	var recipe fingerprint.Recipe // of the first photo
	found, err := store.Check(ctx, path, func(in string, r store.Record, _ func(uint64) ([]byte, error)) error {
		if in != room {
			return nil
		}
		p, err := photoOf(r)
		if err != nil {
			return err
		}
		if err := p.Validate(); err != nil {
			return err
		}
		if recipe == 0 {
			recipe = p.Fingerprint.Recipe
		}
		if p.Fingerprint.Recipe != recipe {
			return recipeError(p.Fingerprint.Recipe, recipe)
		}
		return nil
	})
	if err != nil {
		return nil, translate(err)
	}
	for _, f := range found {
		faults = append(faults, f.String())
	}
	return faults, nil
}
