package server_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"touchstone/client"
	"touchstone/match"
	"touchstone/picture"
	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

// benchPhotos are real photos where TOUCHSTONE_DATA names a folder of some, else drawn ones.
func benchPhotos(b *testing.B) [][]byte {
	var photos [][]byte
	dir := os.Getenv("TOUCHSTONE_DATA")
	if dir == "" {
		for i := range uint64(50) {
			photos = append(photos, asJPEG(b, drawn(i, 800, 700)))
		}
		return photos
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.jpg"))
	if err != nil || len(paths) == 0 {
		b.Fatalf("no photos in %s: %v", dir, err)
	}
	for _, p := range paths[:min(len(paths), 300)] {
		photo, err := os.ReadFile(p)
		if err != nil {
			b.Fatal(err)
		}
		photos = append(photos, photo)
	}
	return photos
}

// BenchmarkDescribe is the bare work of onboarding, on all processors: what BenchmarkOnboard is held against.
func BenchmarkDescribe(b *testing.B) {
	photos := benchPhotos(b)
	m := match.New(nil, picture.NewDecoder(picture.Limits{}), match.Config{})
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if _, err := m.Describe(b.Context(), match.Batch, photos[int(i)%len(photos)]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "photos/s")
}

// BenchmarkOnboard is onboarding by one stream, client and server in one process.
func BenchmarkOnboard(b *testing.B) {
	photos := benchPhotos(b)
	r := serve(b, server.Options{})
	s, err := r.Onboard(b.Context(), client.StreamOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	go func() {
		for i := range b.N {
			id := fmt.Sprint(i)
			err := s.Send(&touchstonev1.AddPhotosRequest{
				CorrelationId: id, Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: id}, Image: photos[i%len(photos)],
			})
			if err != nil {
				b.Errorf("Send() = %v", err)
				return
			}
		}
		if err := s.CloseSend(); err != nil {
			b.Errorf("CloseSend() = %v", err)
		}
	}()
	answered := 0
	for {
		a, err := s.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		if a.GetAdded().GetOutcome() != touchstonev1.Outcome_OUTCOME_ADDED {
			b.Fatalf("%v", a)
		}
		answered++
	}
	if answered != b.N {
		b.Fatalf("%d answers to %d photos", answered, b.N)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "photos/s")
}
