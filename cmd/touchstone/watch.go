package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// The waits before a server that went away is asked again: the first, which doubles from one to the next, and the longest.
const (
	firstReturn = 500 * time.Millisecond
	lastReturn  = 15 * time.Second
)

// watched is a new match, as --json prints it.
type watched struct {
	Revision uint64       `json:"revision"` // to go on after
	Match    listedMatch  `json:"match"`
	Listing  listingKnown `json:"listing"`
}

func newWatch(a *app) *cobra.Command {
	var (
		asJSON bool
		after  uint64
		brands []string
	)
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Tell of each new match of a listing image with a photo, as they come",
		Long: `Tell of each new match of a listing image with a photo, whichever of the two came last: a line a match, with the revision, the
decision, verdict, probability, false matches among a million images, the photo, and the listing.

It goes on until it is interrupted, and asks again where it was when the server stops and comes back. The last revision that
was told is said at the end: --after goes on from there, with no match left out and none told twice.`,
		Example: "  touchstone watch --brand Acme --json | jq 'select(.listing.decision == \"INFRINGING\")'",
		Args:    cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.Uint64Var(&after, "after", 0, "matches that came after this revision; 0: all that are remembered, and then new ones")
	flags.StringArrayVar(&brands, "brand", nil, "matches with photos of this brand only; may be repeated")
	flags.BoolVar(&asJSON, "json", false, "an object a line instead of text")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		w := watch{app: a, client: c, asJSON: asJSON, question: &touchstonev1.WatchMatchesRequest{AfterRevision: after, Brands: brands}}
		err := w.run(ctx)
		if ctx.Err() != nil { // its end, not its failure
			err = nil
		}
		if err == nil || w.question.GetAfterRevision() != after {
			a.say("to go on: touchstone watch --after %d", w.question.GetAfterRevision())
		}
		return err
	})
}

// watch is a run of the verb.
type watch struct {
	*app
	client   *client.Client
	asJSON   bool
	question *touchstonev1.WatchMatchesRequest // its revision is the last one that was told
}

func (w *watch) run(ctx context.Context) error {
	// A server that can't be reached at all is an error at once; one that goes away later is waited for. A stream that has
	// nothing to tell yet doesn't say which of the two it is.
	if _, err := w.client.ListListings(ctx, &touchstonev1.ListListingsRequest{PageSize: 1}); err != nil {
		return err
	}
	wait := firstReturn
	for {
		told := w.question.GetAfterRevision()
		err := w.follow(ctx)
		if ctx.Err() != nil || status.Code(err) != codes.Unavailable {
			return err
		}
		if w.question.GetAfterRevision() != told {
			wait = firstReturn
		}
		if wait == firstReturn {
			w.say("touchstone: watch: the server is away (%s): trying again", status.Convert(err).Message())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, lastReturn)
	}
}

// follow tells of matches until the stream ends. An end without an error is that of a server that stops.
func (w *watch) follow(ctx context.Context) error {
	stream, err := w.client.WatchMatches(ctx, w.question)
	if err != nil {
		return err
	}
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return status.Error(codes.Unavailable, "it ended the stream")
		}
		if err != nil {
			return err
		}
		if err := w.show(r); err != nil {
			return err
		}
		w.question.AfterRevision = r.GetRevision()
	}
}

// show writes an answer's matches, all at once: an interruption comes before them or after.
func (w *watch) show(r *touchstonev1.WatchMatchesResponse) error {
	if r.GetListing() == nil {
		return nil
	}
	l := listingKnownOf(r.GetListing())
	var lines bytes.Buffer
	to := &app{streams: streams{out: &lines}}
	for _, m := range listedMatchesOf(r.GetMatches()) {
		if w.asJSON {
			if err := to.object(watched{r.GetRevision(), m, l}); err != nil {
				return err
			}
			continue
		}
		t := to.table()
		t.line(r.GetRevision(), l.Decision, m.Verdict, fmt.Sprintf("%.3f", m.Score), perMillion(m.ExpectedFalse), m.Brand, m.Photo, l.Marketplace, l.Listing, l.Image, l.Seller, l.money())
		if err := t.flush(); err != nil {
			return err
		}
	}
	if _, err := w.out.Write(lines.Bytes()); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}
