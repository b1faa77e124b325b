package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

func TestRescan(t *testing.T) {
	r := serve(t, server.Options{})
	for i := range 5 {
		r.check(t, seen(fmt.Sprintf("l%d", i), "s1"), photo(t, uint64(i%2)))
	}
	r.add(t, "Acme", "1", 1)
	rescan := func(q *touchstonev1.RescanRequest, most int) (changed []string, token string, done int64) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		stream, err := r.Rescan(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for {
			a, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return changed, token, done
			}
			if err != nil {
				t.Fatalf("Rescan(%v): %v", q, err)
			}
			token = a.GetResumeToken()
			done += a.GetDone()
			if c := a.GetChange(); c != nil {
				changed = append(changed, fmt.Sprintf("%s: %s -> %s, gained %d, lost %d", c.GetListing().GetFacts().GetListingId(),
					decided(c.GetBefore()), decided(c.GetListing().GetDecision()), len(c.GetGained()), len(c.GetLost())))
				if len(changed) == most {
					return changed, token, done
				}
			}
		}
	}
	want := []string{
		"l1: NO_MATCH -> INFRINGING NO_GRANT, gained 1, lost 0",
		"l3: NO_MATCH -> INFRINGING NO_GRANT, gained 1, lost 0",
	}
	before := r.book.Revision()
	got, _, done := rescan(&touchstonev1.RescanRequest{DryRun: true}, 10)
	if d := cmp.Diff(want, got); d != "" || done != 5 {
		t.Errorf("dry: %d done (-want +got):\n%s", done, d)
	}
	if now := r.book.Revision(); now != before {
		t.Errorf("a dry run has changed something: revision %d, was %d", now, before)
	}
	// Broken off after the first change, it goes on with the second one, though that may have been made by then.
	got, token, _ := rescan(&touchstonev1.RescanRequest{}, 1)
	if d := cmp.Diff(want[:1], got); d != "" {
		t.Errorf("first (-want +got):\n%s", d)
	}
	got, _, _ = rescan(&touchstonev1.RescanRequest{ResumeToken: token}, 10)
	if d := cmp.Diff(want[1:], got); d != "" {
		t.Errorf("then (-want +got):\n%s", d)
	}
	if got := decided(r.listing(t, "l3").GetDecision()); got != "INFRINGING NO_GRANT" {
		t.Errorf("decision about l3 is %q", got)
	}
	if got, _, _ := rescan(&touchstonev1.RescanRequest{}, 10); len(got) > 0 {
		t.Errorf("once more: %q", got)
	}
	// Who never had an answer, nor a token with it, names the revision from before.
	got, _, _ = rescan(&touchstonev1.RescanRequest{SinceRevision: &before}, 10)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("since revision %d (-want +got):\n%s", before, d)
	}
	late, err := r.Rescan(t.Context(), &touchstonev1.RescanRequest{SinceRevision: new(r.book.Revision() + 1)})
	if err == nil {
		_, err = late.Recv()
	}
	if got := toldBy(t, err); got.Reason != "FIELD_INVALID" {
		t.Errorf("a revision that is not there yet: %+v", got)
	}
	if _, err := r.DeletePhoto(t.Context(), &touchstonev1.DeletePhotoRequest{Brand: "Acme", PhotoId: "1"}); err != nil {
		t.Fatal(err)
	}
	got, _, _ = rescan(&touchstonev1.RescanRequest{Filter: &touchstonev1.ListingFilter{Marketplace: "bazaar", ListingId: "l1"}}, 10)
	if d := cmp.Diff([]string{"l1: INFRINGING NO_GRANT -> NO_MATCH, gained 0, lost 1"}, got); d != "" {
		t.Errorf("after the photo's deletion (-want +got):\n%s", d)
	}
	stream, err := r.Rescan(t.Context(), &touchstonev1.RescanRequest{ResumeToken: token, Filter: &touchstonev1.ListingFilter{SellerId: "s1"}})
	if err == nil {
		_, err = stream.Recv()
	}
	if got := toldBy(t, err); got.Reason != "PAGE_TOKEN_INVALID" {
		t.Errorf("a token of another filter: %+v", got)
	}
}
