package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc/status"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

const (
	readAheadBytes = 32 << 20        // of images that are read and not yet sent, at most
	aheadOfFirst   = 4               // windows: so far may answers run ahead of the first one that is missing
	syncEvery      = 2 * time.Second // results are on the disk: what a power cut costs is done again
)

// scanning is a run of scan: images are read, sent, answered and written all at the same time. Records are written in the
// order of the images.
type scanning struct {
	*app
	client   *client.Client
	results  *results
	question *touchstonev1.CheckRequest // without its subject and facts
	forget   bool                       // remember nothing
	window   int                        // images in flight at most
	total    int                        // of images; 0: not known

	budget   *semaphore.Weighted // of bytes that are read ahead
	room     *semaphore.Weighted // of images between the first that has no record and the last that was begun
	progress *progress

	mu     sync.Mutex // protects what follows
	counts map[string]int
	flight map[int64]suspect // sent and not answered, by number
	early  map[int64]*record
	done   int64 // records written, of earlier scans too
	sent   bool  // all of them: the stream may end
}

// run checks the suspects that have no record yet.
func (s *scanning) run(ctx context.Context, all suspects) (err error) {
	next, stop := iter.Pull2(all)
	defer stop()
	pull := func() (suspect, error, bool) {
		if ctx.Err() != nil {
			return suspect{}, ctx.Err(), true
		}
		sus, err, ok := next()
		return sus, err, ok
	}
	at, err := s.results.hold(pull)
	defer func() { err = errors.Join(err, s.results.close()) }()
	if err != nil {
		return err
	}
	s.counts, s.done = at.counts, at.done
	if !at.more {
		if s.done == 0 {
			return errors.New("there is no image to check")
		}
		if err := s.results.finish(); err != nil {
			return err
		}
		s.say("touchstone: scan: %s has all %s already: nothing to do; to ask again choose another --out", printable(s.results.path), amount(int(s.done), "image"))
		return s.verdict()
	}
	if s.done > 0 {
		s.say("touchstone: scan: %s has %s: going on after them", printable(s.results.path), amount(int(s.done), "image"))
	}
	left := max(s.total-int(s.done), 0)
	s.progress = s.app.progress(left, "images")
	err = s.stream(ctx, at.first, pull)
	took := s.progress.close()
	if err == nil {
		err = s.results.finish()
	}
	if err != nil {
		s.say("touchstone: scan: broken off: %s of %s in %s; run the same command again to go on",
			amount(int(s.done), "image"), s.whole(), printable(s.results.growing))
		return err
	}
	s.say("touchstone: scan: %s in %v: %s; results are in %s",
		amount(int(s.done), "image"), took.Round(time.Second/10), s.tally(), printable(s.results.path))
	return s.verdict()
}

// whole is how many images there are, in words.
func (s *scanning) whole() string {
	if s.total == 0 {
		return "an unknown number"
	}
	return strconv.Itoa(s.total)
}

// stream checks the suspects from the first one on.
func (s *scanning) stream(ctx context.Context, first suspect, next func() (suspect, error, bool)) error {
	s.budget = semaphore.NewWeighted(readAheadBytes)
	s.room = semaphore.NewWeighted(int64(aheadOfFirst * s.window))
	s.flight, s.early = make(map[int64]suspect), make(map[int64]*record)
	g, ctx := errgroup.WithContext(ctx)
	stream, err := s.client.CheckListings(ctx, client.StreamOptions{Window: s.window})
	if err != nil {
		return err
	}
	defer stream.Close()
	listed, ready := make(chan numbered), make(chan numbered, readers)
	over := make(chan struct{})
	var broken error // what lists them: what it gave before is answered all the same
	g.Go(func() error {
		defer close(listed)
		err := s.list(ctx, first, next, listed)
		if ctx.Err() != nil {
			return err
		}
		broken = err
		return nil
	})
	g.Go(func() error {
		defer close(ready)
		var r errgroup.Group
		for range readers {
			r.Go(func() error { return s.read(ctx, listed, ready) })
		}
		return r.Wait()
	})
	g.Go(func() error { return s.send(stream, ready) })
	g.Go(func() error {
		defer close(over)
		return s.receive(stream)
	})
	g.Go(func() error { return s.sync(over) })
	if err := g.Wait(); err != nil {
		return err
	}
	return broken
}

// numbered is a suspect and its number among all, from 1.
type numbered struct {
	suspect
	number int64
	image  []byte // where it had to be read at once
	held   int64  // bytes of the budget
}

// list passes the suspects on, as far as there is room.
func (s *scanning) list(ctx context.Context, sus suspect, next func() (suspect, error, bool), listed chan<- numbered) error {
	ok := true
	var err error
	for number := s.done + 1; ok; number++ {
		if err := s.room.Acquire(ctx, 1); err != nil {
			return err
		}
		n := numbered{suspect: sus, number: number}
		if sus.now && sus.bad == "" {
			if err := s.load(ctx, &n); err != nil {
				return err
			}
		}
		select {
		case listed <- n:
		case <-ctx.Done():
			return ctx.Err()
		}
		if sus, err, ok = next(); err != nil {
			return err
		}
	}
	return nil
}

// load reads a suspect's image, once there is room for it. One that can't be read is bad from then on.
func (s *scanning) load(ctx context.Context, n *numbered) error {
	n.held = n.bytes
	if n.file != "" {
		if known, err := os.Stat(n.file); err == nil && known.Mode().IsRegular() {
			n.held = known.Size()
		}
	}
	n.held = min(n.held, readAheadBytes)
	if err := s.budget.Acquire(ctx, n.held); err != nil {
		return err
	}
	var err error
	if n.image, err = n.suspect.read(); err == nil {
		return nil
	}
	s.budget.Release(n.held)
	n.held = 0
	var broken *streamError
	if errors.As(err, &broken) {
		return err
	}
	n.bad, n.err = statusUnreadable, err
	return nil
}

func (s *scanning) read(ctx context.Context, listed <-chan numbered, ready chan<- numbered) error {
	for n := range listed {
		if n.bad == "" && !n.now {
			if err := s.load(ctx, &n); err != nil {
				return err
			}
		}
		if n.bad != "" {
			if err := s.answer(n.number, recordOf(n.suspect).fail(n.bad, n.err)); err != nil {
				return err
			}
			continue
		}
		select {
		case ready <- n:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// send sends what was read until there is no more, or the stream is over.
func (s *scanning) send(stream *client.Checking, ready <-chan numbered) error {
	for n := range ready {
		q := &touchstonev1.CheckRequest{
			Subject: &touchstonev1.Subject{Subject: &touchstonev1.Subject_Image{Image: n.image}},
			Facts:   n.facts, Limit: s.question.GetLimit(), Depth: s.question.GetDepth(),
		}
		if s.forget || !remembered(n.facts) {
			q.Remember = new(false)
		}
		s.mu.Lock()
		s.flight[n.number] = n.suspect
		s.mu.Unlock()
		err := stream.Send(&touchstonev1.CheckStreamRequest{CorrelationId: strconv.FormatInt(n.number, 10), Request: q})
		s.budget.Release(n.held)
		switch {
		case errors.Is(err, io.EOF):
			return nil // receive knows why
		case errors.Is(err, client.ErrItem):
			err = s.answer(n.number, recordOf(s.landed(n.number)).fail(statusFailed, err))
		}
		if err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.sent = true
	s.mu.Unlock()
	return stream.CloseSend()
}

// landed takes a suspect out of flight.
func (s *scanning) landed(number int64) suspect {
	s.mu.Lock()
	defer s.mu.Unlock()
	sus := s.flight[number]
	delete(s.flight, number)
	return sus
}

func (s *scanning) receive(stream *client.Checking) error {
	for {
		a, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return s.complete()
		}
		if err != nil {
			return err
		}
		// The stream has held that it is the answer to something in flight.
		number, err := strconv.ParseInt(a.GetCorrelationId(), 10, 64)
		if err != nil {
			return fmt.Errorf("answer to %q: %w", a.GetCorrelationId(), err)
		}
		rec := recordOf(s.landed(number))
		if e := a.GetError(); e != nil {
			refusal, ok := unanswerable(rec.Path, e)
			switch reason, _, sentence := refused(e); {
			case reason == touchstonev1.ErrorReason_ERROR_REASON_FIELD_INVALID:
				rec.fail(statusBadLine, errors.New(sentence))
			case !ok: // so it would be with all that follow
				return status.ErrorProto(e)
			default:
				rec.fail(refusal.Status, errors.New(refusal.Error))
			}
		} else if err := rec.fill(a.GetResponse()); err != nil {
			return err
		}
		if err := s.answer(number, rec); err != nil {
			return err
		}
	}
}

// complete tells whether the stream ended after all was sent.
func (s *scanning) complete() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.sent {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// answer takes the record of a suspect, and writes it once all before it are written.
func (s *scanning) answer(number int64, rec *record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec.Item = number
	s.early[number] = rec
	wrote := 0
	for ; ; wrote++ {
		rec, ok := s.early[s.done+1]
		if !ok {
			break
		}
		delete(s.early, s.done+1)
		if err := s.results.add(rec); err != nil {
			return err
		}
		s.done++
		s.counts[rec.Status]++
		s.room.Release(1)
	}
	if wrote == 0 {
		return nil
	}
	s.progress.note(fmt.Sprintf("%d with matches, %d refused", s.counts[statusOK], s.refusals()))
	s.progress.add(wrote)
	return s.results.Flush()
}

// sync has the results survive the end of the machine every now and then, until the stream is over.
func (s *scanning) sync(over <-chan struct{}) error {
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.results.Sync(); err != nil {
				return err
			}
		case <-over:
			return nil
		}
	}
}
