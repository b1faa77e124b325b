package server_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"log/slog"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"touchstone/client"
	"touchstone/index"
	"touchstone/index/local"
	"touchstone/listing/book"
	"touchstone/listing/desk"
	"touchstone/match"
	"touchstone/picture"
	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a server that runs, and a client of it.
type rig struct {
	*client.Client
	index  index.Index
	book   *book.Book
	desk   *desk.Desk
	server *server.Server
	addr   string
	log    *lines
}

// serve runs a server on an index of its own until the test ends. wrap, where given, stands between the two.
func serve(t testing.TB, o server.Options, wrap ...func(index.Index) index.Index) *rig {
	t.Helper()
	r := &rig{index: openIndex(t), log: &lines{}}
	var ix = r.index
	for _, w := range wrap {
		ix = w(ix)
	}
	o.Log = slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.book = openBook(t)
	m := match.New(ix, picture.NewDecoder(picture.Limits{}), match.Config{})
	r.desk = desk.New(ix, m, r.book, desk.Options{Log: slog.New(slog.NewTextHandler(r.log, nil))})
	r.server = server.New(ix, m, r.desk, o)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- r.server.Serve(l) }()
	r.Client, err = client.Dial(r.addr, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("close client: %v", err)
		}
		r.stop(t)
		if err := <-served; err != nil {
			t.Errorf("Serve() = %v", err)
		}
	})
	return r
}

// stop shuts the server down, within a time that is ample; a second time does nothing.
func (r *rig) stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := r.server.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown() = %v", err)
	}
}

func openIndex(t testing.TB) index.Index {
	t.Helper()
	path := filepath.Join(t.TempDir(), "index.db")
	ix, err := local.Open(context.Background(), path, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ix.Close(); err != nil && !errors.Is(err, index.ErrClosed) {
			t.Errorf("close index: %v", err)
		}
		faults, err := local.Check(context.Background(), path)
		if err != nil || len(faults) > 0 {
			t.Errorf("check index: %v, %q", err, faults)
		}
	})
	return ix
}

func openBook(t testing.TB) *book.Book {
	t.Helper()
	path := filepath.Join(t.TempDir(), "listings.db")
	b, err := book.Open(context.Background(), path, book.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil && !errors.Is(err, index.ErrClosed) {
			t.Errorf("close book: %v", err)
		}
		faults, err := book.Check(context.Background(), path)
		if err != nil || len(faults) > 0 {
			t.Errorf("check book: %v, %q", err, faults)
		}
	})
	return b
}

// follow has photos held against the listing images of the past, until the test ends.
func (r *rig) follow(t testing.TB) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.desk.Follow(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
}

// add onboards a drawn photo.
func (r *rig) add(t testing.TB, brand, id string, seed uint64) *touchstonev1.Photo {
	t.Helper()
	a, err := r.AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{
		Photo: &touchstonev1.Photo{Brand: brand, PhotoId: id, Product: "bag-" + id}, Image: photo(t, seed),
	})
	if err != nil {
		t.Fatalf("AddPhoto(%s, %s) = %v", brand, id, err)
	}
	return a.GetPhoto()
}

// lines is a log that tests can read.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// told is what an error says to a program.
type told struct {
	Code   codes.Code
	Reason string
	Field  string
}

func toldBy(t testing.TB, err error) told {
	t.Helper()
	s, ok := status.FromError(err)
	if !ok {
		t.Fatalf("%v is not a gRPC status", err)
	}
	got := told{Code: s.Code()}
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			if d.GetDomain() != "touchstone" {
				t.Errorf("domain %q, want touchstone", d.GetDomain())
			}
			got.Reason = d.GetReason()
		case *errdetails.BadRequest:
			got.Field = d.GetFieldViolations()[0].GetField()
			if d.GetFieldViolations()[0].GetDescription() == "" {
				t.Errorf("violation of %s has no description", got.Field)
			}
		case error:
			t.Errorf("detail: %v", d)
		}
	}
	return got
}

// drawn draws a picture with texture enough to be told from others: equal seeds, equal pictures.
func drawn(seed uint64, width, height int) *image.RGBA {
	r := rand.New(rand.NewPCG(seed, 1))
	colour := func() image.Image {
		return image.NewUniform(color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255})
	}
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(m, m.Rect, colour(), image.Point{}, draw.Src)
	for range 50 {
		at := image.Pt(r.IntN(width)-width/10, r.IntN(height)-height/10)
		box := image.Rect(0, 0, 1+width/20+r.IntN(width/4), 1+height/20+r.IntN(height/4)).Add(at)
		draw.Draw(m, box, colour(), image.Point{}, draw.Src)
	}
	return m
}

// photo is a small drawn picture as a JPEG.
func photo(t testing.TB, seed uint64) []byte {
	t.Helper()
	return asJPEG(t, drawn(seed, 240, 200))
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 85}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// mirrored exchanges left and right.
func mirrored(m *image.RGBA) *image.RGBA {
	out := image.NewRGBA(m.Rect)
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			out.SetRGBA(m.Rect.Dx()-1-x, y, m.RGBAAt(x, y))
		}
	}
	return out
}

func image1(seed uint64, t testing.TB) *touchstonev1.Subject {
	t.Helper()
	return ofImage(photo(t, seed))
}

func ofImage(b []byte) *touchstonev1.Subject {
	return &touchstonev1.Subject{Subject: &touchstonev1.Subject_Image{Image: b}}
}

func ofPrint(f *touchstonev1.Fingerprint) *touchstonev1.Subject {
	return &touchstonev1.Subject{Subject: &touchstonev1.Subject_Fingerprint{Fingerprint: f}}
}

func ofPhoto(brand, id string) *touchstonev1.Subject {
	return &touchstonev1.Subject{Subject: &touchstonev1.Subject_Photo{Photo: &touchstonev1.PhotoName{Brand: brand, PhotoId: id}}}
}
