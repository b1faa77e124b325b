package main

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/listing"
	"touchstone/match"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// What servers tell of listings and photos, in the words of the packages that draw reports.

// listingFrom is a listing of the wire. Of its fingerprint it has the hashes of the whole picture alone.
func listingFrom(w *touchstonev1.Listing) listing.Listing {
	l := listing.Listing{
		Facts:       factsFrom(w.GetFacts()),
		Original:    originalFrom(w.GetOriginal()),
		Fingerprint: hashesFrom(w.GetFingerprint()),
		Status:      match.Status(w.GetStatus()), // of four values
		Decision:    decisionFrom(w.GetDecision()),
		Revision:    w.GetRevision(),
		Added:       timeFrom(w.GetAddTime()),
		Updated:     timeFrom(w.GetUpdateTime()),
	}
	for _, m := range w.GetMatches() {
		l.Hits = append(l.Hits, listing.Hit{
			Photo: photoKey(m.GetPhoto()), Product: m.GetProduct(), Variant: m.GetVariant(), ListPrice: price(m.GetListPrice()),
			Revision: m.GetPhotoRevision(), Verdict: verdictFrom[m.GetVerdict()], Score: m.GetScore(), ExpectedFalse: m.GetExpectedFalseMatches(),
			Edits: m.GetEdits(), Distance: int(m.GetDistanceBits()),
		})
	}
	return l
}

func factsFrom(f *touchstonev1.ListingFacts) listing.Facts {
	return listing.Facts{
		Key:    listing.Key{Marketplace: f.GetMarketplace(), Listing: f.GetListingId(), Image: f.GetImageId()},
		Seller: f.GetSellerId(), Region: f.GetRegionCode(), URL: f.GetUrl(), Price: price(f.GetPrice()), Seen: timeFrom(f.GetSeenTime()),
	}
}

// verdictFrom are the verdicts of the wire. One that isn't known, of a newer server, is none.
var verdictFrom = map[touchstonev1.Verdict]match.Verdict{
	touchstonev1.Verdict_VERDICT_NONE:           match.None,
	touchstonev1.Verdict_VERDICT_COPY:           match.Copy,
	touchstonev1.Verdict_VERDICT_VARIANT:        match.Variant,
	touchstonev1.Verdict_VERDICT_EDITED_COPY:    match.EditedCopy,
	touchstonev1.Verdict_VERDICT_PARTIAL:        match.Partial,
	touchstonev1.Verdict_VERDICT_SHARED_CONTENT: match.SharedContent,
}

func decisionFrom(w *touchstonev1.DecisionBasis) listing.Decision {
	d := listing.Decision{
		Outcome: listing.Outcome(w.GetDecision()), // its numbers are the wire's
		Photo:   photoKey(w.GetPhoto()), Grant: w.GetGrantId(), PriceRatio: w.GetPriceRatio(), Priority: w.GetPriority(),
		Revision: w.GetRevision(), Catalog: w.GetCatalogRevision(),
	}
	for _, r := range w.GetReasons() {
		d.Reasons = append(d.Reasons, listing.Reason(r)) // its numbers are the wire's
	}
	return d
}

func photoKey(n *touchstonev1.PhotoName) index.Key {
	return index.Key{Brand: n.GetBrand(), ID: n.GetPhotoId()}
}

// photoFrom is a photo of the wire, without what reports don't tell.
func photoFrom(p *touchstonev1.Photo) index.Photo {
	return index.Photo{
		Key:         index.Key{Brand: p.GetBrand(), ID: p.GetPhotoId()},
		Metadata:    index.Metadata{Product: p.GetProduct(), Variant: p.GetVariant(), ListPrice: price(p.GetListPrice())},
		Original:    originalFrom(p.GetOriginal()),
		Fingerprint: hashesFrom(p.GetFingerprint()),
		Revision:    p.GetRevision(),
	}
}

// hashesFrom takes the PDQ hash of the whole picture; the zero Fingerprint where there is none.
func hashesFrom(w *touchstonev1.Fingerprint) fingerprint.Fingerprint {
	h, err := fingerprint.ParseHash256(fmt.Sprintf("%x", w.GetWhole().GetPdq()))
	if err != nil {
		return fingerprint.Fingerprint{}
	}
	return fingerprint.Fingerprint{Recipe: fingerprint.Recipe(w.GetRecipe()), Whole: fingerprint.Region{PDQ: h}} // only told from 0
}

func originalFrom(o *touchstonev1.Original) index.Original {
	v := index.Original{Bytes: o.GetSizeBytes(), Width: int(o.GetWidth()), Height: int(o.GetHeight()), Format: o.GetFormat()}
	copy(v.SHA256[:], o.GetSha256())
	return v
}

// timeFrom is a time of the wire; the zero Time where there is none.
func timeFrom(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}
