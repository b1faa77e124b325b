package server_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

func TestGrants(t *testing.T) {
	r := serve(t, server.Options{})
	day := func(month time.Month) *timestamppb.Timestamp {
		return timestamppb.New(time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC))
	}
	whole := &touchstonev1.Grant{
		Brand: "Acme", GrantId: "g1", Grantee: "Shop Ltd", SellerIds: []string{"s1", "s2"}, Products: []string{"bag"}, PhotoIds: []string{"p1"},
		Marketplace: "bazaar", RegionCode: "DE", ValidFrom: day(1), ValidTo: day(12), Note: "since the fair",
	}
	put, err := r.PutGrants(t.Context(), &touchstonev1.PutGrantsRequest{Grants: []*touchstonev1.Grant{
		whole,
		{Brand: "Acme", GrantId: "g2", Grantee: "Other", SellerIds: []string{"s1"}, Marketplace: "bazaar"},
		{Brand: "Acme", GrantId: "g3", Grantee: "Late", SellerIds: []string{"s3"}, ValidFrom: day(5), ValidTo: day(4)},
		{Brand: "Acme", GrantId: "g4", Grantee: "Nowhere", SellerIds: []string{"s4"}, RegionCode: "XX"},
		{Brand: "Acme", GrantId: "g5", Grantee: "Press", Everyone: true, PhotoIds: []string{"p2"}},
		whole,
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []told{
		{}, {codes.InvalidArgument, "GRANT_DISAGREES", "seller_ids"}, {codes.InvalidArgument, "FIELD_INVALID", "valid_to"},
		{codes.InvalidArgument, "FIELD_INVALID", "region_code"}, {}, {},
	}
	for i, result := range put.GetResults() {
		var got told
		if result.GetCode() != 0 {
			got = toldBy(t, status.ErrorProto(result))
		}
		if d := cmp.Diff(want[i], got); d != "" {
			t.Errorf("grant %d (-want +got):\n%s", i, d)
		}
	}
	if put.GetAdded() != 2 || put.GetReplaced() != 0 || put.GetUnchanged() != 1 {
		t.Errorf("%d added, %d replaced, %d unchanged", put.GetAdded(), put.GetReplaced(), put.GetUnchanged())
	}
	page, err := r.ListGrants(t.Context(), &touchstonev1.ListGrantsRequest{PageSize: 1, Brand: "Acme"})
	if err != nil || len(page.GetGrants()) != 1 || page.GetNextPageToken() == "" {
		t.Fatalf("ListGrants() = %v, %v", page, err)
	}
	if d := cmp.Diff(whole, page.GetGrants()[0], protocmp.Transform(), protocmp.IgnoreFields(&touchstonev1.Grant{}, "revision")); d != "" {
		t.Errorf("listed (-put +listed):\n%s", d)
	}
	then := put.GetRevision()
	if _, err := r.DeleteGrant(t.Context(), &touchstonev1.DeleteGrantRequest{Brand: "Acme", GrantId: "g1"}); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[*uint64]int{nil: 1, &then: 2} {
		if page, err := r.ListGrants(t.Context(), &touchstonev1.ListGrantsRequest{AsOfRevision: at}); err != nil || len(page.GetGrants()) != want {
			t.Errorf("ListGrants(as of %v) = %v, %v; want %d", at, page, err, want)
		}
	}
	_, err = r.DeleteGrant(t.Context(), &touchstonev1.DeleteGrantRequest{Brand: "Acme", GrantId: "g1"})
	if d := cmp.Diff(told{codes.NotFound, "GRANT_NOT_FOUND", "grant_id"}, toldBy(t, err)); d != "" {
		t.Errorf("DeleteGrant() again (-want +got):\n%s", d)
	}
	_, err = r.PutGrants(t.Context(), &touchstonev1.PutGrantsRequest{})
	if d := cmp.Diff(told{codes.InvalidArgument, "FIELD_INVALID", "grants"}, toldBy(t, err)); d != "" {
		t.Errorf("PutGrants() of none (-want +got):\n%s", d)
	}
}

func TestRules(t *testing.T) {
	r := serve(t, server.Options{})
	first, err := r.GetRules(t.Context(), &touchstonev1.GetRulesRequest{})
	if err != nil || first.GetRevision() != 0 || len(first.GetYaml()) == 0 {
		t.Fatalf("GetRules() = %v, %v", first, err)
	}
	none := uint64(0)
	set, err := r.SetRules(t.Context(), &touchstonev1.SetRulesRequest{Yaml: first.GetYaml(), ExpectedRevision: &none})
	if err != nil || set.GetRevision() == 0 {
		t.Fatalf("SetRules(the default ones) = %v, %v", set, err)
	}
	for name, test := range map[string]struct {
		request *touchstonev1.SetRulesRequest
		want    told
	}{
		"misspelt": {&touchstonev1.SetRulesRequest{Yaml: []byte("defalt: {}")}, told{codes.InvalidArgument, "RULES_INVALID", "yaml"}},
		"empty":    {&touchstonev1.SetRulesRequest{}, told{codes.InvalidArgument, "FIELD_INVALID", "yaml"}},
		"changed since": {
			&touchstonev1.SetRulesRequest{Yaml: []byte("default: {review: 400}"), ExpectedRevision: &none},
			told{codes.Aborted, "RULES_CHANGED", "expected_revision"},
		},
	} {
		_, err := r.SetRules(t.Context(), test.request)
		if d := cmp.Diff(test.want, toldBy(t, err)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	now, err := r.GetRules(t.Context(), &touchstonev1.GetRulesRequest{})
	if err != nil || now.GetRevision() != set.GetRevision() || now.GetUpdateTime() == nil {
		t.Errorf("GetRules() = %v, %v", now, err)
	}
	soon := uint64(1000)
	_, err = r.GetRules(t.Context(), &touchstonev1.GetRulesRequest{AsOfRevision: &soon})
	if d := cmp.Diff(told{codes.InvalidArgument, "FIELD_INVALID", "as_of_revision"}, toldBy(t, err)); d != "" {
		t.Errorf("GetRules(of the future) (-want +got):\n%s", d)
	}
}

// A photo that two brands have is in quarantine, whichever came last, until a person settles whose it is; and so is what was
// decided by it before.
func TestConflict(t *testing.T) {
	r := serve(t, server.Options{})
	r.follow(t)
	r.add(t, "Acme", "1", 1)
	if got := decided(r.check(t, seen("l0", "s1"), photo(t, 1)).GetDecision()); got != "INFRINGING NO_GRANT" {
		t.Errorf("decision %q", got)
	}
	r.add(t, "Zeta", "9", 1)
	standings := func() (all []string) {
		page, err := r.ListStandings(t.Context(), &touchstonev1.ListStandingsRequest{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.GetStandings() {
			all = append(all, fmt.Sprintf("%s/%s %v %d %v", s.GetPhoto().GetBrand(), s.GetPhoto().GetPhotoId(), s.GetStanding(), len(s.GetOthers()), s.GetSettled()))
		}
		return all
	}
	wait(t, "both photos in quarantine", func() bool { return len(standings()) == 2 })
	if d := cmp.Diff([]string{"Acme/1 STANDING_QUARANTINED 1 false", "Zeta/9 STANDING_QUARANTINED 1 false"}, standings()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := decided(r.check(t, seen("l1", "s1"), photo(t, 1)).GetDecision()); got != "REVIEW PHOTO_QUARANTINED" {
		t.Errorf("decision %q", got)
	}
	wait(t, "the decision of before to be another", func() bool { return decided(r.listing(t, "l0").GetDecision()) == "REVIEW PHOTO_QUARANTINED" })
	for id, state := range map[[2]string]touchstonev1.Standing{
		{"Acme", "1"}: touchstonev1.Standing_STANDING_NORMAL, {"Zeta", "9"}: touchstonev1.Standing_STANDING_BENIGN,
	} {
		if _, err := r.SetStanding(t.Context(), &touchstonev1.SetStandingRequest{Standing: &touchstonev1.PhotoStanding{
			Photo: &touchstonev1.PhotoName{Brand: id[0], PhotoId: id[1]}, Standing: state, Note: "Zeta's is a copy",
		}}); err != nil {
			t.Fatal(err)
		}
	}
	// An examination finds the conflict again, and leaves what was settled.
	stream, err := r.ExamineBrand(t.Context(), &touchstonev1.ExamineBrandRequest{Brand: "Acme"})
	if err != nil {
		t.Fatal(err)
	}
	var report *touchstonev1.BrandExamination
	for {
		a, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if report != nil {
			t.Error("something comes after the report")
		}
		report = a.GetReport()
	}
	if report.GetPhotos() != 1 || report.GetConflicts() != 1 || report.GetAllowedFalseMatchesPerMillion() != 50 {
		t.Errorf("report %v", report)
	}
	if d := cmp.Diff([]string{"Zeta/9 STANDING_BENIGN 0 true"}, standings()); d != "" {
		t.Errorf("settled (-want +got):\n%s", d)
	}
	stream, err = r.ExamineBrand(t.Context(), &touchstonev1.ExamineBrandRequest{Brand: "Nobody"})
	for err == nil {
		_, err = stream.Recv()
	}
	if errors.Is(err, io.EOF) {
		t.Fatal("ExamineBrand(Nobody) ended as if all was well")
	}
	if got := toldBy(t, err); got.Reason != "BRAND_UNKNOWN" {
		t.Errorf("ExamineBrand(Nobody): %+v", got)
	}
	_, err = r.SetStanding(t.Context(), &touchstonev1.SetStandingRequest{Standing: &touchstonev1.PhotoStanding{
		Photo: &touchstonev1.PhotoName{Brand: "Acme", PhotoId: "2"}, Standing: touchstonev1.Standing_STANDING_MUTED,
	}})
	if d := cmp.Diff(told{codes.NotFound, "PHOTO_NOT_FOUND", "standing.photo.photo_id"}, toldBy(t, err)); d != "" {
		t.Errorf("SetStanding() of no photo (-want +got):\n%s", d)
	}
}
