package listing_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/match"
)

// The order of hits, grants and standings means nothing, and a decision leaves its arguments as they are.
func TestDecideAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSituation(t)
		want := s.decide()
		o := s
		o.hits = rapid.Permutation(s.hits).Draw(t, "hits in another order")
		o.grants = rapid.Permutation(s.grants).Draw(t, "grants in another order")
		o.standings = rapid.Permutation(s.standings).Draw(t, "standings in another order")
		before := fmt.Sprint(o)
		if diff := cmp.Diff(want, o.decide()); diff != "" {
			t.Fatalf("in another order (-before +after):\n%s", diff)
		}
		if diff := cmp.Diff(before, fmt.Sprint(o)); diff != "" {
			t.Fatalf("arguments (-before +after):\n%s", diff)
		}
	})
}

// A decision is within its bounds, and about a hit.
func TestDecideSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSituation(t)
		d := s.decide()
		if d.Outcome < listing.Authorised || d.Outcome > listing.NoMatch || !(d.Priority >= 0 && d.Priority <= 1) || !(d.PriceRatio >= 0) || math.IsInf(d.PriceRatio, 0) {
			t.Fatalf("%+v", d)
		}
		of := slices.ContainsFunc(s.hits, func(h listing.Hit) bool { return h.Photo == d.Photo })
		if of == (d.Outcome == listing.NoMatch) || (len(d.Reasons) == 0) != (d.Outcome == listing.NoMatch) {
			t.Fatalf("%+v of %+v", d, s.hits)
		}
		for i, r := range d.Reasons {
			if slices.Contains(d.Reasons[:i], r) {
				t.Fatalf("reasons %v", d.Reasons)
			}
		}
	})
}

// One more grant never makes an infringement.
func TestDecideMoreGrants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSituation(t)
		before := s.decide()
		more := s
		g := rapid.Custom(drawGrant).Draw(t, "one more")
		g.ID = "one more"
		more.grants = append(slices.Clone(s.grants), g)
		if after := more.decide(); after.Outcome == listing.Infringing && before.Outcome != listing.Infringing {
			t.Fatalf("%v became %v", before, after)
		}
	})
}

// A looser review shows more and loses nothing.
func TestDecideMoreReview(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSituation(t)
		s.rules.Brands = nil
		before := s.decide()
		looser := s
		looser.rules.Default.Review = rapid.Float64Range(s.rules.Default.Review, listing.MostFalse).Draw(t, "looser")
		after := looser.decide()
		if after.Outcome == listing.NoMatch && before.Outcome != listing.NoMatch {
			t.Fatalf("%v became %v", before, after)
		}
		if before.Outcome == listing.Infringing && after.Outcome != listing.Infringing {
			t.Fatalf("%v became %v", before, after)
		}
	})
}

// Whoever was in stays in when more are; what is in is what would be without roll-out.
func TestRolloutGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSituation(t)
		s.rules.Brands = nil
		share := rapid.Float64Range(0, 1)
		a, b := share.Draw(t, "a share"), share.Draw(t, "another")
		at := func(share float64) listing.Outcome {
			s.rules.Default.Rollout = share
			return s.decide().Outcome
		}
		if few, many := at(min(a, b)), at(max(a, b)); few == listing.Infringing && many != few {
			t.Fatalf("%v at %v, %v at %v", few, min(a, b), many, max(a, b))
		}
		if none, all := at(0), at(1); none == listing.Infringing || (all == listing.Infringing) != (none != all) {
			t.Fatalf("%v at 0, %v at 1", none, all)
		}
	})
}

// The share is one of listings, whatever their images, and other listings for each brand.
func TestRolloutShare(t *testing.T) {
	const n = 2000
	in := func(brand string, i, image int) bool {
		s := usual()
		s.rules.Default.Rollout = 0.3
		s.hits[0].Photo.Brand = brand
		s.facts.Listing, s.facts.Image = fmt.Sprint("l", i), fmt.Sprint("i", image)
		return s.decide().Outcome == listing.Infringing
	}
	acme, both := 0, 0
	for i := range n {
		a, z := in("Acme", i, 0), in("Zeta", i, 0)
		if a != in("Acme", i, 1) {
			t.Fatalf("images of listing %d differ", i)
		}
		if a {
			acme++
		}
		if a && z {
			both++
		}
	}
	if acme < 0.27*n || acme > 0.33*n {
		t.Errorf("%d of %d listings, want 0.3", acme, n)
	}
	if both < 0.07*n || both > 0.11*n {
		t.Errorf("%d of %d listings for both brands, want 0.09", both, n)
	}
}

// What a listing is in for was decided when the hash was chosen: past decisions rest upon it.
func TestRolloutLasts(t *testing.T) {
	s := usual()
	var got []bool
	for i := range 12 {
		s.rules.Default.Rollout = 0.5
		s.facts.Listing = fmt.Sprint("l", i)
		got = append(got, s.decide().Outcome == listing.Infringing)
	}
	want := []bool{true, false, true, true, false, false, true, false, true, true, false, false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listings l0 to l11 (-want +got):\n%s", diff)
	}
}

// A hit of a benign photo takes along what lies in it and is no surer, and nothing else.
func TestBenign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, b := rapid.Custom(drawHit).Draw(t, "hit"), rapid.Custom(drawHit).Draw(t, "benign")
		h.Photo.ID, b.Photo.ID = "a", "b"
		h.ExpectedFalse, b.ExpectedFalse = min(h.ExpectedFalse, 1), min(b.ExpectedFalse, 1)
		h.Verdict = match.Copy
		s := situation{
			rules: listing.DefaultRules(), status: match.Found, facts: facts(), hits: []listing.Hit{h, b},
			standings: []listing.Standing{{Photo: b.Photo, State: listing.IsBenign}},
		}
		want := listing.Infringing
		if b.ExpectedFalse <= h.ExpectedFalse && covered(h.Box, b.Box) {
			want = listing.Benign
		}
		if got := s.decide(); got.Outcome != want {
			t.Fatalf("%v, want %v: %+v", got, want, s.hits)
		}
	})
}

// covered counts how much of a box lies in another, by a raster as fine as what is drawn.
func covered(b, o listing.Box) bool {
	in := func(b listing.Box, x, y float64) bool {
		return b == (listing.Box{}) || x > b.Left && x < b.Right && y > b.Top && y < b.Bottom
	}
	all, both := 0, 0
	for y := range 10 {
		for x := range 10 {
			if px, py := (float64(x)+0.5)/10, (float64(y)+0.5)/10; in(b, px, py) {
				all++
				if in(o, px, py) {
					both++
				}
			}
		}
	}
	return all > 0 && 2*both >= all
}

// A policy of many grants answers at once.
func TestPolicyLarge(t *testing.T) {
	var grants []listing.Grant
	for i := range 100_000 {
		grants = append(grants, listing.Grant{
			Brand: fmt.Sprint("b", i%3000), ID: fmt.Sprint(i), Grantee: "g", Sellers: []string{fmt.Sprint("s", i), fmt.Sprint("t", i)},
		})
	}
	p := listing.NewPolicy(1, listing.DefaultRules(), grants, nil)
	for _, i := range []int{0, 2999, 99_999} {
		f := facts()
		f.Seller = fmt.Sprint("t", i)
		h := hit(fmt.Sprint("b", i%3000), "1")
		if d := p.Decide(f, match.Found, []listing.Hit{h}, 1); d.Outcome != listing.Authorised || d.Grant != fmt.Sprint(i) {
			t.Errorf("seller %d: %+v", i, d)
		}
		h.Photo = index.Key{Brand: "b1", ID: "1"}
		if d := p.Decide(f, match.Found, []listing.Hit{h}, 1); d.Outcome != listing.Infringing {
			t.Errorf("seller %d, another brand: %+v", i, d)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	var grants []listing.Grant
	for i := range 100_000 {
		grants = append(grants, listing.Grant{Brand: fmt.Sprint("b", i%3000), ID: fmt.Sprint(i), Grantee: "g", Sellers: []string{fmt.Sprint("s", i)}})
	}
	p := listing.NewPolicy(1, listing.DefaultRules(), grants, nil)
	f := facts()
	f.Seller = "s7"
	hits := []listing.Hit{hit("b7", "1"), hit("b7", "2"), hit("b8", "1")}
	b.ReportAllocs()
	for b.Loop() {
		if d := p.Decide(f, match.Found, hits, 1); d.Outcome != listing.Review {
			b.Fatalf("%+v", d)
		}
	}
}
