package table_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"touchstone/table"
)

// FuzzOpen holds that whatever bytes a file has, reading ends without a panic, rows are as wide as was asked for and of
// valid text, and their numbers rise.
func FuzzOpen(f *testing.F) {
	for _, ending := range []string{".csv", ".jsonl", ".parquet"} {
		path := filepath.Join(f.TempDir(), "a"+ending)
		create(f, path, row("a"), row("b\n\"c\""), []any{"d", nil, nil, nil, nil, nil})
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)-3])
	}
	f.Add([]byte("path,price\r\n\"a\"\"b\",1\r\n\"open\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		endings := []string{".csv", ".jsonl"}
		if len(b) >= 4 && string(b[:4]) == "PAR1" {
			endings = []string{".parquet"}
		}
		for _, ending := range endings {
			r, err := table.Open(write(t, "a"+ending, string(b)), wanted)
			if err != nil {
				continue
			}
			var last int64
			rows := 0
			for row, err := range r.Rows() {
				var bad *table.RowError
				if err != nil && !errors.As(err, &bad) {
					break
				}
				if row.Number <= last {
					t.Fatalf("row %d after row %d", row.Number, last)
				}
				last = row.Number
				if err != nil {
					continue
				}
				if len(row.Values) != len(wanted) {
					t.Fatalf("%d values, want %d", len(row.Values), len(wanted))
				}
				for _, v := range row.Values {
					if !utf8.ValidString(v) {
						t.Fatalf("%q is not UTF-8", v)
					}
				}
				if rows++; rows == 100_000 { // a damaged footer may promise more rows than anyone can wait for
					break
				}
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
