package client_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// Ask what is to be done about a listing, and have it remembered.
func ExampleClient_Check() {
	c, err := client.Dial("127.0.0.1:7443", client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = c.Close() }()

	image, err := os.ReadFile("listing.jpg")
	if err != nil {
		log.Print(err)
		return
	}
	a, err := c.Check(context.Background(), &touchstonev1.CheckRequest{
		Subject: &touchstonev1.Subject{Subject: &touchstonev1.Subject_Image{Image: image}},
		Facts: &touchstonev1.ListingFacts{
			Marketplace: "bazaar", ListingId: "L1", SellerId: "cheapstuff",
			Price:    &touchstonev1.Money{CurrencyCode: "USD", Units: 4, Nanos: 990_000_000},
			SeenTime: timestamppb.Now(),
		},
	})
	if err != nil {
		log.Print(err)
		return
	}
	d := a.GetDecision()
	switch d.GetDecision() {
	case touchstonev1.Decision_DECISION_INFRINGING:
		fmt.Println("take it down:", d.GetPhoto(), d.GetReasons(), "at", d.GetPriceRatio(), "of the list price")
	case touchstonev1.Decision_DECISION_REVIEW:
		fmt.Println("look at it, priority", d.GetPriority(), d.GetReasons())
	default: // nothing is to be done
	}
}

// Be told of each new match, whichever of photo and listing came last. Whoever keeps the revision of what was dealt with last
// misses none and is told none twice, across whatever breaks the stream.
func ExampleClient_WatchMatches() {
	c, err := client.Dial("127.0.0.1:7443", client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = c.Close() }()

	var last uint64 // read it from where it is kept
	for {
		err := watch(context.Background(), c, &last)
		if status.Code(err) != codes.Unavailable {
			log.Print(err)
			return
		}
		time.Sleep(time.Second) // the server stops, and comes back
	}
}

// watch deals with new matches after the last revision that was dealt with.
func watch(ctx context.Context, c *client.Client, last *uint64) error {
	stream, err := c.WatchMatches(ctx, &touchstonev1.WatchMatchesRequest{AfterRevision: *last, Brands: []string{"Acme"}})
	if err != nil {
		return err
	}
	for {
		w, err := stream.Recv()
		if err != nil {
			return err
		}
		if l := w.GetListing(); l != nil {
			fmt.Println(l.GetFacts().GetListingId(), l.GetDecision().GetDecision(), w.GetMatches())
		}
		*last = w.GetRevision()
	}
}
