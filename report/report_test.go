package report_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/report"
)

var update = flag.Bool("update", false, "write testdata/outline.txt anew")

// walk goes through the elements of a page, with their depth.
func walk(t *testing.T, page string, visit func(n *html.Node, depth int)) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var down func(n *html.Node, depth int)
	down = func(n *html.Node, depth int) {
		if n.Type == html.ElementNode {
			visit(n, depth)
			depth++
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			down(c, depth)
		}
	}
	down(root, 0)
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(textOf(c))
	}
	return b.String()
}

// TestOutline holds the page's structure: its elements and their classes, whatever stands in them.
func TestOutline(t *testing.T) {
	r := sample(9)
	r.Shown = 2
	report.Order(r.Cases)
	r.Cases[0].Pictures.Sheet = painted(t, 40, 30)
	r.Cases[1].Pictures.Photo = painted(t, 8, 6)
	r.Notes = []string{"one listing was left out"}
	var b strings.Builder
	walk(t, page(t, r), func(n *html.Node, depth int) {
		fmt.Fprintf(&b, "%s%s", strings.Repeat(" ", depth), n.Data)
		if c := attribute(n, "class"); c != "" {
			b.WriteString("." + strings.ReplaceAll(c, " ", "."))
		}
		b.WriteByte('\n')
	})
	const golden = "testdata/outline.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("structure differs (-want +got), -update writes it anew:\n%s", d)
	}
}

func TestEqualReportsEqualBytes(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := sample(120)
	before := slices.Clone(r.Cases)
	want, wantCSV := page(t, r), sheet(t, r)
	if d := cmp.Diff(before, r.Cases); d != "" {
		t.Errorf("cases were changed:\n%s", d)
	}
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(r.Cases), func(i, j int) { r.Cases[i], r.Cases[j] = r.Cases[j], r.Cases[i] })
	if got := page(t, r); got != want {
		t.Error("the page depends on the order in which cases come")
	}
	if got := sheet(t, r); got != wantCSV {
		t.Error("the CSV depends on the order in which cases come")
	}
}

// hostile are texts that a seller may choose.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</style><script>alert(2)</script>`, `' onmouseover='alert(3)`,
	"bag\u202Egpj.exe", "{{.Brand}}", "&lt;b&gt;", "line\nbreak\tand\x1b[31m", strings.Repeat("long", 5000), "broken \xff",
}

// TestHostile holds that what sellers write stays text, and that the page asks for nothing, runs nothing and leads nowhere
// but to web pages.
func TestHostile(t *testing.T) {
	addresses := append([]string{"javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>alert(1)</script>", "file:///etc/passwd", "//no.scheme/", "http:///no-host", "ftp://host/x"}, hostile...)
	r := sample(0)
	r.Brand, r.Shown, r.Notes = hostile[0], 1000, hostile
	for i := range max(len(addresses), len(hostile)) {
		c, text := sampled(i), hostile[i%len(hostile)]
		c.Listing.Marketplace, c.Listing.Key.Listing, c.Listing.Image, c.Listing.Seller, c.Listing.Region = text, text, text, text, text
		c.Listing.URL = addresses[i]
		c.Listing.Decision.Photo = index.Key{Brand: text, ID: text}
		c.Listing.Decision.Grant = text
		c.Listing.Price.Currency = text
		h := &c.Listing.Hits[1]
		h.Photo, h.Product, h.Variant, h.Edits = c.Listing.Decision.Photo, text, text, []string{text}
		c.Pictures.Photo = painted(t, 8, 6)
		r.Cases = append(r.Cases, c)
	}
	good := sampled(3)
	good.Listing.URL = `https://bazaar.example/l?q="><script>alert(1)</script>&x=1`
	r.Cases = append(r.Cases, good)
	got := page(t, r)
	links, pictures := 0, 0
	walk(t, got, func(n *html.Node, _ int) {
		switch n.Data {
		case "script", "iframe", "object", "embed", "link", "form", "base", "audio", "video", "template":
			t.Errorf("there is a <%s>", n.Data)
		}
		for _, a := range n.Attr {
			switch name := a.Key; {
			case strings.HasPrefix(name, "on"), name == "style", name == "srcset", name == "action", name == "formaction":
				t.Errorf("<%s> has %s=%q", n.Data, name, a.Val)
			case name == "src":
				pictures++
				if n.Data != "img" || !strings.HasPrefix(a.Val, "data:image/jpeg;base64,") {
					t.Errorf("<%s> has src=%.80q", n.Data, a.Val)
				}
			case name == "href":
				links++
				if !strings.HasPrefix(a.Val, "https://bazaar.example/") || !strings.Contains(attribute(n, "rel"), "noreferrer") {
					t.Errorf("<%s rel=%q> has href=%.80q", n.Data, attribute(n, "rel"), a.Val)
				}
			}
		}
		if n.Data == "img" && attribute(n, "alt") == "" {
			t.Error("a picture has no text in its place")
		}
	})
	if links != 1 || pictures == 0 {
		t.Errorf("%d links, %d pictures; want 1 and some", links, pictures)
	}
	if strings.ContainsAny(got, "\u202a\u202b\u202d\u202e\u2066\u2067\x1b") || !utf8.ValidString(got) {
		t.Error("what turns or steers text stands in the page as it is")
	}
	for _, text := range []string{"alert(1)", `bag\u202egpj.exe`, "{{.Brand}}", "&amp;lt;b&amp;gt;"} {
		if !strings.Contains(got, text) {
			t.Errorf("%q is not shown", text)
		}
	}
	if n := strings.Count(got, "url("); n != 0 || strings.Contains(got, "@import") {
		t.Error("the style loads something")
	}
}

// TestFigures holds the numbers at the head of the page.
func TestFigures(t *testing.T) {
	r := sample(40)
	none := sampled(1)
	none.Listing.Decision = listing.Decision{Outcome: listing.NoMatch}
	r.Cases = append(r.Cases, none)
	second := sampled(0) // another image of the same listing
	second.Listing.Image = "2"
	r.Cases = append(r.Cases, second)
	want := map[string]int{"listings": 40, "listing images": 41, "sellers": 10, "marketplaces": 2}
	for _, c := range r.Cases {
		if o := c.Listing.Decision.Outcome; o != listing.NoMatch {
			want[report.Outcome(o)]++
		}
	}
	got := map[string]int{}
	walk(t, page(t, r), func(n *html.Node, _ int) {
		if n.Data != "li" {
			return
		}
		var count int
		var name string
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			switch c.Data {
			case "strong":
				if _, err := fmt.Sscan(textOf(c), &count); err != nil {
					t.Error(err)
				}
			case "span":
				name = textOf(c)
			}
		}
		got[name] = count
	})
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("figures (-want +got):\n%s", d)
	}
}

// TestOthers holds that tables show the fifty sellers with most infringing images, and the rest in one row.
func TestOthers(t *testing.T) {
	tests := []struct {
		name          string
		sellers, rows int
		others        string
	}{
		{"all fit", 50, 50, ""},
		{"one more", 51, 51, ""},
		{"many", 173, 51, "123 others"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := sample(0)
			r.Shown = 0
			for i := range test.sellers {
				c := sampled(0)
				c.Listing.Key.Listing, c.Listing.Seller = fmt.Sprint(i), fmt.Sprint("s", i)
				r.Cases = append(r.Cases, c)
			}
			rows, others := 0, ""
			walk(t, page(t, r), func(n *html.Node, _ int) {
				if n.Data == "th" && attribute(n, "scope") == "row" {
					rows++
					if s := textOf(n); strings.HasSuffix(s, "others") {
						others = s
					}
				}
			})
			if rows--; rows != test.rows || others != test.others { // one is that of the marketplace
				t.Errorf("%d rows, %q; want %d, %q", rows, others, test.rows, test.others)
			}
		})
	}
}

// TestTimeline holds what a bar stands for, by the length of the period, and that each listing is in one.
func TestTimeline(t *testing.T) {
	tests := []struct {
		name  string
		until time.Time
		by    string
		says  string // of the bar of a listing that is seen a day after the period's start
	}{
		{"a day", since.AddDate(0, 0, 2), "day", "2026-10-02: 1 infringing"},
		{"a month", since.AddDate(0, 1, 0), "day", "2026-10-02: 1 infringing"},
		{"a quarter", since.AddDate(0, 3, 0), "week", "2026-09-28: 1 infringing"},
		{"two years", since.AddDate(2, 0, 0), "month", "2026-10-01: 1 infringing"},
		{"for ever", since.AddDate(300, 0, 0), "year", "2026-01-01: 1 infringing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := sampled(0)
			c.Listing.Seen = since.AddDate(0, 0, 1)
			c.Listing.Decision.PriceRatio = 0
			p := page(t, report.Report{Brand: "Acme", Since: since, Until: test.until, Cases: []report.Case{c}})
			if !strings.Contains(p, "by the "+test.by+" they were seen") {
				t.Errorf("not by %s", test.by)
			}
			if n := strings.Count(p, "<title>"+test.says+"</title>"); n != 1 {
				t.Errorf("%q is said %d times", test.says, n)
			}
		})
	}
}

// TestRatios holds that prices of 2 to 5 dollars for what costs 795 are told, and drawn far from the list price.
func TestRatios(t *testing.T) {
	p := page(t, sample(40))
	for _, want := range []string{
		"<b>36</b> of 40 listing images with a comparable price are offered at a tenth of the list price or less",
		"The lowest is 0.38%: <bdi>2.99 USD</bdi> where the genuine one costs <bdi>795 USD</bdi>",
		"<title>0.25% to 0.40% of the list price: ",
		"<title>63% to 100% of the list price: 4 authorised</title>",
	} {
		if !strings.Contains(p, want) {
			t.Errorf("%q is not told", want)
		}
	}
}

func TestNothing(t *testing.T) {
	p := page(t, sample(0))
	if !strings.Contains(p, "there is nothing to report") || strings.Contains(p, "<svg") || strings.Contains(p, "<table") {
		t.Errorf("an empty period is not told as such:\n%s", p)
	}
}

func TestShown(t *testing.T) {
	for shown, want := range map[int]int{0: 0, 3: 3, 40: 40, 41: 40} {
		r := sample(40)
		r.Shown = shown
		if n := strings.Count(page(t, r), "<article"); n != want {
			t.Errorf("%d cases are shown of %d, want %d", n, shown, want)
		}
	}
}
