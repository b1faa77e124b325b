package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestWatch holds that each match is told once although the server stops now and then, and that an interruption ends it well.
func TestWatch(t *testing.T) {
	s, _, _ := shelved(t, 8) // revisions 100 to 107: it stops after 102 and 105
	addr, stop := s.serve(t, "127.0.0.1:0")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, w := io.Pipe()
	var said strings.Builder
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, []string{"watch", "--json", "--after", "100", "--brand", "Acme", "--addr", addr}, streams{out: w, err: &said})
		_ = w.Close() // a pipe's never fails
	}()
	var told []string
	d := json.NewDecoder(r)
	next := func() {
		t.Helper()
		var m watched
		if err := d.Decode(&m); err != nil {
			t.Fatalf("after %q: %v", told, err)
		}
		told = append(told, fmt.Sprint(m.Revision, " ", m.Listing.Listing, " ", m.Match.Photo))
	}
	for range 5 {
		next()
	}
	stop() // not by a word of its own: the connection breaks
	time.Sleep(50 * time.Millisecond)
	s.serve(t, addr)
	for range 2 {
		next()
	}
	cancel()
	if code := <-exit; code != exitOK {
		t.Errorf("exit status %d", code)
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("and then %q, %v", rest, err)
	}
	want := []string{"101 L-1 bag-1.jpg", "102 L-2 bag-2.jpg", "103 L-3 bag-3.jpg", "104 L-4 bag-4.jpg", "105 L-5 bag-5.jpg", "106 L-6 bag-6.jpg", "107 L-7 bag-7.jpg"}
	if d := cmp.Diff(want, told); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
	for _, want := range []string{"the server is away (the server is stopping): trying again", "to go on: touchstone watch --after 107"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("%q is not said:\n%s", want, said.String())
		}
	}
}

func TestWatchServerDown(t *testing.T) {
	exit, _, stderr := carriedOut(t.Context(), "127.0.0.1:1", "watch")
	if exit != exitFailure || !strings.Contains(stderr, "is the server running?") {
		t.Errorf("exit status %d:\n%s", exit, stderr)
	}
}
