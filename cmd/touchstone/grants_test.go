package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
)

// written writes a file that the test has for itself.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// wants fails unless a command line ended as it should.
func wants(t *testing.T, what string, status int, stdout, stderr string, wantStatus int, wantOut, wantErr string) {
	t.Helper()
	if diff := cmp.Diff(wantOut, stdout); diff != "" {
		t.Errorf("%s: stdout (-want +got):\n%s", what, diff)
	}
	if diff := cmp.Diff(wantErr, stderr); diff != "" {
		t.Errorf("%s: stderr (-want +got):\n%s", what, diff)
	}
	if status != wantStatus {
		t.Errorf("%s: exit status %d, want %d", what, status, wantStatus)
	}
}

const grantsHeader = "brand,grant_id,grantee,seller_ids,everyone,products,photo_ids,marketplace,region_code,valid_from,valid_to,note\n"

func TestGrants(t *testing.T) {
	p := &policies{most: 2}
	run := p.start(t)
	file := grantsHeader +
		"Acme,g1,Bags & Co,bags|bags-outlet,,,,shop.example,US,2026-01-01,2027-01-01,contract 12\n" +
		"Acme,g2,Press,,true,,1.jpg|2.jpg,,,,,\n" +
		"Acme,g3,'=Hats,hats,,Hat,,,,2026-01-01,,\n" +
		"Zeta,g1,Bags & Co,bags,,,,,,,2027-01-01,\n"
	csv := written(t, "grants.csv", file)

	status, out, complaints := run("grants", "import", csv, "--dry-run")
	if p.calls != 0 {
		t.Error("a dry run asked the server")
	}
	wants(t, "dry run", status, out, complaints, 0, "valid    4\nrefused  0\n", "")
	status, out, complaints = run("grants", "import", csv)
	wants(t, "import", status, out, complaints, 0, "added      4\nreplaced   0\nunchanged  0\nrefused    0\nrevision   1\n", "")
	status, out, complaints = run("grants", "import", csv, "--json")
	wants(t, "import again", status, out, complaints, 0, `{"added":0,"replaced":0,"unchanged":4,"refused":0,"revision":1}`+"\n", "")

	status, out, complaints = run("grants", "list")
	wants(t, "list", status, out, complaints, 0, `Acme  g1  Bags & Co  2 accounts  all        shop.example US  from 2026-01-01T00:00:00Z before 2027-01-01T00:00:00Z
Acme  g2  Press      everyone    2 photos   anywhere         always
Acme  g3  =Hats      1 account   1 product  anywhere         from 2026-01-01T00:00:00Z
Zeta  g1  Bags & Co  1 account   all        anywhere         before 2027-01-01T00:00:00Z
`, "")
	status, out, complaints = run("grants", "list", "--brand", "Zeta", "--json")
	wants(t, "list --json", status, out, complaints, 0,
		`{"brand":"Zeta","grant_id":"g1","grantee":"Bags & Co","seller_ids":["bags"],"valid_to":"2027-01-01T00:00:00Z","revision":1}`+"\n", "")

	status, out, complaints = run("grants", "delete", "Acme", "g1")
	wants(t, "delete", status, out, complaints, 0, "", "")
	status, out, complaints = run("grants", "delete", "Acme", "g1")
	wants(t, "delete again", status, out, complaints, 1, "",
		"touchstone: grants delete: no such grant\ntouchstone: hint: touchstone grants list lists what there is\n")
	status, out, complaints = run("grants", "export", "--brand", "Acme")
	wants(t, "export", status, out, complaints, 0, grantsHeader+"Acme,g2,Press,,true,,1.jpg|2.jpg,,,,,\nAcme,g3,'=Hats,hats,,Hat,,,,2026-01-01,,\n", "")
	status, out, complaints = run("grants", "export", "--as-of", "1")
	wants(t, "export as of 1", status, out, complaints, 0, file, "")

	status, out, complaints = run("grants", "import", written(t, "export.csv", out))
	wants(t, "import of what was exported", status, out, complaints, 0, "added      1\nreplaced   0\nunchanged  3\nrefused    0\nrevision   3\n", "")
}

// Lines that are wrong are told by their numbers, whoever finds them, and the rest goes on.
func TestGrantsImportRefusals(t *testing.T) {
	run := (&policies{}).start(t)
	csv := written(t, "grants.csv", "brand,grant_id,grantee,seller_ids,region_code\nAcme,g1,Co,a,usa\nAcme,g2,Co,a,\nAcme,g3,Other,refused,\nAcme,g4\nAcme,g5,Co,b,\nAcme,g2,Co,z,\n")
	status, out, complaints := run("grants", "import", csv)
	at := "touchstone: grants import: " + csv + ": line "
	wants(t, "import", status, out, complaints, 1, "added      2\nreplaced   0\nunchanged  0\nrefused    4\nrevision   1\n",
		at+"2: region_code: an ISO 3166-1 code of two upper-case letters, such as US or DE, got \"usa\"\n"+
			at+"5: wrong number of fields\n"+
			at+"7: grant_id: each grant once, got \"g2\" of \"Acme\", which line 3 has with other content\n"+
			at+"4: seller_ids: no\n"+
			"touchstone: grants import: 4 lines refused\n")

	csv = written(t, "grants.csv", "brand,grant_id,grantee,seller_ids\nAcme,g1,Co,a|b\nAcme,g2,Other,c|b\nAcme,g3,Co,b\n")
	status, out, complaints = run("grants", "import", "--dry-run", csv)
	wants(t, "dry run", status, out, complaints, 1, "valid    2\nrefused  1\n",
		"touchstone: grants import: "+csv+": line 3: seller_ids: accounts of one grantee at a time, got \"b\" for \"Other\", which grant \"g1\" has for \"Co\"\n"+
			"touchstone: grants import: 1 line refused\n")

	csv = written(t, "grants.csv", "brand,grant_id,grantee\nAcme,g1,Co\n")
	status, out, complaints = run("grants", "import", csv)
	wants(t, "a column is missing", status, out, complaints, 1, "",
		"touchstone: grants import: "+csv+": header: the column \"seller_ids\" is missing; needed are brand, grant_id, grantee, seller_ids\n")
}

// A large file is put in batches. Where one of these fails, what was done is told, and the same command goes on.
func TestGrantsImportBroken(t *testing.T) {
	p := &policies{fail: policyRefusal(codes.ResourceExhausted, "STORAGE_FULL", "the store is full").Err()}
	run := p.start(t)
	var b strings.Builder
	b.WriteString("brand,grant_id,grantee,seller_ids\n")
	for i := range 2500 {
		fmt.Fprintf(&b, "Acme,g%d,Co,s%d\n", i, i)
	}
	csv := written(t, "grants.csv", b.String())
	status, out, complaints := run("grants", "import", csv)
	wants(t, "import", status, out, complaints, 1, "added      1000\nreplaced   0\nunchanged  0\nrefused    0\nrevision   1\n",
		"touchstone: grants import: the store is full\ntouchstone: hint: make room on the server's disk, then repeat the command\n")
	p.fail = nil
	status, out, complaints = run("grants", "import", csv)
	wants(t, "import again", status, out, complaints, 0, "added      1500\nreplaced   0\nunchanged  1000\nrefused    0\nrevision   3\n", "")
	if got := len(p.now()); got != 2500 {
		t.Errorf("%d grants, want 2500", got)
	}
}

func TestRules(t *testing.T) {
	run := (&policies{}).start(t)
	status, first, complaints := run("rules", "get")
	if status != 0 || !strings.Contains(first, "infringing: 50 ") || complaints != "touchstone: rules get: the default ones: none were set\n" {
		t.Errorf("get: exit status %d, %q, %q", status, first, complaints)
	}
	status, out, complaints := run("rules", "set", written(t, "rules.yaml", first))
	wants(t, "set", status, out, complaints, 0, "revision  1\n", "")
	text := "default: {review: 100}\n"
	status, out, complaints = run("rules", "set", written(t, "rules.yaml", text))
	wants(t, "set others", status, out, complaints, 0, "revision  2\n", "")
	status, out, complaints = run("rules", "get")
	wants(t, "get", status, out, complaints, 0, text, "touchstone: rules get: revision 2, set 2026-11-24T00:00:00Z\n")
	status, out, complaints = run("rules", "get", "--as-of", "1")
	wants(t, "get as of 1", status, out, complaints, 0, first, "touchstone: rules get: revision 1, set 2026-11-24T00:00:00Z\n")
	bad := written(t, "rules.yaml", "default:\n  review: 5000\n")
	status, out, complaints = run("rules", "set", bad)
	wants(t, "set bad ones", status, out, complaints, 1, "", "touchstone: rules set: "+bad+": line 2: default.review: more than 0, at most 1000, got 5000\n"+
		"touchstone: hint: touchstone rules --help shows what rules can say\n")
}

func TestStanding(t *testing.T) {
	run := (&policies{}).start(t)
	status, out, complaints := run("standing", "set", "--brand", "Acme", "--state", "benign", "--note", "size chart", "a.jpg", "gone.jpg", "b.jpg")
	wants(t, "set", status, out, complaints, 1,
		"Acme  a.jpg  benign  settled  2026-11-24 00:00:00  size chart\nAcme  b.jpg  benign  settled  2026-11-24 00:00:00  size chart\n",
		"touchstone: standing set: no such photo: gone.jpg\ntouchstone: standing set: 1 photo not there\n"+
			"touchstone: hint: touchstone photos list --brand Acme lists what there is\n")
	status, out, complaints = run("standing", "set", "--brand", "Acme", "--state", "muted", "--json", "c.jpg")
	muted := `{"brand":"Acme","photo":"c.jpg","state":"muted","settled":true,"revision":3,"updated":"2026-11-24T00:00:00Z"}` + "\n"
	wants(t, "set --json", status, out, complaints, 0, muted, "")
	status, out, complaints = run("standing", "list", "--state", "muted", "--state", "quarantined", "--json")
	wants(t, "list", status, out, complaints, 0, muted, "")
	status, out, complaints = run("standing", "list", "--state", "famous")
	wants(t, "list of a state that is none", status, out, complaints, 2, "",
		"touchstone: standing list: --state: one of normal, benign, quarantined, muted, got \"famous\"\ntouchstone: hint: see: touchstone standing list --help\n")
}
