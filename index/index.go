// Package index is the contract of a searchable set of genuine photos: the types that its callers share, the
// interfaces that an engine implements, and the errors that it returns. It promises nothing about how photos are
// kept; engines stand in folders below it, and package indextest holds each of them to the sentences written here.
//
// The caveat that bites: a photo's ID is unique in its brand only. What names a photo everywhere is its Key.
package index

import (
	"context"
	"time"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
)

// Key names a photo: its ID is unique within its brand. Keys are compared byte by byte and ordered by brand, then ID.
type Key struct {
	Brand string // 1 to MaxName bytes of printable UTF-8
	ID    string // 1 to MaxName bytes of printable UTF-8
}

// Compare orders keys by brand, then ID: negative when k comes before o, 0 when they are equal.
func (k Key) Compare(o Key) int {
	switch {
	case k.Brand < o.Brand:
		return -1
	case k.Brand > o.Brand:
		return 1
	case k.ID < o.ID:
		return -1
	case k.ID > o.ID:
		return 1
	}
	return 0
}

// String is "brand/ID", for messages; a slash within a name is not escaped, so it can't be parsed back.
func (k Key) String() string { return k.Brand + "/" + k.ID }

// Price is an amount of money, as google.type.Money has it. The zero Price means that none is known.
type Price struct {
	Currency string // ISO 4217 code, three upper-case letters; empty in the zero Price
	Units    int64  // whole units of the currency, 0 or more
	Nanos    int32  // billionths of a unit, 0 to 999,999,999
}

// Metadata is what a brand says of a photo. None of it takes part in the comparison of pictures.
type Metadata struct {
	Product   string            // the article shown, the brand's own name for it; may be empty
	Variant   string            // colour, size and the like; may be empty
	SourceURI string            // where the original lies; never fetched
	Labels    map[string]string // free; nil and empty mean the same
	ListPrice Price
}

// Original is what was captured of the bytes that a photo came in, which are not kept themselves.
type Original struct {
	SHA256        [32]byte
	Bytes         int64
	Width, Height int    // pixels, upright
	Format        string // "jpeg", "png", ...
}

// Photo is a genuine photo ("reference image" in the literature) of a brand. A Photo returned by an index shares no
// memory with it.
type Photo struct {
	Key
	Metadata
	Original    Original
	Fingerprint fingerprint.Fingerprint
	Features    *feature.Set // given to Put, nil: none; of what an index returns nil, but in a Candidate
	Revision    uint64       // of its last change; set by the index, 1 or more
	Added       time.Time    // when its ID was first added since it last did not exist; set by the index, UTC
	Updated     time.Time    // when it last changed; set by the index, UTC
}

// Probe is one thing to look for: the hashes of a region of the query, in one of its symmetries.
type Probe struct {
	P   fingerprint.Hash64
	PDQ fingerprint.Hash256
}

// Filter narrows a set of photos. The zero Filter lets every photo pass.
type Filter struct {
	Brands   []string // of one of these brands; empty: of any
	Products []string // of one of these products; empty: of any
}

// Query asks for the photos near any of its probes.
type Query struct {
	Recipe fingerprint.Recipe // that made the probes
	Probes []Probe            // 1 to MaxProbes
	// A photo is a neighbour when one of its regions lies within RadiusPDQ bits (0 to 256) of a probe's PDQ hash, or
	// within RadiusP bits (0 to 64) of a probe's P hash. A negative radius leaves that hash out of the search; it is an
	// error when both are negative.
	RadiusPDQ, RadiusP int
	Limit              int // most neighbours to return, 1 or more
	Filter             Filter
}

// Neighbor is a photo that a search found, with its least distance in bits over all pairs of a probe and a region of
// the photo, for each hash on its own.
type Neighbor struct {
	Photo       Photo
	DistancePDQ int // 0 to 256
	DistanceP   int // 0 to 64
}

// Result is a search's answer.
type Result struct {
	Neighbors []Neighbor // by DistancePDQ, then DistanceP, then Key; at most Query.Limit
	Total     int        // neighbours within the radii, whatever the limit
	Searched  int        // photos that passed the filter: 0 means that there was nothing to find
	Revision  uint64     // the answer holds every change up to this revision, and may hold later ones
}

// CandidateQuery asks for the photos that have most features in common with a picture: those that a part of it may have
// been made from.
type CandidateQuery struct {
	Recipe   feature.Recipe    // that made the features
	Features []feature.Feature // of the picture, 1 to feature.MaxFeatures
	Mirrored bool              // look for what was mirrored as well
	Limit    int               // most candidates to return, 1 to MaxCandidates
	Filter   Filter
}

// Candidate is a photo that shares features with a picture. How many agree by chance is for the caller to verify.
type Candidate struct {
	Photo    Photo   // with its Features, of which it is the only owner
	Votes    float64 // the more of the picture's features the photo has, and the rarer they are, the more; above 0
	Mirrored bool    // the photo has them mirrored
}

// CandidateResult is the answer to a CandidateQuery.
type CandidateResult struct {
	Candidates []Candidate // by Votes, the most first, then Key; at most CandidateQuery.Limit
	Searched   int         // photos that passed the filter and whose features are searched: 0 means that there was nothing to find
	Revision   uint64      // the answer holds every change up to this revision, and may hold later ones
}

// BrandSettings is how an index treats a brand. A brand of which nothing was said has Partial set.
type BrandSettings struct {
	Partial bool // its photos are found by their features as well, which costs some two kilobytes of memory a photo
}

// Outcome tells what Put did with a photo.
type Outcome uint8

// The outcomes of Put.
const (
	Added     Outcome = iota + 1 // the key was free
	Unchanged                    // the key holds the same original, described by the same recipes: nothing was written, metadata included
	Replaced                     // the key held another original (or another recipe's description, or none by features): now it holds this one, metadata included
)

// String is the outcome in lower case.
func (o Outcome) String() string {
	switch o {
	case Added:
		return "added"
	case Unchanged:
		return "unchanged"
	case Replaced:
		return "replaced"
	}
	return "invalid"
}

// Stored is Put's answer for one photo: what happened, and the photo as it stands now.
type Stored struct {
	Outcome Outcome
	Photo   Photo
}

// BrandCount is a brand that has photos.
type BrandCount struct {
	Brand    string
	Photos   int // 1 or more
	Products int // distinct product names, the empty one not counted
}

// PhotoChange is a change of a photo, as the log tells it. The photo may have changed again since.
type PhotoChange struct {
	Key      Key
	Revision uint64 // of the change, 1 or more; but for one that deleted, At has the photo as it left it
	Deleted  bool   // there was no photo of that key afterwards
	Metadata bool   // only what is said of the photo changed, by Update: its picture is the one that it was
}

// Searcher is what a caller needs that only asks. All methods may be called at once from many goroutines. After Close
// of the index they return ErrClosed.
type Searcher interface {
	// Search returns every photo within the query's radii that passes its filter, or an error: never a silent subset.
	// The same set and the same query give the same answer, whatever the engine. Errors: ErrQuery (no probes or too many,
	// a radius out of range, a limit below 1), ErrRecipe, ErrUnknownBrand and ErrUnknownProduct (a filter that names what no
	// photo has, so that a typing mistake can't pass for "nothing found"), the context's.
	Search(ctx context.Context, q Query) (Result, error)
	// Get returns the photo of that key. Errors: ErrNotFound.
	Get(ctx context.Context, k Key) (Photo, error)
	// At returns the photo as it stood at a revision: as its last change up to that revision left it. Errors:
	// ErrNotFound (it did not exist then), ErrQuery (a revision that is not there yet).
	At(ctx context.Context, k Key, revision uint64) (Photo, error)
	// List returns the photos that pass the filter with keys after the given one (the zero Key: from the start), in
	// order of their keys, limit at most; fewer mean that there are no more. It holds no transaction afterwards: photos
	// that change between two calls show as they are at each. Errors: ErrQuery (a limit below 1), ErrUnknownBrand and
	// ErrUnknownProduct as Search.
	List(ctx context.Context, f Filter, after Key, limit int) ([]Photo, error)
	// Brands returns the brands that have photos, by name.
	Brands(ctx context.Context) ([]BrandCount, error)
	// Brand returns the settings of a brand, which need not have photos. Errors: ErrInvalid (no valid name).
	Brand(ctx context.Context, brand string) (BrandSettings, error)
	// Features returns the features of the photo of that key as it stood at a revision, as At has it (0: as it is now),
	// whatever its brand's settings: with a photo's Revision, those of that very photo, though it was replaced or deleted
	// since. Errors: ErrNotFound (there was no such photo, or it had been put without features), ErrQuery (a revision that
	// is not there yet).
	Features(ctx context.Context, k Key, revision uint64) (feature.Set, error)
	// Candidates returns photos that share features with a picture. It is a ranking and not exact: photos whose features
	// agree little may be missing, and those that agree by chance may be there. What it promises: the same query gives the
	// same answer as long as nothing changes; a photo can be found as soon as it is put, and no more once it is deleted,
	// replaced, or its brand has partial matching switched off; and no photo has more votes than the one whose features are
	// asked for as they are. What all photos share tells none apart, and may count for nothing. Errors: ErrQuery (no features or too many, a limit out of range),
	// ErrRecipe, ErrUnknownBrand and ErrUnknownProduct as Search, the context's.
	Candidates(ctx context.Context, q CandidateQuery) (CandidateResult, error)
	// Changes returns which photos changed after a revision (0: from the start), in the order of their changes and each
	// change of a photo by itself, and the revision up to which it looked: no photo changed between the last one returned
	// and that. There are limit changes at most, and fewer where a call has looked at enough, even none: go on after until,
	// which is after itself once there is nothing more. Settings of brands are no changes of photos, and move until alone.
	// Errors: ErrQuery (a limit below 1, a revision that is not there yet), the context's.
	Changes(ctx context.Context, after uint64, limit int) (changes []PhotoChange, until uint64, err error)
	// Await waits until there is a revision after the given one, which need not be there yet, and returns the last one:
	// what is asked from then on holds every change up to it. It returns ErrClosed when the index is closed meanwhile.
	// Errors: the context's.
	Await(ctx context.Context, after uint64) (uint64, error)
}

// Index is a Searcher that changes. Once a change is acknowledged by a nil error it survives a crash, and each search
// that starts afterwards sees it.
type Index interface {
	Searcher
	// Put stores photos, all of them or none, and says for each, in order, what it did. Keys must differ from each
	// other. Revision, Added and Updated of its argument are ignored. A photo that is there without features, or with
	// those of another recipe, is replaced when it is put with features; one that has features and is put again without
	// any keeps them, as long as the original and the fingerprint's recipe are the same. All fingerprints have one recipe, and so have all features: a
	// photo of another is refused while others have theirs. Errors: ErrInvalid, ErrRecipe, ErrFull, ErrReadOnly.
	Put(ctx context.Context, photos ...Photo) ([]Stored, error)
	// Update replaces a photo's metadata, and nothing else, when its revision is still the given one (0: whatever it
	// is), and returns it as it stands then. Metadata equal to what is there changes nothing. Errors: ErrNotFound,
	// ErrConflict (it has another revision), ErrInvalid, ErrFull, ErrReadOnly.
	Update(ctx context.Context, k Key, m Metadata, revision uint64) (Photo, error)
	// Delete removes a photo. Errors: ErrNotFound, ErrReadOnly.
	Delete(ctx context.Context, k Key) error
	// SetBrand settles how a brand is treated, whether it has photos or not, and returns once searches do so; what is
	// settled already changes nothing. To switch partial matching on reads the features of all the brand's photos, which
	// takes a while: a context that ends by then leaves it switched off. Errors: ErrInvalid (no valid name), ErrFull,
	// ErrReadOnly, ErrCorrupt, the context's.
	SetBrand(ctx context.Context, brand string, s BrandSettings) error
	// Close waits for what is under way, then releases everything. A second Close returns ErrClosed.
	Close() error
}
