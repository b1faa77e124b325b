// Package match holds the order of the steps: decode, fingerprint, search, verify, rank, verdict. All doors (gRPC, the
// command line, pages) come in here, onboarding included, so that genuine and suspect pictures are described alike.
//
// It promises that an empty answer never hides a failure, that scores compare between queries, and that single
// questions are not starved by batches. It does not promise to find a photo in a picture that holds much else beside
// it: what is compared are whole pictures and what remains of them without a uniform border.
package match

import (
	"touchstone/fingerprint"
	"touchstone/index"
)

// Lane is the queue that work waits in for a processor.
type Lane uint8

// The lanes. Whatever is free serves both; when both wait, Interactive goes first and Batch is held to a quarter of the
// capacity (one at least).
const (
	Interactive Lane = iota // somebody waits for this one answer
	Batch                   // one of many: onboarding, re-scans, streams
)

// Subject is what is asked about. Exactly one of its fields is set.
type Subject struct {
	Image       []byte                   // an encoded picture; not kept, not changed
	Fingerprint *fingerprint.Fingerprint // made elsewhere by the current recipe; its symmetries are then approximate
	Photo       index.Key                // a photo in the index; Match leaves the photo itself out of its answer
}

// Options narrows a match. The zero value asks for the defaults.
type Options struct {
	RadiusPDQ *int // bits, 0 to 256; nil: DefaultRadiusPDQ
	RadiusP   *int // bits, 0 to 64; nil: DefaultRadiusP when RadiusPDQ is nil too, else no search by P
	Limit     int  // most matches, 1 to MaxLimit; 0: DefaultLimit
	Filter    index.Filter
}

// Limits of Options.
const (
	DefaultLimit = 10
	MaxLimit     = 1000
)

// Status tells an empty answer's reason.
type Status uint8

// The statuses of a Result. A subject that can't be read is an error and no Result.
const (
	Found          Status = iota + 1 // at least one match
	NothingFound                     // photos were compared, none is near
	NothingIndexed                   // no photo passed the filter: there was nothing to compare with
	TooPlain                         // the subject has too little structure to be told from others: not searched
)

// Verdict is what a match amounts to.
type Verdict uint8

// The verdicts.
const (
	None    Verdict = iota + 1 // near by its hashes, and not near enough to be called the same photo
	Copy                       // the same photo, edited or not
	Variant                    // the same picture but for its colours: a colour variant, or a recoloured copy
)

// String is the verdict in upper case, as the wire has it.
func (v Verdict) String() string {
	switch v {
	case None:
		return "NONE"
	case Copy:
		return "COPY"
	case Variant:
		return "VARIANT"
	}
	return "INVALID"
}

// Evidence is why a match was given its verdict: the pair of regions that fit best.
type Evidence struct {
	DistancePDQ   int                  // bits, 0 to 256
	DistanceP     int                  // bits, 0 to 64
	Colour        float64              // distance of the colour signatures, 0 (equal) and up; 255 is black against white
	Symmetry      fingerprint.Symmetry // how the subject was turned to fit
	SubjectRegion fingerprint.Part     // part of the subject that fits
	PhotoRegion   fingerprint.Part     // part of the photo that it fits
}

// Match is a genuine photo that the subject may have been made from.
type Match struct {
	Photo    index.Photo
	Verdict  Verdict
	Score    float64  // 0 to 1, higher is surer, comparable between queries
	Edits    []string // what was done to the photo, by name: "mirrored", "rotated 90", "border trimmed"; in a fixed order
	Evidence Evidence
}

// Result is the answer to a Match.
type Result struct {
	Status   Status
	Matches  []Match // by score, highest first, then by key; at most Options.Limit
	Total    int     // photos within the radii, whatever the limit
	Searched int     // photos that passed the filter
	Revision uint64  // of the index that answered
	Subject  Description
	Reason   string // with TooPlain: what the subject lacks
}

// Description is what was learned of a picture.
type Description struct {
	Original    index.Original // zero where the subject came without its bytes
	Fingerprint fingerprint.Fingerprint
	Warnings    []string // what was passed over in reading it: "first frame of an animation"
}

// Comparison is how two subjects relate.
type Comparison struct {
	A, B     Description
	Verdict  Verdict
	Score    float64
	Edits    []string // what was done to A to make B
	Evidence Evidence
	Reason   string // a sentence for people
}
