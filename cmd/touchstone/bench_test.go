package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"touchstone/client"
	"touchstone/match"
	"touchstone/picture"
)

// BenchmarkOnboard compares onboarding a folder through a running server, a process of its own that stores what it
// acknowledges, with describing the same files on all cores and keeping nothing. An operation does both, one after the
// other, so that what else the machine does meets both; TOUCHSTONE_DATA names the folder. The metric server/bare is the
// speed of the first as a share of that of the second.
func BenchmarkOnboard(b *testing.B) {
	folder := os.Getenv("TOUCHSTONE_DATA")
	if folder == "" {
		b.Skip("TOUCHSTONE_DATA names no folder of photos")
	}
	files, err := allPictures(folder)
	if err != nil {
		b.Fatal(err)
	}
	var bare, served time.Duration
	for b.Loop() {
		began := time.Now()
		if err := describeAll(b.Context(), files); err != nil {
			b.Fatal(err)
		}
		bare += time.Since(began)
		p, err := startServer(filepath.Join(b.TempDir(), "data"), "--log-level=error")
		if err != nil {
			b.Fatal(err)
		}
		began = time.Now()
		onboardAll(b, p, folder, len(files))
		served += time.Since(began)
		if err := p.stop(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(rate(len(files)*b.N, bare), "bare-photos/s")
	b.ReportMetric(rate(len(files)*b.N, served), "server-photos/s")
	b.ReportMetric(float64(bare)/float64(served), "server/bare")
}

// describeAll reads and describes files, as many at a time as there are processors.
func describeAll(ctx context.Context, files []file) error {
	m := match.New(nil, picture.NewDecoder(picture.Limits{}), match.Config{})
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, f := range files {
		g.Go(func() error {
			image, err := readPicture(f.path, mostBytes)
			if err != nil {
				return err
			}
			// Some photos are refused, here as by the server: that takes its time too.
			_, _ = m.Describe(ctx, match.Batch, image)
			return ctx.Err()
		})
	}
	return g.Wait()
}

// onboardAll hands a folder in, and checks that each of its photos was answered.
func onboardAll(b *testing.B, p *process, folder string, want int) {
	b.Helper()
	c, err := client.Dial(p.addr, client.Options{})
	if err != nil {
		b.Fatal(err)
	}
	o := onboarding{app: &app{streams: streams{err: io.Discard}}, client: c, brand: "Acme"}
	sum, err := o.run(b.Context(), folderSource(folder))
	if err != nil {
		b.Fatal(err)
	}
	if got := sum.Added + sum.refusals(); got != want || sum.Added == 0 {
		b.Fatalf("of %d photos %d were added, %d refused", want, sum.Added, sum.refusals())
	}
	if err := c.Close(); err != nil {
		b.Fatal(err)
	}
}
