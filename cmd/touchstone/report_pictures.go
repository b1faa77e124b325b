package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"touchstone/picture"
	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/report"
)

// drawTime is how long the drawing of a pair may take, the wait for a busy server included.
const drawTime = 2 * time.Minute

// originals looks for the files of the cases' pictures, by their SHA-256: files of another length than any of them has are
// passed over unread. One that can't be read is reported, and the rest goes on.
func (g *gathering) originals(ctx context.Context, shown []report.Case, folders []string) (map[[32]byte]string, error) {
	found := map[[32]byte]string{}
	if len(folders) == 0 {
		return found, nil
	}
	wanted, lengths := map[[32]byte]bool{}, map[int64]bool{}
	for i := range shown {
		wanted[shown[i].Photo.Original.SHA256], wanted[shown[i].Listing.Original.SHA256] = true, true
		lengths[shown[i].Photo.Original.Bytes], lengths[shown[i].Listing.Original.Bytes] = true, true
	}
	delete(wanted, [32]byte{}) // not known
	p := g.progress(0, "files")
	defer p.close()
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, folder := range folders {
		for f, err := range pictures(folder) {
			if ctx.Err() != nil {
				break
			}
			if err != nil {
				p.say("touchstone: report: %v", err)
				continue
			}
			group.Go(func() error {
				defer p.add(1)
				sum, err := sumOf(f.path, lengths)
				if err != nil {
					p.say("touchstone: report: %v", err)
					return nil // it was said
				}
				mu.Lock()
				defer mu.Unlock()
				// Of copies the first name is taken: which one is read last must not tell.
				if first, twice := found[sum]; wanted[sum] && (!twice || f.path < first) {
					found[sum] = f.path
				}
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return found, ctx.Err()
}

// sumOf is a file's SHA-256; the zero one where its length isn't one of those that are looked for.
func sumOf(path string, lengths map[int64]bool) (sum [32]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	known, err := f.Stat()
	if err != nil || !lengths[known.Size()] {
		return sum, err
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, fmt.Errorf("%s: %w", path, err)
	}
	return [32]byte(h.Sum(nil)), nil
}

// sheet has the server draw a pair.
func (g *gathering) sheet(ctx context.Context, d *picture.Decoder, genuine, suspect string) (report.Picture, error) {
	a, err := readPicture(genuine, mostBytes)
	if err != nil {
		return report.Picture{}, err
	}
	b, err := readPicture(suspect, mostBytes)
	if err != nil {
		return report.Picture{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, drawTime)
	defer cancel()
	r, err := g.client.Overlay(ctx, &touchstonev1.OverlayRequest{A: a, B: b})
	if err != nil {
		return report.Picture{}, err
	}
	p, err := report.Sheet(ctx, d, r.GetPng())
	if err != nil {
		return report.Picture{}, fmt.Errorf("what the server drew: %w", err)
	}
	return p, nil
}

// aboutPictures tells whether an error is that of a pair, and not of the server: a file that is gone or too plain, two that
// are too long for a message together.
func aboutPictures(err error) bool {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.ResourceExhausted, codes.FailedPrecondition:
		return true
	case codes.Unknown: // of this process
		return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	}
	return false
}
