package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/table"
)

// A manifest of each format: what it says reaches the server, each row has its record, in order, whatever is wrong with it.
func TestScanManifest(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{
		"bag.jpg": "genuine 1", "other.jpg": "plain", "note.jpg": "IMAGE_FORMAT_UNKNOWN", "odd.jpg": "FIELD_INVALID", "busy.jpg": "OVERLOADED",
		"more/b.jpg": "genuine 2", "more/a/c.png": "shoe", "more/read.me": "x",
		"list.csv": "path,marketplace,listing_id,image_id,seller_id,region_code,url,price,currency,seen_time,mood\n" +
			"bag.jpg,market,7,1,joe,GB,https://m.example/7,4.99,usd,2026-05-01T12:00:00+02:00,good\n" +
			"other.jpg,,,,,,,,,,\n" +
			"\"broken\n" +
			"gone.jpg,market,8,,,,,,,,\n" +
			"more,market,9,ignored,,,,,,,\n" +
			"note.jpg,,,,,,,,,,\n" +
			"other.jpg,market,10,,,,,0,EUR,,\n" +
			"other.jpg,market,11,,,,,5,,,\n" +
			"other.jpg,market,12,,,,,,,yesterday,\n" +
			",,,,,,,,,,\n" +
			"odd.jpg,,,,,,,,,,\n" +
			"busy.jpg,market,13,,,,,,,2026-05-02,\n",
	})
	j := &judge{slow: 20 * time.Millisecond}
	addr := j.sit(t)
	out := filepath.Join(dir, "out.jsonl")
	exit, stderr := scanRun(t, nil, addr, "--out", out, filepath.Join(dir, "list.csv"))
	if exit != exitFailure || !strings.Contains(stderr, "touchstone: scan: no answer for 9 of 13 images: 6 with a bad line, 2 unreadable, 1 failed\n") ||
		strings.Count(stderr, "columns that are passed over: mood") != 1 {
		t.Errorf("exit %d:\n%s", exit, stderr)
	}
	want := []string{
		"1|bag.jpg|market|7|1|joe|OK|INFRINGING|1|", "2|other.jpg|||||NOTHING_FOUND|NO_MATCH||",
		"3||||||BAD_LINE|||line 4: a quote is opened and not closed",
		"4|gone.jpg|market|8|||UNREADABLE|||stat " + filepath.Join(dir, "gone.jpg") + ": no such file or directory",
		"5|more/a/c.png|market|9|a/c.png||NOTHING_FOUND|NO_MATCH||", "6|more/b.jpg|market|9|b.jpg||OK|INFRINGING|2|",
		"7|note.jpg|||||UNREADABLE|||refused for IMAGE_FORMAT_UNKNOWN",
		`8|other.jpg|market|10|||BAD_LINE|||line 8: price: more than 0, got "0"`,
		`9|other.jpg|market|11|||BAD_LINE|||line 9: currency: an ISO 4217 code of three upper-case letters, got ""`,
		`10|other.jpg|market|12|||BAD_LINE|||line 10: seen_time: a time like 2026-05-01T12:30:00Z or 2026-05-01, got "yesterday"`,
		"11||||||BAD_LINE|||line 11: path is empty",
		"12|odd.jpg|||||BAD_LINE|||refused for FIELD_INVALID", "13|busy.jpg|market|13|||FAILED|||refused for OVERLOADED",
	}
	names := []string{"item", "path", "marketplace", "listing_id", "image_id", "seller_id", "status", "decision", "photo", "error"}
	if d := cmp.Diff(want, columnsOf(t, out, names...)); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
	first, _, _ := strings.Cut(contents(t, out), "\n")
	if d := cmp.Diff(`{"item":1,"path":"bag.jpg","marketplace":"market","listing_id":"7","image_id":"1","seller_id":"joe","region_code":"GB","url":"https://m.example/7",`+
		`"price":4.99,"currency":"USD","seen_time":"2026-05-01T10:00:00Z","status":"OK","decision":"INFRINGING","reasons":["NO_GRANT","PRICE_LOW"],"priority":0.5,"price_ratio":0.005,`+
		`"decision_brand":"Acme","decision_photo":"1","brand":"Acme","photo":"1","product":"Bag","variant":"red","verdict":"EDITED_COPY","score":0.99,"expected_false_matches":0.25,`+
		`"edits":["mirrored","cropped"],"match_count":2,"matches":[`+
		`{"brand":"Acme","photo":"1","product":"Bag","variant":"red","verdict":"EDITED_COPY","score":0.99,"expected_false_matches":0.25,"edits":["mirrored","cropped"],"distance_bits":7,"distance64_bits":0,"colour_distance":0},`+
		`{"brand":"Acme","photo":"1'","product":"Bag","variant":"red","verdict":"EDITED_COPY","score":0.89,"expected_false_matches":0.25,"edits":["mirrored","cropped"],"distance_bits":7,"distance64_bits":0,"colour_distance":0}]}`, first); d != "" {
		t.Errorf("first line (-want +got):\n%s", d)
	}
	r := j.asked["genuine 1"][0]
	f := r.GetFacts()
	if f.GetPrice().GetUnits() != 4 || f.GetPrice().GetNanos() != 990_000_000 || f.GetSeenTime().GetSeconds() != 1777629600 || r.Remember != nil {
		t.Errorf("the server was told %v", r)
	}
	if r := j.asked["plain"][0]; r.Remember == nil || r.GetRemember() {
		t.Errorf("an image without a listing is to be remembered: %v", r)
	}

	// The same rows in other formats give the same results, in other formats too.
	rows := []table.Column{{Name: "path"}, {Name: "listing_id", Type: table.Integer}, {Name: "price", Type: table.Number}, {Name: "currency"}, {Name: "seen_time", Type: table.Time}}
	for _, ending := range []string{".csv", ".jsonl", ".parquet"} {
		list := filepath.Join(dir, "plain"+ending)
		w, err := table.Create(list, rows)
		if err != nil {
			t.Fatal(err)
		}
		seen := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		for _, err := range []error{w.Write("bag.jpg", int64(7), 4.5, "EUR", seen), w.Write("more", nil, nil, nil, nil), w.Write(nil, nil, nil, nil, nil), w.Close()} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, written := range []string{".csv", ".jsonl", ".parquet"} {
			out := filepath.Join(dir, "of"+ending+written)
			if exit, stderr := scanRun(t, nil, addr, "--out", out, "--marketplace", "market", list); exit != exitFailure || !strings.Contains(stderr, "1 with a bad line") {
				t.Errorf("%s to %s: exit %d:\n%s", ending, written, exit, stderr)
			}
			got := columnsOf(t, out, "item", "path", "marketplace", "listing_id", "image_id", "price", "currency", "seen_time", "status", "match_count")
			want := []string{
				"1|bag.jpg|market|7|hash of genuine 1|4.5|EUR|2026-05-01T00:00:00Z|OK|2",
				"2|more/a/c.png|market||a/c.png||||NOTHING_FOUND|0", "3|more/b.jpg|market||b.jpg||||OK|2", "4||||||||BAD_LINE|",
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s to %s (-want +got):\n%s", ending, written, d)
			}
			if left, _ := filepath.Glob(out + ".*"); len(left) > 0 {
				t.Errorf("%s to %s left %v", ending, written, left)
			}
		}
	}
}

// Many images, answered in no order, have their records in order, and each was asked about once.
func TestScanFolder(t *testing.T) {
	dir := t.TempDir()
	files := make(map[string]string)
	var want []string
	for i := range 700 {
		name := fmt.Sprintf("%d/%03d.jpg", i%3, i)
		if i%7 == 0 {
			name = fmt.Sprintf("=%03d.jpg", i) // what a spreadsheet would run
		}
		files[name] = "image " + strconv.Itoa(i)
		want = append(want, name)
	}
	put(t, filepath.Join(dir, "photos"), files)
	slices.Sort(want)
	j := &judge{slow: 10 * time.Millisecond}
	addr := j.sit(t)
	for _, ending := range []string{".csv", ".jsonl", ".parquet"} {
		out := filepath.Join(dir, "out"+ending)
		if exit, stderr := scanRun(t, nil, addr, "--out", out, "--max-window", "20", "--marketplace", "market", "--limit", "3", "--depth", "whole", filepath.Join(dir, "photos")); exit != exitOK || !strings.Contains(stderr, "700 images in ") {
			t.Fatalf("exit %d:\n%s", exit, stderr)
		}
		got := columnsOf(t, out, "path", "image_id", "status")
		for i, name := range want {
			shown := name
			if ending == ".csv" {
				shown = table.Unformula(name)
			}
			if g := shown + "|" + shown + "|NOTHING_FOUND"; got[i] != g {
				t.Fatalf("%s: record %d is %q, want %q", ending, i, got[i], g)
			}
		}
		before := contents(t, out)
		if exit, stderr := scanRun(t, nil, "127.0.0.1:1", "--out", out, filepath.Join(dir, "photos")); exit != exitFailure ||
			!strings.Contains(stderr, "item 1 had marketplace market, has none") {
			t.Errorf("with other facts: exit %d:\n%s", exit, stderr)
		}
		exit, stderr := scanRun(t, nil, "127.0.0.1:1", "--out", out, "--marketplace", "market", filepath.Join(dir, "photos"))
		if exit != exitOK || !strings.Contains(stderr, "has all 700 images already: nothing to do") || contents(t, out) != before {
			t.Errorf("again: exit %d:\n%s", exit, stderr)
		}
	}
	if n := len(j.asked); n != 700 {
		t.Errorf("%d images were asked about", n)
	}
	for text, asked := range j.asked {
		if r := asked[0]; len(asked) != 3 || r.GetRemember() || r.GetLimit() != 3 || r.GetDepth() != touchstonev1.Depth_DEPTH_WHOLE || r.GetFacts().GetMarketplace() != "market" {
			t.Fatalf("%s: asked %d times: %v", text, len(asked), r)
		}
	}
}

// entry is one of a tar stream.
type entry struct {
	name, text string
	kind       byte
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Size: int64(len(e.text)), Mode: 0o644}
		if e.kind == tar.TypeSymlink {
			h.Linkname = "elsewhere.jpg"
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestScanArchive(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"list.csv": "path,listing_id,seller_id,price\nphotos/b.jpg,7,joe,\nphotos/b.jpg,8,ann,\ngone.jpg,9,,\nmore,10,,\n./bad.jpg,11,,cheap\n\"broken\n"})
	j := &judge{slow: 5 * time.Millisecond}
	addr := j.sit(t)
	stream := tarOf(t,
		entry{"photos/", "", tar.TypeDir}, entry{"./photos/b.jpg", "genuine 1", tar.TypeReg}, entry{"photos/._b.jpg", "x", tar.TypeReg},
		entry{"notes.txt", "x", tar.TypeReg}, entry{"photos/a.jpg", "genuine 2", tar.TypeReg}, entry{"link.jpg", "", tar.TypeSymlink},
		entry{"more/x/1.png", "shoe", tar.TypeReg}, entry{"bad.jpg", "genuine 3", tar.TypeReg}, entry{"large.jpg", strings.Repeat("x", mostBytes+1), tar.TypeReg},
	)
	out := filepath.Join(dir, "out.csv")
	args := []string{"--out", out, "--manifest", filepath.Join(dir, "list.csv"), "--marketplace", "market", "-"}
	exit, stderr := scanRun(t, bytes.NewReader(stream), addr, args...)
	if exit != exitFailure || !strings.Contains(stderr, "no answer for 4 of 8 images: 2 with a bad line, 2 unreadable") {
		t.Errorf("exit %d:\n%s", exit, stderr)
	}
	want := []string{
		"1|photos/b.jpg|market|7|joe|hash of genuine 1|OK|", "2|photos/b.jpg|market|8|ann|hash of genuine 1|OK|",
		"3|photos/a.jpg|market|||photos/a.jpg|OK|", "4|more/x/1.png|market|10||x/1.png|NOTHING_FOUND|",
		`5|bad.jpg|market|11|||BAD_LINE|line 6: price: an amount like 795 or 19.99, got "cheap"`,
		"6|large.jpg|market|||large.jpg|UNREADABLE|large.jpg has 20971521 bytes, at most 20971520 are taken",
		"7|gone.jpg|market|9|||UNREADABLE|it is not in the archive", "8||||||BAD_LINE|line 7: a quote is opened and not closed",
	}
	if d := cmp.Diff(want, columnsOf(t, out, "item", "path", "marketplace", "listing_id", "seller_id", "image_id", "status", "error")); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
	whole := contents(t, out)

	// A stream that breaks off is an error once what came before has its records; the same command goes on.
	if err := os.Remove(out); err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(stream, []byte("genuine 2"))
	exit, stderr = scanRun(t, bytes.NewReader(stream[:at+3]), addr, args...)
	if exit != exitFailure || !strings.Contains(stderr, "the tar stream on standard input, in photos/a.jpg: unexpected EOF") || !strings.Contains(stderr, "run the same command again to go on") {
		t.Errorf("broken off: exit %d:\n%s", exit, stderr)
	}
	if begun := contents(t, out); begun == "" || !strings.HasPrefix(whole, begun) {
		t.Errorf("broken off, what came before has no records:\n%s", begun)
	}
	if exit, stderr = scanRun(t, bytes.NewReader(stream), addr, args...); exit != exitFailure || contents(t, out) != whole {
		t.Errorf("gone on with: exit %d:\n%s\n%s", exit, stderr, contents(t, out))
	}
	for name, in := range map[string]string{"compressed by gzip": "\x1f\x8b\x08", "there is no image to check": "", "invalid tar header": strings.Repeat("x", 2000)} {
		if exit, stderr := scanRun(t, strings.NewReader(in), addr, "--out", filepath.Join(dir, "none.jsonl"), "-"); exit != exitFailure || !strings.Contains(stderr, name) {
			t.Errorf("%s: exit %d:\n%s", name, exit, stderr)
		}
	}
}

// A server that goes away is told, with how to go on; then the results are as if nothing had been.
func TestScanGoesOn(t *testing.T) {
	dir := t.TempDir()
	list := manifestOf(t, dir, 300)
	j := &judge{slow: 2 * time.Millisecond}
	addr := j.sit(t)
	for _, ending := range []string{".csv", ".jsonl", ".parquet"} {
		calm, out := filepath.Join(dir, "calm"+ending), filepath.Join(dir, "out"+ending)
		if exit, stderr := scanRun(t, nil, addr, "--out", calm, list); exit != exitFailure || !strings.Contains(stderr, "unreadable") {
			t.Fatalf("exit %d:\n%s", exit, stderr)
		}
		for round := 0; ; round++ {
			j.mu.Lock()
			j.left = 80
			j.mu.Unlock()
			exit, stderr := scanRun(t, nil, addr, "--out", out, list)
			if strings.Contains(stderr, "no answer for") {
				break
			}
			if exit != exitFailure || !strings.Contains(stderr, "run the same command again to go on") || !strings.Contains(stderr, "touchstone: hint: is the server running?") {
				t.Fatalf("exit %d:\n%s", exit, stderr)
			}
			if round == 20 {
				t.Fatal("it never comes to an end")
			}
		}
		j.mu.Lock()
		j.left = 0
		j.mu.Unlock()
		if contents(t, calm) != contents(t, out) {
			t.Errorf("%s: differs from a scan without interruption", ending)
		}
	}
	exit, stderr := scanRun(t, nil, "127.0.0.1:1", "--out", filepath.Join(dir, "down.jsonl"), list)
	if exit != exitFailure || !strings.Contains(stderr, "no connection to 127.0.0.1:1") || !strings.Contains(stderr, "hint: is the server running?") {
		t.Errorf("server down: exit %d:\n%s", exit, stderr)
	}
	put(t, dir, map[string]string{"full.jpg": "STORAGE_FULL"})
	put(t, dir, map[string]string{"full.csv": "path\nfull.jpg\n"})
	exit, stderr = scanRun(t, nil, addr, "--out", filepath.Join(dir, "full.jsonl"), filepath.Join(dir, "full.csv"))
	if exit != exitFailure || !strings.Contains(stderr, "hint: make room on the server's disk") || contents(t, filepath.Join(dir, "full.jsonl")) != "" {
		t.Errorf("disk full: exit %d:\n%s", exit, stderr)
	}
}

// What is no result of the same scan is left alone.
func TestScanChanged(t *testing.T) {
	addr := (&judge{}).sit(t)
	for _, ending := range []string{".csv", ".jsonl", ".parquet"} {
		dir := t.TempDir()
		list, out := filepath.Join(dir, "list.csv"), filepath.Join(dir, "out"+ending)
		put(t, dir, map[string]string{"a.jpg": "a", "b.jpg": "b", "c.jpg": "c", "list.csv": "path\na.jpg\nb.jpg\n"})
		if exit, stderr := scanRun(t, nil, addr, "--out", out, list); exit != exitOK {
			t.Fatalf("exit %d:\n%s", exit, stderr)
		}
		before := contents(t, out)
		longer := "it is finished after item 2, and item 3 would be c.jpg"
		for name, tc := range map[string]struct{ list, says string }{
			"other": {"path\na.jpg\nc.jpg\n", "what is scanned has changed since " + out + " was begun: item 2 was b.jpg, is c.jpg\n"},
			"fewer": {"path\na.jpg\n", "item 2 was b.jpg, and there are 1 now\n"},
			"more":  {"path\na.jpg\nb.jpg\nc.jpg\n", longer},
		} {
			if name == "more" && ending != ".parquet" {
				continue
			}
			put(t, dir, map[string]string{"list.csv": tc.list})
			exit, stderr := scanRun(t, nil, addr, "--out", out, list)
			if exit != exitFailure || !strings.Contains(stderr, tc.says) || !strings.Contains(stderr, "touchstone: hint: choose another --out\n") {
				t.Errorf("%s, %s: exit %d:\n%s", ending, name, exit, stderr)
			}
			if contents(t, out) != before {
				t.Errorf("%s, %s: the results were changed", ending, name)
			}
		}
		if ending != ".parquet" { // what can be written on grows with its manifest
			put(t, dir, map[string]string{"list.csv": "path\na.jpg\nb.jpg\nc.jpg\n"})
			if exit, stderr := scanRun(t, nil, addr, "--out", out, list); exit != exitOK || !strings.Contains(stderr, "has 2 images: going on after them") {
				t.Errorf("%s: exit %d:\n%s", ending, exit, stderr)
			}
			if got := columnsOf(t, out, "item", "path"); !slices.Equal(got, []string{"1|a.jpg", "2|b.jpg", "3|c.jpg"}) {
				t.Errorf("%s: %q", ending, got)
			}
		}
		foreign := filepath.Join(dir, "foreign"+ending)
		put(t, dir, map[string]string{"foreign" + ending: "my notes"})
		if exit, stderr := scanRun(t, nil, addr, "--out", foreign, list); exit != exitFailure || !strings.Contains(stderr, "these are no results to go on with") || contents(t, foreign) != "my notes" {
			t.Errorf("%s: exit %d:\n%s", ending, exit, stderr)
		}
	}
}

// A scan of Parquet that died when it was nearly done is healed.
func TestScanParquetHeals(t *testing.T) {
	addr := (&judge{}).sit(t)
	dir := t.TempDir()
	list, out := manifestOf(t, dir, 10), filepath.Join(dir, "out.parquet")
	if exit, stderr := scanRun(t, nil, addr, "--out", filepath.Join(dir, "all.jsonl"), list); exit != exitFailure {
		t.Fatalf("exit %d:\n%s", exit, stderr)
	}
	if exit, stderr := scanRun(t, nil, addr, "--out", out, list); exit != exitFailure {
		t.Fatalf("exit %d:\n%s", exit, stderr)
	}
	whole := contents(t, out)
	collected := contents(t, filepath.Join(dir, "all.jsonl"))
	for name, left := range map[string]map[string]string{
		"before it was turned":  {"out.parquet.partial.jsonl": collected},
		"while it was turned":   {"out.parquet.partial.jsonl": collected, "out.parquet.partial.parquet": whole[:100]},
		"before it was renamed": {"out.parquet.partial.jsonl": collected, "out.parquet.partial.parquet": whole},
		"after that":            {"out.parquet.partial.jsonl": collected, "out.parquet": whole},
	} {
		if err := os.Remove(out); err != nil {
			t.Fatal(err)
		}
		put(t, dir, left)
		if exit, stderr := scanRun(t, nil, "127.0.0.1:1", "--out", out, list); exit != exitFailure || !strings.Contains(stderr, "nothing to do") {
			t.Errorf("%s: exit %d:\n%s", name, exit, stderr)
		}
		if contents(t, out) != whole {
			t.Errorf("%s: the results differ", name)
		}
		if left, _ := filepath.Glob(out + ".*"); len(left) > 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
}

func TestScanUsage(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, map[string]string{"a.jpg": "a", "list.csv": "path\na.jpg\n", "bad.csv": "file,price\na.jpg,1\n"})
	list, out := filepath.Join(dir, "list.csv"), filepath.Join(dir, "out.jsonl")
	for _, tc := range []struct {
		name string
		args []string
		exit int
		says string
	}{
		{"no out", []string{list}, exitUsage, `required flag(s) "out" not set`},
		{"no format", []string{"--out", filepath.Join(dir, "out.txt"), list}, exitUsage, `--out: not a table of CSV, JSONL or Parquet: the name has to end in .csv, .jsonl or .parquet, got ".txt"`},
		{"no folder", []string{"--out", filepath.Join(dir, "none", "out.csv"), list}, exitFailure, "no such file"},
		{"out is in", []string{"--out", list, list}, exitFailure, "is what is to be read"},
		{"depth", []string{"--out", out, "--depth", "deep", list}, exitUsage, `--depth: auto, whole or parts, got "deep"`},
		{"limit", []string{"--out", out, "--limit", "1001", list}, exitUsage, "--limit: 0 to 1000, got 1001"},
		{"window", []string{"--out", out, "--max-window", "0", list}, exitUsage, "--max-window: 1 or more, got 0"},
		{"currency", []string{"--out", out, "--currency", "euro", list}, exitUsage, "--currency: "},
		{"manifest", []string{"--out", out, "--manifest", list, dir}, exitUsage, "--manifest goes with a tar stream alone"},
		{"a picture", []string{"--out", out, filepath.Join(dir, "a.jpg")}, exitFailure, "neither a folder nor a manifest"},
		{"nothing there", []string{"--out", out, filepath.Join(dir, "none.csv")}, exitFailure, "no such file"},
		{"a column is missing", []string{"--out", out, filepath.Join(dir, "bad.csv")}, exitFailure, `"path" is missing; there are "file", "price"`},
	} {
		exit, stderr := scanRun(t, nil, "127.0.0.1:1", tc.args...)
		if exit != tc.exit || !strings.Contains(stderr, tc.says) {
			t.Errorf("%s: exit %d, want %d that says %q:\n%s", tc.name, exit, tc.exit, tc.says, stderr)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: made a file of results", tc.name)
		}
	}
}

func TestImageName(t *testing.T) {
	long := strings.Repeat("folder/", 20)
	for _, tc := range []struct{ name, in, want string }{
		{"plain", "a/b c.jpg", "a/b c.jpg"},
		{"decomposed", "e\u0301.jpg", "é.jpg"},
		{"as long as can be", strings.Repeat("x", 64), strings.Repeat("x", 64)},
		{"long", long, "folder/folder/folder/folder/fol~"},
		{"cut between letters", strings.Repeat("é", 40), strings.Repeat("é", 15) + "~"},
		{"a control", "a\n.jpg", "a~"},
		{"not UTF-8", "a\xff.jpg", "a~"},
	} {
		got := imageName(tc.in)
		const hash = 32 // digits
		if strings.HasSuffix(tc.want, "~") && len(got) > hash {
			got = got[:len(got)-hash]
		}
		if got != tc.want {
			t.Errorf("%s: imageName(%q) = %q, want %q and a hash where it ends in ~", tc.name, tc.in, got, tc.want)
		}
	}
	if imageName(long+"1") == imageName(long+"2") {
		t.Error("two paths, one name")
	}
}

// The JSON of a record is what its columns write: results of Parquet are made from it.
func TestRecordColumns(t *testing.T) {
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	full := &record{
		Item: 1, Path: "p", Marketplace: "m", Listing: "l", Image: "i", Seller: "s", Region: "GB", URL: "u", Price: new(1.5), Currency: "EUR", Seen: &at,
		Status: "OK", Reason: "r", Error: "e", Decision: "REVIEW", Reasons: []string{"A", "B"}, Priority: new(0.0), PriceRatio: new(0.1),
		DecisionBrand: "b", DecisionPhoto: "f", Grant: "g", Brand: "B", Photo: "P", Product: "D", Variant: "V", Verdict: "COPY",
		Score: new(1.0), ExpectedFalse: new(0.0), Edits: []string{"x"}, Count: new(int64(1)), Matches: json.RawMessage("[]"),
	}
	path := filepath.Join(t.TempDir(), "a.jsonl")
	w, err := table.Create(path, recordColumns(table.JSONL))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(full.values(table.JSONL)...), w.Close()); err != nil {
		t.Fatal(err)
	}
	var got record
	if err := json.Unmarshal([]byte(contents(t, path)), &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(full, &got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
