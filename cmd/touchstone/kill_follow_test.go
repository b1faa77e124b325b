package main

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// TestKillFollow has a photo and a listing image that shows it come at the same time, and kills the server once both are
// acknowledged, which may be before it has held them against each other; it holds that the next server does.
func TestKillFollow(t *testing.T) {
	r := seeded(t)
	m := born(t)
	late := 0
	for round := range killRounds() {
		image := encoded(t, drawn(uint64(1000+round), 120, 90))
		f := &touchstonev1.ListingFacts{Marketplace: "bazaar", ListingId: fmt.Sprint(round), ImageId: "1", SeenTime: seenAt}
		photo := &touchstonev1.Photo{Brand: "Acme", PhotoId: fmt.Sprint(round)}
		waits := [2]time.Duration{time.Duration(r.Int64N(int64(20 * time.Millisecond))), time.Duration(r.Int64N(int64(20 * time.Millisecond)))}
		after := time.Duration(r.Int64N(int64(10 * time.Millisecond)))
		found := false
		m.ask(t, func(ctx context.Context, c *client.Client) error {
			var g errgroup.Group
			g.Go(func() error {
				time.Sleep(waits[0])
				a, err := c.Check(ctx, &touchstonev1.CheckRequest{Subject: &touchstonev1.Subject{Subject: &touchstonev1.Subject_Image{Image: image}}, Facts: f})
				found = len(a.GetListing().GetMatches()) > 0
				return err
			})
			g.Go(func() error {
				time.Sleep(waits[1])
				_, err := c.AddPhoto(ctx, &touchstonev1.AddPhotoRequest{Photo: photo, Image: image})
				return err
			})
			return g.Wait()
		})
		if !found {
			late++
		}
		time.Sleep(after)
		m.die(t)
		m.ask(t, func(ctx context.Context, c *client.Client) error {
			var l *touchstonev1.GetListingResponse
			for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(20 * time.Millisecond) {
				var err error
				if l, err = c.GetListing(ctx, &touchstonev1.GetListingRequest{Marketplace: "bazaar", ListingId: f.GetListingId(), ImageId: "1"}); err != nil {
					return err
				}
				if slices.ContainsFunc(l.GetListing().GetMatches(), func(h *touchstonev1.ListingMatch) bool { return h.GetPhoto().GetPhotoId() == photo.GetPhotoId() }) {
					return nil
				}
			}
			return fmt.Errorf("round %d, check after %v, photo after %v, killed %v later: the listing image does not match its photo: %v", round, waits[0], waits[1], after, l)
		})
	}
	t.Logf("%d kills; %d times the photo came after the listing image's match", m.deaths, late)
}
