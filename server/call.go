package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// requestIDKey is the header in which a caller may name a call, and the trailer in which the name comes back.
const requestIDKey = "x-request-id"

// call is one that is under way: what its line in the log tells.
type call struct {
	log    *slog.Logger
	id     string
	method string // in full: "/touchstone.v1.MatchService/Match"
	began  time.Time

	items, refused atomic.Int64 // of a stream
	told           sync.Map     // codes of its items whose causes the log has
}

type callKey struct{}

// callOf returns the call that a context belongs to.
func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// unary stands around every single call.
func (s *Server) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (answer any, err error) {
	c, ctx := s.begin(ctx, info.FullMethod)
	defer func() { err = c.end(ctx, err) }()
	if err := grpc.SetTrailer(ctx, c.trailer()); err != nil {
		return nil, fmt.Errorf("set trailer: %w", err)
	}
	if _, set := ctx.Deadline(); !set {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.options.Deadline)
		defer cancel()
	}
	if err := malformed(request); err != nil {
		return nil, err
	}
	release, err := s.memory.admit(ctx, sizeOf(request))
	if err != nil {
		return nil, err
	}
	defer release()
	err = guard(func() error {
		answer, err = handler(ctx, request)
		return err
	})
	if err == nil {
		err = fits(answer)
	}
	return answer, err
}

// stream stands around every stream.
func (s *Server) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	c, ctx := s.begin(ss.Context(), info.FullMethod)
	defer func() { err = c.end(ctx, err) }()
	ss.SetTrailer(c.trailer())
	if !c.ours() { // they would keep a graceful stop waiting: health.Watch ends only when its caller wants it to
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(s.watching, cancel)()
	}
	return guard(func() error { return handler(srv, &serverStream{ss, ctx}) })
}

// serverStream is a stream whose context knows its call.
type serverStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *serverStream) Context() context.Context { return s.ctx }

func (s *Server) begin(ctx context.Context, method string) (*call, context.Context) {
	c := &call{id: requestID(ctx), method: method, began: time.Now()}
	c.log = s.options.Log.With("request_id", c.id, "method", c.method)
	return c, context.WithValue(ctx, callKey{}, c)
}

// requestID is what the caller names the call, or a name of our own where that is none or not fit for a log.
func requestID(ctx context.Context) string {
	if ids := metadata.ValueFromIncomingContext(ctx, requestIDKey); len(ids) == 1 {
		unfit := func(r rune) bool { return r <= ' ' || r > '~' }
		if id := ids[0]; id != "" && len(id) <= maxRequestID && strings.IndexFunc(id, unfit) < 0 {
			return id
		}
	}
	return rand.Text()
}

func (c *call) trailer() metadata.MD { return metadata.Pairs(requestIDKey, c.id) }

// ours tells whether the call is of our services, and not of health or reflection.
func (c *call) ours() bool { return strings.HasPrefix(c.method, "/"+ourPackage+".") }

const ourPackage = "touchstone.v1"

// end writes the call's line in the log and turns its error into what the caller is told.
func (c *call) end(ctx context.Context, err error) error {
	level := slog.LevelInfo
	if !c.ours() {
		level = slog.LevelDebug
	}
	code := codes.OK
	attrs := []slog.Attr{slog.Duration("took", time.Since(c.began))}
	if p, ok := peer.FromContext(ctx); ok {
		attrs = append(attrs, slog.String("peer", p.Addr.String()))
	}
	if n := c.items.Load(); n > 0 {
		attrs = append(attrs, slog.Int64("items", n), slog.Int64("refused", c.refused.Load()))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
		told, _ := toStatus(err, c.id)
		code, err = told.Code(), told.Err()
		level = max(level, levelOf(code))
	}
	c.log.LogAttrs(ctx, level, "call", append([]slog.Attr{slog.String("code", code.String())}, attrs...)...)
	return err
}

// levelOf is how loud a code is in the log: what needs somebody to look at the server, what may, and what is the
// caller's own affair.
func levelOf(code codes.Code) slog.Level {
	switch code {
	case codes.Internal, codes.DataLoss, codes.Unknown:
		return slog.LevelError
	case codes.ResourceExhausted, codes.Unavailable, codes.DeadlineExceeded:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// item is the status of an item that failed. The log hears of it where the caller isn't told all: of each fault of ours,
// and once a stream of what will befall the rest as well, such as a full disk.
func (c *call) item(ctx context.Context, err error) *status.Status {
	c.refused.Add(1)
	told, hidden := toStatus(err, c.id)
	if !hidden || ctx.Err() != nil {
		return told
	}
	if _, again := c.told.LoadOrStore(told.Code(), true); !again || told.Code() == codes.Internal {
		c.log.LogAttrs(ctx, levelOf(told.Code()), "item failed", slog.String("code", told.Code().String()), slog.String("error", err.Error()))
	}
	return told
}

// panicked is a panic that was caught.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

// guard runs f and turns a panic into an error that holds the stack, for the log: callers are not told.
func guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicked{v, debug.Stack()}
		}
	}()
	return f()
}

func sizeOf(message any) int64 {
	if m, ok := message.(proto.Message); ok {
		return int64(proto.Size(m))
	}
	return 0
}

// fits reports, as errTooLong, an answer that is longer than is sent.
func fits(answer any) error {
	if n := sizeOf(answer); n > maxSend {
		return fmt.Errorf("%w: %d bytes, at most %d are sent; ask for less", errTooLong, n, maxSend)
	}
	return nil
}
