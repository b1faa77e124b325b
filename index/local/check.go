package local

import (
	"cmp"
	"context"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/store"
)

// Check lists each inconsistency of the file of an index that nobody has open, a line each; none: it is sound. Errors:
// ErrLocked, ErrVersion, the context's, the system's.
func Check(ctx context.Context, path string) (faults []string, err error) {
	var recipe fingerprint.Recipe // of the first photo
	var features feature.Recipe   // of the first that has some
	found, err := store.Check(ctx, path, func(in string, r store.Record, blob func(uint64) ([]byte, error)) error {
		if in == brandRoom {
			if _, err := decodeBrand(r.Value); err != nil {
				return err
			}
			return index.CheckBrand(string(r.Key))
		}
		if in != room {
			return nil
		}
		p, at, err := photoIn(r)
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
		if at == (reference{}) {
			return nil
		}
		if features = cmp.Or(features, at.recipe); at.recipe != features {
			return featuresError(at.recipe, features)
		}
		b, err := blob(at.revision)
		if err != nil {
			return err
		}
		_, err = decodeFeatures(at.revision, at.recipe, b)
		return err
	})
	if err != nil {
		return nil, translate(err)
	}
	for _, f := range found {
		faults = append(faults, f.String())
	}
	return faults, nil
}
