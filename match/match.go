// Package match holds the order of the steps: decode, fingerprint, search, verify, rank, verdict. All doors (gRPC, the
// command line, pages) come in here, onboarding included, so that genuine and suspect pictures are described alike.
//
// It promises that an empty answer never hides a failure, that scores compare between queries, that the very file that a
// photo was described from is its copy, and that single questions are not starved by batches. Whole pictures are compared,
// what remains of them without a border, and, by features and then by pixels, parts: a crop, a photo in a collage or in a
// screenshot. Which parts are found is measured and not promised: features agree or don't, and candidates are a ranking.
//
// The caveat that bites: which photos are near enough by their hashes to be looked at at all depends on how many there
// are, as Result tells. Ask for a radius to have it fixed; but then parts are not looked for.
package match

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/picture"
)

// ErrInvalid is returned when a Subject or Options break their rules; an *index.FieldError in its chain names the
// field.
var ErrInvalid = errors.New("invalid question")

// Subject is what is asked about. Exactly one of Image, Fingerprint and Photo is set.
type Subject struct {
	Image       []byte                   // an encoded picture; not kept, not changed
	Fingerprint *fingerprint.Fingerprint // made elsewhere by the current recipe; its symmetries are then approximate
	Features    *feature.Set             // with Fingerprint, where they are known; else nil
	Original    index.Original           // with Fingerprint, of the file that it was made from, where that is known
	Photo       index.Key                // a photo in the index; Match leaves the photo itself out of its answer
}

// Status tells an empty answer's reason.
type Status uint8

// The statuses of a Result. A subject that can't be read is an error and no Result.
const (
	Found          Status = iota + 1 // at least one match
	NothingFound                     // photos were compared, none matches
	NothingIndexed                   // no photo passed the filter, or, of a plain subject, none with features: there was nothing to compare with
	TooPlain                         // the subject has too little structure to be told from others, as far as was asked: not searched
)

// String is the status in upper case, as the wire has it.
func (s Status) String() string {
	switch s {
	case Found:
		return "FOUND"
	case NothingFound:
		return "NOTHING_FOUND"
	case NothingIndexed:
		return "NOTHING_INDEXED"
	case TooPlain:
		return "TOO_PLAIN"
	}
	return "INVALID"
}

// Match is a genuine photo that the subject may have been made from.
type Match struct {
	Photo   index.Photo
	Verdict Verdict
	// Score is the probability that the subject was made from the photo, 0 to 1; comparable between queries. With
	// SharedContent it speaks of the part that is shared. It is practically 1 where the subject is the very file, by its SHA-256.
	Score float64
	// ExpectedFalse is how many of a million unrelated subjects would have a match as strong as this one, among as many
	// photos as were searched and like those of its brand: 0 to a million. It is 0 for the very file.
	ExpectedFalse float64
	Edits         []string // what was done to the photo, by name: "mirrored", "rotated 90°", "border trimmed"; in a fixed order
	Evidence      Evidence

	odds float64 // of which Score is the probability
}

// Result is the answer to a Match.
type Result struct {
	Status             Status
	Matches            []Match // by score, highest first, then by key, so the very file comes first; at most Options.Limit
	Total              int     // photos within the radii, whatever the limit and the scores; those found by features alone don't count
	Searched           int     // photos that passed the filter; of a plain subject those among them that have features
	RadiusPDQ, RadiusP int     // bits within which photos were looked at; -1: not by that hash
	Revision           uint64  // the answer holds every change of the index up to this one
	Subject            Description
	Reason             string // with TooPlain: what the subject lacks
}

// Comparison is how two subjects relate.
type Comparison struct {
	A, B          Description
	Verdict       Verdict
	Score         float64
	ExpectedFalse float64  // as Match has it, for a comparison with one photo
	Edits         []string // what was done to A to make B
	Evidence      Evidence
	Reason        string // a sentence for people
}

// Config is a Matcher's tuning; the zero value is the default.
type Config struct {
	Workers int // subjects worked on at a time; 0: GOMAXPROCS
}

// Matcher answers questions about pictures. It may be used by many goroutines at once and needs no closing.
type Matcher struct {
	photos  index.Searcher
	decoder *picture.Decoder
	gate    *gate

	likelier atomic.Pointer[likelihoods] // of the last Survey; nil: there was none
}

// New returns a Matcher that looks for photos in an index and decodes within the decoder's limits. photos may be nil
// where only pictures are described or compared.
func New(photos index.Searcher, d *picture.Decoder, c Config) *Matcher {
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	return &Matcher{photos: photos, decoder: d, gate: newGate(c.Workers)}
}

// Describe decodes and fingerprints an image, as onboarding needs it. Errors: picture's, fingerprint.ErrPlain, the
// context's.
func (m *Matcher) Describe(ctx context.Context, lane Lane, image []byte) (Description, error) {
	if image == nil {
		image = []byte{} // no bytes, rather than another kind of subject
	}
	s, err := m.open(ctx, lane, Subject{Image: image}, toKeep)
	if err != nil {
		return Description{}, err
	}
	return s.description, nil
}

// Match finds the photos that the subject may have been made from. Errors: ErrInvalid, picture's, index's
// (ErrUnknownBrand, ErrUnknownProduct, ErrRecipe, ErrNotFound where the subject is a photo that is not there), the
// context's.
func (m *Matcher) Match(ctx context.Context, lane Lane, s Subject, o Options) (Result, error) {
	if err := o.validate(); err != nil {
		return Result{}, err
	}
	if err := s.validate("subject"); err != nil {
		return Result{}, err
	}
	if m.photos == nil {
		return Result{}, fmt.Errorf("match: %w: no index to look in", ErrInvalid)
	}
	u := toFind
	if o.Depth == Whole || o.asked() {
		u = toMatch
	}
	sub, err := m.open(ctx, lane, s, u)
	if errors.Is(err, fingerprint.ErrPlain) {
		return Result{Status: TooPlain, RadiusPDQ: -1, RadiusP: -1, Subject: sub.description, Reason: err.Error()}, nil
	}
	if err != nil {
		return Result{}, err
	}
	if err := m.gate.enter(ctx, lane); err != nil {
		return Result{}, err
	}
	defer m.gate.leave(lane)
	r, err := m.search(ctx, sub, s.Photo, o)
	if o.Features {
		r.Subject.Features = sub.features
	}
	return r, err
}

// Compare tells how two subjects relate, without looking for others. Errors: ErrInvalid, picture's,
// fingerprint.ErrPlain, index.ErrNotFound, the context's; a *SubjectError in the chain tells which subject it was.
func (m *Matcher) Compare(ctx context.Context, lane Lane, a, b Subject) (Comparison, error) {
	genuine, err := m.side(ctx, lane, "a", a, toKeep)
	if err != nil {
		return Comparison{}, err
	}
	suspect, err := m.side(ctx, lane, "b", b, toFind)
	if err != nil {
		return Comparison{}, err
	}
	if err := m.gate.enter(ctx, lane); err != nil {
		return Comparison{}, err
	}
	defer m.gate.leave(lane)
	f := relate(&genuine, &suspect)
	v := f.verdict()
	return Comparison{
		A: genuine.description, B: suspect.description,
		Verdict: v, Score: score(f.odds), ExpectedFalse: f.expectedFalse(1, 1), Edits: f.edits(), Evidence: f.evidence(), Reason: f.reason(v),
	}, nil
}

// SubjectError tells which subject of a Compare an error is about.
type SubjectError struct {
	Field string // "a" or "b"
	Err   error
}

// Error is "field: cause".
func (e *SubjectError) Error() string { return e.Field + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *SubjectError) Unwrap() error { return e.Err }

func (m *Matcher) side(ctx context.Context, lane Lane, field string, s Subject, u use) (subject, error) {
	err := s.validate(field)
	if err == nil && m.photos == nil && s.Photo != (index.Key{}) {
		err = fmt.Errorf("match: %w: no index to look in", ErrInvalid)
	}
	if err != nil {
		return subject{}, err
	}
	sub, err := m.open(ctx, lane, s, u)
	if err != nil {
		return subject{}, &SubjectError{field, err}
	}
	return sub, nil
}
