package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	touchstonev1 "touchstone/proto/touchstone/v1"
)

// StreamOptions tune a Stream; the zero value is the default.
type StreamOptions struct {
	Window      int   // items in flight at most; 0: 128. The server works on 64 of a stream at a time.
	WindowBytes int64 // bytes of items in flight at most; 0: 64 MiB. A single item may be longer.
}

const (
	defaultWindow      = 128
	defaultWindowBytes = 64 << 20
	maxCorrelationID   = 256 // bytes; the server's limit
)

// ErrCorrelationID is returned by Send when an item's correlation id is empty, longer than 256 bytes, or that of an
// item which is in flight: its answer could not be told from another's.
var ErrCorrelationID = errors.New("correlation id is empty, too long or in flight already")

// ErrItem is returned by Send when an item can't be sent: it is longer than servers take (21 MiB), or has text that is
// not UTF-8.
var ErrItem = errors.New("item can't be sent")

// Onboarding is a stream of photos to add. It is safe to send again what was not answered: adding is idempotent.
type Onboarding = Stream[*touchstonev1.AddPhotosRequest, *touchstonev1.AddPhotosResponse]

// Scan is a stream of subjects to match.
type Scan = Stream[*touchstonev1.MatchStreamRequest, *touchstonev1.MatchStreamResponse]

// Checking is a stream of listing images to check. It is safe to send again what was not answered: with the same facts a
// check changes nothing.
type Checking = Stream[*touchstonev1.CheckStreamRequest, *touchstonev1.CheckStreamResponse]

// Correlated is a message of a stream.
type Correlated interface {
	proto.Message
	// GetCorrelationId returns the client's own name for the item.
	GetCorrelationId() string
}

// wire is the generated stream below a Stream.
type wire[A Correlated] interface {
	grpc.ClientStream
	Recv() (A, error)
}

// Stream keeps many items in flight: requests Q go out, answers A come back as each is ready. One goroutine may Send
// and CloseSend while another one calls Recv. A Stream is done with when Recv has returned an error, be it io.EOF, or
// after Close.
type Stream[Q, A Correlated] struct {
	wire   wire[A]
	ctx    context.Context // of the stream alone: it ends with the first error of Recv
	cancel context.CancelFunc

	window, bytes *semaphore.Weighted
	mostBytes     int64

	mu     sync.Mutex // protects what follows
	sent   uint64
	flight map[string]item[Q] // by correlation id
}

// item is a request in flight.
type item[Q Correlated] struct {
	request Q
	number  uint64 // in order of sending
	bytes   int64
}

// Onboard opens a stream that adds photos. It lives until ctx ends, at most. Errors: gRPC's; a server that is not there
// may show at the first Send or Recv only.
func (c *Client) Onboard(ctx context.Context, o StreamOptions) (*Onboarding, error) {
	ctx, cancel := context.WithCancel(ctx)
	w, err := c.AddPhotos(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	return newStream[*touchstonev1.AddPhotosRequest](ctx, cancel, w, o), nil
}

// Scan opens a stream that matches subjects. It lives until ctx ends, at most. Errors: as Onboard.
func (c *Client) Scan(ctx context.Context, o StreamOptions) (*Scan, error) {
	ctx, cancel := context.WithCancel(ctx)
	w, err := c.MatchStream(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	return newStream[*touchstonev1.MatchStreamRequest](ctx, cancel, w, o), nil
}

// CheckListings opens a stream that checks listing images. It lives until ctx ends, at most. Errors: as Onboard.
func (c *Client) CheckListings(ctx context.Context, o StreamOptions) (*Checking, error) {
	ctx, cancel := context.WithCancel(ctx)
	w, err := c.CheckStream(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	return newStream[*touchstonev1.CheckStreamRequest](ctx, cancel, w, o), nil
}

func newStream[Q, A Correlated](ctx context.Context, cancel context.CancelFunc, w wire[A], o StreamOptions) *Stream[Q, A] {
	if o.Window <= 0 {
		o.Window = defaultWindow
	}
	if o.WindowBytes <= 0 {
		o.WindowBytes = defaultWindowBytes
	}
	return &Stream[Q, A]{
		wire: w, ctx: ctx, cancel: cancel,
		window: semaphore.NewWeighted(int64(o.Window)), bytes: semaphore.NewWeighted(o.WindowBytes),
		mostBytes: o.WindowBytes,
		flight:    make(map[string]item[Q]),
	}
}

// Send sends an item, once there is room for it in the window: until then it blocks. The item must not be changed
// before its answer came. Errors: ErrCorrelationID and ErrItem, with which the stream goes on; io.EOF when the stream is
// over, Recv tells why. An item that was sent with an error is not in flight.
func (s *Stream[Q, A]) Send(request Q) error {
	size := proto.Size(request)
	if size > maxSend {
		return fmt.Errorf("%w: %d bytes, at most %d are taken", ErrItem, size, maxSend)
	}
	it := item[Q]{request: request, bytes: min(int64(size), s.mostBytes)}
	if s.window.Acquire(s.ctx, 1) != nil {
		return io.EOF
	}
	if s.bytes.Acquire(s.ctx, it.bytes) != nil {
		s.window.Release(1)
		return io.EOF
	}
	if err := s.launch(it); err != nil {
		s.release(it)
		return err
	}
	if err := s.send(request); err != nil {
		s.land(request.GetCorrelationId())
		return err
	}
	return nil
}

// send encodes a request on its own first: where that fails within the stream's Send, the stream is over.
func (s *Stream[Q, A]) send(request Q) error {
	var encoded grpc.PreparedMsg
	if err := encoded.Encode(s.wire, request); err != nil {
		return fmt.Errorf("%w: %w", ErrItem, err)
	}
	return s.wire.SendMsg(&encoded)
}

// CloseSend tells the server that no more items will come. Recv then returns what is in flight, and io.EOF.
func (s *Stream[Q, A]) CloseSend() error { return s.wire.CloseSend() }

// Recv returns the next answer, in no particular order. A refused item is an answer as well: look at its GetError.
//
// The first error ends the stream and frees what it holds: io.EOF when the server has answered everything after
// CloseSend, otherwise why the stream broke, as a gRPC status. Unanswered then tells what to send again.
func (s *Stream[Q, A]) Recv() (A, error) {
	answer, err := s.wire.Recv()
	if err == nil && !s.land(answer.GetCorrelationId()) {
		err = fmt.Errorf("answer to %q, which is not in flight", answer.GetCorrelationId())
	}
	if err == nil {
		return answer, nil
	}
	s.cancel()
	if errors.Is(err, io.EOF) && len(s.Unanswered()) > 0 {
		err = io.ErrUnexpectedEOF
	}
	var none A
	return none, err
}

// Unanswered returns the items in flight, in the order in which they were sent. After an error of Recv it is what the
// server may or may not have worked on.
func (s *Stream[Q, A]) Unanswered() []Q {
	s.mu.Lock()
	items := make([]item[Q], 0, len(s.flight))
	for _, it := range s.flight {
		items = append(items, it)
	}
	s.mu.Unlock()
	slices.SortFunc(items, func(a, b item[Q]) int { return cmp.Compare(a.number, b.number) })
	requests := make([]Q, len(items))
	for i, it := range items {
		requests[i] = it.request
	}
	return requests
}

// Close breaks the stream off, and frees what it holds. It need not be called after an error of Recv.
func (s *Stream[Q, A]) Close() { s.cancel() }

// launch puts an item in flight.
func (s *Stream[Q, A]) launch(it item[Q]) error {
	id := it.request.GetCorrelationId()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.flight[id]; taken || id == "" || len(id) > maxCorrelationID {
		return fmt.Errorf("%w: %.40q", ErrCorrelationID, id)
	}
	s.sent++
	it.number = s.sent
	s.flight[id] = it
	return nil
}

// land takes an item out of flight, and tells whether it was.
func (s *Stream[Q, A]) land(id string) bool {
	s.mu.Lock()
	it, flew := s.flight[id]
	delete(s.flight, id)
	s.mu.Unlock()
	if flew {
		s.release(it)
	}
	return flew
}

func (s *Stream[Q, A]) release(it item[Q]) {
	s.window.Release(1)
	s.bytes.Release(it.bytes)
}
