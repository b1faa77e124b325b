package book_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/listing"
	"touchstone/listing/book"
	"touchstone/match"
)

// open opens a book in a file, which is checked when the test ends.
func open(t testing.TB, path string) *book.Book {
	t.Helper()
	b, err := book.Open(context.Background(), path, book.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil && !errors.Is(err, index.ErrClosed) {
			t.Errorf("Close() = %v", err)
		}
		faults, err := book.Check(context.Background(), path)
		if err != nil || len(faults) > 0 {
			t.Errorf("Check() = %q, %v", faults, err)
		}
	})
	return b
}

func fresh(t testing.TB) *book.Book {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "listings.db"))
}

// made makes a fingerprint; one in three has a border.
func made(r *rand.Rand) fingerprint.Fingerprint {
	region := func() fingerprint.Region {
		g := fingerprint.Region{P: fingerprint.Hash64(r.Uint64())}
		for i := range g.PDQ {
			g.PDQ[i] = r.Uint64()
		}
		return g
	}
	f := fingerprint.Fingerprint{Recipe: fingerprint.Current, Quality: 80, Whole: region(), Box: fingerprint.WholeBox()}
	f.Content = f.Whole
	if r.IntN(3) == 0 {
		f.Content, f.Box.Left = region(), 100
	}
	return f
}

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// seen makes a listing image.
func seen(r *rand.Rand, n int) book.Seen {
	return book.Seen{
		Facts: listing.Facts{
			Key:    listing.Key{Marketplace: "bazaar", Listing: fmt.Sprintf("l%d", n), Image: "1"},
			Seller: fmt.Sprintf("s%d", n%5), Region: "DE", URL: "https://bazaar.example",
			Price: index.Price{Currency: "USD", Units: int64(1 + n)}, Seen: noon.Add(time.Duration(n) * time.Hour),
		},
		Original:    index.Original{SHA256: [32]byte{byte(n), byte(n >> 8)}, Bytes: 1000, Width: 640, Height: 480, Format: "jpeg"},
		Fingerprint: made(r),
		Status:      match.NothingFound,
		Catalog:     1,
	}
}

// hit is a match with a photo of Acme's.
func hit(id string, expected float64) listing.Hit {
	return listing.Hit{
		Photo: index.Key{Brand: "Acme", ID: id}, Product: "bag", ListPrice: index.Price{Currency: "USD", Units: 795}, Revision: 1,
		Verdict: match.EditedCopy, Score: 0.99, ExpectedFalse: expected, Edits: []string{"mirrored"},
		Box: listing.Box{Right: 1, Bottom: 0.5}, Distance: 12,
	}
}

func features() *feature.Set {
	s := &feature.Set{Recipe: feature.Current, Width: 640, Height: 480, Thumbnail: feature.Thumbnail{
		Width: 2, Height: 2, Y: make([]uint8, 4), Cb: make([]uint8, 1), Cr: make([]uint8, 1),
	}}
	for i := range 20 {
		s.Features = append(s.Features, feature.Feature{X: uint16(i), Y: 3, Size: 20, Descriptor: feature.Descriptor{uint64(i)}})
	}
	return s
}

func remember(t testing.TB, b *book.Book, s book.Seen) listing.Listing {
	t.Helper()
	l, err := b.Remember(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestRemember(t *testing.T) {
	path := filepath.Join(t.TempDir(), "listings.db")
	b := open(t, path)
	r := rand.New(rand.NewPCG(1, 2))
	s := seen(r, 1)
	s.Status, s.Hits, s.Features = match.Found, []listing.Hit{hit("p1", 0.01)}, features()
	l := remember(t, b, s)
	if l.Decision.Outcome != listing.Infringing || l.Revision == 0 || l.Added.IsZero() {
		t.Errorf("remembered as %+v", l)
	}
	again := remember(t, b, s)
	if again.Revision != l.Revision {
		t.Errorf("the same again: revision %d, want %d", again.Revision, l.Revision)
	}
	s.Price.Units = 5
	l2 := remember(t, b, s)
	if l2.Revision == l.Revision || l2.Features != l.Features || !l2.Added.Equal(l.Added) {
		t.Errorf("at another price: %+v, was %+v", l2, l)
	}
	f, err := b.Features(t.Context(), &l2)
	if err != nil || cmp.Diff(features(), f) != "" {
		t.Errorf("Features() = %v, %v", f, err)
	}
	revised, err := b.Revise(t.Context(), l.Key, func(l *listing.Listing) { l.Hits, l.Status = nil, match.NothingFound })
	if err != nil || revised.Decision.Outcome != listing.NoMatch {
		t.Errorf("Revise() = %+v, %v", revised, err)
	}
	if _, err := b.Revise(t.Context(), listing.Key{Marketplace: "m", Listing: "l", Image: "i"}, func(*listing.Listing) {}); !errors.Is(err, book.ErrNotFound) {
		t.Errorf("Revise() of nothing = %v", err)
	}
	states := map[uint64]listing.Listing{l.Revision: l, l2.Revision: l2, revised.Revision: revised}
	// All of it is there as it was, with the book opened anew too.
	for _, when := range []string{"before", "after opening anew"} {
		for revision, want := range states {
			got, err := b.At(t.Context(), l.Key, revision)
			if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || d != "" {
				t.Errorf("%s: At(%d): %v (-want +got):\n%s", when, revision, err, d)
			}
		}
		got, err := b.Get(t.Context(), l.Key)
		if d := cmp.Diff(revised, got, cmpopts.EquateEmpty()); err != nil || d != "" {
			t.Errorf("%s: Get(): %v (-want +got):\n%s", when, err, d)
		}
		if n := b.Count(); n != 1 {
			t.Errorf("%s: Count() = %d", when, n)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		b = open(t, path)
	}
	if _, err := b.At(t.Context(), l.Key, 1000); !errors.Is(err, book.ErrRevision) {
		t.Errorf("At a revision to come = %v", err)
	}
}

// Near finds what a scan of all fingerprints finds, whatever was replaced, forgotten and opened anew.
func TestNear(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	path := filepath.Join(t.TempDir(), "listings.db")
	b := open(t, path)
	now := map[listing.Key]fingerprint.Fingerprint{}
	for n := range 400 {
		s := seen(r, r.IntN(150))
		if r.IntN(10) == 0 {
			s.Fingerprint = fingerprint.Fingerprint{} // plain
		}
		remember(t, b, s)
		now[s.Key] = s.Fingerprint
		if n%50 == 49 {
			gone := fmt.Sprintf("l%d", r.IntN(150))
			if _, err := b.Erase(t.Context(), book.Filter{Marketplace: "bazaar", Listing: gone}); err != nil {
				t.Fatal(err)
			}
			delete(now, listing.Key{Marketplace: "bazaar", Listing: gone, Image: "1"})
		}
	}
	for _, when := range []string{"before", "after opening anew"} {
		if n := b.Count(); n != len(now) {
			t.Errorf("%s: Count() = %d, want %d", when, n, len(now))
		}
		var photos [][]fingerprint.Hash256
		var want [][]string
		for k, f := range now {
			// A code some bits off one that is there, and one that is near nothing.
			near, far := f.Content.PDQ, fingerprint.Hash256{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
			for range r.IntN(60) {
				near[r.IntN(4)] ^= 1 << r.IntN(64)
			}
			_ = k
			photos = append(photos, []fingerprint.Hash256{near, far})
			var names []string
			for k, o := range now {
				if o.Recipe == 0 {
					continue
				}
				for _, c := range []fingerprint.Hash256{near, far} {
					if o.Whole.PDQ.Distance(c) <= 40 || o.Trimmed() && o.Content.PDQ.Distance(c) <= 40 {
						names = append(names, k.Listing)
						break
					}
				}
			}
			slices.Sort(names)
			want = append(want, names)
		}
		found, err := b.Near(t.Context(), photos, 40)
		if err != nil {
			t.Fatal(err)
		}
		for i, images := range found {
			var names []string
			for _, shown := range images {
				l, err := b.Shown(t.Context(), shown)
				if err != nil {
					t.Fatalf("%s: Shown(%d) = %v", when, shown, err)
				}
				names = append(names, l.Listing)
			}
			slices.Sort(names)
			if d := cmp.Diff(want[i], names); d != "" {
				t.Errorf("%s: Near (-want +got):\n%s", when, d)
			}
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		b = open(t, path)
	}
}

// What was erased is in no byte of the file any more, and nothing else is gone.
func TestErase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "listings.db")
	b := open(t, path)
	r := rand.New(rand.NewPCG(3, 4))
	const secret = "zq-secret-seller-7"
	for n := range 40 {
		s := seen(r, n)
		s.Features = features()
		if n%4 == 0 {
			s.Seller = secret
			s.URL = "https://bazaar.example/" + secret
		}
		remember(t, b, s)
		s.Price.Units++
		remember(t, b, s) // so that there is a past
	}
	kept, err := b.Get(t.Context(), listing.Key{Marketplace: "bazaar", Listing: "l1", Image: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(path); err != nil || !bytes.Contains(raw, []byte(secret)) {
		t.Fatalf("the file does not have what is looked for: the test shows nothing (%v)", err)
	}
	n, err := b.Erase(t.Context(), book.Filter{Marketplace: "bazaar", Seller: secret})
	if err != nil || n != 10 {
		t.Fatalf("Erase() = %d, %v; want 10", n, err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if at := bytes.Index(raw, []byte(secret)); at >= 0 {
		t.Errorf("byte %d of the file still has the seller", at)
	}
	for _, id := range []string{"l0", "l4"} {
		k := listing.Key{Marketplace: "bazaar", Listing: id, Image: "1"}
		if _, err := b.Get(t.Context(), k); !errors.Is(err, book.ErrNotFound) {
			t.Errorf("Get(%s) = %v", id, err)
		}
		for revision := uint64(1); revision <= b.Revision(); revision++ {
			if l, err := b.At(t.Context(), k, revision); !errors.Is(err, book.ErrNotFound) {
				t.Errorf("At(%s, %d) = %v, %v", id, revision, l, err)
			}
		}
	}
	got, err := b.Get(t.Context(), kept.Key)
	if d := cmp.Diff(kept, got); err != nil || d != "" {
		t.Errorf("what was to stay: %v (-want +got):\n%s", err, d)
	}
	changes, until, err := b.Changes(t.Context(), 0, 1000)
	if err != nil || until != b.Revision() || len(changes) != 60 {
		t.Errorf("Changes() = %d changes up to %d, %v; want 60 up to %d", len(changes), until, err, b.Revision())
	}
	if n, err := b.Erase(t.Context(), book.Filter{Before: noon.Add(10 * time.Hour)}); err != nil || n != 7 {
		t.Errorf("Erase(by age) = %d, %v; want 7", n, err)
	}
}

// Changes tells of each change once, with the hits that were new.
func TestChanges(t *testing.T) {
	b := fresh(t)
	r := rand.New(rand.NewPCG(5, 6))
	s := seen(r, 1)
	s.Status, s.Hits = match.Found, []listing.Hit{hit("p1", 0.01)}
	remember(t, b, s)
	if _, err := b.SetRules(t.Context(), []byte("default: {infringing: 2}"), nil); err != nil {
		t.Fatal(err)
	}
	s.Hits = append(s.Hits, hit("p2", 0.02))
	remember(t, b, s)
	var got []string
	for after := uint64(0); after < b.Revision(); {
		changes, until, err := b.Changes(t.Context(), after, 1)
		if err != nil || until != after+1 {
			t.Fatalf("Changes(%d) up to %d: %v", after, until, err)
		}
		for _, c := range changes {
			for _, h := range c.Gained {
				got = append(got, fmt.Sprintf("%d: %s %s", c.Listing.Revision, c.Listing.Listing, h.Photo.ID))
			}
		}
		after = until
	}
	if d := cmp.Diff([]string{"1: l1 p1", "3: l1 p2"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	counts, err := b.HitCounts(t.Context(), "Acme")
	if d := cmp.Diff(map[string]book.HitCount{"p1": {Listings: 1, Sellers: 1}, "p2": {Listings: 1, Sellers: 1}}, counts); err != nil || d != "" {
		t.Errorf("HitCounts(): %v (-want +got):\n%s", err, d)
	}
}

// Many at once: each is told a revision at which it can be read, and memory has what the store has.
func TestTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "listings.db")
	b := open(t, path)
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(7, uint64(w)))
			for range 40 {
				s := seen(r, r.IntN(30))
				l, err := b.Remember(t.Context(), s)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := b.Near(t.Context(), [][]fingerprint.Hash256{{s.Fingerprint.Whole.PDQ}}, 31); err != nil {
					t.Error(err)
				}
				if r.IntN(4) == 0 {
					if _, err := b.Erase(t.Context(), book.Filter{Marketplace: "bazaar", Listing: l.Listing}); err != nil {
						t.Error(err)
					}
				}
				if r.IntN(4) == 0 {
					if _, _, err := b.PutGrants(t.Context(), listing.Grant{Brand: "Acme", ID: fmt.Sprint(r.IntN(5)), Grantee: "G", Sellers: []string{"s1"}}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	page, next, err := b.List(t.Context(), book.Filter{}, listing.Key{}, 1000)
	if err != nil || next != nil || len(page) != b.Count() {
		t.Fatalf("List() = %d, %v, %v; Count() = %d", len(page), next, err, b.Count())
	}
	for i := range page {
		found, err := b.Near(t.Context(), [][]fingerprint.Hash256{{page[i].Fingerprint.Whole.PDQ}}, 0)
		if err != nil || len(found[0]) != 1 {
			t.Errorf("%s is found %d times: %v", page[i].Listing, len(found[0]), err)
		}
	}
}

// TestUnreadable remembers what could not be read back: it is refused, since a book with it could not be opened any more.
func TestUnreadable(t *testing.T) {
	for name, spoil := range map[string]func(*book.Seen){
		"score that is no number": func(s *book.Seen) { s.Hits[0].Score = math.NaN() },
		"distance below 0":        func(s *book.Seen) { s.Hits[0].Distance = -1 },
		"too many hits":           func(s *book.Seen) { s.Hits = make([]listing.Hit, match.MaxLimit+1) },
	} {
		t.Run(name, func(t *testing.T) {
			b := fresh(t)
			s := seen(rand.New(rand.NewPCG(1, 1)), 1)
			s.Hits = []listing.Hit{hit("1", 1)}
			spoil(&s)
			if _, err := b.Remember(t.Context(), s); !errors.Is(err, listing.ErrInvalid) || b.Revision() != 0 {
				t.Errorf("Remember() = %v, revision %d; want ErrInvalid, 0", err, b.Revision())
			}
		})
	}
}
