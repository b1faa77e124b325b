package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// Limits of the transport. gRPC's own defaults are 4 MiB received, 16 MiB of headers, and no bound on what is sent, on
// streams and on the time of a handshake beyond two minutes.
const (
	maxReceive   = 21 << 20 // bytes of a message: an image of 20 MiB and its metadata
	maxSend      = 16 << 20 // bytes of an answer
	maxSendSlack = 1 << 20  // what errors that take a long answer's place may need; never used up
	maxHeaders   = 16 << 10 // bytes
	maxStreams   = 128      // calls under way on one connection
	handshake    = 10 * time.Second
	idle         = 5 * time.Minute  // after which a connection without calls is closed
	pingAfter    = 30 * time.Second // of silence, to see whether the client is there
	pingTimeout  = 10 * time.Second
	pingLeast    = 10 * time.Second // clients that ping more often are sent away

	defaultConnections = 4096
)

// Limits of calls.
const (
	defaultDeadline = 10 * time.Second
	defaultWindow   = 64       // items of a stream at work
	windowBytes     = 64 << 20 // bytes of requests of a stream at work; a single item may be longer
	queueWait       = 250 * time.Millisecond
	watchGrace      = time.Second // for health's streams to tell that the server stops

	maxCorrelationID = 256 // bytes
	maxRequestID     = 128 // bytes of printable ASCII
	maxFilter        = 1000
	maxPageToken     = 1024    // bytes
	maxFeatures      = 161_802 // bytes: the longest encoded feature.Set that there can be

	defaultPage = 50 // of photos and listings
	grantsPage  = 100
	maxPage     = 1000    // of anything
	maxRules    = 1 << 20 // bytes of rules
	maxGrants   = 1000    // of a call
	pageBytes   = 3 << 20 // after which a page ends: gRPC clients take 4 MiB by default
)

// errOverloaded is returned when requests that are under way take all the memory they are given.
var errOverloaded = errors.New("too much to do")

// memory bounds the bytes of requests that are under way, for single calls and for streams apart: streams that wait for
// more must not keep single calls out. A message is counted once it is read; each connection may hold one more per call.
type memory struct {
	single, streams *semaphore.Weighted
}

const (
	singleMemory = 512 << 20
	streamMemory = 512 << 20
)

func newMemory() memory {
	return memory{semaphore.NewWeighted(singleMemory), semaphore.NewWeighted(streamMemory)}
}

// admit takes a single call in, or refuses it when there is no room for it within queueWait. Errors: errOverloaded, the
// context's.
func (m memory) admit(ctx context.Context, bytes int64) (release func(), err error) {
	if !m.single.TryAcquire(bytes) {
		wait, cancel := context.WithTimeout(ctx, queueWait)
		defer cancel()
		if m.single.Acquire(wait, bytes) != nil {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			return nil, fmt.Errorf("%w: %d MiB of requests are under way", errOverloaded, singleMemory>>20)
		}
	}
	return func() { m.single.Release(bytes) }, nil
}

// hold waits until an item of a stream has room, in its stream's window and in what all streams share; an item that is
// longer than the window has it to itself. Errors: the context's.
func (m memory) hold(ctx context.Context, window *semaphore.Weighted, bytes int64) (release func(), err error) {
	bytes = min(bytes, windowBytes)
	if err := window.Acquire(ctx, bytes); err != nil {
		return nil, err
	}
	if err := m.streams.Acquire(ctx, bytes); err != nil {
		window.Release(bytes)
		return nil, err
	}
	return func() {
		m.streams.Release(bytes)
		window.Release(bytes)
	}, nil
}

// limitConnections makes Accept wait while so many connections are open. gRPC has no such limit.
func limitConnections(l net.Listener, most int) net.Listener {
	return &limitedListener{Listener: l, places: make(chan struct{}, most), closed: make(chan struct{})}
}

type limitedListener struct {
	net.Listener
	places chan struct{}
	once   sync.Once
	closed chan struct{}
}

func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &limitedConn{Conn: c, leave: sync.OnceFunc(func() { <-l.places })}, nil
}

func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type limitedConn struct {
	net.Conn
	leave func()
}

func (c *limitedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
