package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestScanKill kills scans at random moments and starts them again until they are done, and holds that the results are those
// of a scan that nothing happened to: no image is lost, none is there twice.
func TestScanKill(t *testing.T) {
	rounds := 2
	if os.Getenv("TOUCHSTONE_LONG") != "" {
		rounds = 50
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const images = 400
	list := manifestOf(t, dir, images)
	addr := (&judge{slow: 20 * time.Millisecond}).sit(t)
	kills, halfway := 0, 0
	for _, ending := range []string{".jsonl", ".csv", ".parquet"} {
		calm := filepath.Join(dir, "calm"+ending)
		began := time.Now()
		if exit, stderr := scanRun(t, nil, addr, "--out", calm, list); exit != exitFailure || !strings.Contains(stderr, "no answer for 8 of 400 images") {
			t.Fatalf("exit %d:\n%s", exit, stderr)
		}
		took := time.Since(began)
		for round := 0; round < rounds || halfway == 0 && round < mostRounds; round++ {
			out := filepath.Join(dir, strconv.Itoa(round)+ending)
			for tries := 0; ; tries++ {
				// Started under the name of the command, the test binary is the command. Its window is small, to be killed in.
				var stderr bytes.Buffer
				cmd := &exec.Cmd{Path: self, Args: []string{"touchstone", "scan", "--addr", addr, "--out", out, "--max-window", "8", list}, Stderr: &stderr}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				if tries < 4 {
					after := time.Duration(r.Int64N(int64(4*took + 300*time.Millisecond)))
					killed := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // it may have ended by itself
					err = cmd.Wait()
					killed.Stop()
				} else {
					err = cmd.Wait()
				}
				var exit *exec.ExitError
				if !errors.As(err, &exit) {
					t.Fatalf("%s, round %d: ended with %v\n%s", ending, round, err, stderr.String())
				}
				if exit.ExitCode() == exitFailure {
					if !strings.Contains(stderr.String(), "no answer for 8 of 400 images") {
						t.Fatalf("%s, round %d: %s", ending, round, stderr.String())
					}
					if strings.Contains(stderr.String(), "going on after") {
						halfway++
					}
					break
				}
				kills++
			}
			if contents(t, out) != contents(t, calm) {
				t.Errorf("%s, round %d: the results are not those of a scan without kills", ending, round)
			}
			if left, err := filepath.Glob(out + ".*"); err != nil || len(left) > 0 {
				t.Errorf("%s, round %d: left %v, %v", ending, round, left, err)
			}
			if items := columnsOf(t, out, "item"); len(items) != images || len(slices.Compact(slices.Clone(items))) != images {
				t.Errorf("%s, round %d: %d records, want %d, each once", ending, round, len(items), images)
			}
		}
	}
	t.Logf("%d kills, %d scans that went on", kills, halfway)
	if kills == 0 || halfway == 0 {
		t.Error("no scan was killed halfway: the test shows nothing")
	}
}

// Of two scans with the same results, the second one is refused.
func TestScanTwice(t *testing.T) {
	dir := t.TempDir()
	list, out := manifestOf(t, dir, 10), filepath.Join(dir, "out.csv")
	r, err := openResults(out)
	if err != nil {
		t.Fatal(err)
	}
	if exit, stderr := scanRun(t, nil, "127.0.0.1:1", "--out", out, list); exit != exitFailure || !strings.Contains(stderr, out+" is written by another process") {
		t.Errorf("exit %d:\n%s", exit, stderr)
	}
	if err := r.close(); err != nil {
		t.Error(err)
	}
}

// A signal ends a scan in good order, and its user is told how to go on.
func TestScanInterrupted(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	list, out := manifestOf(t, dir, 200), filepath.Join(dir, "out.csv")
	addr := (&judge{slow: 100 * time.Millisecond}).sit(t)
	var stderr bytes.Buffer
	cmd := &exec.Cmd{Path: self, Args: []string{"touchstone", "scan", "--addr", addr, "--out", out, "--max-window", "1", list}, Stderr: &stderr}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if b, err := os.ReadFile(out); err == nil && bytes.Count(b, []byte("\n")) > 3 || time.Since(began) > time.Minute {
			break
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailure {
		t.Errorf("ended with %v", err)
	}
	want := "touchstone: scan: interrupted\ntouchstone: hint: run the same command again to go on\n"
	if !strings.HasSuffix(stderr.String(), want) || !strings.Contains(stderr.String(), "of 200 in "+out) {
		t.Errorf("stderr:\n%s", stderr.String())
	}
	exitStatus, again := scanRun(t, nil, addr, "--out", out, list)
	if exitStatus != exitFailure || !strings.Contains(again, "going on after them") || len(columnsOf(t, out, "item")) != 200 {
		t.Errorf("again: exit %d:\n%s", exitStatus, again)
	}
}
