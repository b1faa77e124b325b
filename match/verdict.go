package match

import (
	"fmt"
	"strings"
)

// Verdict is what a match amounts to.
type Verdict uint8

// The verdicts.
const (
	None          Verdict = iota + 1 // not near enough to be called the same photo; worth a look where its score is 0.5 or more
	Copy                             // the same photo, at another size, quality or brightness at most
	EditedCopy                       // the same photo, edited: the edits say how
	Partial                          // less than half of the photo, and not all of it but for its border
	SharedContent                    // another picture that has a part in common: the same model, backdrop or scene
	Variant                          // the same picture but for its colours: a colour variant, or a recoloured copy
)

// String is the verdict in upper case, as the wire has it.
func (v Verdict) String() string {
	switch v {
	case None:
		return "NONE"
	case Copy:
		return "COPY"
	case EditedCopy:
		return "EDITED_COPY"
	case Partial:
		return "PARTIAL"
	case SharedContent:
		return "SHARED_CONTENT"
	case Variant:
		return "VARIANT"
	}
	return "INVALID"
}

// sure is the log-odds from which a match is called more than NONE (a score of 0.9).
const sure = 2.2

// From which differences in colour on the same picture is called a variant, where whole pictures are compared. Measured
// 2026-11-24 on 1,638 ordered pairs of photos of one product that differ in colour, and on 3,749 copies that were edited
// (seeds 1 and 2 of the product's benchmark): 57% of the pairs are called variants (and 39% copies), 19% of the copies
// whose hue was turned, and 2% of the others, nearly all of those under large banners and patches or before another
// backdrop. With the odds of a copy four of 637 strangers are called variants, with these none.
const (
	variantOdds  = 4.5
	variantHue   = 10 // levels of chroma, see fingerprint.Colour.Hue
	variantShade = 40 // levels of luma, see fingerprint.Colour.Shade
)

// What parts tell.
const (
	partialSeen  = 0.5  // share of the photo that is seen, below which a match is PARTIAL
	sharedAlike  = 0.45 // share of what is seen that looks alike, below which pictures only share content
	sharedSpots  = 12   // features that differ in no more than Place.Confirmed says, which it takes to call it that
	variantLocal = 14   // mean difference in chroma where pictures look alike, in levels
)

func (f *finding) verdict() Verdict {
	if f.same {
		return Copy
	}
	// A difference in colour must not keep a variant from being seen as the same picture.
	if f.whole.odds-weightColour*f.whole.colour >= variantOdds && f.whole.recoloured() {
		return Variant
	}
	p := f.place
	if p != nil && f.shares() {
		return SharedContent
	}
	switch {
	case f.odds < sure:
		return None
	case p == nil:
		if len(f.changes()) > 0 {
			return EditedCopy
		}
		return Copy
	case p.Seen < partialSeen && !f.trimmed(): // of a border that is gone nothing is missed
		return Partial
	case p.Hue >= variantLocal && p.SubjectChroma >= pale:
		return Variant
	case len(f.changes()) > 0:
		return EditedCopy
	}
	return Copy
}

// shares tells whether part of the photo is certainly there, and the rest of what should be seen is something else.
func (f *finding) shares() bool {
	p := f.place
	return p.Alike < sharedAlike && p.Confirmed[0] >= sharedSpots && p.Features >= 2*p.Confirmed[1] && f.whole.odds < sure
}

// reason is the verdict in a sentence.
func (f *finding) reason(v Verdict) string {
	if f.same {
		return "the very same file"
	}
	edits := "no edit seen"
	if e := f.edits(); len(e) > 0 {
		edits = strings.Join(e, ", ")
	}
	why := fmt.Sprintf("%d of 256 bits differ", f.whole.pdq)
	if p := f.place; p != nil && p.Features > 0 {
		why += fmt.Sprintf(", %d of %d features are confirmed, %.0f%% of what is seen looks alike", p.Confirmed[1], p.Features, 100*p.Alike)
	}
	switch v {
	case Copy, EditedCopy:
		return fmt.Sprintf("the same photo (%s): %s", edits, why)
	case Partial:
		return fmt.Sprintf("part of the photo (%s): %s", edits, why)
	case SharedContent:
		return "another picture that shares a part with the photo: " + why
	case Variant:
		return fmt.Sprintf("the same picture in other colours (%s): %s", edits, why)
	}
	return "not the same photo, as far as can be told: " + why
}
