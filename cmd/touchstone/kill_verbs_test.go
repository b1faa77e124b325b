package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// TestKillScan kills scans, and the server under them, at random moments, and holds that the results are those of a scan
// that nothing happened to, and that what they tell is what is remembered.
func TestKillScan(t *testing.T) {
	for _, victim := range victims {
		t.Run(victim, func(t *testing.T) {
			r := seeded(t)
			m := born(t)
			m.onboard(t, "Acme", 0, 1, 2, 3, 4)
			dir := t.TempDir()
			names := imagesOf(t, dir)
			const images = 120
			done := fmt.Sprintf("no answer for %d of %d images", spoiltOf(names, images), images)
			calm := filepath.Join(dir, "calm.jsonl")
			began := time.Now()
			if exit, stderr := scanRun(t, nil, m.addr, "--out", calm, suspectsNamed(t, dir, "calm", names, images)); exit != exitFailure || !strings.Contains(stderr, done) {
				t.Fatalf("exit status %d:\n%s", exit, stderr)
			}
			took := time.Since(began)
			want := recordsOf(t, calm)
			kills, told := 0, 0
			for round := 0; more(round, kills > 0 && told > 0); round++ {
				name := fmt.Sprint("r", round)
				out, list := filepath.Join(dir, name+".jsonl"), suspectsNamed(t, dir, name, names, images)
				kills += m.disturbed(t, r, victim, took, done, func() {
					so := recordsOf(t, out)
					known := m.listings(t, &touchstonev1.ListingFilter{Marketplace: name})
					for _, rec := range so {
						if rec.Decision != "" {
							told++
							remembers(t, known, rec)
						}
					}
				}, "scan", "--max-window", "16", "--out", out, list)
				got := recordsOf(t, out)
				remembered := 0
				known := m.listings(t, &touchstonev1.ListingFilter{Marketplace: name})
				for i := range got {
					if got[i].Decision != "" {
						remembered++
						remembers(t, known, got[i])
					}
					if i < len(want) && got[i].Marketplace == name {
						got[i].Marketplace = want[i].Marketplace // of their facts nothing else differs
					}
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Fatalf("round %d: the results are not those of a scan without kills (-want +got):\n%s", round, d)
				}
				if remembered != len(known) {
					t.Errorf("round %d: %d listing images are remembered, want %d", round, len(known), remembered)
				}
				if err := os.Remove(list); err != nil {
					t.Error(err)
				}
			}
			t.Logf("%d scans cut short, %d times the server died; %d records were held against what is remembered after a kill", kills, m.deaths, told)
			if kills == 0 || told == 0 {
				t.Error("no scan was killed halfway: the test shows nothing")
			}
		})
	}
}

// suspectsNamed lists that many images for a marketplace of that name, some of them with mistakes.
func suspectsNamed(t *testing.T, dir, name string, images []string, n int) string {
	t.Helper()
	rows := []string{"path,marketplace,listing_id,image_id,seller_id,price,currency,seen_time"}
	for i := range n {
		price := fmt.Sprint(1 + i%9)
		if i%50 == 7 {
			price = "0"
		}
		rows = append(rows, fmt.Sprintf("%s,%s,%d,1,s%d,%s,USD,2026-10-05", images[i%len(images)], name, i, i%7, price))
	}
	put(t, dir, map[string]string{name + ".csv": strings.Join(rows, "\n") + "\n"})
	return filepath.Join(dir, name+".csv")
}

// spoiltOf is how many of these can't be checked.
func spoiltOf(images []string, n int) (spoilt int) {
	for i := range n {
		if images[i%len(images)] == "broken.jpg" || i%50 == 7 {
			spoilt++
		}
	}
	return spoilt
}

// recordsOf are the whole records of results.
func recordsOf(t *testing.T, path string) (all []record) {
	t.Helper()
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var rec record
		if err := json.Unmarshal(line, &rec); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, rec)
	}
	return all
}

// remembers holds a record against what is remembered.
func remembers(t *testing.T, known map[string]*touchstonev1.Listing, rec record) {
	t.Helper()
	l := known[rec.Marketplace+"/"+rec.Listing+"/"+rec.Image]
	if l == nil {
		t.Errorf("%s is in the results, and not remembered", rec.Listing)
		return
	}
	v := listingKnownOf(l)
	matched := ""
	if len(v.Matches) > 0 {
		matched = v.Matches[0].Photo
	}
	want := []any{rec.Seller, *rec.Price, rec.Seen.UTC(), rec.Status, rec.Decision, rec.Reasons, rec.DecisionPhoto, *rec.Priority, int(*rec.Count), rec.Photo}
	photo := ""
	if v.decided.Photo != nil {
		photo = v.decided.Photo.Photo
	}
	var reasons []string
	if len(v.Reasons) > 0 {
		reasons = v.Reasons
	}
	got := []any{v.Seller, float64(l.GetFacts().GetPrice().GetUnits()), v.Seen.UTC(), v.Status, v.Decision, reasons, photo, v.Priority, len(v.Matches), matched}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s is remembered otherwise than the results say (-results +remembered):\n%s", rec.Listing, d)
	}
}

// TestKillRescan kills rescans after a change of rules and photos, and the server under them, at random moments, and holds
// that in the end each change is told once, as an undisturbed run would have it, and is what is remembered.
func TestKillRescan(t *testing.T) {
	for _, victim := range victims {
		t.Run(victim, func(t *testing.T) {
			r := seeded(t)
			m := born(t)
			m.onboard(t, "Acme", 0, 1, 2)
			m.onboard(t, "Zeta", 3)
			dir := t.TempDir()
			names := imagesOf(t, dir)
			if exit, stderr := scanRun(t, nil, m.addr, "--out", filepath.Join(dir, "scan.jsonl"), suspectsNamed(t, dir, "m", names, 150)); exit != exitFailure {
				t.Fatal(stderr)
			}
			kills, told, changes := 0, 0, 0
			for round := 0; more(round, kills > 0 && told > 0); round++ {
				m.turn(t, round)
				calm, out := filepath.Join(dir, fmt.Sprint(round, "-calm.jsonl")), filepath.Join(dir, fmt.Sprint(round, ".jsonl"))
				began := time.Now()
				if exit, _, stderr := carriedOut(t.Context(), m.addr, "rescan", "--dry-run", "--out", calm); exit != exitOK {
					t.Fatal(stderr)
				}
				took := time.Since(began)
				want := changesOf(t, calm)
				if len(want) == 0 {
					t.Fatalf("round %d: nothing would change", round)
				}
				changes += len(want)
				kills += m.disturbed(t, r, victim, took, "changed  ", func() {
					known := m.listings(t, nil)
					for _, l := range wholeLines(t, out) {
						if l.Kind == lineChange {
							told++
							isKnown(t, known, l)
						}
					}
				}, "rescan", "--out", out)
				if d := cmp.Diff(want, changesOf(t, out)); d != "" {
					t.Fatalf("round %d: changes (-undisturbed +told):\n%s", round, d)
				}
				known := m.listings(t, nil)
				for _, l := range linesOf(t, out) {
					if l.Kind == lineChange {
						isKnown(t, known, l)
					}
				}
				last := linesOf(t, out)
				if end := last[len(last)-1]; end.Kind != lineEnd || int(end.Done) != len(known) || int(end.Changed) != len(want) {
					t.Errorf("round %d: it ends with %+v, want %d done and %d changed", round, end, len(known), len(want))
				}
			}
			t.Logf("%d rescans cut short, %d times the server died; %d changes told, %d held against what is remembered after a kill", kills, m.deaths, changes, told)
			if kills == 0 || told == 0 {
				t.Error("no rescan was killed halfway: the test shows nothing")
			}
		})
	}
}

// turn changes rules and photos: in even rounds a brand loses its photo and little is decided upon, in odd ones all is as it
// was.
func (m *mortal) turn(t *testing.T, round int) {
	t.Helper()
	rules, lose := "default: {review: 50}\n", round%2 == 0
	if lose {
		rules = "default: {review: 50, rollout: 0.1}\n"
		m.ask(t, func(ctx context.Context, c *client.Client) error {
			_, err := c.DeletePhoto(ctx, &touchstonev1.DeletePhotoRequest{Brand: "Zeta", PhotoId: "3.jpg"})
			return err
		})
	} else {
		m.onboard(t, "Zeta", 3)
	}
	m.ask(t, func(ctx context.Context, c *client.Client) error {
		if _, err := c.SetRules(ctx, &touchstonev1.SetRulesRequest{Yaml: []byte(rules)}); err != nil || lose {
			return err
		}
		// What the server finds by itself is not for the rescan to tell: it has to be done.
		for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(20 * time.Millisecond) {
			page, err := c.FindListings(ctx, &touchstonev1.FindListingsRequest{Brand: "Zeta", PhotoId: "3.jpg", Limit: 1000})
			if err != nil {
				return err
			}
			missing := 0
			for _, l := range page.GetListings() {
				f := l.GetFacts()
				k, err := c.GetListing(ctx, &touchstonev1.GetListingRequest{Marketplace: f.GetMarketplace(), ListingId: f.GetListingId(), ImageId: f.GetImageId()})
				if err != nil {
					return err
				}
				if !slices.ContainsFunc(k.GetListing().GetMatches(), func(h *touchstonev1.ListingMatch) bool { return h.GetPhoto().GetBrand() == "Zeta" }) {
					missing++
				}
			}
			if page.GetTotal() > 0 && missing == 0 {
				return nil
			}
		}
		return errors.New("the listing images that show the new photo were not found in a minute")
	})
}

// wholeLines are the whole lines of a rescan's output.
func wholeLines(t *testing.T, path string) (lines []rescanLine) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		var l rescanLine
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		lines = append(lines, l)
	}
	return lines
}

func inJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// changesOf are the changes that an output tells, in order. Revisions and the time of the change are left out: a dry run has
// none. So is the policy's revision: a server that was started again names a later one at which the policy was the same.
func changesOf(t *testing.T, path string) (all []string) {
	t.Helper()
	for _, l := range wholeLines(t, path) {
		if l.Kind == lineChange {
			l.Listing.Revision, l.Listing.Updated, l.Listing.Policy, l.Before.Policy = 0, time.Time{}, 0, 0
			for _, ms := range [][]listedMatch{l.Gained, l.Listing.Matches} {
				for i := range ms {
					ms[i].ExpectedFalse = 0 // it changes once the server has surveyed its catalogue, anew after each start
				}
			}
			all = append(all, inJSON(t, l.rescanChange))
		}
	}
	return all
}

// isKnown holds that a change is what is remembered.
func isKnown(t *testing.T, known map[string]*touchstonev1.Listing, change rescanLine) {
	t.Helper()
	l := known[change.Listing.Marketplace+"/"+change.Listing.Listing+"/"+change.Listing.Image]
	if d := cmp.Diff(inJSON(t, change.Listing), inJSON(t, listingKnownOf(l))); d != "" {
		t.Errorf("%s is remembered otherwise than was told (-told +remembered):\n%s", change.Listing.Listing, d)
	}
}
