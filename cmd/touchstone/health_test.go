package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"

	touchstonev1 "touchstone/proto/touchstone/v1"
)

// examiner is a server that answers ExamineBrand alone.
type examiner struct {
	touchstonev1.UnimplementedPolicyServiceServer
	answers []*touchstonev1.ExamineBrandResponse
	asked   chan *touchstonev1.ExamineBrandRequest
}

func (e *examiner) ExamineBrand(q *touchstonev1.ExamineBrandRequest, s touchstonev1.PolicyService_ExamineBrandServer) error {
	e.asked <- q
	for _, a := range e.answers {
		if err := s.Send(a); err != nil {
			return err
		}
	}
	return nil
}

// examineBy runs health against a server that answers so.
func examineBy(t *testing.T, answers []*touchstonev1.ExamineBrandResponse, args ...string) (status int, out, errs string, asked *touchstonev1.ExamineBrandRequest) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &examiner{answers: answers, asked: make(chan *touchstonev1.ExamineBrandRequest, 1)}
	s := grpc.NewServer()
	touchstonev1.RegisterPolicyServiceServer(s, e)
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	defer func() {
		s.Stop()
		if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) { // it may have been stopped before it began
			t.Error(err)
		}
	}()
	var stdout, stderr bytes.Buffer
	args = append([]string{"health", "--addr", listener.Addr().String()}, args...)
	status = run(context.Background(), args, streams{strings.NewReader(""), &stdout, &stderr})
	select {
	case asked = <-e.asked:
	default:
	}
	return status, stdout.String(), stderr.String(), asked
}

func photoNames(brand string, ids ...string) []*touchstonev1.PhotoName {
	var all []*touchstonev1.PhotoName
	for _, id := range ids {
		all = append(all, &touchstonev1.PhotoName{Brand: brand, PhotoId: id})
	}
	return all
}

// examinedSo is an examination with a dozen plain photos of 1,012, two conflicts, a flood and a group.
func examinedSo() []*touchstonev1.ExamineBrandResponse {
	var plain []string
	for i := range 12 {
		plain = append(plain, fmt.Sprintf("plain %02d", i))
	}
	return []*touchstonev1.ExamineBrandResponse{{Total: 2000}, {Done: 64, Total: 2000}, {Done: 2000, Total: 2000, Report: &touchstonev1.BrandExamination{
		Brand: "Acme", Photos: 2000, CatalogRevision: 77,
		Plain: 1012, PlainPhotos: photoNames("Acme", plain...),
		NearDuplicates: 1, NearDuplicateGroups: []*touchstonev1.PhotoGroup{{Photos: photoNames("Acme", "a", "b", "c")}},
		Conflicts: 2, ConflictGroups: []*touchstonev1.PhotoGroup{
			{Photos: append(photoNames("Acme", "a"), photoNames("Other", "x", "y")...)}, {Photos: append(photoNames("Acme", "evil\x1b[2J"), photoNames("Other", "z")...)},
		},
		Floods: 1, FloodPhotos: []*touchstonev1.PhotoFlood{{Photo: photoNames("Acme", "logo")[0], Listings: 900, Sellers: 1}},
		ExpectedFalseMatchesPerMillion: 9.87654, AllowedFalseMatchesPerMillion: 10, Likelihood: 12.345,
	}}}
}

func TestHealth(t *testing.T) {
	status, out, errs, asked := examineBy(t, examinedSo(), "--brand", "Acme")
	if status != exitOK || errs != "" || asked.GetBrand() != "Acme" || asked.GetDryRun() {
		t.Fatalf("status %d, asked %v, said %q", status, asked, errs)
	}
	want := `photos           2000
conflicts        2
floods           1
plain            1012
split tone       0
near duplicates  1  1 group
false matches    9.88 of a million unrelated images are to be expected, 10 are allowed
likelihood       12.3 times that of others to match by chance: look at what matches, and at a stricter rule

conflicts: another brand has the photo as well; they are in quarantine: what matches them is for people to look at
  find out whose each is: normal for that brand's, benign for the other's; settle each by: touchstone standing set --brand BRAND --state normal PHOTO
    a = Other/x = Other/y
    "evil\x1b[2J" = Other/z

floods: a photo that matches far more listings than others of the brand, as logos, size charts and stock shots do; they are muted: what matches them is last to be looked at
  settle each by: touchstone standing set --brand BRAND --state normal PHOTO, or benign where what matches it means nothing
    logo  900 listings of 1 seller

plain: too little structure to be told by hashes: found by features alone, where the brand has partial matching on
  hand in a photo that shows more, or leave it
    plain 00
    plain 01
    plain 02
    plain 03
    plain 04
    plain 05
    plain 06
    plain 07
    plain 08
    plain 09
    and 1002 more: --all names them

near duplicates: the same picture, or nearly: a listing matches all of a group
  keep one of each: touchstone photos delete
    a = b = c
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}

	_, out, _, asked = examineBy(t, examinedSo(), "--brand", "Acme", "--all", "--dry-run")
	if !asked.GetDryRun() {
		t.Error("--dry-run is not asked for")
	}
	for _, part := range []string{"    plain 11\n    and 1000 more, which the server does not name\n", "without --dry-run they go into quarantine", "without --dry-run they are muted"} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in\n%s", part, out)
		}
	}
}

func TestHealthJSON(t *testing.T) {
	status, out, errs, _ := examineBy(t, examinedSo(), "--brand", "Acme", "--json", "--dry-run")
	if status != exitOK || errs != "" || strings.Count(out, "\n") != 1 {
		t.Fatalf("status %d, said %q", status, errs)
	}
	for _, part := range []string{
		`{"brand":"Acme","photos":2000,"catalog_revision":77,"dry_run":true,"plain":1012,"plain_photos":[{"brand":"Acme","photo":"plain 00"},`,
		`"split_tone":0,"split_tone_photos":[],"near_duplicates":1,"near_duplicate_groups":[[{"brand":"Acme","photo":"a"},`,
		`"conflicts":2,"conflict_groups":[[{"brand":"Acme","photo":"a"},{"brand":"Other","photo":"x"},`,
		`"floods":1,"flood_photos":[{"brand":"Acme","photo":"logo","listings":900,"sellers":1}]`,
		`"expected_false_matches_per_million":9.87654,"allowed_false_matches_per_million":10,"likelihood":12.345}`,
	} {
		if !strings.Contains(out, part) {
			t.Errorf("no %s in\n%s", part, out)
		}
	}
}

func TestHealthFails(t *testing.T) {
	status, out, errs, _ := examineBy(t, examinedSo()[:2], "--brand", "Acme")
	if status != exitFailure || out != "" || !strings.Contains(errs, "touchstone: health: the server ended without a report") {
		t.Errorf("without a report: status %d, printed %q, said %q", status, out, errs)
	}
	for name, args := range map[string][]string{"no brand": {}, "an empty brand": {"--brand", ""}, "an argument": {"--brand", "Acme", "photo"}} {
		if status, out, errs, asked := examineBy(t, nil, args...); status != exitUsage || out != "" || errs == "" || asked != nil {
			t.Errorf("%s: status %d, printed %q, said %q", name, status, out, errs)
		}
	}
}

func TestHealthSound(t *testing.T) {
	answers := []*touchstonev1.ExamineBrandResponse{{Done: 1, Total: 1, Report: &touchstonev1.BrandExamination{Brand: "Acme", Photos: 1, AllowedFalseMatchesPerMillion: 10}}}
	_, out, _, _ := examineBy(t, answers, "--brand", "Acme")
	if strings.Contains(out, "\n\n") || !strings.Contains(out, "likelihood       not surveyed yet") {
		t.Errorf("printed\n%s", out)
	}
}

func TestShellWord(t *testing.T) {
	for s, want := range map[string]string{
		"Acme": "Acme", "Bär-1": "Bär-1", "A & B": "'A & B'", "it's": `'it'\''s'`, "": "''", "-x": "'-x'", "$(x)": "'$(x)'",
	} {
		if got := shellWord(s); got != want {
			t.Errorf("shellWord(%q) = %s, want %s", s, got, want)
		}
	}
}
