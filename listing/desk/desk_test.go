package desk_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/listing"
	"touchstone/listing/book"
	"touchstone/listing/desk"
	"touchstone/match"
)

// TestPlain checks what is too plain to match anything: however many photos came by now, it is not held against them.
func TestPlain(t *testing.T) {
	r := opened(t, 0)
	r.follow(r.add("Acme", "1", photo(t, 1)))
	looked := 0
	r.photos.changes = func() { looked++ }
	a := r.check("l1", plain(t))
	if a.Result.Status != match.TooPlain || looked > 0 {
		t.Errorf("status %v, and changes of the catalogue were asked for %d times, want TooPlain and 0", a.Result.Status, looked)
	}
}

// TestBehind is of a catalogue that is behind what was worked through of it, as after a rollback: checks end, and photos that are
// added are held against the past.
func TestBehind(t *testing.T) {
	r := opened(t, 1000)
	r.add("Acme", "1", photo(t, 1))
	checked := make(chan struct{})
	go func() {
		defer close(checked)
		r.check("l1", photo(t, 2))
	}()
	select {
	case <-checked:
	case <-time.After(10 * time.Second):
		t.Fatal("Check does not end")
	}
	r.follow(r.add("Acme", "2", photo(t, 2)))
	if got, want := r.hits("l1"), "2@2 "; got != want {
		t.Errorf("hits %q, want %q", got, want)
	}
}

// TestUnfit has a listing image of another recipe near to a photo: others are found all the same.
func TestUnfit(t *testing.T) {
	r := opened(t, 0)
	l := r.check("good", photo(t, 1)).Listing
	old := l.Fingerprint
	old.Recipe = fingerprint.Current + 1
	facts := l.Facts
	facts.Listing = "bad"
	if _, err := r.book.Remember(t.Context(), book.Seen{Facts: facts, Original: l.Original, Fingerprint: old, Status: match.NothingIndexed}); err != nil {
		t.Fatal(err)
	}
	r.follow(r.add("Acme", "1", photo(t, 1)))
	if got, want := r.hits("good"), "1@1 "; got != want {
		t.Errorf("hits %q, want %q", got, want)
	}
	found, err := r.Find(t.Context(), desk.Wanted{Brand: "Acme", Photo: "1"}, 100)
	if err != nil || len(found) != 1 || found[0].Listing != "good" {
		t.Errorf("Find() = %d listings, %v; want the good one", len(found), err)
	}
}

// TestChecked has photos worked through that were there already when a listing image was checked: what the check found by its
// pixels stays.
func TestChecked(t *testing.T) {
	r := opened(t, 0)
	last := r.add("Acme", "1", photo(t, 1))
	want := r.check("l1", copied(t, 1)).Listing
	if len(want.Hits) != 1 {
		t.Fatalf("%d hits, want 1", len(want.Hits))
	}
	r.follow(last)
	got, err := r.book.Get(t.Context(), want.Key)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(*want, got); d != "" {
		t.Errorf("what a check found (-then +now):\n%s", d)
	}
	// Nor is a hit lost because the photo's metadata changed since.
	p, err := r.photos.Get(t.Context(), index.Key{Brand: "Acme", ID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	p.Product = "bag"
	if p, err = r.photos.Update(t.Context(), p.Key, p.Metadata, 0); err != nil {
		t.Fatal(err)
	}
	r.follow(p.Revision)
	if got := r.hits("l1"); got != "1@1 " {
		t.Errorf("after a change of metadata: hits %q", got)
	}
}

// TestOvertaken has a photo replaced while a check is under way, after which Follow works through it before the check is
// remembered: the hit with the former picture does not stay.
func TestOvertaken(t *testing.T) {
	r := opened(t, 0)
	r.follow(r.add("Acme", "1", photo(t, 1)))
	var searches atomic.Int32 // the second is the match's last; what follows searches as well
	r.photos.searched = func() {
		if searches.Add(1) == 2 {
			r.follow(r.add("Acme", "1", photo(t, 2)))
		}
	}
	r.check("l1", photo(t, 1))
	if got := r.hits("l1"); got != "" {
		t.Errorf("hits %q, want none", got)
	}
}

// TestCancelled breaks a check off while it is held against photos that came meanwhile: what it has remembered is held against
// them all the same.
func TestCancelled(t *testing.T) {
	r := opened(t, 0)
	r.follow(r.add("Acme", "1", photo(t, 1)))
	ctx, cancel := context.WithCancel(t.Context())
	var searches atomic.Int32 // the second is the match's last; what follows searches as well
	r.photos.searched = func() {
		if searches.Add(1) == 2 {
			r.follow(r.add("Acme", "2", photo(t, 2)))
			r.photos.changes = cancel
		}
	}
	// Whether it is told of is all one.
	_, _ = r.Check(ctx, match.Interactive, desk.Question{
		Subject: match.Subject{Image: photo(t, 2)}, Facts: listing.Facts{Key: named("l1")}, Remember: true,
		Depth: match.Whole, // features are looked for later, and would find it
	})
	if got, want := r.hits("l1"), "2@2 "; got != want {
		t.Errorf("hits %q, want %q", got, want)
	}
}

// TestRescanResumed breaks a rescan of the listings for review off after its first answer, and goes on: what was decided by then
// and not told of is told, although it is not for review any more.
func TestRescanResumed(t *testing.T) {
	r := opened(t, 0)
	r.add("Acme", "1", photo(t, 1))
	k := index.Key{Brand: "Acme", ID: "1"}
	settle := func(s listing.State) {
		t.Helper()
		if _, err := r.book.SetStandings(t.Context(), listing.Standing{Photo: k, State: s, Settled: true}); err != nil {
			t.Fatal(err)
		}
	}
	settle(listing.Quarantined)
	for _, id := range []string{"l1", "l2", "l3"} {
		if a := r.check(id, copied(t, 1)); a.Decision.Outcome != listing.Review {
			t.Fatalf("%s is %v, want REVIEW", id, a.Decision.Outcome)
		}
	}
	settle(listing.Normal)
	errStop := errors.New("stop")
	f := book.Filter{Outcomes: []listing.Outcome{listing.Review}}
	var told []string
	var place desk.Place
	err := r.Rescan(t.Context(), f, place, false, func(s desk.Step) error {
		if s.Change != nil {
			told = append(told, s.Change.Listing.Listing)
		}
		place = s.Place
		return errStop
	})
	if !errors.Is(err, errStop) {
		t.Fatal(err)
	}
	if err := r.Rescan(t.Context(), f, place, false, func(s desk.Step) error {
		if s.Change != nil {
			told = append(told, s.Change.Listing.Listing)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"l1", "l2", "l3"}, told); d != "" {
		t.Errorf("changes that were told of (-want +got):\n%s", d)
	}
}

// TestRescanReplaced checks a listing again with another image while a rescan matches the first one: what is found in that does
// not become the other's.
func TestRescanReplaced(t *testing.T) {
	r := opened(t, 0)
	r.add("Acme", "1", photo(t, 1))
	r.check("l1", copied(t, 1))
	var searches atomic.Int32
	r.photos.searched = func() {
		if searches.Add(1) == 1 {
			r.check("l1", photo(t, 9))
		}
	}
	if err := r.Rescan(t.Context(), book.Filter{}, desk.Place{}, false, func(desk.Step) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if got := r.hits("l1"); got != "" {
		t.Errorf("hits %q of the image that was there before, want none", got)
	}
}

// TestForget forgets what says to have been seen in the future as well, once it has not changed for long enough.
func TestForget(t *testing.T) {
	r := opened(t, 0)
	r.check("l1", photo(t, 1))
	l, err := r.book.Get(t.Context(), named("l1"))
	if err != nil {
		t.Fatal(err)
	}
	l.Seen = l.Seen.AddDate(100, 0, 0)
	if l, err = r.book.Remember(t.Context(), book.Seen{Facts: l.Facts, Original: l.Original, Fingerprint: l.Fingerprint, Status: l.Status}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		before time.Time
		want   int
	}{{l.Updated, 0}, {l.Updated.Add(1), 1}} {
		if n, err := r.Forget(t.Context(), c.before); err != nil || n != c.want {
			t.Errorf("Forget(%v) = %d, %v; want %d", c.before, n, err, c.want)
		}
	}
}

// TestConflict adds a photo that another brand has: both are in quarantine, unless a person has settled otherwise.
func TestConflict(t *testing.T) {
	r := opened(t, 0)
	for n := range uint64(3) {
		r.add("Acme", string('1'+rune(n)), photo(t, n))
	}
	mine := index.Key{Brand: "Acme", ID: "2"}
	if _, err := r.book.SetStandings(t.Context(), listing.Standing{Photo: mine, State: listing.Normal, Settled: true}); err != nil {
		t.Fatal(err)
	}
	r.add("Beta", "1", photo(t, 0))
	r.follow(r.add("Beta", "2", photo(t, 1)))
	all, _, err := r.book.Standings(t.Context(), "", nil, index.Key{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, s := range all {
		told = append(told, s.Photo.String())
	}
	want := []string{index.Key{Brand: "Acme", ID: "1"}.String(), index.Key{Brand: "Beta", ID: "1"}.String(), index.Key{Brand: "Beta", ID: "2"}.String()}
	if d := cmp.Diff(want, told); d != "" {
		t.Errorf("photos in quarantine (-want +got):\n%s", d)
	}
}
