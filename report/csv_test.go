package report_test

import (
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"testing"

	"touchstone/report"
)

func TestCSV(t *testing.T) {
	r := sample(30)
	r.Cases[7].Listing.Seller = `=HYPERLINK("http://evil.example","click")`
	r.Cases[8].Listing.Seller = "line\r\nbreak, \"quoted\""
	rows, err := csv.NewReader(strings.NewReader(sheet(t, r))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 31 {
		t.Fatalf("%d lines, want a header and 30", len(rows))
	}
	column := func(name string) int {
		i := slices.Index(rows[0], name)
		if i < 0 {
			t.Fatalf("no column %q in %q", name, rows[0])
		}
		return i
	}
	seller, priority, decision := column("seller_id"), column("priority"), column("decision")
	page := page(t, report.Report{Brand: r.Brand, Since: r.Since, Until: r.Until, Cases: r.Cases, Shown: 30})
	var sellers []string
	last := 1.0
	for i, row := range rows[1:] {
		sellers = append(sellers, row[seller])
		if row[0] != strconv.Itoa(i+1) {
			t.Errorf("line %d is case %s", i+1, row[0])
		}
		p, err := strconv.ParseFloat(row[priority], 64)
		if err != nil || p > last {
			t.Errorf("line %d has priority %q after %v", i+1, row[priority], last)
		}
		last = p
		at := strings.Index(page, `id="case-`+row[0]+`"`)
		if at < 0 || !strings.Contains(page[at:][:2000], row[column("listing_id")]) {
			t.Errorf("case %s of the page is another one", row[0])
		}
		if row[decision] == "INFRINGING" && row[column("photo_pdq")] != "0000000000000007000000000000000700000000000000070000000000000007" {
			t.Errorf("PDQ %q", row[column("photo_pdq")])
		}
	}
	for _, want := range []string{`'=HYPERLINK("http://evil.example","click")`, `line\r\nbreak, "quoted"`} {
		if !slices.Contains(sellers, want) {
			t.Errorf("no seller is written %q", want)
		}
	}
}

func TestFormulas(t *testing.T) {
	tests := []struct{ text, want string }{
		{"=1+1", "'=1+1"},
		{"+1", "'+1"},
		{"-1", "'-1"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"\t=1", `\t=1`},
		{" =1", "' =1"},
		{`"=1`, `'"=1`},
		{"＝1", "'＝1"},
		{"a=b", "a=b"},
		{"", ""},
		{"Müller-Lüdenscheidt", "Müller-Lüdenscheidt"},
	}
	for _, test := range tests {
		r := sample(1)
		r.Cases[0].Listing.Seller = test.text
		rows, err := csv.NewReader(strings.NewReader(sheet(t, r))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got := rows[1][slices.Index(rows[0], "seller_id")]; got != test.want {
			t.Errorf("%q is written %q, want %q", test.text, got, test.want)
		}
	}
}
