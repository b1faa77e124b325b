package table_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"touchstone/table"
)

// parquetFile makes a file as another program would.
func parquetFile[T any](t testing.TB, rows []T, options ...parquet.WriterOption) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewGenericWriter[T](f, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParquetTypes(t *testing.T) {
	at := time.Date(2026, 5, 1, 10, 30, 0, 250_000_000, time.UTC)
	type text struct {
		Path string `parquet:"path"`
	}
	for _, tc := range []struct {
		name string
		path string
		want []string
	}{
		{"text, optional, others nested", parquetFile(t, []struct {
			Tags  []string `parquet:"tags,list"`
			Path  string   `parquet:"path,dict"`
			Price *string  `parquet:"price"`
		}{{nil, "a", nil}, {[]string{"x", "y"}, "b", new("2")}}), []string{"1: a||", "2: b|2|"}},
		{"doubles and times", parquetFile(t, []struct {
			Path   []byte    `parquet:"PATH"`
			Price  float64   `parquet:"price"`
			Seller time.Time `parquet:"seller,timestamp(millisecond)"`
		}{{[]byte("a"), 19.9, at}, {[]byte("\xff"), 1, at}, {[]byte("c"), math.NaN(), at}, {[]byte("d"), 1e6, time.Unix(-1, 5e8)}}), []string{
			"1: a|19.9|2026-05-01T10:30:00.25Z", "row 2: it is not UTF-8", "row 3: a finite number is wanted, got NaN", "4: d|1000000|1969-12-31T23:59:59.5Z",
		}},
		{"integers and days", parquetFile(t, []struct {
			Path   string `parquet:"path"`
			Price  uint32 `parquet:"price"`
			Seller int32  `parquet:"seller,date"`
		}{{"a", math.MaxUint32, 20574}}), []string{"1: a|4294967295|2026-05-01"}},
		{"decimals", parquetFile(t, []struct {
			Path   string `parquet:"path"`
			Price  int64  `parquet:"price,decimal(2:18)"`
			Seller int32  `parquet:"seller,decimal(3:9)"`
		}{{"a", 1990, -5}}), []string{"1: a|19.90|-0.005"}},
		{"long decimals", parquetFile(t, []struct {
			Path  string  `parquet:"path"`
			Price [9]byte `parquet:"price,decimal(2:20)"`
		}{{"a", [9]byte{8: 199}}, {"b", [9]byte{255, 255, 255, 255, 255, 255, 255, 255, 255}}}), []string{"1: a|1.99|", "2: b|-0.01|"}},
		{"no rows", parquetFile(t, []text{}), nil},
		{"groups", parquetFile(t, []text{{"a"}, {"b"}, {"c"}}, parquet.MaxRowsPerRowGroup(2)), []string{"1: a||", "2: b||", "3: c||"}},
		{"missing", parquetFile(t, []struct{ File string }{{"a"}}), []string{`column can't be used: "path" is missing; there are "File"`}},
		{"a list", parquetFile(t, []struct {
			Path []string `parquet:"path"`
		}{{[]string{"a"}}}), []string{`column can't be used: "path": a column of texts, numbers or times is wanted, got a list of STRING`}},
		{"nested", parquetFile(t, []struct {
			Path text `parquet:"path"`
		}{{text{"a"}}}), []string{`column can't be used: "path": a column of texts, numbers or times is wanted, got a nested one of "path"`}},
		{"boolean", parquetFile(t, []struct {
			Path bool `parquet:"path"`
		}{{true}}), []string{`column can't be used: "path": a column of texts, numbers or times is wanted, got BOOLEAN`}},
		{"UUID", parquetFile(t, []struct {
			Path [16]byte `parquet:"path,uuid"`
		}{{}}), []string{`column can't be used: "path": a column of texts, numbers or times is wanted, got UUID`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, _ := read(t, tc.path)
			for i := range got {
				got[i] = strings.TrimPrefix(got[i], tc.path+": ")
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
		})
	}
}

// Many rows, over several pages and groups, come back as they were written.
func TestParquetRoundTrip(t *testing.T) {
	const n = 120_000
	path := filepath.Join(t.TempDir(), "a.parquet")
	w, err := table.Create(path, columns)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		values := row(fmt.Sprintf("photo %d.jpg", i))
		if i%3 == 0 {
			values[1] = nil
		}
		if err := w.Write(values...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := table.Open(path, []table.Column{{Name: "seen"}, {Name: "edits"}, {Name: "all"}, {Name: "path"}, {Name: "price"}, {Name: "n"}})
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for got, err := range r.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		price := "19.9"
		if i%3 == 0 {
			price = ""
		}
		want := []string{"2026-05-01T10:30:00.25Z", "mirrored; cropped", `{"a":["<&>"]}`, fmt.Sprintf("photo %d.jpg", i), price, "-3"}
		if d := cmp.Diff(want, got.Values); d != "" {
			t.Fatalf("row %d (-want +got):\n%s", i, d)
		}
		i++
	}
	if i != n {
		t.Errorf("%d rows, want %d", i, n)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	f, err := parquet.ReadFile[struct {
		Price *float64  `parquet:"price,optional"`
		Seen  time.Time `parquet:"seen,optional,timestamp(microsecond)"`
	}](path)
	if err != nil || len(f) != n || *f[1].Price != 19.9 || !f[1].Seen.Equal(row("")[3].(time.Time)) {
		t.Errorf("as another program reads it: %d rows, %v, %v", len(f), f[:min(2, len(f))], err)
	}
}

// However a file is damaged, reading it ends, without a panic.
func TestParquetDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.parquet")
	create(t, path, row("a"), row("b"), row("c"))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for at := range whole {
		b := append([]byte(nil), whole...)
		b[at] ^= 0x5a
		got, _ := read(t, write(t, "a.parquet", string(b)))
		if len(got) != 3 {
			failed++
		}
	}
	if failed == 0 {
		t.Error("no damage was ever seen")
	}
	t.Logf("%d of %d bytes matter", failed, len(whole))
}
