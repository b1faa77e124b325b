package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/store"
)

// Put implements index.Index.
func (x *Index) Put(ctx context.Context, photos ...index.Photo) ([]index.Stored, error) {
	if err := x.enter(ctx); err != nil {
		return nil, err
	}
	defer x.calls.Done()
	seen := make(map[index.Key]bool, len(photos))
	for i := range photos {
		p := &photos[i]
		if err := p.Validate(); err != nil {
			return nil, err
		}
		if seen[p.Key] {
			return nil, &index.FieldError{Field: "photo_id", Want: "one photo of each name, got " + quoted(p.Key.String()) + " twice", Err: index.ErrInvalid}
		}
		seen[p.Key] = true
	}
	blobs := make([][]byte, len(photos)) // of features, nil where there are none
	for i, p := range photos {
		if p.Features == nil {
			continue
		}
		var err error
		if blobs[i], err = p.Features.MarshalBinary(); err != nil {
			return nil, err
		}
	}
	var stored []index.Stored
	span, err := x.store.Commit(ctx, func(v *store.View) ([]store.Change, error) {
		stored = make([]index.Stored, len(photos))
		return x.putting(v, photos, blobs, stored)
	})
	if err != nil {
		return nil, translate(err)
	}
	x.apply(span, func(m *memory, c *codes) {
		for i := range stored {
			p := &stored[i].Photo
			switch f := photos[i].Features; {
			case stored[i].Outcome == index.Unchanged:
			case f == nil:
				m.put(rowOf(p, 0), p.Fingerprint.Recipe, nil, c)
			default:
				m.put(rowOf(p, f.Recipe), p.Fingerprint.Recipe, f.Features, c)
			}
		}
	})
	return stored, nil
}

// putting decides what a Put changes, and fills in its answer.
func (x *Index) putting(v *store.View, photos []index.Photo, blobs [][]byte, stored []index.Stored) ([]store.Change, error) {
	var changes []store.Change
	at := x.plan.at(v.Next() - 1)
	kept, keptFeatured := at.photos, at.featured // photos that stay as they are
	featured := 0                                // that are put
	var recipe fingerprint.Recipe
	var features feature.Recipe
	for i := range photos {
		p := photos[i]
		p.Labels, p.Features = maps.Clone(p.Labels), nil
		p.Revision, p.Added, p.Updated = v.Next()+uint64(len(changes)), v.Time(), v.Time()
		var f reference
		if blobs[i] != nil {
			f = reference{p.Revision, photos[i].Features.Recipe}
		}
		outcome, kind := index.Added, kindAdded
		old, was, err := stateOf(v, p.Key)
		switch {
		case err == nil && old.Original.SHA256 == p.Original.SHA256 && old.Fingerprint.Recipe == p.Fingerprint.Recipe &&
			(blobs[i] == nil || was.recipe == f.recipe):
			outcome, f = index.Unchanged, was
		case err == nil:
			outcome, kind = index.Replaced, kindReplaced
			p.Added = old.Added
			kept--
			if was != (reference{}) {
				keptFeatured--
			}
		case !errors.Is(err, index.ErrNotFound):
			return nil, err
		}
		if recipe = cmp.Or(recipe, p.Fingerprint.Recipe); recipe != p.Fingerprint.Recipe {
			return nil, recipeError(p.Fingerprint.Recipe, recipe)
		}
		if features = cmp.Or(features, f.recipe); f.recipe != 0 && features != f.recipe {
			return nil, featuresError(f.recipe, features)
		}
		if outcome == index.Unchanged {
			stored[i] = index.Stored{Outcome: outcome, Photo: old}
			continue
		}
		if f != (reference{}) {
			featured++
		}
		stored[i] = index.Stored{Outcome: outcome, Photo: p}
		changes = append(changes, store.Change{Kind: kind, Room: room, Key: keyOf(p.Key), Value: encode(&p, f), Blob: blobs[i]})
	}
	if recipe != 0 && kept > 0 && recipe != at.recipe {
		return nil, recipeError(recipe, at.recipe)
	}
	if features != 0 && keptFeatured > 0 && features != at.features {
		return nil, featuresError(features, at.features)
	}
	if len(changes) > 0 {
		x.plan.add(moment{
			revision: v.Next() - 1 + uint64(len(changes)), photos: kept + len(changes), recipe: recipe,
			featured: keptFeatured + featured, features: cmp.Or(features, at.features),
		})
	}
	return changes, nil
}

// Update implements index.Index.
func (x *Index) Update(ctx context.Context, k index.Key, m index.Metadata, revision uint64) (index.Photo, error) {
	if err := x.enter(ctx); err != nil {
		return index.Photo{}, err
	}
	defer x.calls.Done()
	if err := m.Validate(); err != nil {
		return index.Photo{}, err
	}
	if k.Validate() != nil {
		return index.Photo{}, index.ErrNotFound
	}
	var p index.Photo
	span, err := x.store.Commit(ctx, func(v *store.View) (changes []store.Change, err error) {
		var f reference
		if p, f, err = stateOf(v, k); err != nil {
			return nil, err
		}
		if revision != 0 && revision != p.Revision {
			return nil, fmt.Errorf("%w: photo %q has revision %d, not %d", index.ErrConflict, k, p.Revision, revision)
		}
		if equal(p.Metadata, m) {
			return nil, nil
		}
		p.Metadata = m
		p.Labels = maps.Clone(m.Labels)
		p.Revision, p.Updated = v.Next(), v.Time()
		at := x.plan.at(v.Next() - 1)
		at.revision = v.Next()
		x.plan.add(at)
		return []store.Change{{Kind: kindUpdated, Room: room, Key: keyOf(k), Value: encode(&p, f)}}, nil
	})
	if err != nil {
		return index.Photo{}, translate(err)
	}
	x.apply(span, func(m *memory, _ *codes) { m.update(k, p.Product) })
	return p, nil
}

// Delete implements index.Index.
func (x *Index) Delete(ctx context.Context, k index.Key) error {
	if err := x.enter(ctx); err != nil {
		return err
	}
	defer x.calls.Done()
	if k.Validate() != nil {
		return index.ErrNotFound
	}
	span, err := x.store.Commit(ctx, func(v *store.View) ([]store.Change, error) {
		r, err := v.Get(room, keyOf(k))
		if err != nil {
			return nil, err
		}
		at := x.plan.at(v.Next() - 1)
		at.revision = v.Next()
		at.photos--
		if f, _ := referenceIn(r.Value); f != (reference{}) {
			at.featured--
		}
		x.plan.add(at)
		return []store.Change{{Kind: kindDeleted, Room: room, Key: keyOf(k)}}, nil
	})
	if err != nil {
		return translate(err)
	}
	x.apply(span, func(m *memory, c *codes) { m.remove(k, c) })
	return nil
}

// stateOf returns a photo and where its features are.
func stateOf(v *store.View, k index.Key) (index.Photo, reference, error) {
	r, err := v.Get(room, keyOf(k))
	if err != nil {
		return index.Photo{}, reference{}, translate(err)
	}
	return photoIn(r)
}

func equal(a, b index.Metadata) bool {
	return a.Product == b.Product && a.Variant == b.Variant && a.SourceURI == b.SourceURI && a.ListPrice == b.ListPrice &&
		maps.Equal(a.Labels, b.Labels)
}

func featuresError(got, want feature.Recipe) error {
	return fmt.Errorf("%w: features of recipe %d, want %d", index.ErrRecipe, got, want)
}

func recipeError(got, want fingerprint.Recipe) error {
	return fmt.Errorf("%w: recipe %d, want %d", index.ErrRecipe, got, want)
}
