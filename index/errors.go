package index

import "errors"

// What a caller may have got wrong.
var (
	// ErrNotFound is returned when no photo has the key (at that revision).
	ErrNotFound = errors.New("no such photo")
	// ErrInvalid is returned when a photo or its metadata breaks a rule of this package; the text names the field.
	ErrInvalid = errors.New("invalid photo")
	// ErrQuery is returned when a query breaks a rule of this package; the text names the field.
	ErrQuery = errors.New("invalid query")
	// ErrUnknownBrand is returned when a search's filter names a brand that has no photo.
	ErrUnknownBrand = errors.New("unknown brand")
	// ErrUnknownProduct is returned when a search's filter names a product that no photo shows.
	ErrUnknownProduct = errors.New("unknown product")
	// ErrRecipe is returned when fingerprints or features come from another recipe than the index holds: they can't be
	// compared.
	ErrRecipe = errors.New("fingerprint of another recipe")
	// ErrConflict is returned when a photo has changed since the revision that the caller knew.
	ErrConflict = errors.New("photo has changed in the meantime")
)

// What may have befallen the engine.
var (
	// ErrClosed is returned by every call after Close.
	ErrClosed = errors.New("index is closed")
	// ErrFull is returned when the disk or the index's quota has no room; what is stored stays readable and deletable.
	ErrFull = errors.New("index is full")
	// ErrReadOnly is returned when the index takes no changes: it was opened so, or a failed write left its outcome
	// unknown. In the second case the change may or may not be there after a restart; repeating it is safe.
	ErrReadOnly = errors.New("index takes no changes")
	// ErrCorrupt is returned when stored bytes fail their checksum; the text names where.
	ErrCorrupt = errors.New("index is damaged")
)
