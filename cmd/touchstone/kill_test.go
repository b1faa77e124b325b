package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// TestKill kills the server at random moments of an onboarding stream, and holds that nothing acknowledged is lost: not
// in the file, which check goes through, and not in what the next server answers.
func TestKill(t *testing.T) {
	rounds := 3
	if os.Getenv("TOUCHSTONE_LONG") != "" {
		rounds = 100
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	pictures := make([][]byte, 8)
	for i := range pictures {
		pictures[i] = encoded(t, drawn(uint64(i), 120, 90))
	}
	acknowledged := make(map[string][sha256.Size]byte) // by photo ID
	for round := range rounds {
		p, err := startServer(dir, "--log-level=error")
		if err != nil {
			t.Fatal(err)
		}
		after := time.Duration(r.Int64N(int64(400 * time.Millisecond)))
		before := len(acknowledged)
		if err := onboardUntilKilled(t.Context(), p, after, round, pictures, acknowledged); err != nil {
			t.Fatalf("round %d, killed after %v: %v", round, after, err)
		}
		t.Logf("round %d: killed after %v, %d photos acknowledged", round, after, len(acknowledged)-before)
		check := &exec.Cmd{Path: p.cmd.Path, Args: []string{"touchstone", "check", filepath.Join(dir, storeName)}}
		if out, err := check.CombinedOutput(); err != nil {
			t.Fatalf("round %d, killed after %v: check: %v\n%s", round, after, err, out)
		}
	}
	if len(acknowledged) == 0 {
		t.Fatal("nothing was ever acknowledged: the test shows nothing")
	}
	stored := make(map[string][sha256.Size]byte)
	listPhotos(t, runServer(t, dir).addr, stored)
	for id, sum := range acknowledged {
		if stored[id] != sum {
			t.Errorf("photo %s was acknowledged with SHA-256 %x, the server has %x", id, sum, stored[id])
		}
	}
}

// onboardUntilKilled sends photos without end, kills the server that long after the first acknowledgement, and takes
// down what was acknowledged.
func onboardUntilKilled(ctx context.Context, p *process, after time.Duration, round int, pictures [][]byte, acknowledged map[string][sha256.Size]byte) error {
	c, err := client.Dial(p.addr, client.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // the server is gone by then
	stream, err := c.Onboard(ctx, client.StreamOptions{})
	if err != nil {
		return err
	}
	var g errgroup.Group
	g.Go(func() error {
		for n := 0; ; n++ {
			// What follows a JPEG's end is passed over: so each photo has bytes of its own, and takes little to make.
			image := binary.BigEndian.AppendUint64(slices.Clone(pictures[n%len(pictures)]), uint64(n))
			id := fmt.Sprintf("%d-%d", round, n)
			err := stream.Send(&touchstonev1.AddPhotosRequest{
				CorrelationId: strconv.Itoa(n),
				Photo:         &touchstonev1.Photo{Brand: "Acme", PhotoId: id},
				Image:         image,
			})
			if err != nil {
				return err
			}
		}
	})
	var killed *time.Timer
	ended := make(chan error, 1)
	for {
		answer, err := stream.Recv()
		if err != nil {
			break
		}
		added := answer.GetAdded()
		if added.GetOutcome() != touchstonev1.Outcome_OUTCOME_ADDED {
			return fmt.Errorf("answer to %s: %v", answer.GetCorrelationId(), answer)
		}
		acknowledged[added.GetPhoto().GetPhotoId()] = [sha256.Size]byte(added.GetPhoto().GetOriginal().GetSha256())
		if killed == nil {
			killed = time.AfterFunc(after, func() { ended <- p.kill() })
		}
	}
	if killed == nil {
		return fmt.Errorf("the stream ended before anything was acknowledged:\n%s", p.stderr())
	}
	if err := <-ended; err != nil {
		return err
	}
	if err := g.Wait(); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// listPhotos reads what a server has.
func listPhotos(t *testing.T, addr string, stored map[string][sha256.Size]byte) {
	t.Helper()
	c, err := client.Dial(addr, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	q := &touchstonev1.ListPhotosRequest{PageSize: 1000}
	for {
		page, err := c.ListPhotos(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.GetPhotos() {
			stored[p.GetPhotoId()] = [sha256.Size]byte(p.GetOriginal().GetSha256())
		}
		if q.PageToken = page.GetNextPageToken(); q.PageToken == "" {
			return
		}
	}
}
