package main

import (
	"bytes"
	"encoding/csv"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	touchstonev1 "touchstone/proto/touchstone/v1"
)

// reported is a run of the verb.
func reported(t *testing.T, addr, out string, args ...string) (exit int, page, stderr string) {
	t.Helper()
	exit, _, stderr = carriedOut(t.Context(), addr, append([]string{"report", "--brand", "Acme", "--since", "2026-10-01", "--until", "2026-11-01", "--out", out}, args...)...)
	b, err := os.ReadFile(filepath.Join(out, reportPage))
	if err != nil && exit == exitOK {
		t.Fatal(err)
	}
	return exit, string(b), stderr
}

// files writes pictures into a folder.
func files(t *testing.T, folder string, images map[string][]byte) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, b := range images {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReport holds that each case is shown by the best pictures that there are of it.
func TestReport(t *testing.T) {
	s, photos, images := shelved(t, 6)
	var sheetPNG bytes.Buffer
	s.drawing = func(q *touchstonev1.OverlayRequest) (*touchstonev1.OverlayResponse, error) {
		if !bytes.Equal(q.GetA(), photos[0]) || !bytes.Equal(q.GetB(), images[0]) {
			return nil, refusalOf(codes.InvalidArgument, "IMAGE_TOO_PLAIN", "a: too plain")
		}
		return &touchstonev1.OverlayResponse{Png: sheetPNG.Bytes()}, nil
	}
	if err := png.Encode(&sheetPNG, drawn(99, 60, 40)); err != nil {
		t.Fatal(err)
	}
	s.listings[3].Fingerprint.Features = nil // it has none
	s.photos = slices.Delete(s.photos, 4, 5) // it is not known any more
	other := proto.CloneOf(s.listings[5])
	other.Decision.Photo.Brand = "Other"
	s.listings[5] = other
	addr, _ := s.serve(t, "127.0.0.1:0")
	dir := t.TempDir()
	// Both originals of cases 0 and 1, one of case 2, and others of the same length.
	same := slices.Clone(images[0])
	same[len(same)-1] ^= 1
	files(t, filepath.Join(dir, "genuine", "deep"), map[string][]byte{"a.jpg": photos[0], "b.jpg": photos[1], "c.jpg": photos[2]})
	files(t, filepath.Join(dir, "suspect"), map[string][]byte{"a.jpg": images[0], "b.jpg": images[1], "0.jpg": same})

	out := filepath.Join(dir, "report")
	exit, page, stderr := reported(t, addr, out, "--pictures", filepath.Join(dir, "genuine"), "--pictures", filepath.Join(dir, "suspect"))
	if exit != exitOK {
		t.Fatalf("exit status %d:\n%s", exit, stderr)
	}
	cases := strings.Split(page, "<article")[1:]
	if len(cases) != 5 {
		t.Fatalf("%d cases, want 5", len(cases))
	}
	const sheet, small, none = "side by side", "Small copy of", "no copy is kept"
	want := []struct {
		name           string
		sheets, smalls int
		nones          int
	}{
		{"both originals", 1, 0, 0},
		{"both originals, which can't be drawn", 0, 2, 0},
		{"one original", 0, 2, 0},
		{"no features of the listing image", 0, 1, 1},
		{"photo not known any more", 0, 1, 1},
	}
	for i, w := range want {
		if a, b, c := strings.Count(cases[i], sheet), strings.Count(cases[i], small), strings.Count(cases[i], none); a != w.sheets || b != w.smalls || c != w.nones {
			t.Errorf("%s: %d sheets, %d small copies, %d of none", w.name, a, b, c)
		}
	}
	for _, text := range []string{"Of 1 photo nothing is known any more", "listings 900, catalogue 44", "<b>0.38%</b> of it"} {
		if !strings.Contains(page, text) {
			t.Errorf("%q is not in the page", text)
		}
	}
	if !strings.Contains(stderr, "can't be drawn: a: too plain") {
		t.Errorf("what can't be drawn isn't said:\n%s", stderr)
	}
	f, err := os.ReadFile(filepath.Join(out, reportCases))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(f)).ReadAll()
	if err != nil || len(rows) != 6 {
		t.Errorf("%d lines: %v", len(rows), err)
	}

	// A former report is replaced, whatever a killed run left beside it; and less is shown where less is asked for.
	files(t, out, map[string][]byte{replaceMark + "x": nil})
	exit, page, stderr = reported(t, addr, out, "--cases", "2")
	if n := strings.Count(page, "<article"); exit != exitOK || n != 2 || strings.Contains(page, sheet) {
		t.Errorf("exit status %d, %d cases:\n%s", exit, n, stderr)
	}
}

// TestReportMistakes holds what is said where there is no report, and that nothing is written then.
func TestReportMistakes(t *testing.T) {
	s, _, _ := shelved(t, 1)
	addr, _ := s.serve(t, "127.0.0.1:0")
	dir := t.TempDir()
	files(t, filepath.Join(dir, "full"), map[string][]byte{"index.html": []byte("<html>my own page</html>")})
	tests := []struct {
		name, addr, out string
		args            []string
		exit            int
		says            string
	}{
		{"unknown brand", addr, "new", []string{"--brand", "Nobody"}, exitFailure, "touchstone photos brands lists those that there are"},
		{"server down", "127.0.0.1:1", "new", nil, exitFailure, "is the server running?"},
		{"another's folder", addr, "full", nil, exitFailure, "holds index.html, and no former report"},
		{"a file", addr, filepath.Join("full", "index.html"), nil, exitFailure, "choose a folder that is empty"},
		{"no folder of pictures", addr, "new", []string{"--pictures", filepath.Join(dir, "gone")}, exitUsage, "is no folder"},
		{"empty period", addr, "new", []string{"--until", "2026-10-01"}, exitUsage, "--until: later than --since"},
		{"negative", addr, "new", []string{"--cases", "-1"}, exitUsage, "--cases: 0 or more"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			exit, _, stderr := reported(t, test.addr, filepath.Join(dir, test.out), test.args...)
			if exit != test.exit || !strings.Contains(stderr, test.says) {
				t.Errorf("exit status %d, want %d and %q:\n%s", exit, test.exit, test.says, stderr)
			}
			if _, err := os.Stat(filepath.Join(dir, "new")); err == nil {
				t.Error("something was written")
			}
		})
	}
	s.listings = nil
	exit, page, stderr := reported(t, addr, filepath.Join(dir, "quiet"))
	if exit != exitOK || !strings.Contains(page, "there is nothing to report") || !strings.Contains(stderr, "no listing image of the period") {
		t.Errorf("nothing to report: exit status %d\n%s", exit, stderr)
	}
}
