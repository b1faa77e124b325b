package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"touchstone/client"
	"touchstone/index"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

const (
	readers = 4  // files read at a time, so that a slow disk or a network's doesn't keep the server waiting
	updates = 16 // updates of metadata at a time: they share the server's commits
)

// onboarding is a run of onboard: files are read, sent, and answered all at the same time.
type onboarding struct {
	*app
	client *client.Client
	brand  string

	progress *progress
	mu       sync.Mutex // protects what follows
	summary  summary
	flight   map[string]photo // sent and not answered, by correlation id
	sent     bool             // all of them: the stream may end
}

// run hands the photos in. It returns a summary of what was done, with an error as well where the rest was not done;
// the summary is nil where nothing was begun.
func (o *onboarding) run(ctx context.Context, photos source) (*summary, error) {
	total := 0
	for _, err := range photos() {
		var skip *skipError
		if err != nil && !errors.As(err, &skip) {
			return nil, err
		}
		total++
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if total == 0 {
		return nil, errors.New("there is no photo")
	}
	o.flight = make(map[string]photo)
	o.summary.Refused = []refusal{}
	o.progress = o.app.progress(total, "photos")
	err := o.stream(ctx, photos)
	o.summary.finish(o.progress.close())
	if n := len(o.flight); n > 0 && err != nil {
		o.say("touchstone: onboard: broken off: of %s it is not known whether they were taken", amount(n, "photo"))
	}
	return &o.summary, err
}

// loaded is a photo that was read.
type loaded struct {
	photo
	image []byte
}

func (o *onboarding) stream(ctx context.Context, photos source) error {
	g, ctx := errgroup.WithContext(ctx)
	stream, err := o.client.Onboard(ctx, client.StreamOptions{})
	if err != nil {
		return err
	}
	defer stream.Close()
	files, ready := make(chan photo), make(chan loaded, readers)
	g.Go(func() error {
		defer close(files)
		return o.list(ctx, photos, files)
	})
	g.Go(func() error {
		defer close(ready)
		var r errgroup.Group
		for range readers {
			r.Go(func() error { return o.read(ctx, files, ready) })
		}
		return r.Wait()
	})
	g.Go(func() error { return o.send(stream, ready) })
	g.Go(func() error { return o.receive(ctx, stream) })
	return g.Wait()
}

// list passes the photos on that can be handed in.
func (o *onboarding) list(ctx context.Context, photos source, files chan<- photo) error {
	for p, err := range photos() {
		var skip *skipError
		switch {
		case errors.As(err, &skip):
			o.refuse(p, skip.reason, skip.Error())
			continue
		case err != nil:
			return err
		}
		// One name that is no UTF-8 would break the whole stream.
		if err := o.validate(p); err != nil {
			o.refuse(p, "field invalid", err.Error())
			continue
		}
		select {
		case files <- p:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (o *onboarding) validate(p photo) error {
	if err := (index.Key{Brand: o.brand, ID: p.id}).Validate(); err != nil {
		return err
	}
	return p.metadata.over(index.Metadata{}).Validate()
}

func (o *onboarding) read(ctx context.Context, files <-chan photo, ready chan<- loaded) error {
	for p := range files {
		image, err := readPicture(p.path, mostBytes)
		if err != nil {
			o.refuse(p, unreadable(err), err.Error())
			continue
		}
		select {
		case ready <- loaded{p, image}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// unreadable is why a file can't be read, short enough to group by.
func unreadable(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file"
	case errors.Is(err, fs.ErrPermission):
		return "no permission to read"
	}
	return "can't be read"
}

// send sends what was read until there is no more, or the stream is over.
func (o *onboarding) send(stream *client.Onboarding, ready <-chan loaded) error {
	n := 0
	for l := range ready {
		n++
		id := strconv.Itoa(n)
		o.mu.Lock()
		o.flight[id] = l.photo
		o.mu.Unlock()
		err := stream.Send(&touchstonev1.AddPhotosRequest{
			CorrelationId: id,
			Photo:         wirePhoto(index.Photo{Key: index.Key{Brand: o.brand, ID: l.id}, Metadata: l.metadata.over(index.Metadata{})}),
			Image:         l.image,
		})
		if errors.Is(err, io.EOF) {
			return nil // receive knows why
		}
		if err != nil {
			return err
		}
	}
	o.mu.Lock()
	o.sent = true
	o.mu.Unlock()
	return stream.CloseSend()
}

// receive counts the answers, and updates metadata that are not what they should be.
func (o *onboarding) receive(ctx context.Context, stream *client.Onboarding) (err error) {
	var g errgroup.Group
	g.SetLimit(updates)
	defer func() { err = errors.Join(err, g.Wait()) }()
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return o.complete()
		}
		if err != nil {
			return err
		}
		o.mu.Lock()
		p := o.flight[answer.GetCorrelationId()]
		delete(o.flight, answer.GetCorrelationId())
		o.mu.Unlock()
		if e := answer.GetError(); e != nil {
			reason, words, sentence := refused(e)
			switch reason {
			case touchstonev1.ErrorReason_ERROR_REASON_STORAGE_FULL, touchstonev1.ErrorReason_ERROR_REASON_STORAGE_READ_ONLY,
				touchstonev1.ErrorReason_ERROR_REASON_STOPPING: // so it would be with all that follow
				return status.ErrorProto(e)
			}
			o.refuse(p, words, sentence)
			continue
		}
		added := answer.GetAdded()
		o.count(added.GetOutcome())
		if added.GetOutcome() == touchstonev1.Outcome_OUTCOME_UNCHANGED {
			if mask := p.metadata.differing(added.GetPhoto()); len(mask) > 0 {
				g.Go(func() error { return o.update(ctx, p, mask) })
				continue
			}
		}
		o.progress.add(1)
	}
}

// complete tells whether the stream ended after all was sent.
func (o *onboarding) complete() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.sent {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// update changes the fields of a photo's metadata that are in the mask.
func (o *onboarding) update(ctx context.Context, p photo, mask []string) error {
	_, err := o.client.UpdatePhoto(ctx, &touchstonev1.UpdatePhotoRequest{
		Photo:      wirePhoto(index.Photo{Key: index.Key{Brand: o.brand, ID: p.id}, Metadata: p.metadata.over(index.Metadata{})}),
		UpdateMask: &fieldmaskpb.FieldMask{Paths: mask},
	})
	switch status.Code(err) {
	case codes.OK:
	case codes.NotFound, codes.Aborted, codes.InvalidArgument: // of this photo alone
		_, words, sentence := refused(status.Convert(err).Proto())
		o.mu.Lock()
		o.summary.Unchanged-- // a photo is counted once
		o.mu.Unlock()
		o.refuse(p, "metadata: "+words, "its metadata: "+sentence)
		return nil
	default:
		return fmt.Errorf("update the metadata of %s: %w", p.where, err)
	}
	o.mu.Lock()
	o.summary.Updated++
	o.mu.Unlock()
	o.progress.add(1)
	return nil
}

func (o *onboarding) count(outcome touchstonev1.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch outcome {
	case touchstonev1.Outcome_OUTCOME_ADDED:
		o.summary.Added++
	case touchstonev1.Outcome_OUTCOME_REPLACED:
		o.summary.Replaced++
	default:
		o.summary.Unchanged++
	}
}

// refuse reports a photo that is not taken.
func (o *onboarding) refuse(p photo, reason, sentence string) {
	o.mu.Lock()
	o.summary.refuse(p.where, reason)
	o.mu.Unlock()
	o.progress.say("touchstone: onboard: refused %s: %s", printable(p.where), sentence)
	o.progress.add(1)
}
