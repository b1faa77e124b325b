package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	touchstonev1 "touchstone/proto/touchstone/v1"
)

// many is a shelf of n listing images that share everything but their names; a third of their decisions changes.
func many(t *testing.T, n int) *shelf {
	t.Helper()
	s, _, _ := shelved(t, 1)
	first := s.listings[0]
	s.listings = nil
	for i := range n {
		s.listings = append(s.listings, &touchstonev1.Listing{
			Facts:   &touchstonev1.ListingFacts{Marketplace: "bazaar.example", ListingId: fmt.Sprint("L-", i), ImageId: "1", SellerId: fmt.Sprint("seller-", i%2)},
			Matches: first.GetMatches(), Decision: first.GetDecision(), Fingerprint: &touchstonev1.Fingerprint{}, Revision: uint64(i + 1),
		})
	}
	s.changes = func(i int) bool { return i%3 == 1 }
	return s
}

// linesOf are the lines of a rescan's output.
func linesOf(t *testing.T, path string) []rescanLine {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []rescanLine
	for line := range bytes.Lines(b) {
		var l rescanLine
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		lines = append(lines, l)
	}
	return lines
}

// holdsAll checks that an output has each change once, in order, and counts right.
func holdsAll(t *testing.T, path string, s *shelf) {
	t.Helper()
	var want, got []string
	failed := int64(0)
	for i, l := range s.listings {
		if s.changes(i) {
			want = append(want, l.GetFacts().GetListingId())
		} else if i%50 == 49 {
			failed++
		}
	}
	lines := linesOf(t, path)
	for _, l := range lines {
		if l.Kind == lineChange {
			got = append(got, l.Listing.Listing)
			if l.Before.Decision != "NO_MATCH" || l.Listing.Decision != "INFRINGING" || len(l.Gained) != 1 || len(l.Lost) != 1 {
				t.Errorf("a change is told as %+v", l)
			}
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("changes (-want +got):\n%s", d)
	}
	last := lines[len(lines)-1]
	if last.Kind != lineEnd || last.Done != int64(len(s.listings)) || last.Changed != int64(len(want)) || last.Failed != failed {
		t.Errorf("it ends with %+v, want %d done, %d changed, %d failed", last, len(s.listings), len(want), failed)
	}
}

func TestRescan(t *testing.T) {
	s := many(t, 200)
	addr, _ := s.serve(t, "127.0.0.1:0")
	path := filepath.Join(t.TempDir(), "changes.jsonl")
	args := []string{"rescan", "--brand", "Acme", "--dry-run", "--out", path}
	exit, stdout, stderr := carriedOut(t.Context(), addr, args...)
	if exit != exitOK || !strings.Contains(stdout, "changed  67\n") || !strings.Contains(stderr, "could not be matched: listing L-99: of another recipe") {
		t.Fatalf("exit status %d:\n%s%s", exit, stdout, stderr)
	}
	holdsAll(t, path, s)
	want := &touchstonev1.RescanRequest{Filter: &touchstonev1.ListingFilter{Brand: "Acme"}, DryRun: true, SinceRevision: new(uint64(900))}
	if d := cmp.Diff(want, s.last(), protocmp.Transform()); d != "" {
		t.Errorf("asked (-want +got):\n%s", d)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	// Wherever the file is cut, a run makes it whole again.
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for _, cut := range []int{0, 1, len(startsLike) + 3, r.IntN(len(whole)), r.IntN(len(whole)), len(whole) - 1} {
		if err := os.WriteFile(path, whole[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		if exit, _, stderr := carriedOut(t.Context(), addr, args...); exit != exitOK {
			t.Errorf("cut at %d: exit status %d\n%s", cut, exit, stderr)
		}
		holdsAll(t, path, s)
	}

	// What is finished is left as it is, and so is what isn't ours.
	done, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	asked := len(s.asked)
	tests := []struct {
		name, content string
		args          []string
		exit          int
		says          string
	}{
		{"finished", string(done), args, exitOK, "of a rescan that was finished"},
		{"another question", string(done), []string{"rescan", "--out", path}, exitFailure, "answers another question"},
		{"another program's", "{\"name\":1}\n", args, exitFailure, "line 1: not the output of a rescan"},
		{"another program's, torn", "name,value", args, exitFailure, "not the output of a rescan"},
		{"broken inside", strings.Replace(string(done), `"kind":"change"`, `"kind":"cha\nge`, 1), args, exitFailure, "not the output of a rescan"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(test.content), 0o666); err != nil {
				t.Fatal(err)
			}
			exit, _, stderr := carriedOut(t.Context(), addr, test.args...)
			if exit != test.exit || !strings.Contains(stderr, test.says) {
				t.Errorf("exit status %d, want %d and %q:\n%s", exit, test.exit, test.says, stderr)
			}
			if b, err := os.ReadFile(path); err != nil || string(b) != test.content {
				t.Errorf("the file was changed, or %v", err)
			}
		})
	}
	if len(s.asked) != asked {
		t.Error("a server was asked")
	}
	if exit, _, stderr := carriedOut(t.Context(), "127.0.0.1:1", "rescan", "--out", filepath.Join(t.TempDir(), "new")); exit != exitFailure || !strings.Contains(stderr, "hint: ") {
		t.Errorf("without a server: exit status %d\n%s", exit, stderr)
	}
}

// TestRescanKill kills rescans at random moments, and holds that what goes on in the same file tells each change once.
func TestRescanKill(t *testing.T) {
	rounds := 5
	if os.Getenv("TOUCHSTONE_LONG") != "" {
		rounds = 50
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	s := many(t, 3000)
	s.pace = 100 * time.Microsecond
	addr, _ := s.serve(t, "127.0.0.1:0")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for round := range rounds {
		path := filepath.Join(t.TempDir(), "changes.jsonl")
		kills := 0
		for {
			c := &exec.Cmd{Path: self, Args: []string{"touchstone", "rescan", "--addr", addr, "--out", path}}
			var said bytes.Buffer
			c.Stderr = &said
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			// The longest life grows: where starting takes long, as with the race detector, none would get anywhere.
			life := time.Duration(r.Int64N(int64(250*time.Millisecond) * int64(1+kills/4)))
			killer := time.AfterFunc(life, func() { _ = c.Process.Kill() }) // one that ended already can't be
			err := c.Wait()
			killer.Stop()
			if err == nil {
				break
			}
			if c.ProcessState.Exited() {
				t.Fatalf("round %d: %v\n%s", round, err, said.String())
			}
			if kills++; kills > 100 {
				t.Fatalf("round %d: still not done after %d kills", round, kills)
			}
		}
		t.Logf("round %d: %d kills", round, kills)
		holdsAll(t, path, s)
	}
}

// TestRescanLocked holds that two processes don't write one file.
func TestRescanLocked(t *testing.T) {
	s := many(t, 400)
	s.pace = 5 * time.Millisecond
	addr, _ := s.serve(t, "127.0.0.1:0")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "changes.jsonl")
	first := &exec.Cmd{Path: self, Args: []string{"touchstone", "rescan", "--addr", addr, "--out", path}}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	for s.last() == nil {
		time.Sleep(time.Millisecond)
	}
	second := exec.Cmd{Path: self, Args: first.Args}
	out, err := second.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "is written by another process") {
		t.Errorf("%v\n%s", err, out)
	}
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	holdsAll(t, path, s)
}
