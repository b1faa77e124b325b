package server

import (
	"testing"

	"touchstone/listing"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// Reasons are the wire's by number, and there are as many; so are decisions and standings, by name.
func TestReasonsOfDecisions(t *testing.T) {
	if n, want := len(touchstonev1.DecisionReason_name), int(listing.TooPlain)+1; n != want {
		t.Errorf("the wire has %d reasons, want %d", n, want)
	}
	for reason, want := range map[listing.Reason]touchstonev1.DecisionReason{
		listing.NoGrant:               touchstonev1.DecisionReason_DECISION_REASON_NO_GRANT,
		listing.SellerGranted:         touchstonev1.DecisionReason_DECISION_REASON_SELLER_GRANTED,
		listing.PhotoLicensed:         touchstonev1.DecisionReason_DECISION_REASON_PHOTO_LICENSED,
		listing.GrantExpired:          touchstonev1.DecisionReason_DECISION_REASON_GRANT_EXPIRED,
		listing.GrantNotYetValid:      touchstonev1.DecisionReason_DECISION_REASON_GRANT_NOT_YET_VALID,
		listing.GrantOtherProduct:     touchstonev1.DecisionReason_DECISION_REASON_GRANT_OTHER_PRODUCT,
		listing.GrantOtherMarketplace: touchstonev1.DecisionReason_DECISION_REASON_GRANT_OTHER_MARKETPLACE,
		listing.GrantOtherRegion:      touchstonev1.DecisionReason_DECISION_REASON_GRANT_OTHER_REGION,
		listing.Unsure:                touchstonev1.DecisionReason_DECISION_REASON_UNSURE,
		listing.VariantOnly:           touchstonev1.DecisionReason_DECISION_REASON_VARIANT_ONLY,
		listing.SharedContent:         touchstonev1.DecisionReason_DECISION_REASON_SHARED_CONTENT,
		listing.BrandConflict:         touchstonev1.DecisionReason_DECISION_REASON_BRAND_CONFLICT,
		listing.PhotoQuarantined:      touchstonev1.DecisionReason_DECISION_REASON_PHOTO_QUARANTINED,
		listing.PhotoMuted:            touchstonev1.DecisionReason_DECISION_REASON_PHOTO_MUTED,
		listing.PhotoBenign:           touchstonev1.DecisionReason_DECISION_REASON_PHOTO_BENIGN,
		listing.NotRolledOut:          touchstonev1.DecisionReason_DECISION_REASON_NOT_ROLLED_OUT,
		listing.PriceLow:              touchstonev1.DecisionReason_DECISION_REASON_PRICE_LOW,
		listing.PriceNotComparable:    touchstonev1.DecisionReason_DECISION_REASON_PRICE_NOT_COMPARABLE,
		listing.TooPlain:              touchstonev1.DecisionReason_DECISION_REASON_TOO_PLAIN,
	} {
		w := decisionTo(&listing.Decision{Reasons: []listing.Reason{reason}})
		if w.GetReasons()[0] != want {
			t.Errorf("reason %d is %v on the wire, want %v", reason, w.GetReasons()[0], want)
		}
	}
	for n, name := range touchstonev1.Decision_name {
		d := touchstonev1.Decision(n)
		o, ok := outcomeFrom(d)
		if ok != (d != touchstonev1.Decision_DECISION_UNSPECIFIED) || ok && "DECISION_"+o.String() != name {
			t.Errorf("%s is %v, %v", name, o, ok)
		}
	}
	for n := range touchstonev1.Standing_name {
		w := touchstonev1.Standing(n)
		if s, ok := stateFrom(w); ok != (w != touchstonev1.Standing_STANDING_UNSPECIFIED) || ok && standings[s] != w {
			t.Errorf("%v is %v, %v", w, s, ok)
		}
	}
}
