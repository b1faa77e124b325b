package listing_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"touchstone/index"
	"touchstone/listing"
)

// line is what a line of a CSV reads as, for comparison.
type line struct {
	Line  int
	Grant listing.Grant
	Err   string
}

func readGrants(r io.Reader) []line {
	var all []line
	for l, err := range listing.ReadGrants(r) {
		if err != nil {
			all = append(all, line{Line: l.Line, Err: err.Error()})
			continue
		}
		all = append(all, line{l.Line, l.Grant, ""})
	}
	return all
}

func TestReadGrants(t *testing.T) {
	const short = "brand,grant_id,grantee,seller_ids\n"
	g := func(brand, id, grantee string, sellers ...string) listing.Grant {
		return listing.Grant{Brand: brand, ID: id, Grantee: grantee, Sellers: sellers}
	}
	tests := []struct {
		name, csv string
		want      []line
	}{
		{"all columns", "brand,grant_id,grantee,seller_ids,everyone,products,photo_ids,marketplace,region_code,valid_from,valid_to,note\n" +
			"Acme,g1,\"Bags, Inc.\",b|a,,Bag|Hat,1.jpg,shop.example,US,2026-01-01,2026-12-31T18:00:00+01:00,contract 12\n",
			[]line{{2, listing.Grant{
				Brand: "Acme", ID: "g1", Grantee: "Bags, Inc.", Sellers: []string{"a", "b"}, Products: []string{"Bag", "Hat"}, Photos: []string{"1.jpg"},
				Marketplace: "shop.example", Region: "US", From: day(2026, 1, 1), To: time.Date(2026, 12, 31, 17, 0, 0, 0, time.UTC), Note: "contract 12",
			}, ""}}},
		{"any order, spaces, upper case", "GRANTEE, Brand ,seller_ids,grant_id\n Co , Acme ,  a | b|,g1 \n", []line{{2, g("Acme", "g1", "Co", "a", "b"), ""}}},
		{"byte order mark, CRLF, no newline at the end", "\xef\xbb\xbfbrand,grant_id,grantee,seller_ids\r\nAcme,g1,Co,a\r\nAcme,g2,Co,b", []line{
			{2, g("Acme", "g1", "Co", "a"), ""}, {3, g("Acme", "g2", "Co", "b"), ""}}},
		{"empty lines, and empty cells below the table", short + "\nAcme,g1,Co,a\n,,,\n , ,,\n", []line{{3, g("Acme", "g1", "Co", "a"), ""}}},
		{"everyone", "brand,grant_id,grantee,seller_ids,everyone\nAcme,g1,Press,,TRUE\nAcme,g2,Press,a,no\nAcme,g3,Press,a,maybe\nAcme,g4,Press,,\n", []line{
			{2, listing.Grant{Brand: "Acme", ID: "g1", Grantee: "Press", Everyone: true}, ""},
			{3, g("Acme", "g2", "Press", "a"), ""},
			{Line: 4, Err: `line 4: invalid: everyone: true or false, got "maybe"`},
			{Line: 5, Err: "line 5: invalid: seller_ids: a seller at least, unless the grant is for everyone, got none"}}},
		{"formulas that were made harmless", short + "Acme,'=1+1,'-Co,'@a|b\nAcme,''=1,'Co,a\n", []line{
			{2, g("Acme", "=1+1", "-Co", "@a", "b"), ""}, {3, g("Acme", "'=1", "'Co", "a"), ""}}},
		{"formulas as they are", short + "Acme,=1+1,-Co,@a\n", []line{{2, g("Acme", "=1+1", "-Co", "@a"), ""}}},
		{"backslashes", short + `Acme,\ g1\ ,C:\Co,a\|b|c\\|d\` + "\n", []line{{2, g("Acme", " g1 ", `C:\Co`, `a|b`, `c\`, `d\`), ""}}},
		{"a grant again as it was", short + "Acme,g1,Co,a|b\nAcme,g1,Co,b|a\nAcme,g2,Co,a\n", []line{
			{2, g("Acme", "g1", "Co", "a", "b"), ""}, {4, g("Acme", "g2", "Co", "a"), ""}}},
		{"a grant again with other content", short + "Acme,g1,Co,a\nZeta,g1,Co,b\nAcme,g1,Co,b\nAcme,g2,Co,a\n", []line{
			{2, g("Acme", "g1", "Co", "a"), ""}, {3, g("Zeta", "g1", "Co", "b"), ""},
			{Line: 4, Err: `line 4: invalid: grant_id: each grant once, got "g1" of "Acme", which line 2 has with other content`},
			{5, g("Acme", "g2", "Co", "a"), ""}}},
		{"header alone", short, nil},

		{"bad lines between good ones", "brand,grant_id,grantee,seller_ids,region_code,valid_from,valid_to\n" +
			"Acme,g1,Co,a,,,\nAcme,g2\nAcme,\"g\"3,Co,a,,,\n,g4,Co,a,,,\nAcme,g5,Co,a,usa,,\nAcme,g6,Co,a,,2026-02-30,\nAcme,g7,Co,a,,24.11.2026,\n" +
			"Acme,g8,Co,a,,2026-02-01,2026-01-01\nAcme,g9,Caf\xe9,a,,,\nAcme,g10,Co,a,,,\n",
			[]line{
				{2, g("Acme", "g1", "Co", "a"), ""},
				{Line: 3, Err: "line 3: wrong number of fields"},
				{Line: 4, Err: `line 4: extraneous or missing " in quoted-field`},
				{Line: 5, Err: "line 5: invalid: brand: 1 to 256 bytes of printable UTF-8, got none"},
				{Line: 6, Err: `line 6: invalid: region_code: an ISO 3166-1 code of two upper-case letters, such as US or DE, got "usa"`},
				{Line: 7, Err: `line 7: invalid: valid_from: a day such as 2026-11-24 or a time such as 2026-11-24T18:00:00Z, got "2026-02-30"`},
				{Line: 8, Err: `line 8: invalid: valid_from: a day such as 2026-11-24 or a time such as 2026-11-24T18:00:00Z, got "24.11.2026"`},
				{Line: 9, Err: "line 9: invalid: valid_to: a time after valid_from, which is 2026-02-01, got 2026-01-01"},
				{Line: 10, Err: `line 10: invalid: grantee: UTF-8, got "Caf\xe9": save the file as CSV in UTF-8`},
				{11, g("Acme", "g10", "Co", "a"), ""},
			}},
		{"empty", "", []line{{Err: "read the header: it is empty"}}},
		{"no header", "Acme,g1,Co,a\n", []line{{Err: `header: unknown column "acme", known are brand, grant_id, grantee, seller_ids, everyone, products, photo_ids, marketplace, region_code, valid_from, valid_to, note`}}},
		{"column twice", "brand,brand\n", []line{{Err: `header: column "brand" is there twice`}}},
		{"missing column", "brand,grant_id,seller_ids\nAcme,g1,a\n", []line{{Err: `header: the column "grantee" is missing; needed are brand, grant_id, grantee, seller_ids`}}},
		{"semicolons", "brand;grant_id\n", []line{{Err: `header: the columns have to be separated by commas, got "brand;grant_id"`}}},
		{"UTF-16", "\xff\xfeb\x00r\x00", []line{{Err: "the file is UTF-16: save the file as CSV in UTF-8"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, readGrants(strings.NewReader(test.csv))); diff != "" {
				t.Errorf("ReadGrants (-want +got):\n%s", diff)
			}
		})
	}
}

// An error of the file is told as it is, and ends the reading; one of a line names its field.
func TestReadGrantsErrors(t *testing.T) {
	disk := errors.New("disk on fire")
	var got []error
	csv := strings.NewReader("brand,grant_id,grantee,seller_ids\nAcme,g1,Co,a\nAcme,,Co,a\n")
	for _, err := range listing.ReadGrants(io.MultiReader(csv, iotest.ErrReader(disk))) {
		got = append(got, err)
	}
	if len(got) != 3 || got[0] != nil || !errors.Is(got[2], disk) {
		t.Fatalf("errors %v, want none, one of line 3, and that of the disk", got)
	}
	var bad *listing.LineError
	var field *index.FieldError
	if !errors.As(got[1], &bad) || bad.Line != 3 || !errors.As(got[1], &field) || field.Field != "grant_id" || errors.As(got[2], &bad) {
		t.Errorf("errors %v, want one of line 3 and grant_id, and one of no line", got)
	}
	for _, err := range listing.ReadGrants(iotest.ErrReader(disk)) {
		if !errors.Is(err, disk) {
			t.Errorf("header: %v", err)
		}
	}
	for _, err := range listing.ReadGrants(strings.NewReader("brand,grant_id,grantee,seller_ids\nAcme,g1,Co,a\nAcme,g2,Co,a\n")) {
		if err != nil {
			t.Error(err)
		}
		break // the iterator must not go on: it would panic
	}
}

// each iterates over grants.
func each(grants []listing.Grant) func(func(listing.Grant, error) bool) {
	return func(yield func(listing.Grant, error) bool) {
		for _, g := range grants {
			if !yield(g, nil) {
				return
			}
		}
	}
}

// anyName draws names with whatever CSVs, lists and spreadsheets give a meaning.
var anyName = rapid.Map(rapid.OneOf(
	rapid.StringOfN(rapid.SampledFrom([]rune(`=+-@'"|\, ;ax＝＠`+"\u00a0\u2003")), 1, 6, -1),
	rapid.StringOfN(rapid.RuneFrom(nil, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs), 1, 6, -1),
), norm.NFC.String).Filter(func(s string) bool { return index.CheckBrand(s) == nil })

func drawAnyGrant(t *rapid.T) listing.Grant {
	names := rapid.SliceOfN(anyName, 0, 4)
	maybe := rapid.OneOf(rapid.Just(""), anyName)
	g := listing.Grant{
		Brand: anyName.Draw(t, "brand"), ID: anyName.Draw(t, "ID"), Grantee: anyName.Draw(t, "grantee"), Sellers: names.Draw(t, "sellers"),
		Everyone: rapid.Bool().Draw(t, "everyone"), Products: names.Draw(t, "products"), Photos: names.Draw(t, "photos"),
		Marketplace: maybe.Draw(t, "marketplace"), Region: regions.Draw(t, "region"), Note: maybe.Draw(t, "note"),
	}
	if rapid.Bool().Draw(t, "from") {
		g.From = day(rapid.IntRange(1, 2100).Draw(t, "year"), rapid.IntRange(1, 12).Draw(t, "month"), 2)
	}
	if rapid.Bool().Draw(t, "to") {
		g.To = day(2200, 1, 1).Add(time.Duration(rapid.Int64().Draw(t, "nanoseconds")) / 1000)
	}
	return g
}

// What is exported and read again is the same, and no cell is a formula to a spreadsheet.
func TestGrantsThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := rapid.SliceOfNDistinct(rapid.Custom(drawAnyGrant), 0, 5, func(g listing.Grant) [2]string { return [2]string{g.Brand, g.ID} }).Draw(t, "grants")
		var want []listing.Grant
		for _, g := range drawn {
			if g = g.Normal(); g.Validate() == nil {
				want = append(want, g)
			}
		}
		var b bytes.Buffer
		if err := listing.WriteGrants(&b, each(want)); err != nil {
			t.Fatal(err)
		}
		written := b.String()
		var got []listing.Grant
		for l, err := range listing.ReadGrants(&b) {
			if err != nil {
				t.Fatalf("%v in\n%s", err, written)
			}
			got = append(got, l.Grant)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("read again (-want +got):\n%s\nof\n%s", diff, written)
		}
		records, err := csv.NewReader(strings.NewReader(written)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range slices.Concat(records...) {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r\n") || strings.HasPrefix(cell, "＝") || strings.HasPrefix(cell, "＠") {
				t.Fatalf("a spreadsheet takes %q for a formula", cell)
			}
		}
	})
}

func TestWriteGrants(t *testing.T) {
	var b bytes.Buffer
	g := with(grant(), func(g *listing.Grant) {
		g.Grantee, g.Sellers, g.Everyone, g.Note = "=HYPERLINK(1)", []string{"-a", "b|c"}, true, `say "hi", please`
		g.From, g.To = day(2026, 1, 1), time.Date(2026, 7, 1, 12, 30, 0, 5, time.UTC)
	})
	if err := listing.WriteGrants(&b, each([]listing.Grant{g})); err != nil {
		t.Fatal(err)
	}
	want := "brand,grant_id,grantee,seller_ids,everyone,products,photo_ids,marketplace,region_code,valid_from,valid_to,note\n" +
		`Acme,g1,'=HYPERLINK(1),'-a|b\|c,true,,,,,2026-01-01,2026-07-01T12:30:00.000000005Z,"say ""hi"", please"` + "\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("WriteGrants (-want +got):\n%s", diff)
	}
	gone := errors.New("the server is gone")
	err := listing.WriteGrants(io.Discard, func(yield func(listing.Grant, error) bool) { yield(listing.Grant{}, gone) })
	if !errors.Is(err, gone) {
		t.Errorf("WriteGrants() = %v, want %v", err, gone)
	}
	if err := listing.WriteGrants(broke{}, each([]listing.Grant{g})); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("WriteGrants() = %v, want %v", err, io.ErrShortWrite)
	}
}

// broke is a disk that takes nothing.
type broke struct{}

func (broke) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// FuzzReadGrants holds that whatever comes in, what comes out is a valid grant or an error with its line, in order, and
// that what was read and is written again reads the same.
func FuzzReadGrants(f *testing.F) {
	f.Add("brand,grant_id,grantee,seller_ids,valid_from,note\nAcme,g1,Co,a|b\\|c,2026-01-01,'=x\n")
	f.Add("\xef\xbb\xbfbrand,grant_id,grantee,seller_ids,everyone\r\n\"Ac\nme\",g1,Co,,true\r\n")
	f.Add("brand;grant_id\n")
	f.Fuzz(func(t *testing.T, s string) {
		last, ended := 0, false
		var grants []listing.Grant
		for l, err := range listing.ReadGrants(strings.NewReader(s)) {
			var bad *listing.LineError
			switch {
			case ended:
				t.Fatal("something follows an error that is not of a line")
			case err != nil && !errors.As(err, &bad):
				ended = true
				continue
			case l.Line <= last:
				t.Fatalf("line %d after line %d", l.Line, last)
			case err == nil && l.Validate() != nil:
				t.Fatalf("line %d: %v", l.Line, l.Validate())
			case err == nil:
				grants = append(grants, l.Grant)
			}
			last = l.Line
		}
		var b bytes.Buffer
		if err := listing.WriteGrants(&b, each(grants)); err != nil {
			t.Fatal(err)
		}
		for i, l := range readGrants(&b) {
			if diff := cmp.Diff(line{l.Line, grants[i], ""}, l); diff != "" {
				t.Fatalf("read again (-want +got):\n%s", diff)
			}
		}
	})
}
