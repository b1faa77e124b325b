package local

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"touchstone/fingerprint"
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
	var stored []index.Stored
	span, err := x.store.Commit(ctx, func(v *store.View) ([]store.Change, error) {
		stored = make([]index.Stored, len(photos))
		return x.putting(v, photos, stored)
	})
	if err != nil {
		return nil, translate(err)
	}
	x.apply(span, func(m *memory, c *codes) {
		for i := range stored {
			if p := &stored[i].Photo; stored[i].Outcome != index.Unchanged {
				m.put(rowOf(p), p.Fingerprint.Recipe, c)
			}
		}
	})
	return stored, nil
}

// putting decides what a Put changes, and fills in its answer.
func (x *Index) putting(v *store.View, photos []index.Photo, stored []index.Stored) ([]store.Change, error) {
	var changes []store.Change
	at := x.plan.at(v.Next() - 1)
	kept := at.photos // photos that stay as they are
	var recipe fingerprint.Recipe
	for i := range photos {
		p := photos[i]
		p.Labels = maps.Clone(p.Labels)
		p.Revision, p.Added, p.Updated = v.Next()+uint64(len(changes)), v.Time(), v.Time()
		outcome, kind := index.Added, kindAdded
		old, err := photoIn(v, p.Key)
		switch {
		case err == nil && old.Original.SHA256 == p.Original.SHA256 && old.Fingerprint.Recipe == p.Fingerprint.Recipe:
			stored[i] = index.Stored{Outcome: index.Unchanged, Photo: old}
			if recipe == 0 {
				recipe = p.Fingerprint.Recipe
			}
			if recipe != p.Fingerprint.Recipe {
				return nil, recipeError(p.Fingerprint.Recipe, recipe)
			}
			continue
		case err == nil:
			outcome, kind = index.Replaced, kindReplaced
			p.Added = old.Added
			kept--
		case !errors.Is(err, index.ErrNotFound):
			return nil, err
		}
		if recipe == 0 {
			recipe = p.Fingerprint.Recipe
		}
		if recipe != p.Fingerprint.Recipe {
			return nil, recipeError(p.Fingerprint.Recipe, recipe)
		}
		stored[i] = index.Stored{Outcome: outcome, Photo: p}
		changes = append(changes, store.Change{Kind: kind, Room: room, Key: keyOf(p.Key), Value: encode(&p)})
	}
	if recipe != 0 && kept > 0 && recipe != at.recipe {
		return nil, recipeError(recipe, at.recipe)
	}
	if len(changes) > 0 {
		after := moment{v.Next() - 1 + uint64(len(changes)), kept + len(changes), recipe}
		x.plan.add(after)
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
		if p, err = photoIn(v, k); err != nil {
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
		return []store.Change{{Kind: kindUpdated, Room: room, Key: keyOf(k), Value: encode(&p)}}, nil
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
		if _, err := v.Get(room, keyOf(k)); err != nil {
			return nil, err
		}
		at := x.plan.at(v.Next() - 1)
		x.plan.add(moment{v.Next(), at.photos - 1, at.recipe})
		return []store.Change{{Kind: kindDeleted, Room: room, Key: keyOf(k)}}, nil
	})
	if err != nil {
		return translate(err)
	}
	x.apply(span, func(m *memory, c *codes) { m.remove(k, c) })
	return nil
}

func photoIn(v *store.View, k index.Key) (index.Photo, error) {
	r, err := v.Get(room, keyOf(k))
	if err != nil {
		return index.Photo{}, translate(err)
	}
	return photoOf(r)
}

func equal(a, b index.Metadata) bool {
	return a.Product == b.Product && a.Variant == b.Variant && a.SourceURI == b.SourceURI && a.ListPrice == b.ListPrice &&
		maps.Equal(a.Labels, b.Labels)
}

func recipeError(got, want fingerprint.Recipe) error {
	return fmt.Errorf("%w: recipe %d, want %d", index.ErrRecipe, got, want)
}
