// Package client is what a Go backend imports to talk to a Touchstone server.
//
// It promises a connection that is set up as the server wants it, calls that are repeated where that is safe, and
// streams that keep many items in flight without losing track of one. Requests and answers are the generated messages
// of touchstone/proto/touchstone/v1; their comments are the manual.
//
// The caveat that bites: a stream needs two sides at work. Whoever only sends, or sends and receives in turns from one
// goroutine, stands still as soon as the window is full.
package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	touchstonev1 "touchstone/proto/touchstone/v1"
)

// Options tune a Client. The zero value is right for a server on the same machine.
type Options struct {
	// TLS is how to secure the connection; nil: not at all. It is not changed.
	TLS *tls.Config
	// UserAgent goes before gRPC's own, for the server's log; empty: nothing does.
	UserAgent string
	// MaxReceive is the longest answer taken, in bytes; 0: 64 MiB.
	MaxReceive int
}

const (
	// maxSend is what servers take by default: an image of 20 MiB, and what goes with it.
	maxSend    = 21 << 20
	maxReceive = 64 << 20

	// Servers drop who pings more often than every 10 seconds.
	pingAfter   = 30 * time.Second
	pingTimeout = 10 * time.Second
)

// Tries of a call, and the wait before the second one, which doubles from one to the next.
const (
	maxTries  = 4
	firstWait = 200 * time.Millisecond
	jitter    = 0.2
)

// repeatable are the methods of which two calls do the same as one: not DeletePhoto, whose second answer would be that
// there is no such photo, and not UpdatePhoto, which may collide with itself.
var repeatable = map[string]bool{
	touchstonev1.MatchService_Match_FullMethodName:         true,
	touchstonev1.MatchService_Compare_FullMethodName:       true,
	touchstonev1.MatchService_Overlay_FullMethodName:       true,
	touchstonev1.MatchService_Fingerprint_FullMethodName:   true,
	touchstonev1.CatalogService_AddPhoto_FullMethodName:    true,
	touchstonev1.CatalogService_GetPhoto_FullMethodName:    true,
	touchstonev1.CatalogService_ListPhotos_FullMethodName:  true,
	touchstonev1.CatalogService_ListBrands_FullMethodName:  true,
	touchstonev1.CatalogService_GetBrand_FullMethodName:    true,
	touchstonev1.CatalogService_UpdateBrand_FullMethodName: true,
}

// repeat makes calls again that the server could not take: it is starting, stopping or has too much to do. gRPC has
// retries of its own, but when it gives up (v1.85.0) it may return a bare EOF in place of what the server said.
func repeat() grpc.UnaryClientInterceptor {
	return selector.UnaryClientInterceptor(
		retry.UnaryClientInterceptor(
			retry.WithMax(maxTries),
			retry.WithCodes(codes.Unavailable),
			retry.WithBackoff(retry.BackoffExponentialWithJitter(firstWait, jitter)),
		),
		selector.MatchFunc(func(_ context.Context, call interceptors.CallMeta) bool { return repeatable[call.FullMethod()] }),
	)
}

// Client is a connection to a server. It has the calls of all services; AddPhotos and MatchStream are better made by
// Onboard and Scan. It may be used by many goroutines at once, and one is enough for a process.
//
// Calls that change nothing when they are made twice are repeated, up to three times within some two seconds, while the
// server is UNAVAILABLE. All others, and streams, fail at once.
type Client struct {
	touchstonev1.CatalogServiceClient
	touchstonev1.MatchServiceClient
	touchstonev1.PolicyServiceClient

	conn *grpc.ClientConn
}

// Dial returns a Client of the server at an address such as "127.0.0.1:7443" or "unix:///run/touchstone.sock". It
// connects at the first call, and again when the connection breaks: a server that is not there shows as UNAVAILABLE
// then. Errors: an address that can't be parsed.
func Dial(addr string, o Options) (*Client, error) {
	secure := insecure.NewCredentials()
	if o.TLS != nil {
		secure = credentials.NewTLS(o.TLS)
	}
	if o.MaxReceive <= 0 {
		o.MaxReceive = maxReceive
	}
	conn, err := grpc.NewClient(addr,
		grpc.WithTransportCredentials(secure),
		grpc.WithUserAgent(o.UserAgent),
		grpc.WithUnaryInterceptor(repeat()),
		grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(maxSend), grpc.MaxCallRecvMsgSize(o.MaxReceive)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingAfter, Timeout: pingTimeout}),
	)
	if err != nil {
		return nil, fmt.Errorf("dial %q: %w", addr, err)
	}
	return &Client{
		touchstonev1.NewCatalogServiceClient(conn),
		touchstonev1.NewMatchServiceClient(conn),
		touchstonev1.NewPolicyServiceClient(conn),
		conn,
	}, nil
}

// Conn returns the connection itself, for what has no method here: health, reflection, other services.
func (c *Client) Conn() *grpc.ClientConn { return c.conn }

// Close ends the connection and whatever is under way on it.
func (c *Client) Close() error {
	if err := c.conn.Close(); err != nil {
		return fmt.Errorf("close connection: %w", err)
	}
	return nil
}

// domain marks the errors that are Touchstone's own.
const domain = "touchstone"

// Reason returns why the server refused a call, from its error; or an item of a stream, from status.ErrorProto of the
// item's error. It is ERROR_REASON_UNSPECIFIED where the error is nil or comes from elsewhere: a connection, a proxy, a
// newer server.
func Reason(err error) touchstonev1.ErrorReason {
	// FromError would find a status within a chain as well, but lose the details of what was joined.
	var s interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &s) {
		return touchstonev1.ErrorReason_ERROR_REASON_UNSPECIFIED
	}
	for _, d := range s.GRPCStatus().Details() {
		if e, ok := d.(*errdetails.ErrorInfo); ok && e.GetDomain() == domain {
			return touchstonev1.ErrorReason(touchstonev1.ErrorReason_value["ERROR_REASON_"+e.GetReason()])
		}
	}
	return touchstonev1.ErrorReason_ERROR_REASON_UNSPECIFIED
}
