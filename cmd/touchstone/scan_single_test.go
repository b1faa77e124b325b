package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/table"
)

// TestScanEqualsMatch holds that a scan tells of each image what single calls do: the matches are those of match, the
// decision that of a check. Neither how many images are in flight nor what has been remembered before makes a difference.
func TestScanEqualsMatch(t *testing.T) {
	dir := t.TempDir()
	p := runServer(t, filepath.Join(dir, "data"), "--log-level=error")
	photos, suspects := filepath.Join(dir, "photos"), filepath.Join(dir, "suspects")
	draw := func(folder, name string, b []byte) { put(t, folder, map[string]string{name: string(b)}) }
	for seed := range uint64(6) {
		draw(photos, fmt.Sprint(seed, ".jpg"), encoded(t, drawn(seed, 400, 300)))
	}
	for seed := range uint64(3) {
		m := image.Image(drawn(seed, 400, 300))
		draw(suspects, fmt.Sprintf("copy-%d.jpg", seed), encoded(t, m))
		for _, edit := range []string{"mirrored", "in a collage", "cropped to two thirds", "wide white border"} {
			draw(suspects, fmt.Sprintf("%s-%d.jpg", edit, seed), edited(t, m, edit))
		}
		draw(suspects, fmt.Sprintf("other-%d.jpg", seed), encoded(t, drawn(100+seed, 400, 300)))
	}
	draw(suspects, "plain.jpg", encoded(t, white(400, 300)))
	draw(suspects, "broken.jpg", []byte("no picture"))
	draw(suspects, "torn.jpg", encoded(t, drawn(1, 400, 300))[:2000])
	if exit, _, stderr := carriedOut(t.Context(), p.addr, "onboard", "--brand", "Acme", photos); exit != exitOK {
		t.Fatal(stderr)
	}
	rows := []string{"path,marketplace,listing_id,seen_time"}
	files, err := filepath.Glob(filepath.Join(suspects, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no suspects: %v", err)
	}
	for _, f := range files {
		rows = append(rows, fmt.Sprintf("%s,bazaar,%s,2026-10-05", filepath.Base(f), filepath.Base(f)))
	}
	put(t, suspects, map[string]string{"list.csv": strings.Join(rows, "\n") + "\n"})
	for _, run := range []struct {
		name string
		args []string
	}{
		{"remembered", nil},
		{"forgotten", []string{"--forget"}},
		{"one at a time", []string{"--forget", "--max-window", "1"}},
	} {
		t.Run(run.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.jsonl")
			args := append([]string{"--out", out, filepath.Join(suspects, "list.csv")}, run.args...)
			if exit, stderr := scanRun(t, nil, p.addr, args...); exit != exitFailure || !strings.Contains(stderr, "no answer for 2 of") {
				t.Fatalf("exit status %d:\n%s", exit, stderr)
			}
			records := recordsOf(t, out)
			if len(records) != len(files) {
				t.Fatalf("%d records of %d images", len(records), len(files))
			}
			found := 0
			for i, rec := range records {
				_, stdout, stderr := carriedOut(t.Context(), p.addr, "match", "--json", "--max-false", "1000", files[i])
				var single struct {
					Status, Reason string
					Matches        json.RawMessage
				}
				if err := json.Unmarshal([]byte(stdout), &single); err != nil {
					t.Fatalf("%q: %v\n%s", stdout, err, stderr)
				}
				matches := string(rec.Matches)
				if rec.Matches == nil {
					matches = "[]" // of what could not be checked
				}
				if d := cmp.Diff([]string{single.Status, single.Reason, string(single.Matches)}, []string{rec.Status, rec.Reason, matches}); d != "" {
					t.Errorf("%s (-match +scan):\n%s", rec.Path, d)
				}
				if matches != "[]" {
					found++
				}
				if rec.Status == statusUnreadable {
					continue
				}
				exit, stdout, stderr := carriedOut(t.Context(), p.addr, "listing", "check", "--json", "--forget", files[i])
				if exit != exitOK {
					t.Fatal(stderr)
				}
				var check struct {
					decided
					Matches json.RawMessage
				}
				if err := json.Unmarshal([]byte(stdout), &check); err != nil {
					t.Fatalf("%q: %v", stdout, err)
				}
				want := []any{check.Decision, append([]string(nil), check.Reasons...), check.Priority, check.photo(), string(check.Matches)}
				got := []any{rec.Decision, rec.Reasons, *rec.Priority, strings.TrimSpace(rec.DecisionBrand + " " + rec.DecisionPhoto), matches}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s (-check +scan):\n%s", rec.Path, d)
				}
			}
			if found < 12 || found == len(files) {
				t.Errorf("%d of %d images match: the test shows little", found, len(files))
			}
		})
	}
	if left := (&mortal{process: p}).listings(t, &touchstonev1.ListingFilter{}); len(left) != len(files)-2 {
		t.Errorf("%d listing images are remembered, want %d", len(left), len(files)-2)
	}
}

// Parquet of another schema is told by the columns that it has.
func TestScanParquetOfOthers(t *testing.T) {
	dir := t.TempDir()
	list, out := filepath.Join(dir, "others.parquet"), filepath.Join(dir, "out.csv")
	w, err := table.Create(list, []table.Column{{Name: "file"}, {Name: "amount", Type: table.Number}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write("a.jpg", 4.99), w.Close()); err != nil {
		t.Fatal(err)
	}
	exit, stderr := scanRun(t, nil, "127.0.0.1:1", "--out", out, list)
	for _, want := range []string{`"path" is missing`, `"file"`, `"amount"`, "hint: touchstone scan --help tells the columns of a manifest"} {
		if exit != exitFailure || !strings.Contains(stderr, want) {
			t.Errorf("exit status %d, want %d and %q:\n%s", exit, exitFailure, want, stderr)
		}
	}
	if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("results were begun: %v", err)
	}
}
