package listing

import (
	"cmp"
	"maps"
	"slices"

	"touchstone/index"
)

// Policy is what decisions rest upon beside matches: rules, grants and standings, of one revision. It doesn't change and
// may be used by many goroutines at once.
type Policy struct {
	revision  uint64
	rules     Rules
	brands    map[string]*granted
	standings map[index.Key]State
}

// granted are the grants of a brand, by whom they may cover.
type granted struct {
	sellers  map[string][]*Grant // by account and alias; each list by ID
	everyone []*Grant            // by ID
}

// NewPolicy returns a policy of valid rules, grants and standings; of two grants or standings of the same name the one of
// the later revision counts. It keeps no slice or map of its caller's, but for the lists within grants, which must not be
// changed any more.
func NewPolicy(revision uint64, rules Rules, grants []Grant, standings []Standing) *Policy {
	rules.Brands, rules.Rates = maps.Clone(rules.Brands), maps.Clone(rules.Rates)
	p := &Policy{revision: revision, rules: rules, brands: make(map[string]*granted), standings: make(map[index.Key]State)}
	own := slices.Clone(grants)
	slices.SortStableFunc(own, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(a.Brand, b.Brand), cmp.Compare(a.ID, b.ID), cmp.Compare(b.Revision, a.Revision))
	})
	for i := range own {
		g := &own[i]
		if i > 0 && own[i-1].Brand == g.Brand && own[i-1].ID == g.ID {
			continue
		}
		b := p.brands[g.Brand]
		if b == nil {
			b = &granted{sellers: make(map[string][]*Grant)}
			p.brands[g.Brand] = b
		}
		if g.Everyone {
			b.everyone = append(b.everyone, g)
			continue
		}
		for _, s := range g.Sellers {
			b.sellers[s] = append(b.sellers[s], g)
		}
	}
	latest := make(map[index.Key]uint64, len(standings))
	for _, s := range standings {
		if r, ok := latest[s.Photo]; ok && r > s.Revision {
			continue
		}
		latest[s.Photo] = s.Revision
		p.standings[s.Photo] = s.State
	}
	return p
}

// With returns the same grants and standings with other valid rules.
func (p *Policy) With(rules Rules) *Policy {
	q := *p
	q.rules = rules
	q.rules.Brands, q.rules.Rates = maps.Clone(rules.Brands), maps.Clone(rules.Rates)
	return &q
}

// Revision is what the policy was made of.
func (p *Policy) Revision() uint64 { return p.revision }

// Rules returns the policy's rules, whose maps must not be changed.
func (p *Policy) Rules() Rules { return p.rules }

// coverage is what grants say of a hit.
type coverage struct {
	grant  *Grant   // that covers the seller, or nearly did; nil: none
	misses []Reason // why it doesn't, the most telling first; empty: it does, if there is one
}

func (c coverage) covered() bool { return c.grant != nil && len(c.misses) == 0 }

// coverage looks for a grant that lets the seller use the photo of a hit: rather one for all photos than a licence, then
// the first by ID. Where there is none it is the one that misses by least.
func (p *Policy) coverage(f Facts, h *Hit) coverage {
	var best coverage
	b := p.brands[h.Photo.Brand]
	if b == nil {
		return best
	}
	consider := func(g *Grant) {
		c := coverage{g, g.misses(f, h)}
		// A press kit for everyone is near to nothing but what is in it.
		if g.Everyone && slices.Contains(c.misses, GrantOtherProduct) {
			return
		}
		if best.grant == nil || c.compare(best) < 0 {
			best = c
		}
	}
	if f.Seller != "" {
		for _, g := range b.sellers[f.Seller] {
			consider(g)
		}
	}
	for _, g := range b.everyone {
		consider(g)
	}
	return best
}

// compare is negative where c is nearer than o.
func (c coverage) compare(o coverage) int {
	licence := func(g *Grant) int { return min(len(g.Photos), 1) }
	return cmp.Or(
		cmp.Compare(len(c.misses), len(o.misses)),
		slices.Compare(c.misses, o.misses),
		cmp.Compare(licence(c.grant), licence(o.grant)),
		cmp.Compare(c.grant.ID, o.grant.ID),
	)
}

// misses are the reasons why the grant doesn't cover a hit of facts, whoever sells, in the order of their numbers, which
// is the order of how near they are.
func (g *Grant) misses(f Facts, h *Hit) []Reason {
	var all []Reason
	if !g.To.IsZero() && !f.Seen.Before(g.To) {
		all = append(all, GrantExpired)
	}
	if !g.From.IsZero() && f.Seen.Before(g.From) {
		all = append(all, GrantNotYetValid)
	}
	if !holds(g.Products, h.Product) || !holds(g.Photos, h.Photo.ID) {
		all = append(all, GrantOtherProduct)
	}
	// A grant that is bound does not cover what is not known.
	if g.Marketplace != "" && g.Marketplace != f.Marketplace {
		all = append(all, GrantOtherMarketplace)
	}
	if g.Region != "" && g.Region != f.Region {
		all = append(all, GrantOtherRegion)
	}
	return all
}

// holds tells whether a list of names in order, which stands for all where it is empty, has one.
func holds(names []string, name string) bool {
	if len(names) == 0 {
		return true
	}
	_, ok := slices.BinarySearch(names, name)
	return ok
}
