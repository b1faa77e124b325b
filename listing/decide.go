package listing

import (
	"cmp"
	"slices"

	"touchstone/index"
	"touchstone/match"
)

// judged is a hit, and what follows from it alone.
type judged struct {
	*Hit
	rule    Rule
	outcome Outcome
	reasons []Reason
	cover   coverage
	muted   bool
}

// Decide tells what is to be done about a listing image: of its facts, of the status and the hits of a match, and of the
// revision of the catalogue that was matched against. The same arguments give the same decision, in whatever order the
// hits are.
func (p *Policy) Decide(f Facts, status match.Status, hits []Hit, catalog uint64) Decision {
	d := Decision{Outcome: NoMatch, Revision: p.revision, Catalog: catalog}
	all := p.judge(f, hits)
	if len(all) == 0 {
		if status == match.TooPlain {
			d.Reasons = []Reason{TooPlain}
		}
		return d
	}
	first := all[0]
	d.Outcome, d.Photo, d.Reasons = first.outcome, first.Photo, slices.Clone(first.reasons)
	if first.cover.grant != nil {
		d.Grant = first.cover.grant.ID
	}
	if first.outcome != Benign { // of which no price tells anything
		ratio, known := p.priceRatio(f.Price, first.ListPrice)
		d.PriceRatio = ratio
		switch {
		case !known:
			d.Reasons = append(d.Reasons, PriceNotComparable)
		case ratio > 0 && ratio <= first.rule.LowPrice:
			d.Reasons = append(d.Reasons, PriceLow)
		}
	}
	for _, j := range all[1:] {
		if j.outcome == first.outcome {
			d.Reasons = append(d.Reasons, j.reasons...)
		}
	}
	d.Reasons = unique(d.Reasons)
	if !first.muted {
		d.Priority = priority(first.outcome, first.ExpectedFalse, d.PriceRatio)
	}
	return d
}

// judge tells what follows from each hit that counts, the one that decides first.
func (p *Policy) judge(f Facts, hits []Hit) []*judged {
	var all, benign []*judged
	for i := range hits {
		j := &judged{Hit: &hits[i], rule: p.rules.Of(hits[i].Photo.Brand)}
		if j.ExpectedFalse > j.rule.Review {
			continue
		}
		all = append(all, j)
		if p.standings[j.Photo] == IsBenign {
			benign = append(benign, j)
		}
	}
	for _, j := range all {
		p.alone(f, j, benign)
	}
	conflicts(all)
	for _, j := range all {
		if j.outcome == Infringing && !rolledOut(j.rule.Rollout, j.Photo.Brand, f.Key) {
			j.outcome, j.reasons = Review, append([]Reason{NotRolledOut}, j.reasons...)
		}
	}
	slices.SortFunc(all, (*judged).compare)
	return all
}

// alone settles the outcome of a hit as if it were the only one but for benign ones.
func (p *Policy) alone(f Facts, j *judged, benign []*judged) {
	state := p.standings[j.Photo]
	switch {
	case state == IsBenign || slices.ContainsFunc(benign, func(b *judged) bool {
		return b.ExpectedFalse <= j.ExpectedFalse && j.Box.inside(b.Box)
	}):
		j.outcome, j.reasons = Benign, []Reason{PhotoBenign}
	case state == Quarantined:
		j.outcome, j.reasons = Review, []Reason{PhotoQuarantined}
	case state == Muted:
		j.outcome, j.reasons, j.muted = Review, []Reason{PhotoMuted}, true
	case j.Verdict == match.Variant:
		j.outcome, j.reasons = Review, []Reason{VariantOnly}
	case j.Verdict == match.SharedContent:
		j.outcome, j.reasons = Review, []Reason{SharedContent}
	case j.Verdict == match.None || j.ExpectedFalse > j.rule.Infringing:
		j.outcome, j.reasons = Review, []Reason{Unsure}
	default:
		j.cover = p.coverage(f, j.Hit)
		switch {
		case !j.cover.covered():
			j.outcome, j.reasons = Infringing, append([]Reason{NoGrant}, j.cover.misses...)
		case len(j.cover.grant.Photos) > 0:
			j.outcome, j.reasons = Authorised, []Reason{PhotoLicensed}
		default:
			j.outcome, j.reasons = Authorised, []Reason{SellerGranted}
		}
	}
}

// clearly is how many times fewer false matches a hit has to have than another to be the clearly stronger one, and from
// which of a million on hits are alike, since nobody can tell.
const (
	clearly = 10
	nobody  = 1e-6
)

// stronger tells whether h is clearly stronger than o.
func (h *Hit) stronger(o *Hit) bool {
	return max(h.ExpectedFalse, nobody)*clearly < max(o.ExpectedFalse, nobody)
}

// conflicts turns hits of several brands at the same place into hits for people to look at, unless the seller is
// authorised by both brands or a hit is the clearly stronger one: that stands, and only the weaker is in doubt.
func conflicts(all []*judged) {
	sure := func(j *judged) bool { return j.outcome == Authorised || j.outcome == Infringing }
	var doubtful []*judged
	for _, j := range all {
		if !sure(j) {
			continue
		}
		if slices.ContainsFunc(all, func(o *judged) bool {
			return sure(o) && o.Photo.Brand != j.Photo.Brand && !(o.outcome == Authorised && j.outcome == Authorised) &&
				j.Box.overlaps(o.Box) && !j.stronger(o.Hit)
		}) {
			doubtful = append(doubtful, j)
		}
	}
	for _, j := range doubtful { // now that all have been held against each other
		j.outcome, j.reasons = Review, []Reason{BrandConflict}
	}
}

// compare orders hits by who decides: the outcome, then the surest. It is 0 for equal hits alone.
func (j *judged) compare(o *judged) int {
	rank := func(j *judged) int {
		return slices.Index([]Outcome{Infringing, Review, Authorised, Benign}, j.outcome)
	}
	late := func(j *judged) int {
		if j.muted {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(rank(j), rank(o)),
		cmp.Compare(late(j), late(o)),
		cmp.Compare(j.ExpectedFalse, o.ExpectedFalse),
		cmp.Compare(o.Score, j.Score),
		j.Photo.Compare(o.Photo),
		// The same photo at two places.
		slices.Compare(j.reasons, o.reasons),
		comparePrices(j.ListPrice, o.ListPrice),
		cmp.Compare(j.Product, o.Product),
	)
}

func comparePrices(a, b index.Price) int {
	return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Units, b.Units), cmp.Compare(a.Nanos, b.Nanos))
}

// unique leaves the first of each reason.
func unique(reasons []Reason) []Reason {
	var all []Reason
	for _, r := range reasons {
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}
