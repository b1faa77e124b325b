package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	touchstonev1 "touchstone/proto/touchstone/v1"
)

func TestReplay(t *testing.T) {
	s := many(t, 7)
	s.listings[6].Facts.SellerId = "seller-1" // of the four that flip
	addr, _ := s.serve(t, "127.0.0.1:0")
	rules := filepath.Join(t.TempDir(), "new.yaml")
	write := func(text string) {
		if err := os.WriteFile(rules, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("default: {}\n")
	exit, stdout, stderr := carriedOut(t.Context(), addr, "replay", "--rules", rules, "--seller", "s")
	want := "" +
		"3  INFRINGING -> NO_MATCH  Acme  bazaar.example  seller-0\n" +
		"1  INFRINGING -> NO_MATCH  Acme  bazaar.example  seller-1\n"
	if exit != exitOK || stdout != want || !strings.Contains(stderr, "4 of 7 decisions would flip") {
		t.Errorf("exit status %d:\n%s%s", exit, stdout, stderr)
	}
	asked := &touchstonev1.ReplayRequest{RulesYaml: []byte("default: {}\n"), Filter: &touchstonev1.ListingFilter{SellerId: "s"}}
	if d := cmp.Diff(asked, s.last(), protocmp.Transform()); d != "" {
		t.Errorf("asked (-want +got):\n%s", d)
	}
	exit, stdout, _ = carriedOut(t.Context(), addr, "replay", "--rules", rules, "--json")
	if first, _, _ := strings.Cut(stdout, "\n"); exit != exitOK || strings.Count(stdout, "\n") != 4 ||
		!strings.HasPrefix(first, `{"brand":"Acme","seller":"seller-0","before":{"decision":"INFRINGING",`) || !strings.HasSuffix(first, `"marketplace":"bazaar.example","listing":"L-0","image":"1"}`) {
		t.Errorf("exit status %d:\n%s", exit, stdout)
	}
	write("broken")
	exit, stdout, stderr = carriedOut(t.Context(), addr, "replay", "--rules", rules)
	if exit != exitFailure || stdout != "" || !strings.Contains(stderr, "new.yaml: line 1: rules") {
		t.Errorf("broken rules: exit status %d:\n%s%s", exit, stdout, stderr)
	}
	if exit, _, _ := carriedOut(t.Context(), addr, "replay", "--rules", rules+"x"); exit != exitFailure {
		t.Errorf("no rules: exit status %d", exit)
	}
}
