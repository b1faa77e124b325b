package book

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/store"
)

// policy is grants, rules and standings in memory. What Policy returns is made anew when it is asked for after a change.
type policy struct {
	grants    map[[2]string]listing.Grant
	accounts  map[[2]string]map[string]bool // IDs of grants, by brand and seller
	standings map[index.Key]listing.Standing
	rules     listing.Rules
	revision  uint64 // of the last change of any of it

	now  atomic.Pointer[listing.Policy] // nil: something has changed
	last atomic.Pointer[listing.Policy] // made last: it has all changes that were acknowledged
}

// Policy is what decisions rest upon now.
func (b *Book) Policy() *listing.Policy {
	if p := b.policy.now.Load(); p != nil {
		return p
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.policy.build()
	b.policy.now.Store(p)
	b.policy.last.Store(p)
	return p
}

// settled makes the policy anew after a change of it was committed and before that is acknowledged: here, and not in the store's
// writer, which has it ready then and waits for no lock.
func (b *Book) settled(span store.Span, err error) error {
	if err == nil && span != (store.Span{}) {
		b.Policy()
	}
	return err
}

func (p *policy) build() *listing.Policy {
	return listing.NewPolicy(p.revision, p.rules, slices.Collect(maps.Values(p.grants)), slices.Collect(maps.Values(p.standings)))
}

// PolicyAt is what decisions rested upon at a revision. Errors: ErrRevision, the context's.
func (b *Book) PolicyAt(ctx context.Context, revision uint64) (*listing.Policy, error) {
	if revision == 0 {
		return listing.NewPolicy(0, listing.DefaultRules(), nil, nil), nil
	}
	p := newPolicy()
	if err := p.read(ctx, b.store, revision); err != nil {
		return nil, translate(err)
	}
	return p.build(), nil
}

func newPolicy() *policy {
	return &policy{
		grants: map[[2]string]listing.Grant{}, accounts: map[[2]string]map[string]bool{}, standings: map[index.Key]listing.Standing{}, rules: listing.DefaultRules(),
	}
}

// loadPolicy reads the policy of now into memory.
func (b *Book) loadPolicy(ctx context.Context) error {
	p := newPolicy()
	if err := p.read(ctx, b.store, 0); err != nil {
		return translate(err)
	}
	b.policy.grants, b.policy.accounts, b.policy.standings, b.policy.rules = p.grants, p.accounts, p.standings, p.rules
	b.policy.revision = p.revision
	b.Policy()
	return nil
}

// read reads the policy of a revision, 0: of now.
func (p *policy) read(ctx context.Context, s *store.Store, revision uint64) error {
	if revision == 0 {
		revision = s.Revision() // one and the same for all rooms
		if revision == 0 {
			return nil
		}
	}
	p.revision = revision
	return errors.Join(
		each(ctx, s, roomGrants, revision, func(r store.Record) error {
			g, err := grantOf(r)
			p.put(g)
			return err
		}),
		each(ctx, s, roomStandings, revision, func(r store.Record) error {
			st, err := standingOf(r)
			p.standings[st.Photo] = st
			return err
		}),
		each(ctx, s, roomRules, revision, func(r store.Record) (err error) {
			p.rules, err = listing.ParseRules(r.Value)
			return err
		}),
	)
}

// each shows all records of a room at a revision.
func each(ctx context.Context, s *store.Store, room string, revision uint64, look func(store.Record) error) error {
	at := store.Range{At: revision}
	for {
		page, more, err := s.Scan(ctx, room, at, 1000)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := look(r); err != nil {
				return err
			}
			at.After = r.Key
		}
		if !more {
			return nil
		}
	}
}

func grantOf(r store.Record) (listing.Grant, error) {
	brand, id, err := parsePair(r.Key)
	if err != nil {
		return listing.Grant{}, err
	}
	g, err := decodeGrant(r.Value)
	g.Brand, g.ID, g.Revision = brand, id, r.Revision
	return g, err
}

func standingOf(r store.Record) (listing.Standing, error) {
	brand, id, err := parsePair(r.Key)
	if err != nil {
		return listing.Standing{}, err
	}
	s, err := decodeStanding(r.Value)
	s.Photo, s.Revision, s.Updated = index.Key{Brand: brand, ID: id}, r.Revision, r.Time
	return s, err
}

// Put is what PutGrants did with a grant, or why it was refused.
type Put struct {
	Outcome index.Outcome // where Err is nil
	Err     error         // listing.ErrInvalid, listing.ErrDisagree
}

// PutGrants adds grants or replaces those of the same brand and ID, each for itself, and tells of each, in order, what it did,
// and from which revision on all that was taken is there. Grants that are there already as they are change nothing.
// Errors: index.ErrFull, index.ErrReadOnly, the context's: then none of them was taken.
func (b *Book) PutGrants(ctx context.Context, grants ...listing.Grant) ([]Put, uint64, error) {
	puts := make([]Put, len(grants))
	grants = slices.Clone(grants)
	for i := range grants {
		grants[i] = grants[i].Normal()
		puts[i].Err = grants[i].Validate()
	}
	b.settling.Lock()
	defer b.settling.Unlock()
	var taken map[[2]string]listing.Grant
	var accounts map[[2]string][]string // IDs of these, by brand and seller
	span, err := b.commit(ctx, func(v *store.View) ([]store.Change, error) {
		var changes []store.Change
		taken, accounts = map[[2]string]listing.Grant{}, map[[2]string][]string{}
		for i := range grants {
			g := grants[i]
			g.Revision = 0
			if errors.Is(puts[i].Err, listing.ErrInvalid) {
				continue
			}
			k, value := [2]string{g.Brand, g.ID}, encodeGrant(&g)
			puts[i] = Put{Outcome: index.Added}
			there, err := v.Get(roomGrants, pairKey(g.Brand, g.ID))
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			known, old := err == nil, there.Value
			if again, ok := taken[k]; ok { // earlier in this very call
				known, old = true, encodeGrant(&again)
			}
			if known {
				if puts[i].Outcome = index.Replaced; bytes.Equal(old, value) {
					puts[i].Outcome = index.Unchanged
				}
			}
			if puts[i].Outcome == index.Unchanged {
				continue
			}
			if err := b.disagrees(g, taken, accounts); err != nil {
				puts[i] = Put{Err: err}
				continue
			}
			g.Revision = v.Next() + uint64(len(changes))
			taken[k] = g
			for _, seller := range g.Sellers {
				account := [2]string{g.Brand, seller}
				accounts[account] = append(accounts[account], g.ID)
			}
			changes = append(changes, store.Change{Kind: kindPut, Room: roomGrants, Key: pairKey(g.Brand, g.ID), Value: value})
		}
		return changes, nil
	}, func(span store.Span) {
		for _, g := range taken {
			b.policy.put(g)
		}
		b.policy.changed(span.Last)
	})
	if err := b.settled(span, err); err != nil {
		return nil, 0, err
	}
	if span == (store.Span{}) {
		return puts, b.Revision(), nil
	}
	return puts, span.Last, nil
}

// disagrees tells whether a grant gives an account of the brand to another grantee than those that are there, and those that
// were taken with it, whose IDs accounts has by brand and seller.
func (b *Book) disagrees(g listing.Grant, taken map[[2]string]listing.Grant, accounts map[[2]string][]string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var others []listing.Grant
	for _, seller := range g.Sellers {
		account := [2]string{g.Brand, seller}
		for _, id := range accounts[account] {
			others = append(others, taken[[2]string{g.Brand, id}]) // as it is by now: put twice, it may have lost the account
		}
		for id := range b.policy.accounts[account] {
			k := [2]string{g.Brand, id}
			if _, again := taken[k]; !again && id != g.ID {
				others = append(others, b.policy.grants[k])
			}
		}
	}
	return listing.Disagrees(g, others)
}

// put shows a grant, in place of what it was before.
func (p *policy) put(g listing.Grant) {
	k := [2]string{g.Brand, g.ID}
	p.take(k)
	p.grants[k] = g
	for _, seller := range g.Sellers {
		account := [2]string{g.Brand, seller}
		if p.accounts[account] == nil {
			p.accounts[account] = map[string]bool{}
		}
		p.accounts[account][g.ID] = true
	}
}

// take takes a grant away, where it is there.
func (p *policy) take(k [2]string) {
	for _, seller := range p.grants[k].Sellers {
		delete(p.accounts[[2]string{k[0], seller}], k[1])
	}
	delete(p.grants, k)
}

// changed notes that policies made so far are of the past; the Book's mu is held.
func (p *policy) changed(revision uint64) {
	p.revision = revision
	p.now.Store(nil)
}

// Grants returns grants of a brand (empty: of all) with keys after the given one, by brand, then ID, as of a revision (0: of
// now), limit at most, and whether more follow. Errors: ErrRevision, the context's.
func (b *Book) Grants(ctx context.Context, brand, afterBrand, afterID string, revision uint64, limit int) (grants []listing.Grant, more bool, err error) {
	r := store.Range{At: revision}
	if brand != "" {
		r.Prefix = append([]byte(brand), 0)
	}
	if afterBrand != "" {
		r.After = pairKey(afterBrand, afterID)
	}
	page, more, err := b.store.Scan(ctx, roomGrants, r, limit)
	if err != nil {
		return nil, false, translate(err)
	}
	for _, r := range page {
		g, err := grantOf(r)
		if err != nil {
			return nil, false, err
		}
		grants = append(grants, g)
	}
	return grants, more, nil
}

// DeleteGrant takes a grant back. Errors: ErrGrantNotFound, index.ErrReadOnly.
func (b *Book) DeleteGrant(ctx context.Context, brand, id string) error {
	b.settling.Lock()
	defer b.settling.Unlock()
	return b.settled(b.commit(ctx, func(v *store.View) ([]store.Change, error) {
		switch _, err := v.Get(roomGrants, pairKey(brand, id)); {
		case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrInvalid):
			return nil, ErrGrantNotFound
		case err != nil:
			return nil, err
		}
		return []store.Change{{Kind: kindTaken, Room: roomGrants, Key: pairKey(brand, id)}}, nil
	}, func(span store.Span) {
		b.policy.take([2]string{brand, id})
		b.policy.changed(span.Last)
	}))
}

// SetRules replaces the rules, given as listing.ParseRules takes them, and returns the revision that they have; expected is
// the one that the caller knew, nil: whatever it is. The same rules change nothing. Errors: listing.ErrRules, ErrRulesChanged,
// index.ErrFull, index.ErrReadOnly.
func (b *Book) SetRules(ctx context.Context, yaml []byte, expected *uint64) (revision uint64, err error) {
	rules, err := listing.ParseRules(yaml)
	if err != nil {
		return 0, err
	}
	var record store.Record
	err = b.settled(b.commit(ctx, func(v *store.View) ([]store.Change, error) {
		r, err := v.Get(roomRules, keyRules)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if expected != nil && *expected != r.Revision {
			return nil, fmt.Errorf("%w: they have revision %d, not %d", ErrRulesChanged, r.Revision, *expected)
		}
		if err == nil && bytes.Equal(r.Value, yaml) {
			record = r
			return nil, nil
		}
		record = store.Record{Key: keyRules, Value: bytes.Clone(yaml), Revision: v.Next(), Time: v.Time()}
		return []store.Change{{Kind: kindPut, Room: roomRules, Key: keyRules, Value: record.Value}}, nil
	}, func(span store.Span) {
		b.policy.rules = rules
		b.policy.changed(span.Last)
	}))
	return record.Revision, err
}

// Rules returns the rules as they were set, as of a revision (0: of now), with the revision and the time at which they were:
// nil, 0 and zero where none were. Errors: ErrRevision.
func (b *Book) Rules(_ context.Context, at uint64) (yaml []byte, revision uint64, set time.Time, err error) {
	var r store.Record
	if at == 0 {
		r, err = b.store.Get(roomRules, keyRules)
	} else {
		r, err = b.store.At(roomRules, keyRules, at)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, 0, time.Time{}, nil
	}
	return r.Value, r.Revision, r.Time, translate(err)
}

// SetStandings settles what matches of photos mean, and returns the standings as they are then. Those that a person has settled
// are left as they are, unless the new one is settled as well. What is there already changes nothing. Errors:
// listing.ErrInvalid, index.ErrFull, index.ErrReadOnly.
func (b *Book) SetStandings(ctx context.Context, standings ...listing.Standing) ([]listing.Standing, error) {
	for i := range standings {
		if err := standings[i].Validate(); err != nil {
			return nil, err
		}
	}
	var now []listing.Standing
	err := b.settled(b.commit(ctx, func(v *store.View) ([]store.Change, error) {
		now = slices.Clone(standings)
		var changes []store.Change
		for i := range now {
			s := &now[i]
			r, err := v.Get(roomStandings, photoKey(s.Photo))
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			if err == nil {
				old, err := standingOf(r)
				if err != nil {
					return nil, err
				}
				if old.Settled && !s.Settled || bytes.Equal(r.Value, encodeStanding(s)) {
					*s = old
					continue
				}
			} else if s.State == listing.Normal && !s.Settled {
				continue // what nobody has spoken of is normal
			}
			s.Revision, s.Updated = v.Next()+uint64(len(changes)), v.Time()
			changes = append(changes, store.Change{Kind: kindPut, Room: roomStandings, Key: photoKey(s.Photo), Value: encodeStanding(s)})
		}
		return changes, nil
	}, func(span store.Span) {
		for _, s := range now {
			if s.Revision >= span.First {
				b.policy.standings[s.Photo] = s
			}
		}
		b.policy.changed(span.Last)
	}))
	return now, err
}

// Standings returns the standings of a brand's photos (empty: of all) with one of the states (none: any), after the given key,
// by brand, then photo ID, limit at most, and the key to go on after, nil where there are no more. A page may hold fewer than
// limit and not be the last. Errors: the context's.
func (b *Book) Standings(ctx context.Context, brand string, states []listing.State, after index.Key, limit int) (standings []listing.Standing, next *index.Key, err error) {
	r := store.Range{}
	if brand != "" {
		r.Prefix = append([]byte(brand), 0)
	}
	if after != (index.Key{}) {
		r.After = photoKey(after)
	}
	page, more, err := b.store.Scan(ctx, roomStandings, r, limit)
	if err != nil {
		return nil, nil, translate(err)
	}
	for _, r := range page {
		s, err := standingOf(r)
		if err != nil {
			return nil, nil, err
		}
		if len(states) == 0 && s.State != listing.Normal || slices.Contains(states, s.State) {
			standings = append(standings, s)
		}
		next = &s.Photo
	}
	if !more {
		next = nil
	}
	return standings, next, nil
}
