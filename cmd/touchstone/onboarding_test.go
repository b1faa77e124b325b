package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// TestOnboardInterrupted holds that an onboarding which is broken off can be done again: then everything is there. Where
// all was done before the interruption came, more photos are tried.
func TestOnboardInterrupted(t *testing.T) {
	for photos := 500; !interrupted(t, photos); photos *= 3 {
		if photos > 10_000 {
			t.Fatalf("%d photos are handed in before an interruption comes", photos)
		}
	}
}

// interrupted breaks an onboarding off, and does it again. It is false where that came too late, and shows nothing.
func interrupted(t *testing.T, photos int) bool {
	folder := t.TempDir()
	picture := encoded(t, drawn(1, 120, 90))
	for i := range photos {
		// What follows a JPEG's end is passed over: so no two of these photos are the same.
		image := fmt.Appendf(slices.Clone(picture), "%d", i)
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.jpg", i)), image, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	p := runServer(t, filepath.Join(t.TempDir(), "data"), "--log-level=error")

	first, stderr, err := onboard(p, folder, func(cmd *exec.Cmd) error {
		return errors.Join(waitForPhotos(t.Context(), p.addr), cmd.Process.Signal(os.Interrupt))
	})
	if first.Added == photos {
		return false
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailure {
		t.Fatalf("interrupted: ended with %v, want exit status %d\n%s", err, exitFailure, stderr)
	}
	for _, want := range []string{"touchstone: onboard: interrupted", "touchstone: hint: run the same command again"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("interrupted: %q not told:\n%s", want, stderr)
		}
	}

	second, stderr, err := onboard(p, folder, func(*exec.Cmd) error { return nil })
	if err != nil {
		t.Fatalf("again: %v\n%s", err, stderr)
	}
	if second.Added+second.Unchanged != photos || second.Unchanged < first.Added || second.Replaced+second.refusals() != 0 {
		t.Errorf("first %+v, then %+v, of %d", first, second, photos)
	}
	return second.Added > 0 && second.Unchanged > 0
}

// onboard runs the binary under test, and meanwhile something else.
func onboard(p *process, folder string, meanwhile func(*exec.Cmd) error) (sum summary, stderr string, err error) {
	var out, errs bytes.Buffer
	cmd := &exec.Cmd{
		Path:   p.cmd.Path,
		Args:   []string{"touchstone", "onboard", "--json", "--brand=Acme", "--addr", p.addr, folder},
		Stdout: &out, Stderr: &errs,
	}
	if err := cmd.Start(); err != nil {
		return summary{}, "", err
	}
	err = errors.Join(meanwhile(cmd), cmd.Wait())
	err = errors.Join(json.Unmarshal(out.Bytes(), &sum), err)
	return sum, errs.String(), err
}

// waitForPhotos returns once a server has some.
func waitForPhotos(ctx context.Context, addr string) error {
	c, err := client.Dial(addr, client.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // only asked
	for {
		r, err := c.ListBrands(ctx, &touchstonev1.ListBrandsRequest{})
		if err != nil || len(r.GetBrands()) > 0 {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}
