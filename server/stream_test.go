package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"touchstone/client"
	"touchstone/index"
	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

// faulty is an index with hooks before some of its calls, to hold them up or make them fail.
type faulty struct {
	index.Index
	get func(context.Context, index.Key) error
	put func(context.Context, index.Photo) error
}

func (f *faulty) Get(ctx context.Context, k index.Key) (index.Photo, error) {
	if f.get != nil {
		if err := f.get(ctx, k); err != nil {
			return index.Photo{}, err
		}
	}
	return f.Index.Get(ctx, k)
}

func (f *faulty) Put(ctx context.Context, photos ...index.Photo) ([]index.Stored, error) {
	if f.put != nil {
		for _, p := range photos {
			if err := f.put(ctx, p); err != nil {
				return nil, err
			}
		}
	}
	return f.Index.Put(ctx, photos...)
}

// with puts a faulty index before the real one.
func (f *faulty) with(ix index.Index) index.Index {
	f.Index = ix
	return f
}

// collect receives until the stream ends, and returns the answers by correlation id and how it ended.
func collect[Q, A client.Correlated](t testing.TB, s *client.Stream[Q, A]) (map[string]A, error) {
	answers := map[string]A{}
	for {
		a, err := s.Recv()
		if err != nil {
			return answers, err
		}
		if _, twice := answers[a.GetCorrelationId()]; twice {
			t.Errorf("two answers to %q", a.GetCorrelationId())
		}
		answers[a.GetCorrelationId()] = a
	}
}

func newPhoto(t testing.TB, id string, seed uint64) *touchstonev1.AddPhotosRequest {
	return &touchstonev1.AddPhotosRequest{CorrelationId: id, Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: id}, Image: photo(t, seed)}
}

func TestAddPhotos(t *testing.T) {
	r := serve(t, server.Options{})
	r.add(t, "Acme", "there", 1)
	bad := badImages(t)
	s, err := r.Onboard(t.Context(), client.StreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	var requests []*touchstonev1.AddPhotosRequest
	for name, b := range bad {
		requests = append(requests, &touchstonev1.AddPhotosRequest{CorrelationId: name, Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: name}, Image: b.image})
		want[name] = b.reason
	}
	for i := range uint64(10) {
		id := fmt.Sprint(i)
		requests = append(requests, newPhoto(t, id, i+10))
		want[id] = "OUTCOME_ADDED"
	}
	requests = append(requests, newPhoto(t, "there", 1), newPhoto(t, "nameless", 1), newPhoto(t, "plain", 1))
	requests[len(requests)-2].Photo.PhotoId = ""
	requests[len(requests)-1].Image = white(t)
	want["there"], want["nameless"], want["plain"] = "OUTCOME_UNCHANGED", "FIELD_INVALID", "IMAGE_TOO_PLAIN"
	go func() {
		for _, q := range requests {
			if err := s.Send(q); err != nil {
				t.Errorf("Send(%s) = %v", q.GetCorrelationId(), err)
			}
		}
		if err := s.CloseSend(); err != nil {
			t.Errorf("CloseSend() = %v", err)
		}
	}()
	answers, err := collect(t, s)
	if !errors.Is(err, io.EOF) {
		t.Errorf("the stream ended with %v", err)
	}
	got := map[string]string{}
	for id, a := range answers {
		if a.GetError() != nil {
			got[id] = toldBy(t, status.ErrorProto(a.GetError())).Reason
			continue
		}
		got[id] = a.GetAdded().GetOutcome().String()
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if all := r.log.String(); !strings.Contains(all, "items=23 refused=12") {
		// The call's line is written before its end reaches the client.
		t.Errorf("no line with the stream's counts in the log:\n%s", all)
	}
}

func TestMatchStream(t *testing.T) {
	r := serve(t, server.Options{})
	r.add(t, "Acme", "1", 1)
	s, err := r.Scan(t.Context(), client.StreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for id, q := range map[string]*touchstonev1.MatchRequest{
		"found":   {Subject: image1(1, t)},
		"nothing": {Subject: image1(2, t)},
		"brand":   {Subject: image1(1, t), Brands: []string{"Nobody"}},
		"limit":   {Subject: image1(1, t), Limit: -1},
		"image":   {Subject: ofImage([]byte("<html>"))},
		"missing": nil,
	} {
		if err := s.Send(&touchstonev1.MatchStreamRequest{CorrelationId: id, Request: q}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	answers, err := collect(t, s)
	if !errors.Is(err, io.EOF) {
		t.Errorf("the stream ended with %v", err)
	}
	got := map[string]told{}
	for id, a := range answers {
		if a.GetError() != nil {
			got[id] = toldBy(t, status.ErrorProto(a.GetError()))
			continue
		}
		got[id] = told{Reason: a.GetResponse().GetStatus().String()}
	}
	want := map[string]told{
		"found":   {Reason: "MATCH_STATUS_FOUND"},
		"nothing": {Reason: "MATCH_STATUS_NOTHING_FOUND"},
		"brand":   {codes.NotFound, "BRAND_UNKNOWN", "brands"},
		"limit":   {codes.InvalidArgument, "FIELD_INVALID", "request.limit"},
		"image":   {codes.InvalidArgument, "IMAGE_FORMAT_UNKNOWN", "request.subject.image"},
		"missing": {codes.InvalidArgument, "FIELD_INVALID", "request"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// An item that is no message, or has an id that is too long, is refused like any other.
func TestAddPhotosMalformed(t *testing.T) {
	r := serve(t, server.Options{})
	s, err := r.Conn().NewStream(t.Context(), &touchstonev1.CatalogService_ServiceDesc.Streams[0],
		touchstonev1.CatalogService_AddPhotos_FullMethodName, grpc.ForceCodecV2(raw{}))
	if err != nil {
		t.Fatal(err)
	}
	good, err := proto.Marshal(newPhoto(t, "good", 1))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("ä", 300)
	for _, b := range [][]byte{
		append(text(1, "bad brand"), text(2, string(text(1, "\xff")))...),
		text(1, "\xff"),
		text(1, long),
		good,
	} {
		if err := s.SendMsg(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	got := map[string]told{}
	for {
		var b []byte
		if err := s.RecvMsg(&b); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		var a touchstonev1.AddPhotosResponse
		if err := proto.Unmarshal(b, &a); err != nil {
			t.Fatal(err)
		}
		got[a.GetCorrelationId()] = toldBy(t, status.ErrorProto(a.GetError()))
	}
	want := map[string]told{
		"bad brand":              {codes.InvalidArgument, "MESSAGE_MALFORMED", "photo.brand"},
		"":                       {codes.InvalidArgument, "MESSAGE_MALFORMED", "correlation_id"},
		strings.Repeat("ä", 128): {codes.InvalidArgument, "FIELD_INVALID", "correlation_id"},
		"good":                   {},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// A server works on no more than its window, however much is sent, and takes up the rest as answers are ready.
func TestBackPressure(t *testing.T) {
	const window, items = 3, 40
	var working, most atomic.Int32
	gate := make(chan struct{})
	slow := &faulty{put: func(ctx context.Context, _ index.Photo) error {
		n := working.Add(1)
		defer working.Add(-1)
		for was := most.Load(); n > was && !most.CompareAndSwap(was, n); was = most.Load() {
		}
		select {
		case <-gate:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	r := serve(t, server.Options{Window: window}, slow.with)
	s, err := r.Onboard(t.Context(), client.StreamOptions{Window: items})
	if err != nil {
		t.Fatal(err)
	}
	var sender sync.WaitGroup
	sender.Go(func() {
		for i := range items {
			if err := s.Send(newPhoto(t, fmt.Sprint(i), uint64(i))); err != nil {
				t.Errorf("Send(%d) = %v", i, err)
			}
		}
		if err := s.CloseSend(); err != nil {
			t.Errorf("CloseSend() = %v", err)
		}
	})
	wait(t, "a full window", func() bool { return working.Load() == window })
	time.Sleep(50 * time.Millisecond) // for more to come, if there were any
	if n := working.Load(); n != window {
		t.Errorf("%d items at work, want %d", n, window)
	}
	close(gate)
	answers, err := collect(t, s)
	if !errors.Is(err, io.EOF) || len(answers) != items {
		t.Errorf("%d answers, then %v; want %d, then EOF", len(answers), err, items)
	}
	sender.Wait()
	if n := most.Load(); n > window {
		t.Errorf("%d items at work, want %d at most", n, window)
	}
}

// wait waits for something that has to come soon.
func wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// A stream that is cancelled leaves nothing running; what was answered is there. TestMain looks for what is left.
func TestCancelledStream(t *testing.T) {
	r := serve(t, server.Options{})
	for round := range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		s, err := r.Onboard(ctx, client.StreamOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var sender sync.WaitGroup
		sender.Go(func() {
			for i := 0; ; i++ {
				if s.Send(newPhoto(t, fmt.Sprintf("%d-%d", round, i), uint64(i%5))) != nil {
					return
				}
			}
		})
		var last string
		for range 1 + round*3 {
			a, err := s.Recv()
			if err != nil {
				t.Fatal(err)
			}
			last = a.GetCorrelationId()
		}
		cancel()
		if _, err := collect(t, s); status.Code(err) != codes.Canceled {
			t.Errorf("the stream ended with %v, want Canceled", err)
		}
		sender.Wait()
		if _, err := r.GetPhoto(t.Context(), &touchstonev1.GetPhotoRequest{Brand: "Acme", PhotoId: last}); err != nil {
			t.Errorf("%s was acknowledged, but: %v", last, err)
		}
	}
}

// Streams that have all they can take at work don't make single calls wait for them: the queue that they form, of
// hundreds of items, takes many times as long to work off as a single call takes to be answered.
func TestStreamsDontStarveCalls(t *testing.T) {
	const streams, window = 4, 128
	// A full disk: photos are described in vain, and searches stay as short as they are.
	full := &faulty{put: func(_ context.Context, p index.Photo) error {
		if p.ID == "1" {
			return nil
		}
		return index.ErrFull
	}}
	r := serve(t, server.Options{Window: window}, full.with)
	r.add(t, "Acme", "1", 1)
	ctx, cancel := context.WithCancel(t.Context())
	var (
		load     sync.WaitGroup
		answered atomic.Int64
		image    = asJPEG(t, drawn(9, 350, 300))
	)
	for i := range streams {
		if i%2 == 0 {
			s, err := r.Onboard(ctx, client.StreamOptions{Window: 2 * window})
			if err != nil {
				t.Fatal(err)
			}
			saturate(&load, &answered, s, func(id string) *touchstonev1.AddPhotosRequest {
				return &touchstonev1.AddPhotosRequest{CorrelationId: id, Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: "n" + id}, Image: image}
			})
			continue
		}
		s, err := r.Scan(ctx, client.StreamOptions{Window: 2 * window})
		if err != nil {
			t.Fatal(err)
		}
		saturate(&load, &answered, s, func(id string) *touchstonev1.MatchStreamRequest {
			return &touchstonev1.MatchStreamRequest{CorrelationId: id, Request: &touchstonev1.MatchRequest{Subject: ofImage(image)}}
		})
	}
	wait(t, "the streams to be at work", func() bool { return answered.Load() > window/4 })

	single, err := client.Dial(r.addr, client.Options{}) // not behind the streams' bytes on their connection
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = single.Close() }() // what it could say was said by its calls
	began, before := time.Now(), answered.Load()
	took := make([]time.Duration, 15)
	for i := range took {
		start := time.Now()
		if _, err := single.Match(t.Context(), &touchstonev1.MatchRequest{Subject: ofImage(image)}); err != nil {
			t.Fatal(err)
		}
		took[i] = time.Since(start)
	}
	perItem := time.Since(began) / time.Duration(max(answered.Load()-before, 1))
	cancel()
	load.Wait()

	slices.Sort(took)
	median, queue := took[len(took)/2], perItem*streams*window
	t.Logf("median of single calls %v, worst %v; the streams' queue %v", median, took[len(took)-1], queue)
	if median > queue/2 {
		t.Errorf("a single call took %v beside a queue of %v, want half of that at most", median, queue)
	}
}

// saturate keeps a stream's window full until its context ends, and counts the answers.
func saturate[Q, A client.Correlated](load *sync.WaitGroup, answered *atomic.Int64, s *client.Stream[Q, A], item func(id string) Q) {
	load.Go(func() {
		for i := 0; s.Send(item(fmt.Sprint(i))) == nil; i++ {
		}
	})
	load.Go(func() {
		for {
			if _, err := s.Recv(); err != nil {
				return
			}
			answered.Add(1)
		}
	})
}
