package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	touchstonev1 "touchstone/proto/touchstone/v1"
)

// TestListingVerbs holds what each verb asks, and how it shows the answer.
func TestListingVerbs(t *testing.T) {
	s, _, images := shelved(t, 3)
	addr, _ := s.serve(t, "127.0.0.1:0")
	image := filepath.Join(t.TempDir(), "suspect.jpg")
	if err := os.WriteFile(image, images[0], 0o666); err != nil {
		t.Fatal(err)
	}
	yes, no, revision := true, false, uint64(120)
	subject := &touchstonev1.Subject{Subject: &touchstonev1.Subject_Image{Image: images[0]}}
	oct := timestamppb.New(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC))
	row := `(?m)^INFRINGING +0\.90 +bazaar\.example +L-0 +1 +seller-0 +2\.99 USD +Acme bag-0\.jpg +2026-10-05 12:00:00$`
	tests := []struct {
		name  string
		args  []string
		asked proto.Message
		want  []string // in stdout
	}{
		{
			"check", []string{"listing", "check", image, "--marketplace", "bazaar.example", "--listing", "L-0", "--image-id", "1", "--seller", "s", "--region", "DE", "--url", "https://x.example", "--price", "4.99", "--currency", "usd", "--seen", "2026-10-01"},
			&touchstonev1.CheckRequest{Subject: subject, Remember: &yes, Facts: &touchstonev1.ListingFacts{
				Marketplace: "bazaar.example", ListingId: "L-0", ImageId: "1", SellerId: "s", RegionCode: "DE", Url: "https://x.example",
				Price: &touchstonev1.Money{CurrencyCode: "USD", Units: 4, Nanos: 990_000_000}, SeenTime: oct,
			}},
			[]string{`\AINFRINGING  Acme bag-0\.jpg  priority 0\.90  at 0\.38% of the list price\n {3}a genuine photo, and no grant of the brand covers the seller\n {3}the price is as low, .*\n.*suspect\.jpg\n  EDITED_COPY  0\.997 .*mirrored\n\z`},
		},
		{
			"check and forget", []string{"listing", "check", image, "--forget", "--json"},
			&touchstonev1.CheckRequest{Subject: subject, Remember: &no, Facts: &touchstonev1.ListingFacts{}},
			[]string{`^\{"query":".*","status":"OK","matches":\[\{"brand":"Acme".*"decision":"INFRINGING","reasons":\["NO_GRANT","PRICE_LOW"\].*\}\n$`},
		},
		{
			"get", []string{"listing", "get", "bazaar.example", "L-0", "1", "--as-of", "120"},
			&touchstonev1.GetListingRequest{Marketplace: "bazaar.example", ListingId: "L-0", ImageId: "1", AsOfRevision: &revision},
			[]string{`\AINFRINGING  Acme`, `(?m)^seller +seller-0$`, `(?m)^price +2\.99 USD$`, `(?m)^decided by +policy of revision 33, catalogue of revision 44$`, `(?m)^  EDITED_COPY +0\.997 +0\.02/M +Acme +bag-0\.jpg`},
		},
		{
			"list", []string{"listing", "list", "--marketplace", "bazaar.example", "--listing", "L-0", "--seller", "s", "--brand", "Acme", "--decision", "infringing", "--decision", "NO_MATCH", "--since", "2026-10-01", "--until", "2026-10-01T02:00:00+01:00"},
			&touchstonev1.ListListingsRequest{PageSize: 1000, PageToken: "2", Filter: &touchstonev1.ListingFilter{
				Marketplace: "bazaar.example", ListingId: "L-0", SellerId: "s", Brand: "Acme",
				Decisions: []touchstonev1.Decision{touchstonev1.Decision_DECISION_INFRINGING, touchstonev1.Decision_DECISION_NO_MATCH},
				SeenFrom:  oct, SeenBefore: timestamppb.New(oct.AsTime().Add(time.Hour)),
			}},
			[]string{row, "L-1", "L-2"},
		},
		{
			"list as JSON", []string{"listing", "list", "--json"}, &touchstonev1.ListListingsRequest{PageSize: 1000, PageToken: "2", Filter: &touchstonev1.ListingFilter{}},
			[]string{`(?m)^\{"marketplace":"bazaar\.example","listing":"L-2","image":"1","seller":"seller-0","price":"4\.99","currency":"USD","seen":"2026-10-05T14:00:00Z",.*"photo":\{"brand":"Acme","photo":"bag-2\.jpg"\}.*\}$`},
		},
		{
			"find a photo", []string{"listing", "find", "Acme", "bag-0.jpg", "--limit", "5"}, &touchstonev1.FindListingsRequest{Brand: "Acme", PhotoId: "bag-0.jpg", Limit: 5},
			[]string{`^EDITED_COPY +0\.997 +0\.02/M +Acme +bag-0\.jpg +bazaar\.example +L-0 +1 +seller-0 +2\.99 USD +INFRINGING`},
		},
		{"find a product", []string{"listing", "find", "Acme", "--product", "Tote"}, &touchstonev1.FindListingsRequest{Brand: "Acme", Product: "Tote"}, []string{"EDITED_COPY"}},
		{"delete a listing", []string{"listing", "delete", "m", "L"}, &touchstonev1.DeleteListingsRequest{Marketplace: "m", ListingId: "L"}, []string{"^deleted +2 listing images\n$"}},
		{"delete an image", []string{"listing", "delete", "m", "L", "1", "--json"}, &touchstonev1.DeleteListingsRequest{Marketplace: "m", ListingId: "L", ImageId: "1"}, []string{"^{\"deleted\":2}\n$"}},
		{"delete a seller's", []string{"listing", "delete", "m", "--seller", "s"}, &touchstonev1.DeleteListingsRequest{Marketplace: "m", SellerId: "s"}, []string{"^deleted +2"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			exit, stdout, stderr := carriedOut(t.Context(), addr, test.args...)
			if exit != exitOK {
				t.Fatalf("exit status %d\n%s", exit, stderr)
			}
			if d := cmp.Diff(test.asked, s.last(), protocmp.Transform()); d != "" {
				t.Errorf("asked (-want +got):\n%s", d)
			}
			for _, want := range test.want {
				if !regexp.MustCompile(want).MatchString(stdout) {
					t.Errorf("%s is not in:\n%s", want, stdout)
				}
			}
		})
	}
}

// TestListingMistakes holds the exit status and what is said of command lines that can't be carried out.
func TestListingMistakes(t *testing.T) {
	s, _, _ := shelved(t, 1)
	addr, _ := s.serve(t, "127.0.0.1:0")
	empty := filepath.Join(t.TempDir(), "empty.jpg")
	if err := os.WriteFile(empty, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		exit int
		args []string
		says string
	}{
		{"no names", exitUsage, []string{"listing", "check", empty}, "--marketplace and --listing are needed"},
		{"price without currency", exitUsage, []string{"listing", "check", empty, "--forget", "--price", "4"}, "--price goes with --currency"},
		{"currency without price", exitUsage, []string{"listing", "check", empty, "--forget", "--currency", "USD"}, "--currency goes with --price"},
		{"price of 0", exitUsage, []string{"listing", "check", empty, "--forget", "--price", "0.00", "--currency", "USD"}, "--price: more than 0"},
		{"price below 0", exitUsage, []string{"listing", "check", empty, "--forget", "--price=-1", "--currency", "USD"}, "--price: an amount like"},
		{"no time", exitUsage, []string{"listing", "check", empty, "--forget", "--seen", "yesterday"}, `--seen: 2026-10-01 (midnight UTC) or 2026-10-01T18:30:00+02:00, got "yesterday"`},
		{"no such file", exitFailure, []string{"listing", "check", empty + "x", "--forget"}, "no such file"},
		{"no such decision", exitUsage, []string{"listing", "list", "--decision", "guilty"}, "--decision: one of authorised, infringing, review, benign, no-match"},
		{"ends before it begins", exitUsage, []string{"listing", "list", "--since", "2026-10-02", "--until", "2026-10-02"}, "--until: later than --since"},
		{"listing without marketplace", exitUsage, []string{"listing", "list", "--listing", "L"}, "--listing goes with --marketplace"},
		{"no such listing", exitFailure, []string{"listing", "get", "m", "L", "1"}, "hint: touchstone listing list lists what there is"},
		{"find nothing", exitUsage, []string{"listing", "find", "Acme"}, "a photo or --product, one of the two"},
		{"find both", exitUsage, []string{"listing", "find", "Acme", "p", "--product", "q"}, "a photo or --product, one of the two"},
		{"delete everything", exitUsage, []string{"listing", "delete", "m"}, "a listing or --seller, one of the two"},
		{"delete both", exitUsage, []string{"listing", "delete", "m", "L", "--seller", "s"}, "a listing or --seller, one of the two"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			exit, stdout, stderr := carriedOut(t.Context(), addr, test.args...)
			if exit != test.exit || !strings.Contains(stderr, test.says) || stdout != "" {
				t.Errorf("exit status %d, want %d and %q:\n%s%s", exit, test.exit, test.says, stderr, stdout)
			}
		})
	}
}

// TestDecisionNumbers holds that the wire and package listing number decisions and reasons alike, which the verbs rest upon.
func TestDecisionNumbers(t *testing.T) {
	for n, name := range touchstonev1.Decision_name {
		if want := strings.TrimPrefix(name, decisionPrefix); n != 0 && decisionFrom(&touchstonev1.DecisionBasis{Decision: touchstonev1.Decision(n)}).Outcome.String() != want {
			t.Errorf("decision %d is not %s", n, want)
		}
	}
	for n := range touchstonev1.DecisionReason_name {
		if d := decidedOf(&touchstonev1.DecisionBasis{Reasons: []touchstonev1.DecisionReason{touchstonev1.DecisionReason(n)}}); n != 0 && strings.HasPrefix(d.why[0], "reason ") {
			t.Errorf("reason %s has no words", d.Reasons[0])
		}
	}
	for n, name := range touchstonev1.Verdict_name {
		if want := strings.TrimPrefix(name, "VERDICT_"); n != 0 && verdictFrom[touchstonev1.Verdict(n)].String() != want {
			t.Errorf("verdict %s is %s", want, verdictFrom[touchstonev1.Verdict(n)])
		}
	}
}
