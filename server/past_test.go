package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

// A listing image of the past is found by a photo that comes later, by question and by watching, and its decision follows.
func TestPast(t *testing.T) {
	r := serve(t, server.Options{})
	r.check(t, seen("l1", "s1"), photo(t, 1))
	r.check(t, seen("l2", "s1"), asJPEG(t, mirrored(drawn(1, 240, 200))))
	r.check(t, seen("l3", "s1"), photo(t, 2))
	watch, err := r.WatchMatches(t.Context(), &touchstonev1.WatchMatchesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	r.follow(t)
	p := r.add(t, "Acme", "1", 1)
	got := map[string]string{}
	var last uint64
	for len(got) < 2 {
		w, err := watch.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if w.GetRevision() < last {
			t.Errorf("revision %d after %d", w.GetRevision(), last)
		}
		last = w.GetRevision()
		if w.GetListing() == nil {
			continue
		}
		id := w.GetListing().GetFacts().GetListingId()
		if got[id] != "" {
			t.Errorf("%s was told twice", id)
		}
		m := w.GetMatches()
		if len(m) != 1 || m[0].GetPhoto().GetPhotoId() != "1" || m[0].GetPhotoRevision() != p.GetRevision() {
			t.Errorf("matches of %s: %v", id, m)
		}
		got[id] = decided(w.GetListing().GetDecision())
	}
	if d := cmp.Diff(map[string]string{"l1": "INFRINGING NO_GRANT", "l2": "INFRINGING NO_GRANT"}, got); d != "" {
		t.Errorf("watched (-want +got):\n%s", d)
	}
	if got := decided(r.listing(t, "l1").GetDecision()); got != "INFRINGING NO_GRANT" {
		t.Errorf("decision about l1 is %q", got)
	}
	for name, q := range map[string]*touchstonev1.FindListingsRequest{
		"photo":   {Brand: "Acme", PhotoId: "1"},
		"product": {Brand: "Acme", Product: "bag-1"},
	} {
		found, err := r.FindListings(t.Context(), q)
		if err != nil {
			t.Fatalf("FindListings(%s) = %v", name, err)
		}
		var ids []string
		for _, l := range found.GetListings() {
			ids = append(ids, l.GetFacts().GetListingId())
		}
		slices.Sort(ids)
		if d := cmp.Diff([]string{"l1", "l2"}, ids); d != "" || found.GetTotal() != 2 || found.GetSearched() != 3 {
			t.Errorf("FindListings(%s): %v, total %d of %d (-want +got):\n%s", name, ids, found.GetTotal(), found.GetSearched(), d)
		}
	}
	_, err = r.FindListings(t.Context(), &touchstonev1.FindListingsRequest{Brand: "Acme", PhotoId: "2"})
	if d := cmp.Diff(told{codes.NotFound, "PHOTO_NOT_FOUND", "photo_id"}, toldBy(t, err)); d != "" {
		t.Errorf("FindListings of no photo (-want +got):\n%s", d)
	}
	// From the last revision on there is nothing, until something comes.
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	again, err := r.WatchMatches(ctx, &touchstonev1.WatchMatchesRequest{AfterRevision: last, Brands: []string{"Acme"}})
	if err != nil {
		t.Fatal(err)
	}
	r.check(t, seen("l4", "s1"), photo(t, 1))
	for {
		w, err := again.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if w.GetListing() != nil {
			if id := w.GetListing().GetFacts().GetListingId(); id != "l4" {
				t.Errorf("after revision %d comes %s", last, id)
			}
			break
		}
	}
}

// Whatever comes when, photo or listing image: each pair is told once, and the decision that stands is the one with it.
func TestPairsTogether(t *testing.T) {
	const pairs = 24
	r := serve(t, server.Options{})
	r.follow(t)
	watch, err := r.WatchMatches(t.Context(), &touchstonev1.WatchMatchesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	images := make([][]byte, pairs)
	for i := range images {
		images[i] = photo(t, uint64(100+i))
	}
	var all sync.WaitGroup
	for w := range 2 {
		all.Go(func() {
			for i := w; i < pairs; i += 2 {
				if _, err := r.AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{
					Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: fmt.Sprint(i)}, Image: images[i],
				}); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for i := w; i < pairs; i += 2 {
				j := (i + 4) % pairs // some before, some after
				if _, err := r.Check(t.Context(), &touchstonev1.CheckRequest{Subject: ofImage(images[j]), Facts: seen(fmt.Sprint(j), "s1")}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	told := map[string]int{}
	for len(told) < pairs {
		a, err := watch.Recv()
		if err != nil {
			t.Fatalf("%d of %d pairs were told: %v", len(told), pairs, err)
		}
		for _, m := range a.GetMatches() {
			if id := a.GetListing().GetFacts().GetListingId(); id != m.GetPhoto().GetPhotoId() {
				t.Errorf("listing image %s matches photo %s", id, m.GetPhoto().GetPhotoId())
			}
			told[m.GetPhoto().GetPhotoId()]++
		}
	}
	for id, n := range told {
		if n != 1 {
			t.Errorf("pair %s was told %d times", id, n)
		}
		if got := decided(r.listing(t, id).GetDecision()); got != "INFRINGING NO_GRANT" {
			t.Errorf("decision about %s is %q", id, got)
		}
	}
}

// A watcher is told that the server stops, and keeps nobody waiting.
func TestWatchStops(t *testing.T) {
	r := serve(t, server.Options{})
	watch, err := r.WatchMatches(t.Context(), &touchstonev1.WatchMatchesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	r.check(t, seen("l1", "s1"), photo(t, 1))
	if _, err := watch.Recv(); err != nil { // it is being served
		t.Fatal(err)
	}
	began := time.Now()
	r.stop(t)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
	for err == nil {
		_, err = watch.Recv()
	}
	if got := toldBy(t, err); got.Reason != "STOPPING" {
		t.Errorf("the watcher is told %+v, want STOPPING", got)
	}
}

func TestReplay(t *testing.T) {
	r := serve(t, server.Options{})
	r.add(t, "Acme", "1", 1)
	r.check(t, seen("l1", "s1"), photo(t, 1))
	r.check(t, seen("l2", "s2"), photo(t, 2))
	before := r.book.Revision()
	replay := func(yaml string) (flips []string, done int64, err error) {
		stream, err := r.Replay(t.Context(), &touchstonev1.ReplayRequest{RulesYaml: []byte(yaml)})
		if err != nil {
			t.Fatal(err)
		}
		for {
			a, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return flips, done, nil
			}
			if err != nil {
				return nil, 0, err
			}
			done += a.GetDone()
			if c := a.GetChange(); c != nil {
				flips = append(flips, fmt.Sprintf("%s: %s -> %s", c.GetListing().GetFacts().GetListingId(), decided(c.GetBefore()), decided(c.GetListing().GetDecision())))
			}
		}
	}
	flips, done, err := replay("brands: {Acme: {rollout: 0}}")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"l1: INFRINGING NO_GRANT -> REVIEW NOT_ROLLED_OUT NO_GRANT"}, flips); d != "" || done != 2 {
		t.Errorf("%d done (-want +got):\n%s", done, d)
	}
	if now := r.book.Revision(); now != before {
		t.Errorf("a replay has changed something: revision %d, was %d", now, before)
	}
	_, _, err = replay("default: {infringing: much}")
	if got := toldBy(t, err); got.Reason != "RULES_INVALID" || got.Field != "rules_yaml" {
		t.Errorf("rules that are none: %+v", got)
	}
}
