package server_test

import (
	"image"
	"image/color"
	"image/draw"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

func protoSize(m proto.Message) int { return proto.Size(m) }

func (r *rig) match(t testing.TB, m *touchstonev1.MatchRequest) *touchstonev1.MatchResponse {
	t.Helper()
	answer, err := r.Match(t.Context(), m)
	if err != nil {
		t.Fatalf("Match() = %v", err)
	}
	return answer
}

func TestMatch(t *testing.T) {
	r := serve(t, server.Options{})
	var photos []*touchstonev1.Photo
	for i := range uint64(5) {
		photos = append(photos, r.add(t, "Acme", string('a'+rune(i)), i+1))
	}
	twin := r.add(t, "Zeta", "twin", 3) // the same picture, of another brand
	turned := asPNG(t, mirrored(drawn(3, 240, 200)))
	for _, tc := range []struct {
		name    string
		request *touchstonev1.MatchRequest
		want    []*touchstonev1.Photo
		edits   []string
	}{
		{"the photo itself", &touchstonev1.MatchRequest{Subject: image1(1, t)}, photos[:1], nil},
		{"mirrored, of two brands", &touchstonev1.MatchRequest{Subject: ofImage(turned)}, []*touchstonev1.Photo{photos[2], twin}, []string{"mirrored"}},
		{"one brand", &touchstonev1.MatchRequest{Subject: ofImage(turned), Brands: []string{"Zeta"}}, []*touchstonev1.Photo{twin}, []string{"mirrored"}},
		{"one product", &touchstonev1.MatchRequest{Subject: ofImage(turned), Products: []string{"bag-c"}}, photos[2:3], []string{"mirrored"}},
		{"limit", &touchstonev1.MatchRequest{Subject: ofImage(turned), Limit: 1}, photos[2:3], []string{"mirrored"}},
		{"fingerprint", &touchstonev1.MatchRequest{Subject: ofPrint(photos[1].GetFingerprint())}, photos[1:2], nil},
		{"fingerprint of the whole alone", &touchstonev1.MatchRequest{Subject: ofPrint(&touchstonev1.Fingerprint{
			Recipe: photos[1].GetFingerprint().GetRecipe(), Whole: photos[1].GetFingerprint().GetWhole(),
		})}, photos[1:2], nil},
		{"a photo of the catalogue", &touchstonev1.MatchRequest{Subject: ofPhoto("Zeta", "twin")}, photos[2:3], nil},
		{"radius", &touchstonev1.MatchRequest{Subject: image1(1, t), RadiusBits: proto.Int32(0)}, photos[:1], nil},
		{"radius of the other hash", &touchstonev1.MatchRequest{Subject: image1(1, t), Radius64Bits: proto.Int32(0)}, photos[:1], nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := r.match(t, tc.request)
			if got.GetStatus() != touchstonev1.MatchStatus_MATCH_STATUS_FOUND {
				t.Errorf("status %v, want found", got.GetStatus())
			}
			var found []*touchstonev1.Photo
			for _, m := range got.GetMatches() {
				found = append(found, m.GetPhoto())
				if m.GetVerdict() != touchstonev1.Verdict_VERDICT_COPY || m.GetScore() < 0.9 || m.GetScore() > 1 {
					t.Errorf("%s: verdict %v with score %g", m.GetPhoto().GetPhotoId(), m.GetVerdict(), m.GetScore())
				}
				if !slices.Equal(m.GetEdits(), tc.edits) {
					t.Errorf("%s: edits %q, want %q", m.GetPhoto().GetPhotoId(), m.GetEdits(), tc.edits)
				}
				e := m.GetEvidence()
				if e.GetSymmetry() == 0 || e.GetPhotoPart() == 0 || e.GetSubjectPart() == 0 {
					t.Errorf("%s: evidence %v has gaps", m.GetPhoto().GetPhotoId(), e)
				}
			}
			if d := cmp.Diff(tc.want, found, protocmp.Transform()); d != "" {
				t.Errorf("photos (-want +got):\n%s", d)
			}
			if got.GetRevision() != 6 || got.GetSubject().GetFingerprint().GetRecipe() == 0 {
				t.Errorf("revision %d, want 6; subject %v", got.GetRevision(), got.GetSubject())
			}
			if asked := tc.request; asked.RadiusBits != nil && (got.RadiusBits == nil || got.Radius64Bits != nil) {
				t.Errorf("radii %v and %v, want the first alone", got.RadiusBits, got.Radius64Bits)
			}
		})
	}
}

// Unreadable, too plain, nothing indexed and nothing found are four different answers.
func TestMatchFindsNothing(t *testing.T) {
	flat := image.NewGray(image.Rect(0, 0, 100, 100))
	draw.Draw(flat, flat.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	empty, full := serve(t, server.Options{}), serve(t, server.Options{})
	full.add(t, "Acme", "1", 1)
	for _, tc := range []struct {
		name     string
		rig      *rig
		subject  *touchstonev1.Subject
		want     touchstonev1.MatchStatus
		searched int64
	}{
		{"nothing indexed", empty, image1(2, t), touchstonev1.MatchStatus_MATCH_STATUS_NOTHING_INDEXED, 0},
		{"nothing found", full, image1(2, t), touchstonev1.MatchStatus_MATCH_STATUS_NOTHING_FOUND, 1},
		{"too plain", full, ofImage(asPNG(t, flat)), touchstonev1.MatchStatus_MATCH_STATUS_TOO_PLAIN, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := tc.rig.match(t, &touchstonev1.MatchRequest{Subject: tc.subject})
			if got.GetStatus() != tc.want || len(got.GetMatches()) != 0 || got.GetSearched() != tc.searched {
				t.Errorf("Match() = %v with %d matches of %d photos, want %v", got.GetStatus(), len(got.GetMatches()), got.GetSearched(), tc.want)
			}
			plain := tc.want == touchstonev1.MatchStatus_MATCH_STATUS_TOO_PLAIN
			if (got.GetReason() != "") != plain || (got.GetSubject().GetFingerprint() == nil) != plain {
				t.Errorf("reason %q, subject %v", got.GetReason(), got.GetSubject())
			}
		})
	}
}

func TestCompare(t *testing.T) {
	r := serve(t, server.Options{})
	p := r.add(t, "Acme", "1", 1)
	for _, tc := range []struct {
		name    string
		a, b    *touchstonev1.Subject
		verdict touchstonev1.Verdict
		edits   []string
	}{
		{"images", image1(1, t), ofImage(asPNG(t, mirrored(drawn(1, 240, 200)))), touchstonev1.Verdict_VERDICT_COPY, []string{"mirrored"}},
		{"a photo and an image", ofPhoto("Acme", "1"), image1(1, t), touchstonev1.Verdict_VERDICT_COPY, nil},
		{"a fingerprint and another image", ofPrint(p.GetFingerprint()), image1(2, t), touchstonev1.Verdict_VERDICT_NONE, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := r.Compare(t.Context(), &touchstonev1.CompareRequest{A: tc.a, B: tc.b})
			if err != nil {
				t.Fatal(err)
			}
			if c.GetVerdict() != tc.verdict || c.GetReason() == "" || (c.GetScore() > 0.9) != (tc.verdict == touchstonev1.Verdict_VERDICT_COPY) {
				t.Errorf("Compare() = %v with score %g, %q, want %v", c.GetVerdict(), c.GetScore(), c.GetReason(), tc.verdict)
			}
			if tc.verdict == touchstonev1.Verdict_VERDICT_COPY && !slices.Equal(c.GetEdits(), tc.edits) {
				t.Errorf("edits %q, want %q", c.GetEdits(), tc.edits)
			}
		})
	}
}

func TestFingerprint(t *testing.T) {
	r := serve(t, server.Options{})
	p := r.add(t, "Acme", "1", 1)
	f, err := r.Fingerprint(t.Context(), &touchstonev1.FingerprintRequest{Image: photo(t, 1)})
	if err != nil {
		t.Fatal(err)
	}
	want := &touchstonev1.Description{Original: p.GetOriginal(), Fingerprint: p.GetFingerprint()}
	if d := cmp.Diff(want, f.GetDescription(), protocmp.Transform()); d != "" {
		t.Errorf("Fingerprint (-want +got):\n%s", d)
	}
}
