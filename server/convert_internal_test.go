package server

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/match"
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
		every(t, w2)
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

// every fails where a field of a message, or of one in it, is not set: a field that a conversion forgot.
func every(t *testing.T, m proto.Message) {
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
			if !r.Has(f) {
				t.Fatalf("%s is not set", f.FullName())
			}
			switch {
			case f.IsMap():
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
	}
	photo := index.Photo{
		Key:      index.Key{Brand: "b", ID: "i"},
		Metadata: index.Metadata{Product: "p", Variant: "v", SourceURI: "u", Labels: map[string]string{"k": "v"}, ListPrice: index.Price{Currency: "EUR", Units: 1, Nanos: 2}},
		Original: original, Fingerprint: f, Revision: 1, Added: time.Unix(1, 0), Updated: time.Unix(2, 0),
	}
	every(t, resultTo(&match.Result{
		Status:  match.Found,
		Matches: []match.Match{{Photo: photo, Verdict: match.Variant, Score: 0.5, Edits: []string{"mirrored"}, Evidence: evidence}},
		Total:   1, Searched: 2, RadiusPDQ: 3, RadiusP: 4, Revision: 5, Subject: described, Reason: "r",
	}))
	every(t, comparisonTo(&match.Comparison{
		A: described, B: described, Verdict: match.Copy, Score: 1, Edits: []string{"mirrored"}, Evidence: evidence, Reason: "r",
	}))
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
	one("verdict", 3, func(i int) protoreflect.EnumNumber { return verdictTo(match.Verdict(i + 1)).Number() })
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
