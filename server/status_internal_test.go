package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/listing"
	"touchstone/listing/book"
	"touchstone/match"
	"touchstone/picture"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

func unmarshal(b []byte, m proto.Message) error {
	return newCodec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(bytes.Clone(b))}, m)
}

// Every reason that the wire lists is the answer to something, with the code that its comment names.
func TestReasons(t *testing.T) {
	causes := []struct {
		err  error
		code codes.Code
	}{
		{context.Canceled, codes.Canceled},
		{context.DeadlineExceeded, codes.DeadlineExceeded},
		{picture.ErrEmpty, codes.InvalidArgument},
		{picture.ErrFormat, codes.InvalidArgument},
		{picture.ErrTooLarge, codes.InvalidArgument},
		{picture.ErrTooSmall, codes.InvalidArgument},
		{picture.ErrTruncated, codes.InvalidArgument},
		{picture.ErrCorrupt, codes.InvalidArgument},
		{picture.ErrUnsupported, codes.InvalidArgument},
		{picture.ErrDecoder, codes.Internal},
		{fingerprint.ErrPlain, codes.InvalidArgument},
		{errMalformed, codes.InvalidArgument},
		{errPageToken, codes.InvalidArgument},
		{errFingerprint, codes.InvalidArgument},
		{errRequest, codes.InvalidArgument},
		{match.ErrInvalid, codes.InvalidArgument},
		{index.ErrInvalid, codes.InvalidArgument},
		{index.ErrQuery, codes.InvalidArgument},
		{index.ErrNotFound, codes.NotFound},
		{index.ErrUnknownBrand, codes.NotFound},
		{index.ErrUnknownProduct, codes.NotFound},
		{index.ErrRecipe, codes.FailedPrecondition},
		{index.ErrConflict, codes.Aborted},
		{listing.ErrInvalid, codes.InvalidArgument},
		{listing.ErrRules, codes.InvalidArgument},
		{listing.ErrDisagree, codes.InvalidArgument},
		{book.ErrNotFound, codes.NotFound},
		{book.ErrGrantNotFound, codes.NotFound},
		{book.ErrRulesChanged, codes.Aborted},
		{book.ErrRevision, codes.InvalidArgument},
		{index.ErrFull, codes.ResourceExhausted},
		{index.ErrReadOnly, codes.FailedPrecondition},
		{index.ErrCorrupt, codes.DataLoss},
		{index.ErrClosed, codes.Unavailable},
		{errTooLong, codes.ResourceExhausted},
		{errOverloaded, codes.Unavailable},
		{errStopping, codes.Unavailable},
		{errors.New("anything else"), codes.Internal},
	}
	used := map[touchstonev1.ErrorReason]bool{touchstonev1.ErrorReason_ERROR_REASON_UNSPECIFIED: true}
	for _, c := range causes {
		s, _ := toStatus(fmt.Errorf("a: %w", at("field", fmt.Errorf("b: %w", c.err))), "the-id")
		used[fail(c.err).reason] = true
		if s.Code() != c.code {
			t.Errorf("%v: %v, want %v", c.err, s.Code(), c.code)
		}
		var reason string
		var named, retry bool
		for _, d := range s.Details() {
			switch d := d.(type) {
			case *errdetails.ErrorInfo:
				reason = d.GetReason()
			case *errdetails.RequestInfo:
				named = d.GetRequestId() == "the-id"
			case *errdetails.RetryInfo:
				retry = d.GetRetryDelay().AsDuration() > 0
			}
		}
		if "ERROR_REASON_"+reason != fail(c.err).reason.String() {
			t.Errorf("%v: reason %q, want %v", c.err, reason, fail(c.err).reason)
		}
		if want := c.code == codes.Internal || c.code == codes.DataLoss; named != want {
			t.Errorf("%v: names the request: %v, want %v", c.err, named, want)
		}
		if retry != (c.code == codes.Unavailable) {
			t.Errorf("%v: says when to come back: %v", c.err, retry)
		}
	}
	for n, name := range touchstonev1.ErrorReason_name {
		if !used[touchstonev1.ErrorReason(n)] {
			t.Errorf("nothing is answered with %s", name)
		}
	}
}

func TestMessages(t *testing.T) {
	for _, tc := range []struct {
		name  string
		err   error
		want  string
		field string
	}{
		{"located twice", at("a", at("image", picture.ErrEmpty)), "a.image: picture: no bytes", "a.image"},
		{"a rule", at("photo", &index.FieldError{Field: "brand", Want: "w", Err: index.ErrInvalid}), "photo.brand: w", "photo.brand"},
		{"wrapped between", at("photo", fmt.Errorf("put: %w", &index.FieldError{Field: "brand", Want: "w", Err: index.ErrInvalid})), "photo.brand: w", "photo.brand"},
		{"long", fmt.Errorf("%w: %s", picture.ErrFormat, strings.Repeat("x", 5000)), "", ""},
		{"not text", fmt.Errorf("%w: \xff", picture.ErrFormat), "picture: not a picture that is read: \uFFFD", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, _ := toStatus(tc.err, "")
			if tc.want != "" && s.Message() != tc.want {
				t.Errorf("message %q, want %q", s.Message(), tc.want)
			}
			if len(s.Message()) > maxMessage+10 {
				t.Errorf("a message of %d bytes", len(s.Message()))
			}
			field, _ := describe(tc.err)
			if field != tc.field {
				t.Errorf("field %q, want %q", field, tc.field)
			}
			if _, err := proto.Marshal(s.Proto()); err != nil {
				t.Errorf("it can't be sent: %v", err)
			}
		})
	}
}

func TestPageToken(t *testing.T) {
	q := queryOf("photos", index.Filter{Brands: []string{"a", "b"}})
	key := index.Key{Brand: strings.Repeat("b", index.MaxName), ID: strings.Repeat("i", index.MaxName)}
	if got, err := q.after(q.token(key)); got != key || err != nil || len(q.token(key)) > maxPageToken {
		t.Errorf("a token's key came back as %v, %v", got, err)
	}
	for name, other := range map[string]query{
		"other brands":       queryOf("photos", index.Filter{Brands: []string{"a"}}),
		"no filter":          queryOf("photos", index.Filter{}),
		"other list":         queryOf("brands", index.Filter{Brands: []string{"a", "b"}}),
		"products":           queryOf("photos", index.Filter{Products: []string{"a", "b"}}),
		"one from the other": queryOf("photos", index.Filter{Brands: []string{"a"}, Products: []string{"b"}}),
		"names run together": queryOf("photos", index.Filter{Brands: []string{"ab"}}),
	} {
		if _, err := other.after(q.token(key)); !errors.Is(err, errPageToken) {
			t.Errorf("%s: %v, want errPageToken", name, err)
		}
	}
	if same := queryOf("photos", index.Filter{Brands: []string{"b", "a", "b"}}); same != q {
		t.Error("names in another order make another query")
	}
}

func FuzzPageToken(f *testing.F) {
	q := queryOf("photos", index.Filter{})
	f.Add(q.token(index.Key{Brand: "Acme", ID: "1"}))
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, token string) {
		k, err := q.after(token)
		if err != nil || token == "" {
			return
		}
		again, err := q.after(q.token(k))
		if err != nil || again != k {
			t.Fatalf("%q is after %v, whose token is after %v, %v", token, k, again, err)
		}
	})
}

// Single calls are refused in time when there is no room; streams' items wait, and an item that is longer than all
// there is gets its turn as well.
func TestMemory(t *testing.T) {
	m := memory{single: semaphore.NewWeighted(10), streams: semaphore.NewWeighted(windowBytes)}
	release, err := m.admit(t.Context(), 8)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.admit(t.Context(), 3); !errors.Is(err, errOverloaded) {
		t.Errorf("beyond the memory: %v, want errOverloaded", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := m.admit(ctx, 3); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("beyond the memory and the caller's deadline: %v", err)
	}
	release()
	if release, err = m.admit(t.Context(), 3); err != nil {
		t.Errorf("with room again: %v", err)
	}
	release()

	window := semaphore.NewWeighted(windowBytes)
	first, err := m.hold(t.Context(), window, windowBytes*2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.hold(ctx, window, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("beside an item that takes all: %v", err)
	}
	first()
	if second, err := m.hold(t.Context(), window, 1); err != nil {
		t.Errorf("after it: %v", err)
	} else {
		second()
	}
}

func TestConnectionLimit(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	limited := limitConnections(l, 1)
	accepted := make(chan net.Conn)
	ended := make(chan error)
	go func() {
		for {
			c, err := limited.Accept()
			if err != nil {
				ended <- err
				return
			}
			accepted <- c
		}
	}()
	for range 2 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	first := <-accepted
	select {
	case <-accepted:
		t.Error("a second connection beside the first")
	case <-time.After(50 * time.Millisecond):
	}
	for range 2 { // closing twice makes room once
		_ = first.Close()
	}
	second := <-accepted
	if err := limited.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept() after Close() = %v", err)
	}
	_ = second.Close()
}
