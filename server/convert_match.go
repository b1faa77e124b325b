package server

import (
	"errors"
	"fmt"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/match"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// Questions from the wire, and answers to it.

// subjectFrom takes a subject. An image is not copied.
func subjectFrom(w *touchstonev1.Subject) (match.Subject, error) {
	switch of := w.GetSubject().(type) {
	case *touchstonev1.Subject_Image:
		return match.Subject{Image: present(of.Image)}, nil
	case *touchstonev1.Subject_Fingerprint:
		f, err := fingerprintFrom(of.Fingerprint)
		if err != nil {
			return match.Subject{}, at("fingerprint", err)
		}
		features, err := featuresFrom(of.Fingerprint)
		return match.Subject{Fingerprint: &f, Features: features}, at("fingerprint", err)
	case *touchstonev1.Subject_Photo:
		k, err := keyFrom(of.Photo.GetBrand(), of.Photo.GetPhotoId())
		return match.Subject{Photo: k}, at("photo", err)
	}
	return match.Subject{}, errNoSubject
}

var errNoSubject = fmt.Errorf("%w: one of image, fingerprint and photo is required", errRequest)

// present is the image, and never nil: to match an image without bytes is one as well.
func present(image []byte) []byte {
	if image == nil {
		return []byte{}
	}
	return image
}

// aboutSubject locates an error that match returned below the subject's field, unless it names one itself.
func aboutSubject(field string, s match.Subject, err error) error {
	if f := (*index.FieldError)(nil); err == nil || errors.As(err, &f) ||
		errors.Is(err, index.ErrUnknownBrand) || errors.Is(err, index.ErrUnknownProduct) {
		return err
	}
	switch {
	case s.Image != nil:
		return at(field+".image", err)
	case s.Fingerprint != nil:
		if errors.Is(err, index.ErrRecipe) {
			field += ".fingerprint.recipe"
		} else {
			field += ".fingerprint"
		}
		return at(field, err)
	}
	return at(field+".photo", err)
}

// filterFrom takes the filter of a query.
func filterFrom(brands, products []string) (index.Filter, error) {
	for _, names := range []struct {
		field string
		names []string
		check func(string) error
	}{
		{"brands", brands, func(s string) error { return index.Key{Brand: s, ID: "-"}.Validate() }},
		{"products", products, func(s string) error {
			if s == "" {
				return refuse("product", "1 to %d bytes of printable UTF-8, got none", index.MaxName)
			}
			return index.Metadata{Product: s}.Validate()
		}},
	} {
		if len(names.names) > maxFilter {
			return index.Filter{}, refuse(names.field, "at most %d, got %d", maxFilter, len(names.names))
		}
		for i, name := range names.names {
			if err := names.check(name); err != nil {
				_, want := describe(err)
				return index.Filter{}, refuse(fmt.Sprintf("%s[%d]", names.field, i), "%s", want)
			}
		}
	}
	return index.Filter{Brands: brands, Products: products}, nil
}

// optionsFrom takes a match's options; their ranges are match's to check.
func optionsFrom(w *touchstonev1.MatchRequest) (match.Options, error) {
	f, err := filterFrom(w.GetBrands(), w.GetProducts())
	if err != nil {
		return match.Options{}, err
	}
	d, err := depthFrom(w.GetDepth())
	if err != nil {
		return match.Options{}, err
	}
	if d == match.Parts && (w.RadiusBits != nil || w.Radius64Bits != nil) {
		return match.Options{}, refuse("depth", "not DEPTH_PARTS together with a radius: within one, whole pictures are compared alone")
	}
	if w.MaxFalseMatchesPerMillion != nil && !(w.GetMaxFalseMatchesPerMillion() > 0) { // which is how match has it left out
		return match.Options{}, refuse("max_false_matches_per_million", "more than 0, or left out; got %v", w.GetMaxFalseMatchesPerMillion())
	}
	return match.Options{
		RadiusPDQ:          widened(w.RadiusBits),
		RadiusP:            widened(w.Radius64Bits),
		Depth:              d,
		Limit:              int(w.GetLimit()),
		Filter:             f,
		MaxFalsePerMillion: w.GetMaxFalseMatchesPerMillion(),
	}, nil
}

func depthFrom(d touchstonev1.Depth) (match.Depth, error) {
	switch d {
	case touchstonev1.Depth_DEPTH_UNSPECIFIED, touchstonev1.Depth_DEPTH_AUTO:
		return match.Auto, nil
	case touchstonev1.Depth_DEPTH_WHOLE:
		return match.Whole, nil
	case touchstonev1.Depth_DEPTH_PARTS:
		return match.Parts, nil
	}
	return 0, refuse("depth", "one of DEPTH_AUTO, DEPTH_WHOLE and DEPTH_PARTS, or left out; got %d", d)
}

func widened(v *int32) *int {
	if v == nil {
		return nil
	}
	n := int(*v)
	return &n
}

func resultTo(r *match.Result) *touchstonev1.MatchResponse {
	w := &touchstonev1.MatchResponse{
		Status:       matchStatusTo(r.Status),
		Matches:      make([]*touchstonev1.Match, len(r.Matches)),
		Total:        int64(r.Total),
		Searched:     int64(r.Searched),
		Revision:     r.Revision,
		RadiusBits:   radiusTo(r.RadiusPDQ),
		Radius64Bits: radiusTo(r.RadiusP),
		Subject:      descriptionTo(&r.Subject),
		Reason:       r.Reason,
	}
	for i := range r.Matches {
		m := &r.Matches[i]
		w.Matches[i] = &touchstonev1.Match{
			Photo:                photoTo(&m.Photo),
			Verdict:              verdictTo(m.Verdict),
			Score:                m.Score,
			Edits:                m.Edits,
			Evidence:             evidenceTo(&m.Evidence),
			ExpectedFalseMatches: m.ExpectedFalse,
		}
	}
	return w
}

// radiusTo leaves out the radius of a hash that was not searched by.
func radiusTo(bits int) *int32 {
	if bits < 0 {
		return nil
	}
	b := int32(bits)
	return &b
}

func comparisonTo(c *match.Comparison) *touchstonev1.CompareResponse {
	return &touchstonev1.CompareResponse{
		A:                    descriptionTo(&c.A),
		B:                    descriptionTo(&c.B),
		Verdict:              verdictTo(c.Verdict),
		Score:                c.Score,
		Edits:                c.Edits,
		Evidence:             evidenceTo(&c.Evidence),
		Reason:               c.Reason,
		ExpectedFalseMatches: c.ExpectedFalse,
	}
}

func descriptionTo(d *match.Description) *touchstonev1.Description {
	w := &touchstonev1.Description{Warnings: d.Warnings}
	if d.Original != (index.Original{}) {
		w.Original = originalTo(&d.Original)
	}
	if d.Fingerprint.Recipe != 0 {
		w.Fingerprint = fingerprintTo(&d.Fingerprint)
	}
	return w
}

func evidenceTo(e *match.Evidence) *touchstonev1.Evidence {
	return &touchstonev1.Evidence{
		DistanceBits:   int32(e.DistancePDQ),
		Distance64Bits: int32(e.DistanceP),
		ColourDistance: e.Colour,
		Symmetry:       symmetryTo(e.Symmetry),
		SubjectPart:    partTo(e.SubjectRegion),
		PhotoPart:      partTo(e.PhotoRegion),
		Place:          placeTo(e.Place),
	}
}

func matchStatusTo(s match.Status) touchstonev1.MatchStatus {
	switch s {
	case match.Found:
		return touchstonev1.MatchStatus_MATCH_STATUS_FOUND
	case match.NothingFound:
		return touchstonev1.MatchStatus_MATCH_STATUS_NOTHING_FOUND
	case match.NothingIndexed:
		return touchstonev1.MatchStatus_MATCH_STATUS_NOTHING_INDEXED
	case match.TooPlain:
		return touchstonev1.MatchStatus_MATCH_STATUS_TOO_PLAIN
	}
	return touchstonev1.MatchStatus_MATCH_STATUS_UNSPECIFIED
}

func verdictTo(v match.Verdict) touchstonev1.Verdict {
	switch v {
	case match.None:
		return touchstonev1.Verdict_VERDICT_NONE
	case match.Copy:
		return touchstonev1.Verdict_VERDICT_COPY
	case match.EditedCopy:
		return touchstonev1.Verdict_VERDICT_EDITED_COPY
	case match.Partial:
		return touchstonev1.Verdict_VERDICT_PARTIAL
	case match.SharedContent:
		return touchstonev1.Verdict_VERDICT_SHARED_CONTENT
	case match.Variant:
		return touchstonev1.Verdict_VERDICT_VARIANT
	}
	return touchstonev1.Verdict_VERDICT_UNSPECIFIED
}

func symmetryTo(y fingerprint.Symmetry) touchstonev1.Symmetry {
	switch y {
	case fingerprint.Identity:
		return touchstonev1.Symmetry_SYMMETRY_IDENTITY
	case fingerprint.Mirrored:
		return touchstonev1.Symmetry_SYMMETRY_MIRRORED
	case fingerprint.Flipped:
		return touchstonev1.Symmetry_SYMMETRY_FLIPPED
	case fingerprint.Rotated180:
		return touchstonev1.Symmetry_SYMMETRY_ROTATED_180
	case fingerprint.Transposed:
		return touchstonev1.Symmetry_SYMMETRY_TRANSPOSED
	case fingerprint.Rotated90:
		return touchstonev1.Symmetry_SYMMETRY_ROTATED_90
	case fingerprint.Rotated270:
		return touchstonev1.Symmetry_SYMMETRY_ROTATED_270
	case fingerprint.Transversed:
		return touchstonev1.Symmetry_SYMMETRY_TRANSVERSED
	}
	return touchstonev1.Symmetry_SYMMETRY_UNSPECIFIED
}

func partTo(p fingerprint.Part) touchstonev1.Part {
	switch p {
	case fingerprint.PartWhole:
		return touchstonev1.Part_PART_WHOLE
	case fingerprint.PartContent:
		return touchstonev1.Part_PART_CONTENT
	case fingerprint.PartFramed:
		return touchstonev1.Part_PART_FRAMED
	}
	return touchstonev1.Part_PART_UNSPECIFIED
}

func outcomeTo(o index.Outcome) touchstonev1.Outcome {
	switch o {
	case index.Added:
		return touchstonev1.Outcome_OUTCOME_ADDED
	case index.Unchanged:
		return touchstonev1.Outcome_OUTCOME_UNCHANGED
	case index.Replaced:
		return touchstonev1.Outcome_OUTCOME_REPLACED
	}
	return touchstonev1.Outcome_OUTCOME_UNSPECIFIED
}
