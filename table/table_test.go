package table_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touchstone/table"
)

// wanted are the columns that tests read.
var wanted = []table.Column{{Name: "path", Required: true}, {Name: "price"}, {Name: "seller"}}

// write makes a file.
func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// lines are rows in words: "2: a|1|" or the error.
func lines(rows iter.Seq2[table.Row, error]) []string {
	var all []string
	for r, err := range rows {
		if err != nil {
			all = append(all, err.Error())
			continue
		}
		all = append(all, fmt.Sprintf("%d: %s", r.Number, strings.Join(r.Values, "|")))
	}
	return all
}

// read reads a file; what ends the reading stands last.
func read(t testing.TB, path string) (all, others []string) {
	t.Helper()
	r, err := table.Open(path, wanted)
	if err != nil {
		return []string{err.Error()}, nil
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	return lines(r.Rows()), r.Others()
}

func TestRead(t *testing.T) {
	long := strings.Repeat("x", table.MaxRow)
	for _, tc := range []struct {
		name, file, content string
		want, others        []string
	}{
		{"plain", "a.csv", "path,price\na.jpg,1\nb.jpg,2\n", []string{"2: a.jpg|1|", "3: b.jpg|2|"}, nil},
		{"order, case, others", "a.CSV", "Seller, PATH ,mood\ns,a,x\n", []string{"2: a||s"}, []string{"mood"}},
		{"byte order mark, CRLF, no last end", "a.csv", "\ufeffpath,price\r\na,1\r\n\"b\",2", []string{"2: a|1|", "3: b|2|"}, nil},
		{"quotes", "a.csv", "path,price\n\"a,\"\"b\"\"\nc\",1\nd,2\n", []string{"2: a,\"b\"\nc|1|", "4: d|2|"}, nil},
		{"blank lines", "a.csv", "\n\npath,price\n\na,1\n\n", []string{"5: a|1|"}, nil},
		{"one column", "a.csv", "path\na\n\n\"\"\n", []string{"2: a||", "4: ||"}, nil},
		{"header alone", "a.csv", "path,price\n", nil, nil},
		{"ragged", "a.csv", "path,price\na\nb,1,2\nc,3\n", []string{
			"line 2: it has 1 fields, the header has 2", "line 3: it has 3 fields, the header has 2", "4: c|3|",
		}, nil},
		{"not UTF-8", "a.csv", "path,price\n\xff,1\nb,2\n", []string{"line 2: it is not UTF-8", "3: b|2|"}, nil},
		{"an open quote costs its line", "a.csv", "path,price\n\"a,1\nb,2\nc,3\n", []string{
			"line 2: a quote is opened and not closed", "3: b|2|", "4: c|3|",
		}, nil},
		{"a bare quote", "a.csv", "path,price\na\"b,1\n\"c\"d,2\ne,3\n", []string{
			"line 2: a quote within a field that doesn't begin with one", "line 3: text after a closing quote", "4: e|3|",
		}, nil},
		{"a long line", "a.csv", "path,price\n" + long + ",1\nb,2\n", []string{
			"line 2: it is longer than 4194304 bytes", "3: b|2|",
		}, nil},
		{"JSON lines", "a.jsonl", `{"path":"a","price":19.90,"x":{"y":[1]}}` + "\r\n\n" + `{"seller":null,"PATH":"b","price":"2"}`, []string{"1: a|19.90|", "3: b|2|"}, []string{"x"}},
		{"no JSON lines", "a.jsonl", "", nil, nil},
		{"broken JSON lines", "a.ndjson", `{"path":"a"` + "\n" + `[1]` + "\n" + `{"path":"b"} {}` + "\n" + `{"path":"c","price":}` + "\n" + `{"path":"d"}` + "\n" + `{"path":"` + "\xff" + `"}` + "\nnull\n", []string{
			"line 1: the JSON object breaks off", "line 2: it is not a JSON object", "line 3: there is more after the JSON object",
			"line 4: invalid character '}' looking for beginning of value", "5: d||", "line 6: it is not UTF-8", "line 7: it is not a JSON object",
		}, nil},
		{"nested JSON", "a.jsonl", `{"path":"a","price":{"units":1}}` + "\n" + `{"path":["b"]}` + "\n" + `{"path":true}` + "\n" + `{"path":"c","path":"d"}` + "\n" + `{"price":1}` + "\n" + `{"path":"e"}`, []string{
			`line 1: column can't be used: "price": a text or a number is wanted, got an object`,
			`line 2: column can't be used: "path": a text or a number is wanted, got a list`,
			`line 3: column can't be used: "path": a text or a number is wanted, got true`,
			`line 4: column can't be used: "path" is there twice`,
			`line 5: column can't be used: "path" is missing; there are "price"`,
			"6: e||",
		}, nil},
		{"a long JSON line", "a.jsonl", `{"path":"` + long + "\"}\n{\"path\":\"b\"}\n", []string{"line 1: it is longer than 4194304 bytes", "2: b||"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, others := read(t, write(t, tc.file, tc.content))
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
			if len(others)+len(tc.others) > 0 && !cmp.Equal(tc.others, others) {
				t.Errorf("others %q, want %q", others, tc.others)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, file, content string
		want                error
		says                string
	}{
		{"no format", "a.txt", "path\n", table.ErrFormat, `the name has to end in .csv, .jsonl or .parquet, got ".txt"`},
		{"a column is missing", "a.csv", "file,price\na,1\n", table.ErrColumn, `"path" is missing; there are "file", "price"`},
		{"a column is missing in JSON", "a.jsonl", "{broken\n{\"file\":1}\n{\"file\":2}\n", table.ErrColumn, `line 2: column can't be used: "path" is missing; there are "file"`},
		{"a column twice", "a.csv", "path,Path\na,b\n", table.ErrColumn, `"path" is there twice`},
		{"empty", "a.csv", "", table.ErrFormat, "it is empty, CSV is wanted"},
		{"blank", "a.csv", "\n\r\n", table.ErrFormat, "no header"},
		{"semicolons", "a.csv", "path;price\n", table.ErrFormat, "separated by commas"},
		{"UTF-16", "a.csv", "\xff\xfep\x00", table.ErrFormat, "UTF-16"},
		{"a header that is no text", "a.csv", "path,\xff\n", table.ErrFormat, "UTF-8"},
		{"an open header", "a.csv", "\"path,price\na,b\n", table.ErrFormat, "the header, line 1: a quote is opened"},
		{"gzip", "a.csv", "\x1f\x8b\x08", table.ErrFormat, "gzip"},
		{"a JSON list", "a.jsonl", " [\n{}]", table.ErrFormat, "an object a line"},
		{"JSON named CSV", "a.csv", "{\"path\":1}\n", table.ErrFormat, "is JSON by its content"},
		{"Parquet named CSV", "a.csv", "PAR1xxxx", table.ErrFormat, "Parquet by its content"},
		{"CSV named Parquet", "a.parquet", "path,price\n", table.ErrFormat, "doesn't begin like it"},
		{"short Parquet", "a.parquet", "PAR1", table.ErrFormat, "cut short"},
		{"empty Parquet", "a.parquet", "", table.ErrFormat, "empty"},
		{"torn Parquet", "a.parquet", "PAR1" + strings.Repeat("x", 100), table.ErrFormat, "cut short"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := table.Open(write(t, tc.file, tc.content), wanted)
			if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("Open() = %v, %v, want %v that says %q", r, err, tc.want, tc.says)
			}
		})
	}
	if _, err := table.Open(filepath.Join(t.TempDir(), "none.csv"), wanted); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open() of no file = %v", err)
	}
	folder := filepath.Join(t.TempDir(), "a.csv")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if r, err := table.Open(folder, wanted); err == nil {
		t.Errorf("Open() of a folder = %v", r)
	}
}

// columns are those that tests write, one of each type.
var columns = []table.Column{
	{Name: "path"},
	{Name: "price", Type: table.Number},
	{Name: "n", Type: table.Integer},
	{Name: "seen", Type: table.Time},
	{Name: "edits", Type: table.Texts},
	{Name: "all", Type: table.JSON},
}

func row(path string) []any {
	seen := time.Date(2026, 5, 1, 12, 30, 0, 250_000_000, time.FixedZone("", 7200))
	return []any{path, 19.9, int64(-3), seen, []string{"mirrored", "cropped"}, json.RawMessage(`{"a":["<&>"]}`)}
}

// create makes a table of rows.
func create(t testing.TB, path string, rows ...[]any) {
	t.Helper()
	w, err := table.Create(path, columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Write(r...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWrite(t *testing.T) {
	for file, want := range map[string]string{
		"a.csv": "path,price,n,seen,edits,all\n" +
			`'=cmd|' /C calc'!A0,19.9,-3,2026-05-01T10:30:00.25Z,mirrored; cropped,"{""a"":[""<&>""]}"` + "\n" +
			`"line` + "\n" + `and ""quote""",,,,,` + "\n",
		"a.jsonl": `{"path":"=cmd|' /C calc'!A0","price":19.9,"n":-3,"seen":"2026-05-01T10:30:00.25Z","edits":["mirrored","cropped"],"all":{"a":["<&>"]}}` + "\n" +
			`{"path":"line\nand \"quote\""}` + "\n",
	} {
		path := filepath.Join(t.TempDir(), file)
		create(t, path, row("=cmd|' /C calc'!A0"), []any{"line\nand \"quote\"", nil, nil, nil, nil, nil})
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, string(b)); d != "" {
			t.Errorf("%s (-want +got):\n%s", file, d)
		}
	}
}

func TestUnformula(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a=b": "a=b", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM": "'@SUM", "\tx": "'\tx", "\rx": "'\rx", "'=": "'=",
	} {
		if got := table.Unformula(in); got != want {
			t.Errorf("Unformula(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, ending := range []string{".csv", ".jsonl", ".parquet"} {
		path := filepath.Join(t.TempDir(), "a"+ending)
		w, err := table.Create(path, columns)
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range map[string][]any{
			"too few": {"a"}, "wrong type": {1.5, nil, nil, nil, nil, nil}, "not UTF-8": {"\xff", nil, nil, nil, nil, nil},
			"not finite":  {nil, math.Inf(1), nil, nil, nil, nil},
			"broken JSON": {nil, nil, nil, nil, nil, json.RawMessage("{")}, "JSON of two lines": {nil, nil, nil, nil, nil, json.RawMessage("{\n}")},
			"int": {nil, nil, 3, nil, nil, nil}, "a text that is no UTF-8": {nil, nil, nil, nil, []string{"a", "\xff"}, nil},
		} {
			if err := w.Write(values...); !errors.Is(err, table.ErrValue) {
				t.Errorf("%s, %s: Write() = %v, want ErrValue", ending, name, err)
			}
		}
		if err := w.Write(row("a")...); err != nil {
			t.Error(err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if got, _ := read(t, path); len(got) != 1 || !strings.HasSuffix(got[0], ": a|19.9|") {
			t.Errorf("%s: what was refused left traces: %q", ending, got)
		}
	}
	if _, err := table.Create(filepath.Join(t.TempDir(), "a.xlsx"), columns); !errors.Is(err, table.ErrFormat) {
		t.Errorf("Create() = %v, want ErrFormat", err)
	}
}
