package main

import (
	"context"
	"errors"
	"io/fs"

	"touchstone/index"
	"touchstone/index/local"
	"touchstone/listing/book"
)

// Where photos are kept, and beside them listings with what decisions rest upon: what marketplaces tell of people goes by
// other rules than a catalogue, and neither should weigh on the other.
const (
	defaultDir   = "data"
	storeName    = "touchstone.db"
	listingsName = "listings.db"
)

// openStore opens a store, or makes it.
func openStore(ctx context.Context, path string, o local.Options) (index.Index, error) {
	photos, err := local.Open(ctx, path, o)
	if err != nil {
		return nil, storeHint(err)
	}
	return photos, nil
}

// openBook opens what listings are remembered in, or makes it.
func openBook(ctx context.Context, path string, o book.Options) (*book.Book, error) {
	b, err := book.Open(ctx, path, o)
	if err != nil {
		return nil, storeHint(err)
	}
	return b, nil
}

// storeHint adds the cure to an error of opening a store, where it is known.
func storeHint(err error) error {
	switch {
	case errors.Is(err, local.ErrLocked):
		return hinted(err, "another process holds it: stop that server, or choose another folder")
	case errors.Is(err, index.ErrCorrupt):
		return hinted(err, "touchstone check lists what is damaged; put a copy in its place that was made while no server ran, or choose another folder and onboard again")
	case errors.Is(err, local.ErrMeta):
		return hinted(err, "touchstone serve --accept-rollback goes on without what may be lost; onboarding again brings it back")
	case errors.Is(err, local.ErrVersion):
		return hinted(err, "use the release of touchstone that wrote it, or choose another folder and onboard again")
	case errors.Is(err, fs.ErrPermission):
		return hinted(err, "the user that runs touchstone has to own it")
	}
	return err
}
