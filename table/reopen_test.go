package table_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"touchstone/table"
)

// A table that was cut off anywhere is written on after its last whole row, and is then as if nothing had been.
func TestReopen(t *testing.T) {
	rows := [][]any{row("a"), row("b\n\"c\"\n"), {"d", nil, nil, nil, nil, nil}, row("=e")}
	for _, ending := range []string{".csv", ".jsonl"} {
		path := filepath.Join(t.TempDir(), "a"+ending)
		create(t, path, rows...)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for size := range len(whole) + 1 {
			if err := os.WriteFile(path, whole[:size], 0o666); err != nil {
				t.Fatal(err)
			}
			u, err := table.Reopen(path, columns)
			if err != nil {
				t.Fatalf("%s cut to %d bytes: %v", ending, size, err)
			}
			old, err := u.Rows(wanted)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for r, err := range old {
				if err != nil {
					t.Fatalf("%s cut to %d bytes: %v", ending, size, err)
				}
				want := rows[n][0].(string)
				if ending == ".csv" {
					want = table.Unformula(want)
				}
				if r.Values[0] != want {
					t.Fatalf("%s cut to %d bytes: row %d is %q, want %q", ending, size, n, r.Values[0], want)
				}
				n++
			}
			w, err := u.Append()
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			// A reader finds the whole rows and nothing else.
			if all, _ := read(t, path); len(all) != n {
				t.Fatalf("%s cut to %d bytes, what is torn not cut off: %q, want %d rows", ending, size, all, n)
			}
			for _, r := range rows[n:] {
				if err := w.Write(r...); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(whole), string(got)); d != "" {
				t.Fatalf("%s cut to %d bytes, and written on (-want +got):\n%s", ending, size, d)
			}
		}
	}
}

func TestReopenOthers(t *testing.T) {
	for name, tc := range map[string]struct {
		file, content string
		want          error
	}{
		"other columns":   {"a.csv", "path,price\n", table.ErrOther},
		"notes":           {"a.jsonl", "buy milk", table.ErrOther},
		"a long remnant":  {"a.jsonl", `{"path":"` + strings.Repeat("x", table.MaxRow), table.ErrOther},
		"Parquet":         {"a.parquet", "", table.ErrFormat},
		"no known format": {"a.txt", "", table.ErrFormat},
	} {
		path := write(t, tc.file, tc.content)
		if u, err := table.Reopen(path, columns); !errors.Is(err, tc.want) {
			t.Errorf("%s: Reopen() = %v, %v, want %v", name, u, err, tc.want)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != tc.content {
			t.Errorf("%s: the file was changed, %v", name, err)
		}
	}
	// A machine that stopped may leave zeros.
	u, err := table.Reopen(write(t, "a.jsonl", "\x00\x00\x00\x00"), columns)
	if err != nil {
		t.Fatal(err)
	}
	if err := u.Close(); err != nil {
		t.Error(err)
	}
}
