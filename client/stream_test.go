package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// answers is a peer that answers every item, some of them later than those that came after.
func answers(s touchstonev1.CatalogService_AddPhotosServer) error {
	var held []string
	for {
		r, err := s.Recv()
		if errors.Is(err, io.EOF) {
			slices.Reverse(held)
			for _, id := range held {
				if err := s.Send(added(id)); err != nil {
					return err
				}
			}
			return nil
		}
		if err != nil {
			return err
		}
		if held = append(held, r.GetCorrelationId()); len(held) == 3 {
			if err := s.Send(added(held[0])); err != nil {
				return err
			}
			held = held[1:]
		}
	}
}

func TestOnboard(t *testing.T) {
	c := (&peer{photos: answers}).dial(t)
	s, err := c.Onboard(t.Context(), client.StreamOptions{Window: 5})
	if err != nil {
		t.Fatal(err)
	}
	const items = 100
	go func() {
		for i := range items {
			if err := s.Send(request(fmt.Sprint(i), 1000)); err != nil {
				t.Errorf("Send(%d) = %v", i, err)
			}
		}
		if err := s.CloseSend(); err != nil {
			t.Errorf("CloseSend() = %v", err)
		}
	}()
	seen := map[string]bool{}
	for {
		a, err := s.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		seen[a.GetCorrelationId()] = true
	}
	if len(seen) != items || len(s.Unanswered()) != 0 {
		t.Errorf("%d answers, %d unanswered; want %d and none", len(seen), len(s.Unanswered()), items)
	}
	if err := s.Send(request("late", 1)); !errors.Is(err, io.EOF) {
		t.Errorf("Send() after the end = %v, want EOF", err)
	}
}

func TestCheckListings(t *testing.T) {
	c := (&peer{check: func(s touchstonev1.ListingService_CheckStreamServer) error {
		for {
			r, err := s.Recv()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			listing := &touchstonev1.Listing{Facts: r.GetRequest().GetFacts()}
			answer := &touchstonev1.CheckStreamResponse_Response{Response: &touchstonev1.CheckResponse{Listing: listing}}
			if err := s.Send(&touchstonev1.CheckStreamResponse{CorrelationId: r.GetCorrelationId(), Answer: answer}); err != nil {
				return err
			}
		}
	}}).dial(t)
	s, err := c.CheckListings(t.Context(), client.StreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	facts := &touchstonev1.ListingFacts{Marketplace: "market", ListingId: "7"}
	if err := s.Send(&touchstonev1.CheckStreamRequest{CorrelationId: "1", Request: &touchstonev1.CheckRequest{Facts: facts}}); err != nil {
		t.Fatal(err)
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Recv(); err != nil || a.GetCorrelationId() != "1" || a.GetResponse().GetListing().GetFacts().GetListingId() != "7" {
		t.Errorf("Recv() = %v, %v", a, err)
	}
	if _, err := s.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("then Recv() = %v, want EOF", err)
	}
}

// Send blocks while the window is full, by number or by bytes, and goes on when an answer came.
func TestWindow(t *testing.T) {
	for _, tc := range []struct {
		name    string
		options client.StreamOptions
		bytes   int
		fit     int
	}{
		{"by number", client.StreamOptions{Window: 3}, 10, 3},
		{"by bytes", client.StreamOptions{WindowBytes: 10_000}, 4_000, 2},
		{"longer than the window", client.StreamOptions{WindowBytes: 10_000}, 40_000, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			release := make(chan struct{})
			c := (&peer{photos: func(s touchstonev1.CatalogService_AddPhotosServer) error {
				for {
					r, err := s.Recv()
					if errors.Is(err, io.EOF) {
						return nil
					}
					if err != nil {
						return err
					}
					<-release
					if err := s.Send(added(r.GetCorrelationId())); err != nil {
						return err
					}
				}
			}}).dial(t)
			s, err := c.Onboard(t.Context(), tc.options)
			if err != nil {
				t.Fatal(err)
			}
			sent := make(chan int, 100)
			go func() {
				defer close(sent)
				for i := range tc.fit + 1 {
					if err := s.Send(request(fmt.Sprint(i), tc.bytes)); err != nil {
						t.Errorf("Send(%d) = %v", i, err)
					}
					sent <- i
				}
				if err := s.CloseSend(); err != nil {
					t.Errorf("CloseSend() = %v", err)
				}
			}()
			for range tc.fit {
				<-sent
			}
			select {
			case i := <-sent:
				t.Errorf("item %d was sent beyond the window", i)
			case <-time.After(50 * time.Millisecond):
			}
			close(release)
			for range tc.fit + 1 {
				if _, err := s.Recv(); err != nil {
					t.Fatal(err)
				}
			}
			for range sent {
			}
			if _, err := s.Recv(); !errors.Is(err, io.EOF) {
				t.Errorf("the stream ended with %v", err)
			}
		})
	}
}

// An item that can't be sent is an error of its own; the stream goes on.
func TestSendRefuses(t *testing.T) {
	c := (&peer{photos: func(s touchstonev1.CatalogService_AddPhotosServer) error {
		for {
			r, err := s.Recv()
			if errors.Is(err, io.EOF) {
				return s.Send(added("good"))
			}
			if err != nil {
				return err
			}
			if id := r.GetCorrelationId(); id != "good" {
				t.Errorf("the peer got %q", id)
			}
		}
	}}).dial(t)
	s, err := c.Onboard(t.Context(), client.StreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(request("good", 1)); err != nil {
		t.Fatal(err)
	}
	bad := request("bad", 1)
	bad.Photo.Brand = "\xff"
	for _, tc := range []struct {
		name    string
		request *touchstonev1.AddPhotosRequest
		want    error
	}{
		{"no id", request("", 1), client.ErrCorrelationID},
		{"long id", request(strings.Repeat("x", 257), 1), client.ErrCorrelationID},
		{"id in flight", request("good", 1), client.ErrCorrelationID},
		{"not UTF-8", bad, client.ErrItem},
		{"long", request("long", 21<<20), client.ErrItem},
	} {
		if err := s.Send(tc.request); !errors.Is(err, tc.want) {
			t.Errorf("%s: Send() = %v, want %v", tc.name, err, tc.want)
		}
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Recv(); err != nil || a.GetCorrelationId() != "good" {
		t.Errorf("Recv() = %v, %v", a, err)
	}
	if _, err := s.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("then Recv() = %v, want EOF", err)
	}
}

// However a stream breaks, what has no answer is told, in the order in which it was sent.
func TestBrokenStream(t *testing.T) {
	const sent, answered = 6, 2
	for _, tc := range []struct {
		name string
		end  func(ctx context.Context, stop func()) error
		want func(error) bool
	}{
		{"an error", func(context.Context, func()) error { return status.Error(codes.Unavailable, "stopping") }, func(err error) bool { return status.Code(err) == codes.Unavailable }},
		{"the connection", func(ctx context.Context, stop func()) error { go stop(); <-ctx.Done(); return ctx.Err() }, func(err error) bool { return status.Code(err) == codes.Unavailable }},
		{"an end before its time", func(context.Context, func()) error { return nil }, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stop func()
			received := make(chan struct{})
			p := &peer{photos: func(s touchstonev1.CatalogService_AddPhotosServer) error {
				for i := range sent {
					r, err := s.Recv()
					if err != nil {
						return err
					}
					if i%2 == 1 && i < 2*answered {
						if err := s.Send(added(r.GetCorrelationId())); err != nil {
							return err
						}
					}
				}
				<-received
				return tc.end(s.Context(), stop)
			}}
			addr, kill := p.start(t)
			stop = kill
			s, err := dial(t, addr, client.Options{}).Onboard(t.Context(), client.StreamOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range sent {
				if err := s.Send(request(fmt.Sprint(i), 10)); err != nil {
					t.Fatal(err)
				}
			}
			for range answered {
				if _, err := s.Recv(); err != nil {
					t.Fatal(err)
				}
			}
			close(received)
			if _, err := s.Recv(); !tc.want(err) {
				t.Errorf("the stream ended with %v", err)
			}
			var left []string
			for _, r := range s.Unanswered() {
				left = append(left, r.GetPhoto().GetPhotoId())
			}
			if want := []string{"0", "2", "4", "5"}; !slices.Equal(left, want) {
				t.Errorf("unanswered %q, want %q", left, want)
			}
			if err := s.Send(request("late", 1)); !errors.Is(err, io.EOF) {
				t.Errorf("Send() after the end = %v, want EOF", err)
			}
		})
	}
}

// An answer that belongs to nothing breaks the stream: what it was for can't be told.
func TestStrayAnswer(t *testing.T) {
	c := (&peer{scan: func(s touchstonev1.MatchService_MatchStreamServer) error {
		if _, err := s.Recv(); err != nil {
			return err
		}
		if err := s.Send(&touchstonev1.MatchStreamResponse{CorrelationId: "other"}); err != nil {
			return err
		}
		<-s.Context().Done()
		return nil
	}}).dial(t)
	s, err := c.Scan(t.Context(), client.StreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(&touchstonev1.MatchStreamRequest{CorrelationId: "1"}); err != nil {
		t.Fatal(err)
	}
	if a, err := s.Recv(); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("Recv() = %v, %v, want an error", a, err)
	}
	if len(s.Unanswered()) != 1 {
		t.Errorf("%d unanswered, want 1", len(s.Unanswered()))
	}
}

// Close, or the end of its context, sets free whoever waits in Send or Recv.
func TestClose(t *testing.T) {
	silent := func(s touchstonev1.CatalogService_AddPhotosServer) error {
		<-s.Context().Done()
		return nil
	}
	for _, name := range []string{"Close", "context"} {
		t.Run(name, func(t *testing.T) {
			c := (&peer{photos: silent}).dial(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s, err := c.Onboard(ctx, client.StreamOptions{Window: 1})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Send(request("1", 1)); err != nil {
				t.Fatal(err)
			}
			var both sync.WaitGroup
			both.Go(func() {
				if err := s.Send(request("2", 1)); !errors.Is(err, io.EOF) {
					t.Errorf("Send() = %v, want EOF", err)
				}
			})
			both.Go(func() {
				if _, err := s.Recv(); status.Code(err) != codes.Canceled {
					t.Errorf("Recv() = %v, want CANCELLED", err)
				}
			})
			time.Sleep(20 * time.Millisecond) // for both to wait; it holds as well when they come later
			if name == "Close" {
				s.Close()
			} else {
				cancel()
			}
			both.Wait()
		})
	}
}
