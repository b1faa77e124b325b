package server_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
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
				want := touchstonev1.Verdict_VERDICT_COPY
				if tc.edits != nil {
					want = touchstonev1.Verdict_VERDICT_EDITED_COPY
				}
				if m.GetVerdict() != want || m.GetScore() < 0.9 || m.GetScore() > 1 {
					t.Errorf("%s: verdict %v with score %g, want %v", m.GetPhoto().GetPhotoId(), m.GetVerdict(), m.GetScore(), want)
				}
				if f := m.GetExpectedFalseMatches(); !(f >= 0 && f < 10_000) || f == 0 && tc.edits != nil { // 0 of the same file
					t.Errorf("%s: %g false matches expected", m.GetPhoto().GetPhotoId(), f)
				}
				if !contains(m.GetEdits(), tc.edits) {
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

// contains tells whether the edits that were made are among those that are named.
func contains(named, made []string) bool {
	return !slices.ContainsFunc(made, func(e string) bool { return !slices.Contains(named, e) })
}

// part is what is left of the first drawn picture when a third is cut off on the left and at the top, 400 by 320 pixels of
// it.
func part() *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, 400, 320))
	draw.Draw(out, out.Rect, drawn(1, 600, 480), image.Pt(200, 160), draw.Src)
	return out
}

// A part of a photo is found, told where it lies, and weighed; how far to look and how sure to be is the caller's choice.
func TestMatchParts(t *testing.T) {
	r := serve(t, server.Options{})
	for seed := range uint64(3) {
		_, err := r.AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{
			Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: string('a' + rune(seed))}, Image: asPNG(t, drawn(seed, 600, 480)),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	described, err := r.Fingerprint(t.Context(), &touchstonev1.FingerprintRequest{Image: asPNG(t, part())})
	if err != nil {
		t.Fatal(err)
	}
	whole := proto.CloneOf(described.GetDescription().GetFingerprint())
	whole.Features = nil
	for _, tc := range []struct {
		name    string
		request *touchstonev1.MatchRequest
		found   bool
	}{
		{"auto", &touchstonev1.MatchRequest{}, true},
		{"parts", &touchstonev1.MatchRequest{Depth: touchstonev1.Depth_DEPTH_PARTS}, true},
		{"whole", &touchstonev1.MatchRequest{Depth: touchstonev1.Depth_DEPTH_WHOLE}, false},
		{"strong enough", &touchstonev1.MatchRequest{MaxFalseMatchesPerMillion: proto.Float64(1e6)}, true},
		{"not strong enough", &touchstonev1.MatchRequest{MaxFalseMatchesPerMillion: proto.Float64(1e-300)}, false},
		{"a fingerprint with features", &touchstonev1.MatchRequest{Subject: ofPrint(described.GetDescription().GetFingerprint())}, true},
		{"a fingerprint without", &touchstonev1.MatchRequest{Subject: ofPrint(whole)}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.request.Subject == nil {
				tc.request.Subject = ofImage(asPNG(t, part()))
			}
			got := r.match(t, tc.request)
			if features := got.GetSubject().GetFingerprint().GetFeatures(); len(features) > 0 {
				t.Errorf("the subject comes back with %d bytes of features", len(features))
			}
			if !tc.found {
				if len(got.GetMatches()) > 0 && got.GetMatches()[0].GetScore() > 0.9 {
					t.Errorf("Match() = %v, want nothing", got.GetMatches())
				}
				return
			}
			if len(got.GetMatches()) == 0 || got.GetMatches()[0].GetPhoto().GetPhotoId() != "b" {
				t.Fatalf("Match() = %v, want b first", got.GetMatches())
			}
			p := got.GetMatches()[0].GetEvidence().GetPlace()
			if p.GetSeenShare() < 0.4 || p.GetSeenShare() > 0.5 || p.GetCoveredShare() < 0.95 || len(p.GetHomography()) != 9 ||
				len(p.GetInPhoto()) != len(p.GetInSubject()) || len(p.GetInPhoto()) < 3 || p.GetFeaturesAgreeing() == 0 {
				t.Errorf("place %v, want four ninths of the photo all over the subject", p)
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
		{"images", image1(1, t), ofImage(asPNG(t, mirrored(drawn(1, 240, 200)))), touchstonev1.Verdict_VERDICT_EDITED_COPY, []string{"mirrored"}},
		{"a photo and an image", ofPhoto("Acme", "1"), image1(1, t), touchstonev1.Verdict_VERDICT_COPY, nil},
		{"a fingerprint and another image", ofPrint(p.GetFingerprint()), image1(2, t), touchstonev1.Verdict_VERDICT_NONE, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := r.Compare(t.Context(), &touchstonev1.CompareRequest{A: tc.a, B: tc.b})
			if err != nil {
				t.Fatal(err)
			}
			related := tc.verdict != touchstonev1.Verdict_VERDICT_NONE
			if c.GetVerdict() != tc.verdict || c.GetReason() == "" || (c.GetScore() > 0.9) != related {
				t.Errorf("Compare() = %v with score %g, %q, want %v", c.GetVerdict(), c.GetScore(), c.GetReason(), tc.verdict)
			}
			if f := c.GetExpectedFalseMatches(); !(f >= 0 && f <= 1e6) || f == 0 && c.GetVerdict() != touchstonev1.Verdict_VERDICT_COPY { // 0 of the same file
				t.Errorf("%g false matches expected", f)
			}
			if related && !contains(c.GetEdits(), tc.edits) {
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
	if d := cmp.Diff(want, f.GetDescription(), protocmp.Transform(), protocmp.IgnoreFields(&touchstonev1.Fingerprint{}, "features")); d != "" {
		t.Errorf("Fingerprint (-want +got):\n%s", d)
	}
	// The features are those that the catalogue keeps of the photo, which are to be had as well.
	kept, err := r.GetPhoto(t.Context(), &touchstonev1.GetPhotoRequest{Brand: "Acme", PhotoId: "1", WithFeatures: true})
	if err != nil {
		t.Fatal(err)
	}
	got := f.GetDescription().GetFingerprint().GetFeatures()
	if len(got) == 0 || !bytes.Equal(got, kept.GetPhoto().GetFingerprint().GetFeatures()) || len(p.GetFingerprint().GetFeatures()) > 0 {
		t.Errorf("%d bytes of features, GetPhoto has %d, AddPhoto %d; want the first two alike, and the last to have none",
			len(got), len(kept.GetPhoto().GetFingerprint().GetFeatures()), len(p.GetFingerprint().GetFeatures()))
	}
}

func TestOverlay(t *testing.T) {
	r := serve(t, server.Options{})
	for name, b := range map[string][]byte{"a part": asPNG(t, part()), "another picture": photo(t, 2)} {
		t.Run(name, func(t *testing.T) {
			a := asPNG(t, drawn(1, 600, 480))
			o, err := r.Overlay(t.Context(), &touchstonev1.OverlayRequest{A: a, B: b})
			if err != nil {
				t.Fatal(err)
			}
			if m, err := png.Decode(bytes.NewReader(o.GetPng())); err != nil || m.Bounds().Dx() < 500 {
				t.Errorf("%v is drawn, %v", m, err)
			}
			want, err := r.Compare(t.Context(), &touchstonev1.CompareRequest{A: ofImage(a), B: ofImage(b)})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, o.GetComparison(), protocmp.Transform()); d != "" {
				t.Errorf("what it shows, against Compare (-want +got):\n%s", d)
			}
		})
	}
}
