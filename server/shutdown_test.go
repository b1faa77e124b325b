package server_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"touchstone/client"
	"touchstone/index"
	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

// Under load, a stop finishes what was begun; whatever was acknowledged is there, and what was not is told.
func TestShutdownUnderLoad(t *testing.T) {
	r := serve(t, server.Options{})
	const streams = 3
	var (
		load     sync.WaitGroup
		mu       sync.Mutex
		kept     []string
		halfways = make(chan struct{}, streams)
	)
	for i := range streams {
		s, err := r.Onboard(t.Context(), client.StreamOptions{Window: 16})
		if err != nil {
			t.Fatal(err)
		}
		sent := make(chan []string, 1)
		go func() {
			var ids []string
			for j := 0; ; j++ {
				id := fmt.Sprintf("%d-%d", i, j)
				if s.Send(newPhoto(t, id, uint64(j%7))) != nil {
					sent <- ids
					return
				}
				ids = append(ids, id)
			}
		}()
		load.Go(func() {
			acknowledged := 0
			for {
				a, err := s.Recv()
				if err != nil {
					if got := toldBy(t, err); got.Code != codes.Unavailable || got.Reason != "STOPPING" {
						t.Errorf("the stream ended with %v, want the server's stopping", err)
					}
					break
				}
				if a.GetError() != nil {
					t.Errorf("%s: %v", a.GetCorrelationId(), a.GetError())
				}
				mu.Lock()
				kept = append(kept, a.GetCorrelationId())
				mu.Unlock()
				if acknowledged++; acknowledged == 30 {
					halfways <- struct{}{}
				}
			}
			ids := <-sent
			if n := len(s.Unanswered()); n+acknowledged != len(ids) {
				t.Errorf("%d sent, %d acknowledged, %d told to be unanswered", len(ids), acknowledged, n)
			}
		})
	}
	for range streams {
		<-halfways
	}
	r.stop(t)
	load.Wait()
	for _, id := range kept {
		if _, err := r.index.Get(t.Context(), index.Key{Brand: "Acme", ID: id}); err != nil {
			t.Errorf("%s was acknowledged, but: %v", id, err)
		}
	}
	t.Logf("%d acknowledged", len(kept))
}

// held is an index whose Put waits, with or without regard to its context.
func held(release <-chan struct{}) (f *faulty, begun chan struct{}) {
	begun = make(chan struct{}, 100)
	return &faulty{put: func(ctx context.Context, _ index.Photo) error {
		begun <- struct{}{}
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}, begun
}

// A stop tells at once that it has begun, and waits for calls and items that are under way.
func TestShutdownWaits(t *testing.T) {
	release := make(chan struct{})
	slow, begun := held(release)
	r := serve(t, server.Options{}, slow.with)
	watch, err := healthpb.NewHealthClient(r.Conn()).Watch(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if h, err := watch.Recv(); err != nil || h.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Fatalf("health = %v, %v", h, err)
	}
	s, err := r.Onboard(t.Context(), client.StreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(newPhoto(t, "item", 1)); err != nil {
		t.Fatal(err)
	}
	single := make(chan error, 1)
	go func() {
		_, err := r.AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: "single"}, Image: photo(t, 2)})
		single <- err
	}()
	<-begun
	<-begun

	stopped := make(chan struct{})
	go func() {
		r.stop(t)
		close(stopped)
	}()
	if h, err := watch.Recv(); err != nil || h.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
		t.Errorf("health when the stop begins = %v, %v", h, err)
	}
	select {
	case <-stopped:
		t.Error("stopped with calls under way")
	case <-time.After(200 * time.Millisecond):
	}
	close(release)
	if err := <-single; err != nil {
		t.Errorf("the call that was under way: %v", err)
	}
	if a, err := s.Recv(); err != nil || a.GetAdded() == nil {
		t.Errorf("the item that was under way: %v, %v", a, err)
	}
	if _, err := s.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("then the stream ended with %v", err)
	}
	<-stopped
	for _, id := range []string{"item", "single"} {
		if _, err := r.index.Get(t.Context(), index.Key{Brand: "Acme", ID: id}); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// A stop whose time is up cuts calls off, waits for their handlers, and says so.
func TestShutdownForced(t *testing.T) {
	slow, begun := held(nil)
	r := serve(t, server.Options{}, slow.with)
	s, err := r.Onboard(t.Context(), client.StreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(newPhoto(t, "item", 1)); err != nil {
		t.Fatal(err)
	}
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown() = %v, want the deadline's error", err)
	}
	if _, err := s.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("the stream ended with %v", err)
	}
	if left := s.Unanswered(); len(left) != 1 || left[0].GetCorrelationId() != "item" {
		t.Errorf("Unanswered() = %v, want the item", left)
	}
}
