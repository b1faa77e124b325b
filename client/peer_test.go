package client_test

import (
	"context"
	"net"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is a server that does what a test wants it to, misbehaviour included.
type peer struct {
	touchstonev1.UnimplementedCatalogServiceServer
	touchstonev1.UnimplementedMatchServiceServer
	touchstonev1.UnimplementedListingServiceServer

	add    func(context.Context, *touchstonev1.AddPhotoRequest) (*touchstonev1.AddPhotoResponse, error)
	update func(context.Context, *touchstonev1.UpdatePhotoRequest) (*touchstonev1.UpdatePhotoResponse, error)
	photos func(touchstonev1.CatalogService_AddPhotosServer) error
	scan   func(touchstonev1.MatchService_MatchStreamServer) error
	check  func(touchstonev1.ListingService_CheckStreamServer) error
}

func (p *peer) AddPhoto(ctx context.Context, r *touchstonev1.AddPhotoRequest) (*touchstonev1.AddPhotoResponse, error) {
	return p.add(ctx, r)
}

func (p *peer) UpdatePhoto(ctx context.Context, r *touchstonev1.UpdatePhotoRequest) (*touchstonev1.UpdatePhotoResponse, error) {
	return p.update(ctx, r)
}

func (p *peer) AddPhotos(s touchstonev1.CatalogService_AddPhotosServer) error { return p.photos(s) }

func (p *peer) MatchStream(s touchstonev1.MatchService_MatchStreamServer) error { return p.scan(s) }

func (p *peer) CheckStream(s touchstonev1.ListingService_CheckStreamServer) error { return p.check(s) }

// start runs the peer until the test ends, or until stop is called.
func (p *peer) start(t testing.TB, o ...grpc.ServerOption) (addr string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(append(o, grpc.MaxRecvMsgSize(32<<20), grpc.WaitForHandlers(true))...)
	touchstonev1.RegisterCatalogServiceServer(s, p)
	touchstonev1.RegisterMatchServiceServer(s, p)
	touchstonev1.RegisterListingServiceServer(s, p)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-served; err != nil {
			t.Errorf("Serve() = %v", err)
		}
	})
	return l.Addr().String(), s.Stop
}

// dial connects to the peer until the test ends.
func (p *peer) dial(t testing.TB) *client.Client {
	t.Helper()
	addr, _ := p.start(t)
	return dial(t, addr, client.Options{})
}

func dial(t testing.TB, addr string, o client.Options) *client.Client {
	t.Helper()
	c, err := client.Dial(addr, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return c
}

// added is an answer that says so.
func added(id string) *touchstonev1.AddPhotosResponse {
	return &touchstonev1.AddPhotosResponse{
		CorrelationId: id,
		Answer: &touchstonev1.AddPhotosResponse_Added{Added: &touchstonev1.AddPhotoResponse{
			Outcome: touchstonev1.Outcome_OUTCOME_ADDED, Photo: &touchstonev1.Photo{PhotoId: id},
		}},
	}
}

func request(id string, bytes int) *touchstonev1.AddPhotosRequest {
	return &touchstonev1.AddPhotosRequest{
		CorrelationId: id, Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: id}, Image: make([]byte, bytes),
	}
}
