package server

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/sync/semaphore"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
)

// correlated is a message of a stream: the answer to it carries its id.
type correlated interface{ GetCorrelationId() string }

// pump answers a stream: it works on a window of items at a time, each on its own, and sends every answer when it is
// ready. It returns once everything that it took on is answered: nil after the client's half-close, errStopping when the
// server stops, or why the stream broke.
func pump[Q, A, R any](
	s *Server, stream grpc.BidiStreamingServer[Q, A],
	work func(context.Context, *Q) (*R, error), answer func(id string, r *R, err *spb.Status) *A,
) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	incoming := read(ctx, s, stream)
	var (
		window = make(chan struct{}, s.options.Window)
		bytes  = semaphore.NewWeighted(windowBytes)
		items  sync.WaitGroup
		sender sync.Mutex // a stream takes one Send at a time
		call   = callOf(ctx)
	)
	take := func() (*Q, error) {
		select {
		case window <- struct{}{}:
		case <-s.draining.Done():
			return nil, errStopping
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		select {
		case in := <-incoming:
			return in.item, in.err
		case <-s.draining.Done():
			return nil, errStopping
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	var over error
	for {
		var item *Q
		if item, over = take(); over != nil {
			break
		}
		release, err := s.memory.hold(ctx, bytes, sizeOf(item))
		if err != nil {
			over = err
			break
		}
		call.items.Add(1)
		items.Go(func() {
			defer func() { <-window }()
			id, r, err := attempt(ctx, item, work)
			release()
			var told *spb.Status
			if err != nil {
				told = call.item(ctx, err).Proto()
			}
			sender.Lock()
			defer sender.Unlock()
			if stream.Send(answer(id, r, told)) != nil {
				cancel() // the client is gone
			}
		})
	}
	items.Wait()
	if errors.Is(over, io.EOF) {
		return nil
	}
	return over
}

// received is what a stream brought: an item, or why there are no more.
type received[Q any] struct {
	item *Q
	err  error
}

// read receives from a stream until it ends or ctx does. It is a goroutine of its own because nothing but the end of
// its handler interrupts a Recv: so it ends a moment after that, and Shutdown waits for it.
func read[Q, A any](ctx context.Context, s *Server, stream grpc.BidiStreamingServer[Q, A]) <-chan received[Q] {
	incoming := make(chan received[Q])
	s.readers.Go(func() {
		for {
			item, err := stream.Recv()
			select {
			case incoming <- received[Q]{item, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	})
	return incoming
}

// attempt works on an item; a panic is that item's failure alone.
func attempt[Q, R any](ctx context.Context, item *Q, work func(context.Context, *Q) (*R, error)) (id string, r *R, err error) {
	if c, ok := any(item).(correlated); ok {
		id = c.GetCorrelationId()
	}
	if err := malformed(item); err != nil {
		return clip(id), nil, err
	}
	if len(id) > maxCorrelationID {
		return clip(id), nil, refuse("correlation_id", "at most %d bytes, got %d", maxCorrelationID, len(id))
	}
	err = guard(func() error {
		r, err = work(ctx, item)
		return err
	})
	if err == nil {
		err = fits(r)
	}
	return id, r, err
}

// clip makes an id fit for an answer, whatever was sent.
func clip(id string) string {
	if len(id) > maxCorrelationID {
		end := maxCorrelationID
		for end > 0 && !utf8.RuneStart(id[end]) {
			end--
		}
		id = id[:end]
	}
	return strings.ToValidUTF8(id, "\uFFFD")
}
