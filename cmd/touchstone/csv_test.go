package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"touchstone/index"
)

// listed is what a CSV reads as, for comparison.
type listed struct {
	Line                         int
	Path, ID                     string
	Product, Variant, Price, Err string
}

func list(r io.Reader) []listed {
	var all []listed
	for r, err := range rows(r) {
		l := listed{Line: r.line, Path: r.path, ID: r.id}
		said := func(s *string) string {
			if s == nil {
				return "-"
			}
			return *s
		}
		l.Product, l.Variant, l.Price = said(r.metadata.product), said(r.metadata.variant), "-"
		if p := r.metadata.price; p != nil {
			l.Price = money(*p)
		}
		if err != nil {
			l = listed{Line: r.line, Err: err.Error()}
		}
		all = append(all, l)
	}
	return all
}

func TestRows(t *testing.T) {
	tests := []struct {
		name, csv string
		want      []listed
	}{
		{"all columns", "path,photo_id,product,variant,price,currency\na.jpg,1,Bag,red,795,USD\n",
			[]listed{{2, "a.jpg", "1", "Bag", "red", "795 USD", ""}}},
		{"any order, spaces, upper case", "Product , PATH\nBag, a.jpg \n", []listed{{2, "a.jpg", "a.jpg", "Bag", "-", "-", ""}}},
		{"byte order mark", "\xef\xbb\xbfpath\na.jpg\n", []listed{{2, "a.jpg", "a.jpg", "-", "-", "-", ""}}},
		{"CRLF, no newline at the end", "path,variant\r\na.jpg,red\r\nb.jpg,", []listed{
			{2, "a.jpg", "a.jpg", "-", "red", "-", ""}, {3, "b.jpg", "b.jpg", "-", "", "-", ""}}},
		{"quotes, a comma and a line break inside", "path,product\n\"a,1.jpg\",\"Big\n\"\"bag\"\"\"\nb.jpg,Hat\n", []listed{
			{2, "a,1.jpg", "a,1.jpg", "Big\n\"bag\"", "-", "-", ""}, {4, "b.jpg", "b.jpg", "Hat", "-", "-", ""}}},
		{"empty lines", "path\n\na.jpg\n\n", []listed{{3, "a.jpg", "a.jpg", "-", "-", "-", ""}}},
		{"no price", "path,price,currency\na.jpg,,USD\n", []listed{{2, "a.jpg", "a.jpg", "-", "-", "", ""}}},
		{"cents", "path,price,currency\na.jpg,19.9,eur\nb.jpg,.5,EUR\nc.jpg,0.000000001,EUR\n", []listed{
			{2, "a.jpg", "a.jpg", "-", "-", "19.90 EUR", ""}, {3, "b.jpg", "b.jpg", "-", "-", "0.50 EUR", ""},
			{4, "c.jpg", "c.jpg", "-", "-", "0.000000001 EUR", ""}}},
		{"header alone", "path\n", nil},

		{"bad lines between good ones", "path,price,currency\na.jpg,1,EUR\nb.jpg\nc.jpg,\"1\"2,EUR\n,1,EUR\ne.jpg,1 000,EUR\nf.jpg,1,\ng.jpg,-1,EUR\nh.jpg,1,EUR\n", []listed{
			{2, "a.jpg", "a.jpg", "-", "-", "1 EUR", ""},
			{Line: 3, Err: "line 3: wrong number of fields"},
			{Line: 4, Err: `line 4: extraneous or missing " in quoted-field`},
			{Line: 5, Err: "line 5: path is empty"},
			{Line: 6, Err: `line 6: price: an amount like 795 or 19.99, got "1 000"`},
			{Line: 7, Err: `line 7: price: invalid photo: list_price.currency_code: an ISO 4217 code of three upper-case letters, got ""`},
			{Line: 8, Err: `line 8: price: an amount like 795 or 19.99, got "-1"`},
			{9, "h.jpg", "h.jpg", "-", "-", "1 EUR", ""}}},
		{"empty", "", []listed{{Err: "read the header: it is empty"}}},
		{"unknown column", "path,colour\na.jpg,red\n", []listed{{Err: `header: unknown column "colour", known are path, photo_id, product, variant, price, currency`}}},
		{"no header", "a.jpg,Bag\n", []listed{{Err: `header: unknown column "a.jpg", known are path, photo_id, product, variant, price, currency`}}},
		{"column twice", "path,path\n", []listed{{Err: `header: column "path" is there twice`}}},
		{"no path", "photo_id\n1\n", []listed{{Err: `header: the column "path" is missing`}}},
		{"price without currency", "path,price\n", []listed{{Err: `header: a column "price" needs a column "currency"`}}},
		{"semicolons", "path;photo_id\n", []listed{{Err: `header: the columns have to be separated by commas, got "path;photo_id"`}}},
		{"amount of nothing, and a currency that there isn't", "path,price,currency\na.jpg,0,EUR\nb.jpg,5,XXQ\nc.jpg,5,EUR\n", []listed{
			{Line: 2, Err: `line 2: price: a price of more than 0, got 0`},
			{Line: 3, Err: `line 3: price: an ISO 4217 code of three upper-case letters, such as USD or EUR, got "XXQ"`},
			{4, "c.jpg", "c.jpg", "-", "-", "5 EUR", ""},
		}},
		{"amount too large", "path,price,currency\na.jpg,9223372036854775808,EUR\n", []listed{{Line: 2, Err: `line 2: price: at most 9223372036854775807, got "9223372036854775808"`}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, list(strings.NewReader(test.csv))); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRowsReadError(t *testing.T) {
	broken := errors.New("disk on fire")
	got := list(io.MultiReader(strings.NewReader("path\na.jpg\n"), iotest.ErrReader(broken)))
	want := []listed{{2, "a.jpg", "a.jpg", "-", "-", "-", ""}, {Err: "disk on fire"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestRowsStop(t *testing.T) {
	for r, err := range rows(strings.NewReader("path\na.jpg\nb.jpg\n")) {
		if err != nil || r.path != "a.jpg" {
			t.Errorf("got %q, %v, want a.jpg", r.path, err)
		}
		break // the iterator must not go on: it would panic
	}
}

func TestMetadataOver(t *testing.T) {
	product, price := "Bag", index.Price{Currency: "EUR", Units: 5}
	known := index.Metadata{Product: "Hat", Variant: "red", SourceURI: "u", Labels: map[string]string{"a": "b"}}
	if diff := cmp.Diff(known, metadata{}.over(known)); diff != "" {
		t.Errorf("with nothing said (-want +got):\n%s", diff)
	}
	want := index.Metadata{Product: "Bag", Variant: "red", SourceURI: "u", Labels: map[string]string{"a": "b"}, ListPrice: price}
	if diff := cmp.Diff(want, (metadata{product: &product, price: &price}).over(known)); diff != "" {
		t.Errorf("with product and price said (-want +got):\n%s", diff)
	}
}

// FuzzRows holds that whatever comes in, what comes out is usable or an error with the line it is about, and that the
// reading ends.
func FuzzRows(f *testing.F) {
	f.Add("path,photo_id,product,variant,price,currency\na.jpg,1,Bag,red,795.00,USD\n")
	f.Add("\xef\xbb\xbfpath,price,currency\r\n\"a\nb\",.5,eur\r\n\"x\"y,1,EUR\r\n")
	f.Add("path\n\"unclosed\n")
	f.Add("path;product\n")
	f.Fuzz(func(t *testing.T, s string) {
		lines := strings.Count(s, "\n") + strings.Count(s, "\r") + 1
		last, fatal := 0, false
		for r, err := range rows(strings.NewReader(s)) {
			if fatal {
				t.Fatal("something follows an error that is not of a line")
			}
			var bad *lineError
			if err != nil && !errors.As(err, &bad) {
				fatal = true
				continue
			}
			if r.line <= last || r.line > lines {
				t.Fatalf("line %d after line %d of %d", r.line, last, lines)
			}
			last = r.line
			if err != nil {
				continue
			}
			if r.path == "" || r.id == "" {
				t.Fatalf("line %d: path %q, ID %q", r.line, r.path, r.id)
			}
			if p := r.metadata.price; p != nil {
				if err := p.Validate(); err != nil {
					t.Fatalf("line %d: %v", r.line, err)
				}
				if *p != (index.Price{}) {
					amount, currency, _ := strings.Cut(money(*p), " ")
					if again, err := parsePrice(amount, currency); err != nil || again != *p {
						t.Fatalf("line %d: %v is written %q and reads as %v (%v)", r.line, *p, money(*p), again, err)
					}
				}
			}
		}
	})
}
