package main

import (
	"context"
	"errors"
	"io"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// matching is a run of match. Answers are shown in the order of the questions.
type matching struct {
	*app
	client   *client.Client
	question *touchstonev1.MatchRequest // without its subject
	show     func(answered) error

	progress *progress // nil where the answers themselves show how far it has come
	mu       sync.Mutex
	counts   map[string]int // of answers shown, by status
	early    map[int]answered
	next     int // number of the answer to show next
}

func (m *matching) run(ctx context.Context, images []query) error {
	m.early = make(map[int]answered)
	if len(images) == 1 {
		return m.one(ctx, images[0])
	}
	if _, watched := onTerminal(m.out); !watched {
		m.progress = m.app.progress(len(images), "images")
		defer m.progress.close()
	}
	return m.stream(ctx, images)
}

// one asks about a single image, by the call that servers answer before those of streams.
func (m *matching) one(ctx context.Context, image query) error {
	q, err := m.ask(image)
	if err != nil {
		return m.answer(0, unread(image, err))
	}
	r, err := m.client.Match(ctx, q)
	if err != nil {
		if a, ok := unanswerable(image.path, status.Convert(err).Proto()); ok {
			return m.answer(0, a)
		}
		return err
	}
	return m.answer(0, answerOf(image.path, r))
}

// ask is the question about an image.
func (m *matching) ask(image query) (*touchstonev1.MatchRequest, error) {
	if image.err != nil {
		return nil, image.err
	}
	b, err := readPicture(image.path, mostBytes)
	if err != nil {
		return nil, err
	}
	q := proto.CloneOf(m.question)
	q.Subject = &touchstonev1.Subject{Subject: &touchstonev1.Subject_Image{Image: b}}
	return q, nil
}

// unread is the answer for an image that could not even be asked about.
func unread(image query, err error) answered {
	return answered{Query: image.path, Status: statusUnreadable, Matches: []matched{}, Error: err.Error()}
}

// unanswerable is the answer for an image that was refused; not ok where the error is none of this image alone.
func unanswerable(image string, e *spb.Status) (_ answered, ok bool) {
	reason, _, sentence := refused(e)
	a := answered{Query: image, Status: statusFailed, Matches: []matched{}, Error: sentence}
	switch reason {
	case touchstonev1.ErrorReason_ERROR_REASON_IMAGE_EMPTY,
		touchstonev1.ErrorReason_ERROR_REASON_IMAGE_FORMAT_UNKNOWN,
		touchstonev1.ErrorReason_ERROR_REASON_IMAGE_TOO_LARGE,
		touchstonev1.ErrorReason_ERROR_REASON_IMAGE_TOO_SMALL,
		touchstonev1.ErrorReason_ERROR_REASON_IMAGE_TRUNCATED,
		touchstonev1.ErrorReason_ERROR_REASON_IMAGE_CORRUPT,
		touchstonev1.ErrorReason_ERROR_REASON_IMAGE_FEATURE_UNSUPPORTED,
		touchstonev1.ErrorReason_ERROR_REASON_IMAGE_DECODER_FAULT:
		a.Status = statusUnreadable
		return a, true
	case touchstonev1.ErrorReason_ERROR_REASON_INTERNAL,
		touchstonev1.ErrorReason_ERROR_REASON_DEADLINE_EXCEEDED,
		touchstonev1.ErrorReason_ERROR_REASON_ANSWER_TOO_LARGE,
		touchstonev1.ErrorReason_ERROR_REASON_OVERLOADED:
		return a, true
	}
	return answered{}, false
}

func (m *matching) stream(ctx context.Context, images []query) error {
	g, ctx := errgroup.WithContext(ctx)
	stream, err := m.client.Scan(ctx, client.StreamOptions{})
	if err != nil {
		return err
	}
	defer stream.Close()
	g.Go(func() error {
		for i, image := range images {
			q, err := m.ask(image)
			if err != nil {
				if err := m.answer(i, unread(image, err)); err != nil {
					return err
				}
				continue
			}
			err = stream.Send(&touchstonev1.MatchStreamRequest{CorrelationId: strconv.Itoa(i), Request: q})
			if errors.Is(err, io.EOF) {
				return nil // Recv tells why
			}
			if err != nil {
				return err
			}
		}
		return stream.CloseSend()
	})
	g.Go(func() error {
		for {
			r, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			i, err := strconv.Atoi(r.GetCorrelationId())
			if err != nil || i < 0 || i >= len(images) {
				return errors.New("the server answered what was not asked")
			}
			a := answerOf(images[i].path, r.GetResponse())
			if e := r.GetError(); e != nil {
				var ok bool
				if a, ok = unanswerable(images[i].path, e); !ok {
					return status.ErrorProto(e)
				}
			}
			if err := m.answer(i, a); err != nil {
				return err
			}
		}
	})
	if err := g.Wait(); err != nil {
		return err
	}
	if m.next < len(images) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// answer takes the answer to question i, and shows it as soon as all before it are shown.
func (m *matching) answer(i int, a answered) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.early[i] = a
	for {
		a, ok := m.early[m.next]
		if !ok {
			return nil
		}
		delete(m.early, m.next)
		m.next++
		m.counts[a.Status]++
		if m.progress != nil {
			m.progress.add(1)
		}
		if err := m.show(a); err != nil {
			return err
		}
	}
}
