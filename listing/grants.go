package listing

import (
	"errors"
	"fmt"
	"slices"

	"touchstone/index"
)

// ErrDisagree is returned when two grants give the same seller account to different grantees.
var ErrDisagree = errors.New("grants disagree")

// Disagrees reports a grant that gives an account or alias of g's to another grantee than g does: of the same brand, at
// the same time, on the same marketplace or where one of the two names none. The error is an *index.FieldError of
// "seller_ids" and ErrDisagree, and names the account and the first other grant. g itself, by its ID, may be among others.
// Both have to be valid.
func Disagrees(g Grant, others []Grant) error {
	for i := range others {
		o := &others[i]
		if o.Brand != g.Brand || o.ID == g.ID || o.Grantee == g.Grantee || !g.meets(o) {
			continue
		}
		for _, s := range g.Sellers {
			if _, ok := slices.BinarySearch(o.Sellers, s); ok {
				return &index.FieldError{Field: "seller_ids", Err: ErrDisagree, Want: fmt.Sprintf(
					"accounts of one grantee at a time, got %q for %q, which grant %q has for %q", clip(s), clip(g.Grantee), clip(o.ID), clip(o.Grantee))}
			}
		}
	}
	return nil
}

// meets tells whether there is a time and a marketplace for which both grants are.
func (g *Grant) meets(o *Grant) bool {
	if g.Marketplace != "" && o.Marketplace != "" && g.Marketplace != o.Marketplace {
		return false
	}
	ends := func(a, b *Grant) bool { return !a.To.IsZero() && !b.From.IsZero() && !b.From.Before(a.To) }
	return !ends(g, o) && !ends(o, g)
}
