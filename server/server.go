// Package server is the gRPC edge: it translates a request into the words of match and index, calls them, and
// translates the answer. It decides nothing about pictures.
//
// It promises that each message is held against limits before it is worked on; that every error leaves with a code, a
// reason and, where there is one, the field's name, from the one table in status.go; that no panic ends the process; that
// streams leave three quarters of the processors to single calls; and that it stops without losing what it has
// acknowledged. It does not know who calls: authentication is not its business yet. Nor does it bound what is still being
// received: each of a connection's 128 calls may bring 21 MiB, as slowly as it likes.
//
// The caveat that bites: AddPhotos and MatchStream stop reading when their window is full, and the window empties only
// as answers are taken. A client that sends without receiving stands still, and keeps a graceful stop waiting.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"touchstone/index"
	"touchstone/listing/desk"
	"touchstone/match"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// Options tune a Server; the zero value is the default.
type Options struct {
	Log          *slog.Logger  // a line a call, and the causes that callers are not told; nil: nowhere
	TLS          *tls.Config   // nil: no TLS. It is not changed.
	NoReflection bool          // leaves the reflection service out
	Deadline     time.Duration // of single calls whose caller sets none; 0: 10 s
	Window       int           // items of a stream at work at a time; 0: 64
	Connections  int           // open at a time, further ones wait to be accepted; 0: 4096
}

// Server serves one index and one matcher. Make it with New; Serve it once and Shutdown once.
type Server struct {
	options Options
	grpc    *grpc.Server
	health  *health.Server
	memory  memory

	// draining ends when streams are to read no more; watching, a moment later, when those of health and reflection
	// are to end.
	draining, watching context.Context
	drain, unwatch     context.CancelFunc

	readers sync.WaitGroup // goroutines that outlive their handler by a moment
}

// New returns a Server of an index, of a matcher that looks for photos in that index, and of a desk that deals with listings by
// both. All stay the caller's, to close after Shutdown.
func New(ix index.Index, m *match.Matcher, d *desk.Desk, o Options) *Server {
	s := &Server{options: o.withDefaults(), health: health.NewServer(), memory: newMemory()}
	s.draining, s.drain = context.WithCancel(context.Background())
	s.watching, s.unwatch = context.WithCancel(context.Background())
	s.grpc = grpc.NewServer(s.transport()...)

	touchstonev1.RegisterCatalogServiceServer(s.grpc, &catalogService{server: s, index: ix, matcher: m})
	touchstonev1.RegisterMatchServiceServer(s.grpc, &matchService{server: s, matcher: m})
	touchstonev1.RegisterListingServiceServer(s.grpc, &listingService{server: s, desk: d})
	touchstonev1.RegisterPolicyServiceServer(s.grpc, &policyService{server: s, index: ix, desk: d})
	for name := range s.grpc.GetServiceInfo() {
		s.health.SetServingStatus(name, healthpb.HealthCheckResponse_SERVING)
	}
	healthpb.RegisterHealthServer(s.grpc, s.health)
	if !o.NoReflection {
		reflection.Register(s.grpc)
	}
	return s
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Deadline <= 0 {
		o.Deadline = defaultDeadline
	}
	if o.Window <= 0 {
		o.Window = defaultWindow
	}
	if o.Connections <= 0 {
		o.Connections = defaultConnections
	}
	return o
}

// transport is how gRPC itself is set up.
func (s *Server) transport() []grpc.ServerOption {
	o := []grpc.ServerOption{
		grpc.ForceServerCodecV2(newCodec()),
		grpc.UnaryInterceptor(s.unary),
		grpc.StreamInterceptor(s.stream),
		grpc.MaxRecvMsgSize(maxReceive),
		grpc.MaxSendMsgSize(maxSend + maxSendSlack),
		grpc.MaxHeaderListSize(maxHeaders),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(handshake),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingLeast, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idle, Time: pingAfter, Timeout: pingTimeout}),
		grpc.WaitForHandlers(true),
	}
	if s.options.TLS != nil {
		o = append(o, grpc.Creds(credentials.NewTLS(s.options.TLS)))
	}
	return o
}

// Serve accepts connections until Shutdown, then returns nil. It closes the listener. Errors: the listener's.
func (s *Server) Serve(l net.Listener) error {
	err := s.grpc.Serve(limitConnections(l, s.options.Connections))
	if err != nil && !errors.Is(err, grpc.ErrServerStopped) { // which it says to those who come after Shutdown
		return fmt.Errorf("serve on %v: %w", l.Addr(), err)
	}
	return nil
}

// Shutdown stops the server: health tells NOT_SERVING at once, no connection and no call is accepted any more, streams
// read no more, and what is under way is finished and answered. It returns nil when all of it is, or ctx's error when
// ctx was done first: then connections were cut, and calls that were under way cancelled. In either case no handler
// runs any more when it returns, and the index may be closed.
func (s *Server) Shutdown(ctx context.Context) error {
	s.health.Shutdown()
	s.drain()
	watch := time.AfterFunc(watchGrace, s.unwatch)
	defer watch.Stop()

	done := make(chan struct{})
	go func() {
		s.grpc.GracefulStop()
		close(done)
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = fmt.Errorf("stop: calls were cut off: %w", ctx.Err())
		s.grpc.Stop()
		<-done
	}
	s.unwatch()
	s.readers.Wait()
	return err
}
