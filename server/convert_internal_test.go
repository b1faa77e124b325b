package server

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/match"
	"touchstone/match/align"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// made is a random fingerprint.
func made(r *rand.Rand) fingerprint.Fingerprint {
	region := func() (g fingerprint.Region) {
		g.P = fingerprint.Hash64(r.Uint64())
		for i := range g.PDQ {
			g.PDQ[i] = r.Uint64()
		}
		for i := range g.Colour {
			g.Colour[i] = uint8(r.Uint32())
		}
		return g
	}
	f := fingerprint.Fingerprint{
		Recipe: 1 + fingerprint.Recipe(r.IntN(65535)), Quality: uint8(1 + r.IntN(100)), Whole: region(), Box: fingerprint.WholeBox(),
	}
	if f.Content = f.Whole; r.IntN(2) == 0 {
		f.Content = region()
		f.Box.Left = uint16(r.IntN(30000))
		f.Box.Bottom = uint16(40000 + r.IntN(20000))
	}
	return f
}

// features are a random set.
func features(r *rand.Rand) *feature.Set {
	s := &feature.Set{Recipe: feature.Current, Width: 1 + r.IntN(65535), Height: 1 + r.IntN(65535), Features: make([]feature.Feature, r.IntN(20))}
	for i := range s.Features {
		s.Features[i] = feature.Feature{X: uint16(r.Uint32()), Y: uint16(r.Uint32()), Size: 3, Angle: 4, Descriptor: feature.Descriptor{r.Uint64(), 5}}
	}
	t := &s.Thumbnail
	t.Width, t.Height = 1+r.IntN(feature.MaxThumbnail), 1+r.IntN(feature.MaxThumbnail)
	chroma := (t.Width + 1) / 2 * ((t.Height + 1) / 2)
	t.Y, t.Cb, t.Cr = make([]uint8, t.Width*t.Height), make([]uint8, chroma), make([]uint8, chroma)
	t.Y[0] = uint8(r.Uint32())
	return s
}

// place is one whose numbers are all set.
func place() *match.Place {
	p := &match.Place{
		InPhoto:   []align.Point{{X: 0.1, Y: 0.2}, {X: 0.3, Y: 0.4}, {X: 0.5, Y: 0.6}},
		InSubject: []align.Point{{X: 0.2, Y: 0.1}, {X: 0.4, Y: 0.3}, {X: 0.6, Y: 0.5}},
		Scale:     1, Rotation: 2, Stretch: 3,
	}
	p.Homography = [9]float64{1, 2, 3, 4, 5, 6, 7, 8, 9}
	p.Mirrored, p.Features, p.Confirmed = true, 7, [3]int{4, 5, 6}
	p.Seen, p.Covered, p.Alike, p.Correlation, p.Hue = 0.1, 0.2, 0.3, 0.4, 0.5
	return p
}

// The longest set of features that there can be is the longest that is taken.
func TestMaxFeatures(t *testing.T) {
	s := feature.Set{Features: make([]feature.Feature, feature.MaxFeatures)}
	s.Thumbnail.Width, s.Thumbnail.Height = feature.MaxThumbnail, feature.MaxThumbnail
	if got := s.EncodedSize(); got != maxFeatures {
		t.Errorf("the longest has %d bytes, %d are taken", got, maxFeatures)
	}
}

// A place that nothing can be drawn by is none.
func TestPlaceOfNumbers(t *testing.T) {
	for name, spoil := range map[string]func(*match.Place){
		"homography": func(p *match.Place) { p.Homography[8] = math.NaN() },
		"scale":      func(p *match.Place) { p.Scale = math.Inf(1) },
		"corner":     func(p *match.Place) { p.InSubject[1].Y = math.NaN() },
		"corners":    func(p *match.Place) { p.InSubject = p.InSubject[:2] },
	} {
		p := place()
		if placeTo(p) == nil {
			t.Fatal("a good place is left out")
		}
		if spoil(p); placeTo(p) != nil {
			t.Errorf("%s: %v is a place", name, p)
		}
	}
	p := place()
	p.InPhoto[0].X, p.InPhoto[1].X = -1e-17, 1+1e-15
	if w := placeTo(p); w.GetInPhoto()[0].GetX() != 0 || w.GetInPhoto()[1].GetX() != 1 {
		t.Errorf("%v, want corners held within 0 and 1", w.GetInPhoto())
	}
}

// What goes to the wire comes back from it the same.
func TestRoundTrip(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		f := made(r)
		back, err := fingerprintFrom(fingerprintTo(&f))
		if err != nil || back != f {
			t.Fatalf("fingerprint %v came back as %v, %v", f, back, err)
		}
		set, wire := features(r), fingerprintTo(&f)
		if err := withFeatures(wire, set); err != nil {
			t.Fatal(err)
		}
		if got, err := featuresFrom(wire); err != nil || !cmp.Equal(got, set) {
			t.Fatalf("features (-went +came), %v:\n%s", err, cmp.Diff(set, got))
		}
		// The order of bytes is that of the fingerprint's own encoding.
		encoded, err := f.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		w := fingerprintTo(&f).GetWhole()
		if d := cmp.Diff(encoded[11:99], append(append(append([]byte{}, w.GetHash64()...), w.GetPdq()...), w.GetColour()...)); d != "" {
			t.Fatalf("region on the wire, against the encoding (-want +got):\n%s", d)
		}

		p := index.Photo{
			Key: index.Key{Brand: "b", ID: "i"},
			Metadata: index.Metadata{
				Product: "p", Variant: "v", SourceURI: "u", Labels: map[string]string{"k": "v"},
				ListPrice: index.Price{Currency: "EUR", Units: r.Int64(), Nanos: int32(r.IntN(1e9))},
			},
			Original: index.Original{Bytes: r.Int64(), Width: r.IntN(1 << 30), Height: r.IntN(1 << 30), Format: "jpeg"},
			Revision: r.Uint64(), Added: time.Unix(r.Int64N(1<<32), 1).UTC(), Updated: time.Unix(r.Int64N(1<<32), 2).UTC(),
			Fingerprint: f,
		}
		binary.BigEndian.PutUint64(p.Original.SHA256[8:], r.Uint64())
		w2 := photoTo(&p)
		every(t, w2, "touchstone.v1.Fingerprint.features")
		q, err := photoFrom(w2)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(index.Photo{Key: p.Key, Metadata: p.Metadata}, q); d != "" {
			t.Fatalf("photo came back (-want +got):\n%s", d)
		}
		if !w2.GetAddTime().AsTime().Equal(p.Added) || !w2.GetUpdateTime().AsTime().Equal(p.Updated) || [32]byte(w2.GetOriginal().GetSha256()) != p.Original.SHA256 {
			t.Fatalf("%v is not of %v", w2, p)
		}
	}
}

// every fails where a field of a message, or of one in it, is not set: a field that a conversion forgot. Those that are
// left out on purpose are named.
func every(t *testing.T, m proto.Message, but ...protoreflect.FullName) {
	t.Helper()
	var walk func(r protoreflect.Message)
	walk = func(r protoreflect.Message) {
		fields := r.Descriptor().Fields()
		for i := range fields.Len() {
			f := fields.Get(i)
			// Numbers within a box or a time may be 0.
			if name := r.Descriptor().Name(); name == "Box" || name == "Timestamp" {
				continue
			}
			if !r.Has(f) && !slices.Contains(but, f.FullName()) {
				t.Fatalf("%s is not set", f.FullName())
			}
			switch {
			case f.IsMap(), !r.Has(f):
			case f.IsList() && f.Message() != nil:
				walk(r.Get(f).List().Get(0).Message())
			case f.Message() != nil && !f.IsList():
				walk(r.Get(f).Message())
			}
		}
	}
	walk(m.ProtoReflect())
}

// No field of an answer is forgotten.
func TestAnswersAreComplete(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	f := made(r)
	f.Quality = 7
	original := index.Original{SHA256: [32]byte{1}, Bytes: 2, Width: 3, Height: 4, Format: "png"}
	described := match.Description{Original: original, Fingerprint: f, Warnings: []string{"animated"}}
	evidence := match.Evidence{
		DistancePDQ: 1, DistanceP: 2, Colour: 3,
		Symmetry: fingerprint.Rotated90, SubjectRegion: fingerprint.PartFramed, PhotoRegion: fingerprint.PartContent,
		Place: place(),
	}
	const left = "touchstone.v1.Fingerprint.features"
	photo := index.Photo{
		Key:      index.Key{Brand: "b", ID: "i"},
		Metadata: index.Metadata{Product: "p", Variant: "v", SourceURI: "u", Labels: map[string]string{"k": "v"}, ListPrice: index.Price{Currency: "EUR", Units: 1, Nanos: 2}},
		Original: original, Fingerprint: f, Revision: 1, Added: time.Unix(1, 0), Updated: time.Unix(2, 0),
	}
	every(t, resultTo(&match.Result{
		Status:  match.Found,
		Matches: []match.Match{{Photo: photo, Verdict: match.Variant, Score: 0.5, ExpectedFalse: 0.1, Edits: []string{"mirrored"}, Evidence: evidence}},
		Total:   1, Searched: 2, RadiusPDQ: 3, RadiusP: 4, Revision: 5, Subject: described, Reason: "r",
	}), left)
	every(t, comparisonTo(&match.Comparison{
		A: described, B: described, Verdict: match.Copy, Score: 1, ExpectedFalse: 0.1, Edits: []string{"mirrored"}, Evidence: evidence, Reason: "r",
	}), left)
}

// Every value of the domain has one of its own on the wire.
func TestEnums(t *testing.T) {
	one := func(name string, values int, of func(int) protoreflect.EnumNumber) {
		seen := map[protoreflect.EnumNumber]bool{0: true}
		for i := range values {
			n := of(i)
			if seen[n] {
				t.Errorf("%s %d has no number of its own: %d", name, i, n)
			}
			seen[n] = true
		}
	}
	one("status", 4, func(i int) protoreflect.EnumNumber { return matchStatusTo(match.Status(i + 1)).Number() })
	one("verdict", 6, func(i int) protoreflect.EnumNumber { return verdictTo(match.Verdict(i + 1)).Number() })
	one("symmetry", fingerprint.Symmetries, func(i int) protoreflect.EnumNumber { return symmetryTo(fingerprint.Symmetry(i)).Number() })
	one("part", 3, func(i int) protoreflect.EnumNumber { return partTo(fingerprint.Part(i)).Number() })
	one("outcome", 3, func(i int) protoreflect.EnumNumber { return outcomeTo(index.Outcome(i + 1)).Number() })
	for _, n := range []protoreflect.EnumNumber{
		matchStatusTo(99).Number(), verdictTo(99).Number(), symmetryTo(99).Number(), partTo(99).Number(), outcomeTo(99).Number(),
	} {
		if n != 0 {
			t.Errorf("what is no value is number %d on the wire", n)
		}
	}
	for v := match.None; v <= match.Variant; v++ {
		if got, want := verdictTo(v).String(), "VERDICT_"+v.String(); got != want {
			t.Errorf("verdict %s, want %s", got, want)
		}
	}
	for d, want := range []match.Depth{match.Auto, match.Auto, match.Whole, match.Parts} {
		if got, err := depthFrom(touchstonev1.Depth(d)); err != nil || got != want {
			t.Errorf("depth %d is %v, %v, want %v", d, got, err, want)
		}
	}
	if got, want := matchStatusTo(match.TooPlain).String(), "MATCH_STATUS_"+match.TooPlain.String(); got != want {
		t.Errorf("status %s, want %s", got, want)
	}
}

// Whatever comes in, a fingerprint is either refused or comes back as it came.
func FuzzFingerprint(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 4 {
		g := made(r)
		b, err := proto.Marshal(fingerprintTo(&g))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		var w touchstonev1.Fingerprint
		if proto.Unmarshal(b, &w) != nil {
			return
		}
		g, err := fingerprintFrom(&w)
		if err != nil {
			if code := fail(err).code; code != fail(errFingerprint).code && code != fail(index.ErrRecipe).code {
				t.Fatalf("%v is %v", err, code)
			}
			return
		}
		encoded, err := g.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := new(fingerprint.Fingerprint).UnmarshalBinary(encoded); err != nil {
			t.Fatalf("taken from the wire, but: %v", err)
		}
		if w.GetContent() == nil {
			return
		}
		back := fingerprintTo(&g)
		for _, m := range []proto.Message{&w, w.GetWhole(), w.GetContent(), w.GetContentBox()} {
			m.ProtoReflect().SetUnknown(nil)
		}
		if d := cmp.Diff(&w, back, protocmp.Transform()); d != "" {
			t.Fatalf("(-came +went):\n%s", d)
		}
	})
}

// Whatever comes in, features are either refused or come back as they came.
func FuzzFeatures(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 3 {
		b, err := features(r).MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := featuresFrom(&touchstonev1.Fingerprint{Features: b})
		if err != nil {
			if code := fail(err).code; code != fail(errFingerprint).code && code != fail(index.ErrRecipe).code {
				t.Fatalf("%v is %v", err, code)
			}
			return
		}
		w := new(touchstonev1.Fingerprint)
		if err := withFeatures(w, s); err != nil || !bytes.Equal(w.GetFeatures(), b) {
			t.Fatalf("%x came back as %x, %v", b, w.GetFeatures(), err)
		}
	})
}

// Whatever a match finds, a place on the wire is made of numbers that are any, within the pictures.
func FuzzPlace(f *testing.F) {
	f.Add(0.1, 0.9, 1.0, 0.0, 3)
	f.Add(math.NaN(), math.Inf(1), -1.0, 2.0, 0)
	f.Fuzz(func(t *testing.T, x, y, h, share float64, corners int) {
		p := place()
		p.InPhoto[0], p.Homography[3], p.Seen = align.Point{X: x, Y: y}, h, share
		p.InSubject = p.InSubject[:min(max(corners, 0), 3)]
		w := placeTo(p)
		if w == nil {
			return
		}
		if len(w.GetInPhoto()) != len(w.GetInSubject()) || len(w.GetHomography()) != 9 {
			t.Fatalf("%v has outlines that differ", w)
		}
		for _, q := range append(w.GetInPhoto(), w.GetInSubject()...) {
			if !(q.GetX() >= 0 && q.GetX() <= 1 && q.GetY() >= 0 && q.GetY() <= 1) {
				t.Fatalf("%v lies outside", q)
			}
		}
		if _, err := protojson.Marshal(w); err != nil || math.IsInf(w.GetHomography()[3], 0) || w.GetSeenShare() != w.GetSeenShare() {
			t.Fatalf("%v, %v", w, err)
		}
	})
}

// Whatever bytes are parsed, they become a message or are marked, and a mark has a status.
func FuzzCodec(f *testing.F) {
	good, err := proto.Marshal(&touchstonev1.AddPhotosRequest{CorrelationId: "c", Photo: &touchstonev1.Photo{Brand: "b", Labels: map[string]string{"k": "v"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("\x0a\x01\xff"))
	f.Add([]byte("\x12\x03\x0a\x01\xff"))
	f.Add([]byte("\x12\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var plain, marked touchstonev1.AddPhotosRequest
		want := proto.Unmarshal(b, &plain)
		if err := unmarshal(b, &marked); err != nil {
			t.Fatal(err)
		}
		err := malformed(&marked)
		if want != nil && err == nil {
			t.Fatalf("%q can't be parsed (%v), and passes", b, want)
		}
		if want == nil && err != nil && len(plain.ProtoReflect().GetUnknown()) == 0 {
			t.Fatalf("%q can be parsed, and is refused: %v", b, err)
		}
		if err == nil {
			return
		}
		s, _ := toStatus(err, "id")
		if _, err := proto.Marshal(s.Proto()); err != nil {
			t.Fatalf("the status can't be sent: %v", err)
		}
		if _, err := proto.Marshal(&touchstonev1.AddPhotosResponse{CorrelationId: clip(marked.GetCorrelationId())}); err != nil {
			t.Fatalf("the answer can't be sent: %v", err)
		}
	})
}
