package main

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// TestServeSecondSignal holds that a client which takes no answers keeps a server from stopping until it is told twice,
// or until the time is up, and that the exit status tells.
func TestServeSecondSignal(t *testing.T) {
	tests := []struct {
		name, grace string
		signals     int
	}{
		{"told twice", "1h", 2},
		{"time is up", "100ms", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := startServer(filepath.Join(t.TempDir(), "data"), "--log-level=error", "--grace", test.grace)
			if err != nil {
				t.Fatal(err)
			}
			stall(t, p.addr)
			for n := range test.signals {
				if n > 0 {
					select {
					case <-p.eof:
						t.Fatalf("stopped at the first signal:\n%s", p.stderr())
					case <-time.After(200 * time.Millisecond):
					}
				}
				if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
			}
			select {
			case <-p.eof:
			case <-time.After(time.Minute):
				t.Error(errors.Join(fmt.Errorf("still running:\n%s", p.stderr()), p.cmd.Process.Kill()))
				<-p.eof
			}
			var exit *exec.ExitError
			if err := p.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailure {
				t.Errorf("ended with %v, want exit status %d\n%s", err, exitFailure, p.stderr())
			}
			if want := "touchstone: serve: stop: calls were cut off"; !strings.Contains(p.stderr(), want) {
				t.Errorf("%q not told:\n%s", want, p.stderr())
			}
		})
	}
}

// stall sends a server photos without taking its answers, until it takes no more: it has as many as its windows hold, and
// for some time took none, as no disk's sync takes.
func stall(t *testing.T, addr string) {
	t.Helper()
	c, err := client.Dial(addr, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := c.AddPhotos(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	image := slices.Concat(encoded(t, drawn(1, 120, 90)), make([]byte, 64<<10)) // what follows its end is passed over
	sent := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			if stream.Send(&touchstonev1.AddPhotosRequest{
				CorrelationId: fmt.Sprint(n),
				Photo:         &touchstonev1.Photo{Brand: "Acme", PhotoId: fmt.Sprint(n)},
				Image:         image,
			}) != nil {
				return // the server is gone
			}
			sent <- struct{}{}
		}
	}()
	const window = 64 // items of a stream that a server works on
	for n, stalled := 0, false; !stalled; {
		select {
		case <-sent:
			n++
		case <-time.After(2 * time.Second):
			stalled = n > window
		}
	}
	t.Cleanup(func() {
		for ended := false; !ended; {
			select {
			case <-sent: // what the server took in the end
			case <-done:
				ended = true
			}
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}
