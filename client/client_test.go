package client_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// Calls that can be made twice are, large ones too, while the server can't take them; others are not.
func TestRetries(t *testing.T) {
	image := bytes.Repeat([]byte("x"), 5<<20)
	var tries atomic.Int32
	busy := status.Error(codes.Unavailable, "busy")
	c := (&peer{
		add: func(_ context.Context, r *touchstonev1.AddPhotoRequest) (*touchstonev1.AddPhotoResponse, error) {
			if tries.Add(1) < 3 {
				return nil, busy
			}
			if !bytes.Equal(r.GetImage(), image) {
				t.Error("the image is not the one that was sent")
			}
			return &touchstonev1.AddPhotoResponse{}, nil
		},
		update: func(context.Context, *touchstonev1.UpdatePhotoRequest) (*touchstonev1.UpdatePhotoResponse, error) {
			tries.Add(1)
			return nil, busy
		},
	}).dial(t)
	if _, err := c.AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{Image: image}); err != nil || tries.Load() != 3 {
		t.Errorf("AddPhoto() = %v after %d tries, want success after 3", err, tries.Load())
	}
	tries.Store(0)
	if _, err := c.UpdatePhoto(t.Context(), &touchstonev1.UpdatePhotoRequest{}); status.Code(err) != codes.Unavailable || tries.Load() != 1 {
		t.Errorf("UpdatePhoto() = %v after %d tries, want UNAVAILABLE after 1", err, tries.Load())
	}
}

// A server with too much to do may answer before it has read the request. What it said arrives all the same, after every
// try that the method may have.
func TestRetriesEnd(t *testing.T) {
	const crowd = 20 // so many that some are answered while they are being sent
	var mu sync.Mutex
	tries := map[string]int{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		method, _ := grpc.Method(stream.Context())
		mu.Lock()
		defer mu.Unlock()
		tries[method]++
		return status.Error(codes.Unavailable, "busy")
	}))
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	defer func() {
		s.Stop()
		if err := <-served; err != nil {
			t.Errorf("Serve() = %v", err)
		}
	}()
	c := dial(t, l.Addr().String(), client.Options{})
	var all sync.WaitGroup
	want := map[string]int{}
	for _, service := range []grpc.ServiceDesc{touchstonev1.CatalogService_ServiceDesc, touchstonev1.MatchService_ServiceDesc} {
		for _, m := range service.Methods {
			method := "/" + service.ServiceName + "/" + m.MethodName
			if want[method] = 4 * crowd; m.MethodName == "DeletePhoto" || m.MethodName == "UpdatePhoto" {
				want[method] = crowd
			}
			for range crowd {
				all.Go(func() {
					if err := c.Conn().Invoke(t.Context(), method, &touchstonev1.Photo{}, &touchstonev1.Photo{}); status.Code(err) != codes.Unavailable {
						t.Errorf("%s: %v, want UNAVAILABLE", method, err)
					}
				})
			}
		}
	}
	all.Wait()
	if d := cmp.Diff(want, tries); d != "" {
		t.Errorf("tries (-want +got):\n%s", d)
	}
}

func TestReason(t *testing.T) {
	with := func(domain, reason string) error {
		s, err := status.New(codes.InvalidArgument, "m").WithDetails(protoadapt.MessageV1(&errdetails.ErrorInfo{Domain: domain, Reason: reason}))
		if err != nil {
			t.Fatal(err)
		}
		return s.Err()
	}
	for _, tc := range []struct {
		name string
		err  error
		want touchstonev1.ErrorReason
	}{
		{"nil", nil, touchstonev1.ErrorReason_ERROR_REASON_UNSPECIFIED},
		{"no status", errors.New("x"), touchstonev1.ErrorReason_ERROR_REASON_UNSPECIFIED},
		{"no details", status.Error(codes.Internal, "x"), touchstonev1.ErrorReason_ERROR_REASON_UNSPECIFIED},
		{"ours", with("touchstone", "IMAGE_EMPTY"), touchstonev1.ErrorReason_ERROR_REASON_IMAGE_EMPTY},
		{"ours, wrapped", fmt.Errorf("add: %w", with("touchstone", "IMAGE_EMPTY")), touchstonev1.ErrorReason_ERROR_REASON_IMAGE_EMPTY},
		{"somebody else's", with("proxy", "IMAGE_EMPTY"), touchstonev1.ErrorReason_ERROR_REASON_UNSPECIFIED},
		{"of a newer server", with("touchstone", "MOON_PHASE"), touchstonev1.ErrorReason_ERROR_REASON_UNSPECIFIED},
	} {
		if got := client.Reason(tc.err); got != tc.want {
			t.Errorf("%s: Reason() = %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{add: func(context.Context, *touchstonev1.AddPhotoRequest) (*touchstonev1.AddPhotoResponse, error) {
		return &touchstonev1.AddPhotoResponse{}, nil
	}}
	addr, _ := p.start(t, grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})))
	trusted := x509.NewCertPool()
	trusted.AddCert(cert)
	if _, err := dial(t, addr, client.Options{TLS: &tls.Config{RootCAs: trusted}}).AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{}); err != nil {
		t.Errorf("with its certificate: %v", err)
	}
	for name, o := range map[string]client.Options{"without TLS": {}, "with no trust": {TLS: &tls.Config{RootCAs: x509.NewCertPool()}}} {
		if _, err := dial(t, addr, o).AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{}); status.Code(err) != codes.Unavailable {
			t.Errorf("%s: %v, want UNAVAILABLE", name, err)
		}
	}
}
