// Package listing is the suspect's side: what a marketplace tells of a listing image, what was found in it, who may use
// which photos, and what follows. It promises that a decision is a function of what it is given and of nothing else: the
// same facts, hits and policy give the same decision at any time, which is what replays and decisions as of the past rest
// upon. It keeps nothing and looks at no picture; package book below it remembers, package desk puts all together.
//
// The caveat that bites: a decision is no better than the facts. A seller that is not told is covered by no grant, and a
// price in a currency without a rate is held against nothing.
package listing

import (
	"cmp"
	"errors"
	"time"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/match"
)

// ErrInvalid is returned when facts, a grant, a standing or a name break their rules; an *index.FieldError in its chain
// names the field.
var ErrInvalid = errors.New("invalid")

// Key names a listing image. Keys are compared byte by byte and ordered by marketplace, listing, image.
type Key struct {
	Marketplace string // 1 to index.MaxName bytes of printable UTF-8
	Listing     string // 1 to index.MaxName bytes of printable UTF-8
	Image       string // 1 to MaxImage bytes of printable UTF-8
}

// Compare orders keys: negative when k comes before o, 0 when they are equal.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Marketplace, o.Marketplace), cmp.Compare(k.Listing, o.Listing), cmp.Compare(k.Image, o.Image))
}

// MaxImage is the longest name of an image within its listing, in bytes.
const MaxImage = 64

// Facts are what a marketplace tells of a listing image.
type Facts struct {
	Key
	Seller string      // at most index.MaxName bytes; empty: not known
	Region string      // ISO 3166-1, two upper-case letters; empty: not known
	URL    string      // at most index.MaxURI bytes; never fetched
	Price  index.Price // more than 0; the zero Price: not known
	Seen   time.Time   // UTC
}

// Box is a part of a picture, as shares of its width and height from its upper left corner, 0 to 1. The zero Box stands for
// all of it.
type Box struct{ Left, Top, Right, Bottom float64 }

// Hit is a match as it is remembered: what decisions rest upon.
type Hit struct {
	Photo         index.Key
	Product       string // of the photo at the time of the match, as are the next three
	Variant       string
	ListPrice     index.Price
	Revision      uint64 // of the photo, in the catalogue
	Verdict       match.Verdict
	Score         float64
	ExpectedFalse float64 // of a million unrelated subjects, at most MostFalse
	Edits         []string
	Box           Box // of the listing image, that the photo takes
	Distance      int // between the PDQ hashes, 0 to 256
}

// MostFalse is how many false matches a million unrelated subjects may have for a match to be remembered, and the most
// that a rule may allow: so rules that are looser can be tried on what is remembered.
const MostFalse = 1000

// Listing is a listing image that is remembered.
type Listing struct {
	Facts
	Original    index.Original          // zero where it came as a fingerprint
	Fingerprint fingerprint.Fingerprint // zero where the picture is too plain to have one
	Features    uint64                  // revision that its features are attached to; 0: it has none
	Status      match.Status
	Hits        []Hit // by score, highest first
	Decision    Decision
	Revision    uint64 // of its last change
	Added       time.Time
	Updated     time.Time
}

// Outcome is what is to be done about a listing image.
type Outcome uint8

// The outcomes.
const (
	Authorised Outcome = iota + 1 // a genuine photo, and the seller has a grant for it, or the photo is licensed
	Infringing                    // a genuine photo, and no grant
	Review                        // for people to look at
	Benign                        // what matches means nothing
	NoMatch                       // nothing matches
)

// String is the outcome in upper case, as the wire has it.
func (o Outcome) String() string {
	switch o {
	case Authorised:
		return "AUTHORISED"
	case Infringing:
		return "INFRINGING"
	case Review:
		return "REVIEW"
	case Benign:
		return "BENIGN"
	case NoMatch:
		return "NO_MATCH"
	}
	return "INVALID"
}

// Reason is why a decision is what it is. Its numbers are stored, and are the wire's.
type Reason uint8

// The reasons; the wire's DecisionReason says more of each.
const (
	NoGrant Reason = iota + 1
	SellerGranted
	PhotoLicensed
	GrantExpired
	GrantNotYetValid
	GrantOtherProduct
	GrantOtherMarketplace
	GrantOtherRegion
	Unsure
	VariantOnly
	SharedContent
	BrandConflict
	PhotoQuarantined
	PhotoMuted
	PhotoBenign
	NotRolledOut
	PriceLow
	PriceNotComparable
	TooPlain
)

// Decision is what is to be done about a listing image, and why.
type Decision struct {
	Outcome    Outcome
	Reasons    []Reason  // the most telling first
	Photo      index.Key // whose match decided; zero with NoMatch
	Grant      string    // of Photo's brand, that covers the seller or nearly did; empty: none
	PriceRatio float64   // price over list price; 0: not known
	Priority   float64   // what to look at first, 0 to 1
	Revision   uint64    // of the log of listings, that the policy was of
	Catalog    uint64    // revision of the catalogue that was matched against
}

// Grant says who may use a brand's photos. With Photos it is a licence for these.
type Grant struct {
	Brand, ID   string
	Grantee     string    // the company that sellers are accounts of
	Sellers     []string  // accounts and their aliases, in order, without repetition; empty with Everyone alone
	Everyone    bool      // whoever sells
	Products    []string  // only photos of these; empty: of any
	Photos      []string  // only these, by ID; empty: any
	Marketplace string    // empty: any
	Region      string    // empty: any
	From, To    time.Time // valid from, and before; zero: no bound
	Note        string
	Revision    uint64 // of its last change
}

// State is what a photo's matches mean.
type State uint8

// The states of a photo.
const (
	Normal      State = iota + 1 // what they are
	IsBenign                     // nothing
	Quarantined                  // another brand has it as well
	Muted                        // it matches so many listings that they are last to be looked at
)

// Standing is the state of a photo, and why.
type Standing struct {
	Photo    index.Key
	State    State
	Note     string
	Others   []index.Key // with Quarantined: photos of other brands that equal it
	Settled  bool        // by a person
	Revision uint64
	Updated  time.Time
}

// Rule is how a brand's matches are judged.
type Rule struct {
	Infringing float64 // most false matches of a million unrelated subjects for INFRINGING and AUTHORISED; above 0, at most Review
	Review     float64 // the same for REVIEW, at most MostFalse: what is less sure is NO_MATCH
	LowPrice   float64 // share of the list price, at or below which a price is low: 0 to 1
	Rollout    float64 // share of listings to which the rule applies, 0 to 1: the others, by their names, are for REVIEW
}

// Rules are how matches are judged.
type Rules struct {
	Default Rule
	Brands  map[string]Rule
	Rates   map[string]float64 // by ISO 4217 code: what a unit of the currency is worth, in one and the same currency
}
