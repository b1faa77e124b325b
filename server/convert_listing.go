package server

import (
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/listing/book"
	"touchstone/listing/desk"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// Listings and decisions, from the wire and to it. The rules of facts are package listing's to check.

// timeFrom takes a time that a field may have; absent: the zero Time.
func timeFrom(field string, w *timestamppb.Timestamp) (time.Time, error) {
	if w == nil {
		return time.Time{}, nil
	}
	t := w.AsTime()
	// Times are kept in nanoseconds since 1970, of which 64 bits hold these years; 0 stands for none.
	if w.CheckValid() != nil || t.Year() < 1700 || t.Year() > 2200 || t.UnixNano() == 0 {
		return time.Time{}, refuse(field, "a time from 1700 to 2200, got %v", t)
	}
	return t, nil
}

// timeTo is nil for the zero Time.
func timeTo(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func factsFrom(w *touchstonev1.ListingFacts) (f listing.Facts, err error) {
	f = listing.Facts{
		Key:    listing.Key{Marketplace: w.GetMarketplace(), Listing: w.GetListingId(), Image: w.GetImageId()},
		Seller: w.GetSellerId(), Region: w.GetRegionCode(), URL: w.GetUrl(), Price: moneyFrom(w.GetPrice()),
	}
	if w.GetPrice() != nil && f.Price == (index.Price{}) {
		return f, refuse("price", "more than 0, or left out; got 0 without a currency")
	}
	f.Seen, err = timeFrom("seen_time", w.GetSeenTime())
	return f, err
}

func factsTo(f *listing.Facts) *touchstonev1.ListingFacts {
	return &touchstonev1.ListingFacts{
		Marketplace: f.Marketplace, ListingId: f.Listing, ImageId: f.Image, SellerId: f.Seller, RegionCode: f.Region,
		Url: f.URL, Price: moneyTo(f.Price), SeenTime: timeTo(f.Seen),
	}
}

func questionFrom(w *touchstonev1.CheckRequest) (q desk.Question, err error) {
	if q.Subject, err = subjectFrom(w.GetSubject()); err != nil {
		return q, at("subject", err)
	}
	if q.Facts, err = factsFrom(w.GetFacts()); err != nil {
		return q, at("facts", err)
	}
	if q.Depth, err = depthFrom(w.GetDepth()); err != nil {
		return q, err
	}
	q.Limit = int(w.GetLimit())
	q.Remember = w.Remember == nil || w.GetRemember()
	return q, nil
}

func answerTo(a *desk.Answer) *touchstonev1.CheckResponse {
	w := &touchstonev1.CheckResponse{Match: resultTo(&a.Result), Decision: decisionTo(&a.Decision)}
	if a.Listing != nil {
		w.Listing = listingTo(a.Listing)
	}
	return w
}

func listingTo(l *listing.Listing) *touchstonev1.Listing {
	w := &touchstonev1.Listing{
		Facts: factsTo(&l.Facts), Status: matchStatusTo(l.Status), Matches: hitsTo(l.Hits), Decision: decisionTo(&l.Decision),
		Revision: l.Revision, AddTime: timeTo(l.Added), UpdateTime: timeTo(l.Updated),
	}
	if l.Original != (index.Original{}) {
		w.Original = originalTo(&l.Original)
	}
	if l.Fingerprint.Recipe != 0 {
		w.Fingerprint = fingerprintTo(&l.Fingerprint)
	}
	return w
}

func hitsTo(hits []listing.Hit) []*touchstonev1.ListingMatch {
	w := make([]*touchstonev1.ListingMatch, len(hits))
	for i := range hits {
		h := &hits[i]
		w[i] = &touchstonev1.ListingMatch{
			Photo: nameTo(h.Photo), Product: h.Product, Variant: h.Variant, ListPrice: moneyTo(h.ListPrice), PhotoRevision: h.Revision,
			Verdict: verdictTo(h.Verdict), Score: h.Score, ExpectedFalseMatches: h.ExpectedFalse, Edits: h.Edits,
			Box: shareTo(h.Box), DistanceBits: int32(h.Distance),
		}
	}
	return w
}

func shareTo(b listing.Box) *touchstonev1.Box {
	if b == (listing.Box{}) {
		b = listing.Box{Right: 1, Bottom: 1}
	}
	side := func(v float64) uint32 { return uint32(math.Round(min(max(v, 0), 1) * math.MaxUint16)) }
	return &touchstonev1.Box{Left: side(b.Left), Top: side(b.Top), Right: side(b.Right), Bottom: side(b.Bottom)}
}

// nameTo is nil for the zero Key.
func nameTo(k index.Key) *touchstonev1.PhotoName {
	if k == (index.Key{}) {
		return nil
	}
	return &touchstonev1.PhotoName{Brand: k.Brand, PhotoId: k.ID}
}

func namesTo(keys []index.Key) []*touchstonev1.PhotoName {
	w := make([]*touchstonev1.PhotoName, len(keys))
	for i, k := range keys {
		w[i] = nameTo(k)
	}
	return w
}

func decisionTo(d *listing.Decision) *touchstonev1.DecisionBasis {
	w := &touchstonev1.DecisionBasis{
		Decision: outcomes[d.Outcome], Photo: nameTo(d.Photo), GrantId: d.Grant, PriceRatio: d.PriceRatio,
		Priority: d.Priority, Revision: d.Revision, CatalogRevision: d.Catalog,
	}
	for _, r := range d.Reasons {
		w.Reasons = append(w.Reasons, touchstonev1.DecisionReason(r)) // its numbers are the wire's
	}
	return w
}

var outcomes = map[listing.Outcome]touchstonev1.Decision{
	listing.Authorised: touchstonev1.Decision_DECISION_AUTHORISED,
	listing.Infringing: touchstonev1.Decision_DECISION_INFRINGING,
	listing.Review:     touchstonev1.Decision_DECISION_REVIEW,
	listing.Benign:     touchstonev1.Decision_DECISION_BENIGN,
	listing.NoMatch:    touchstonev1.Decision_DECISION_NO_MATCH,
}

func outcomeFrom(d touchstonev1.Decision) (listing.Outcome, bool) {
	return keyOf(outcomes, d)
}

// keyOf is the key of a value that stands once in a map, if it does.
func keyOf[K, V comparable](m map[K]V, value V) (key K, ok bool) {
	for k, v := range m {
		if v == value {
			return k, true
		}
	}
	return key, false
}

func changeTo(c *desk.Changed) *touchstonev1.DecisionChange {
	if c == nil {
		return nil
	}
	return &touchstonev1.DecisionChange{
		Listing: listingTo(&c.Listing), Before: decisionTo(&c.Before), Gained: hitsTo(c.Gained), Lost: namesTo(c.Lost),
	}
}

func listingFilterFrom(w *touchstonev1.ListingFilter) (f book.Filter, err error) {
	f = book.Filter{Marketplace: w.GetMarketplace(), Listing: w.GetListingId(), Seller: w.GetSellerId(), Brand: w.GetBrand()}
	if f.Listing != "" && f.Marketplace == "" {
		return f, refuse("marketplace", "required together with listing_id")
	}
	for i, d := range w.GetDecisions() {
		o, ok := outcomeFrom(d)
		if !ok {
			return f, refuse(fmt.Sprintf("decisions[%d]", i), "one of the decisions, got %d", d)
		}
		f.Outcomes = append(f.Outcomes, o)
	}
	if f.From, err = timeFrom("seen_from", w.GetSeenFrom()); err != nil {
		return f, err
	}
	if f.Before, err = timeFrom("seen_before", w.GetSeenBefore()); err != nil {
		return f, err
	}
	err = checkFilter(&f)
	return f, err
}

// checkFilter refuses names that no listing image can have: what separates names in the store could stand for several.
func checkFilter(f *book.Filter) error {
	for _, n := range []struct {
		field, name string
		most        int
	}{
		{"marketplace", f.Marketplace, index.MaxName}, {"listing_id", f.Listing, index.MaxName}, {"image_id", f.Image, listing.MaxImage},
		{"seller_id", f.Seller, index.MaxName}, {"brand", f.Brand, index.MaxName},
	} {
		if err := index.CheckName(listing.ErrInvalid, n.field, n.name, 0, n.most); err != nil {
			return err
		}
	}
	return nil
}

// narrowed takes a brand that a list may be narrowed down to; empty: it isn't.
func narrowed(brand string) (string, error) {
	return brand, index.CheckName(listing.ErrInvalid, "brand", brand, 0, index.MaxName)
}
