package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"touchstone/client"
	"touchstone/index"
	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

func TestRequestID(t *testing.T) {
	r := serve(t, server.Options{})
	for _, tc := range []struct {
		name string
		sent []string
		kept bool
	}{
		{"none", nil, false},
		{"one", []string{"order-66/a"}, true},
		{"two", []string{"a", "b"}, false},
		{"with a space", []string{"a level=error"}, false},
		{"too long", []string{strings.Repeat("x", 129)}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx := metadata.NewOutgoingContext(t.Context(), metadata.MD{"x-request-id": tc.sent})
			var unary metadata.MD
			if _, err := r.ListBrands(ctx, &touchstonev1.ListBrandsRequest{}, grpc.Trailer(&unary)); err != nil {
				t.Fatal(err)
			}
			s, err := r.Scan(ctx, client.StreamOptions{})
			if err != nil {
				t.Fatal(err)
			}
			raw, err := r.MatchStream(ctx)
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
			if err := raw.CloseSend(); err != nil {
				t.Fatal(err)
			}
			if _, err := raw.Recv(); !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			for _, md := range []metadata.MD{unary, raw.Trailer()} {
				ids := md.Get("x-request-id")
				if len(ids) != 1 || ids[0] == "" {
					t.Fatalf("trailer %v, want one request id", md)
				}
				if tc.kept != (len(tc.sent) == 1 && ids[0] == tc.sent[0]) {
					t.Errorf("request id %q of %q, want kept: %v", ids[0], tc.sent, tc.kept)
				}
				wait(t, "a line in the log", func() bool { return strings.Contains(r.log.String(), "request_id="+ids[0]) })
			}
		})
	}
}

// A panic is the end of one call, or of one item, and of nothing else; the caller does not see why, the log does.
func TestPanic(t *testing.T) {
	angry := &faulty{put: func(_ context.Context, p index.Photo) error {
		if strings.HasPrefix(p.ID, "angry") {
			panic("out of cheese")
		}
		return nil
	}}
	r := serve(t, server.Options{}, angry.with)
	_, err := r.AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: "angry"}, Image: photo(t, 1)})
	if d := cmp.Diff(told{Code: codes.Internal, Reason: "INTERNAL"}, toldBy(t, err)); d != "" {
		t.Errorf("unary (-want +got):\n%s", d)
	}
	s, err := r.Onboard(t.Context(), client.StreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range []string{"calm-1", "angry-1", "calm-2", "angry-2"} {
		if err := s.Send(newPhoto(t, id, uint64(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	answers, err := collect(t, s)
	if !errors.Is(err, io.EOF) || len(answers) != 4 {
		t.Errorf("%d answers, then %v", len(answers), err)
	}
	for id, a := range answers {
		want := codes.OK
		if strings.HasPrefix(id, "angry") {
			want = codes.Internal
		}
		if got := codes.Code(a.GetError().GetCode()); got != want {
			t.Errorf("%s: %v, want %v", id, got, want)
		}
		if strings.Contains(a.String(), "cheese") {
			t.Errorf("%s: the caller is told %v", id, a)
		}
	}
	if n := len(regexp.MustCompile("out of cheese").FindAllString(r.log.String(), -1)); n != 3 {
		t.Errorf("%d causes in the log, want 3", n)
	}
	if !strings.Contains(r.log.String(), "stream_test.go") { // where it came from
		t.Error("no stack in the log")
	}
}

// What the engine suffered from is told as the table has it, and its words stay in the log.
func TestEngineFailures(t *testing.T) {
	var failing error
	broken := &faulty{get: func(context.Context, index.Key) error { return failing }}
	r := serve(t, server.Options{}, broken.with)
	for _, tc := range []struct {
		err  error
		want told
	}{
		{index.ErrFull, told{Code: codes.ResourceExhausted, Reason: "STORAGE_FULL"}},
		{index.ErrReadOnly, told{Code: codes.FailedPrecondition, Reason: "STORAGE_READ_ONLY"}},
		{index.ErrCorrupt, told{Code: codes.DataLoss, Reason: "STORAGE_CORRUPT"}},
		{index.ErrClosed, told{Code: codes.Unavailable, Reason: "STOPPING"}},
		{index.ErrRecipe, told{Code: codes.FailedPrecondition, Reason: "RECIPE_MISMATCH"}},
		{errors.New("disk on fire"), told{Code: codes.Internal, Reason: "INTERNAL"}},
	} {
		t.Run(tc.want.Reason, func(t *testing.T) {
			failing = errors.Join(errors.New("/secret/path"), tc.err)
			_, err := r.AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: "1"}, Image: photo(t, 1)})
			if d := cmp.Diff(tc.want, toldBy(t, err)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if tc.want.Reason != "RECIPE_MISMATCH" && strings.Contains(err.Error(), "secret") {
				t.Errorf("the caller is told %v", err)
			}
			if !strings.Contains(r.log.String(), tc.err.Error()) {
				t.Errorf("%v is not in the log", tc.err)
			}
		})
	}
}

// A full disk is the fate of every item of a stream, and of one line in the log.
func TestEngineFailuresOfItems(t *testing.T) {
	full := &faulty{put: func(context.Context, index.Photo) error { return index.ErrFull }}
	r := serve(t, server.Options{}, full.with)
	s, err := r.Onboard(t.Context(), client.StreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	const items = 5
	for i := range items {
		if err := s.Send(newPhoto(t, fmt.Sprint(i), uint64(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	answers, err := collect(t, s)
	if !errors.Is(err, io.EOF) || len(answers) != items {
		t.Errorf("%d answers, then %v", len(answers), err)
	}
	for id, a := range answers {
		if got := toldBy(t, status.ErrorProto(a.GetError())).Reason; got != "STORAGE_FULL" {
			t.Errorf("%s: %s, want STORAGE_FULL", id, got)
		}
	}
	if n := strings.Count(r.log.String(), `msg="item failed"`); n != 1 {
		t.Errorf("%d lines of failed items in the log, want 1", n)
	}
}

func TestDeadline(t *testing.T) {
	stuck := &faulty{get: func(ctx context.Context, _ index.Key) error {
		<-ctx.Done()
		return ctx.Err()
	}}
	r := serve(t, server.Options{Deadline: 30 * time.Millisecond}, stuck.with)
	_, err := r.GetPhoto(t.Context(), &touchstonev1.GetPhotoRequest{Brand: "Acme", PhotoId: "1"})
	if got := status.Code(err); got != codes.DeadlineExceeded {
		t.Errorf("without a deadline of the caller's: %v, want DeadlineExceeded", err)
	}
}

func TestHealthAndReflection(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		r := serve(t, server.Options{NoReflection: hidden})
		for _, service := range []string{"", "touchstone.v1.CatalogService", "touchstone.v1.MatchService", "touchstone.v1.ListingService", "touchstone.v1.PolicyService"} {
			h, err := healthpb.NewHealthClient(r.Conn()).Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
			if err != nil || h.GetStatus() != healthpb.HealthCheckResponse_SERVING {
				t.Errorf("health of %q = %v, %v", service, h.GetStatus(), err)
			}
		}
		s, err := reflectionpb.NewServerReflectionClient(r.Conn()).ServerReflectionInfo(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: "touchstone.v1.MatchService"}}); err != nil && !errors.Is(err, io.EOF) { // Recv tells why
			t.Fatal(err)
		}
		answer, err := s.Recv()
		if hidden {
			if status.Code(err) != codes.Unimplemented {
				t.Errorf("hidden reflection answers %v, %v", answer, err)
			}
			continue
		}
		if err != nil || len(answer.GetFileDescriptorResponse().GetFileDescriptorProto()) == 0 {
			t.Errorf("reflection answers %v, %v", answer, err)
		}
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Recv(); !errors.Is(err, io.EOF) {
			t.Errorf("reflection ends with %v", err)
		}
	}
}
