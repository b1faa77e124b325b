package book_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/listing/book"
	"touchstone/match"
)

func grant(id, grantee string, sellers ...string) listing.Grant {
	return listing.Grant{Brand: "Acme", ID: id, Grantee: grantee, Sellers: sellers}
}

func TestGrants(t *testing.T) {
	b := fresh(t)
	ended := grant("g3", "Third", "s1")
	ended.To = noon
	later := grant("g4", "Fourth", "s1")
	later.From = noon.Add(time.Hour)
	puts, revision, err := b.PutGrants(t.Context(),
		grant("g1", "First", "s1", "s2"), grant("g2", "Second", "s2"), ended, later, grant("g5", "", "s9"), grant("g1", "First", "s2", "s1"))
	if err != nil || revision != b.Revision() {
		t.Fatalf("PutGrants() up to %d of %d: %v", revision, b.Revision(), err)
	}
	want := []string{"added", "grants disagree", "grants disagree", "grants disagree", "invalid", "unchanged"}
	for i, p := range puts {
		got := p.Outcome.String()
		switch {
		case errors.Is(p.Err, listing.ErrDisagree):
			got = "grants disagree"
		case errors.Is(p.Err, listing.ErrInvalid):
			got = "invalid"
		case p.Err != nil:
			got = p.Err.Error()
		}
		if got != want[i] {
			t.Errorf("grant %d: %s, want %s (%v)", i, got, want[i], p.Err)
		}
	}
	// One that gives way leaves its accounts to others.
	if puts, _, err = b.PutGrants(t.Context(), grant("g1", "First", "s1"), grant("g2", "Second", "s2")); err != nil || puts[0].Outcome != index.Replaced || puts[1].Outcome != index.Added {
		t.Errorf("PutGrants() = %v, %v", puts, err)
	}
	before := b.Revision()
	if err := b.DeleteGrant(t.Context(), "Acme", "g1"); err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteGrant(t.Context(), "Acme", "g1"); !errors.Is(err, book.ErrGrantNotFound) {
		t.Errorf("DeleteGrant() again = %v", err)
	}
	ids := func(revision uint64) (ids []string) {
		afterBrand, afterID := "", ""
		for {
			page, more, err := b.Grants(t.Context(), "Acme", afterBrand, afterID, revision, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range page {
				ids = append(ids, g.ID)
				afterBrand, afterID = g.Brand, g.ID
			}
			if !more {
				return ids
			}
		}
	}
	if d := cmp.Diff([]string{"g2"}, ids(0)); d != "" {
		t.Errorf("now (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"g1", "g2"}, ids(before)); d != "" {
		t.Errorf("as of %d (-want +got):\n%s", before, d)
	}
}

func TestRules(t *testing.T) {
	b := fresh(t)
	none := uint64(0)
	first, err := b.SetRules(t.Context(), []byte("default: {infringing: 2}"), &none)
	if err != nil || first == 0 {
		t.Fatalf("SetRules() = %d, %v", first, err)
	}
	if same, err := b.SetRules(t.Context(), []byte("default: {infringing: 2}"), nil); err != nil || same != first {
		t.Errorf("the same again: %d, %v; want %d", same, err, first)
	}
	if _, err := b.SetRules(t.Context(), []byte("default: {infringing: 3}"), &none); !errors.Is(err, book.ErrRulesChanged) {
		t.Errorf("SetRules() by who knows none = %v", err)
	}
	if _, err := b.SetRules(t.Context(), []byte("defalt: {infringing: 3}"), nil); !errors.Is(err, listing.ErrRules) {
		t.Errorf("SetRules() of none = %v", err)
	}
	second, err := b.SetRules(t.Context(), []byte("default: {infringing: 3}"), &first)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[uint64]string{first: "default: {infringing: 2}", second: "default: {infringing: 3}", 0: "default: {infringing: 3}"} {
		if yaml, _, _, err := b.Rules(t.Context(), at); err != nil || string(yaml) != want {
			t.Errorf("Rules(%d) = %q, %v; want %q", at, yaml, err, want)
		}
	}
}

func TestStandings(t *testing.T) {
	b := fresh(t)
	k := index.Key{Brand: "Acme", ID: "p1"}
	set := func(state listing.State, settled bool) listing.State {
		t.Helper()
		now, err := b.SetStandings(t.Context(), listing.Standing{Photo: k, State: state, Settled: settled})
		if err != nil {
			t.Fatal(err)
		}
		return now[0].State
	}
	for _, step := range []struct {
		state   listing.State
		settled bool
		want    listing.State
	}{
		{listing.Normal, false, listing.Normal},
		{listing.Quarantined, false, listing.Quarantined},
		{listing.Normal, true, listing.Normal},       // a person says so,
		{listing.Quarantined, false, listing.Normal}, // and the server leaves it so
		{listing.IsBenign, true, listing.IsBenign},
	} {
		if got := set(step.state, step.settled); got != step.want {
			t.Errorf("standing %d (settled: %v) became %d, want %d", step.state, step.settled, got, step.want)
		}
	}
	page, next, err := b.Standings(t.Context(), "Acme", nil, index.Key{}, 10)
	if err != nil || next != nil || len(page) != 1 || page[0].State != listing.IsBenign {
		t.Errorf("Standings() = %v, %v, %v", page, next, err)
	}
}

// A decision is what the policy of its revision makes of what is remembered, at any later time and with the book opened anew.
func TestDecisionsAsOf(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	path := filepath.Join(t.TempDir(), "listings.db")
	b := open(t, path)
	for range 300 {
		switch r.IntN(6) {
		case 0:
			g := grant(fmt.Sprint("g", r.IntN(3)), "Shop", fmt.Sprint("s", r.IntN(5)))
			if _, _, err := b.PutGrants(t.Context(), g); err != nil {
				t.Fatal(err)
			}
		case 1:
			if err := b.DeleteGrant(t.Context(), "Acme", fmt.Sprint("g", r.IntN(3))); err != nil && !errors.Is(err, book.ErrGrantNotFound) {
				t.Fatal(err)
			}
		case 2:
			yaml := fmt.Sprintf("default: {infringing: %d, review: 500, rollout: 0.%d}", 1+r.IntN(5), 1+r.IntN(9))
			if _, err := b.SetRules(t.Context(), []byte(yaml), nil); err != nil {
				t.Fatal(err)
			}
		case 3:
			s := listing.Standing{Photo: index.Key{Brand: "Acme", ID: fmt.Sprint("p", r.IntN(3))}, State: listing.State(1 + r.IntN(4)), Settled: true}
			if _, err := b.SetStandings(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		default:
			s := seen(r, r.IntN(20))
			s.Status, s.Hits = match.Found, []listing.Hit{hit("Acme", fmt.Sprint("p", r.IntN(3)), float64(r.IntN(6)))}
			remember(t, b, s)
		}
	}
	outcomes := map[listing.Outcome]int{}
	for _, when := range []string{"before", "after opening anew"} {
		changes, _, err := b.Changes(t.Context(), 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for i := range changes {
			l := &changes[i].Listing
			p, err := b.PolicyAt(t.Context(), l.Decision.Revision)
			if err != nil {
				t.Fatal(err)
			}
			got := p.Decide(l.Facts, l.Status, l.Hits, l.Decision.Catalog)
			if d := cmp.Diff(l.Decision, got, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("%s: revision %d: decided anew (-then +now):\n%s", when, l.Revision, d)
			}
			outcomes[got.Outcome]++
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		b = open(t, path)
	}
	if len(outcomes) < 3 {
		t.Errorf("all outcomes are of %v: the test shows little", outcomes)
	}
}

// TestGrantsAtOnce puts grants that disagree at the same time: one of them is taken.
func TestGrantsAtOnce(t *testing.T) {
	b := fresh(t)
	for round := range 20 {
		account := fmt.Sprintf("s%d", round)
		var taken atomic.Int32
		var wait sync.WaitGroup
		for i := range 8 {
			wait.Go(func() {
				name := fmt.Sprintf("%s-%d", account, i)
				puts, _, err := b.PutGrants(t.Context(), grant(name, name, account))
				if err != nil {
					t.Error(err)
				} else if puts[0].Err == nil {
					taken.Add(1)
				}
			})
		}
		wait.Wait()
		if n := taken.Load(); n != 1 {
			t.Fatalf("%d of 8 grants that give %s to others were taken, want 1", n, account)
		}
	}
}
