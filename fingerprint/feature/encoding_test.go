package feature_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"image"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"touchstone/fingerprint/feature"
)

func TestEncoding(t *testing.T) {
	s := feature.Set{
		Recipe: 1, Width: 800, Height: 600,
		Features:  []feature.Feature{{X: 0x1234, Y: 0x5678, Size: 0x9a, Angle: 0xbc, Descriptor: feature.Descriptor{1, 2, 3, 1 << 63}}},
		Thumbnail: feature.Thumbnail{Width: 3, Height: 1, Y: []uint8{7, 8, 9}, Cb: []uint8{10, 11}, Cr: []uint8{12, 13}},
	}
	const want = "0001032002580001" + "0301" + "123456789abc" + "0000000000000001000000000000000200000000000000038000000000000000" + "070809" + "0a0b" + "0c0d"
	b, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(b); got != want {
		t.Errorf("encoded: got %s, want %s", got, want)
	}
	if len(b) != s.EncodedSize() {
		t.Errorf("EncodedSize is %d of %d bytes", s.EncodedSize(), len(b))
	}
	var back feature.Set
	if err := back.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, back); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
	for n := range b {
		if err := back.UnmarshalBinary(b[:n]); !errors.Is(err, feature.ErrEncoding) {
			t.Errorf("%d of %d bytes: %v, want ErrEncoding", n, len(b), err)
		}
	}
	if err := back.UnmarshalBinary(append(b, 0)); !errors.Is(err, feature.ErrEncoding) {
		t.Errorf("a byte too many: %v, want ErrEncoding", err)
	}
}

func TestValidate(t *testing.T) {
	good := func() feature.Set {
		return feature.Set{Recipe: 1, Width: 8, Height: 8, Thumbnail: feature.Thumbnail{Width: 1, Height: 1, Y: []uint8{1}, Cb: []uint8{1}, Cr: []uint8{1}}}
	}
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(s *feature.Set){
		"recipe 0":          func(s *feature.Set) { s.Recipe = 0 },
		"no width":          func(s *feature.Set) { s.Width = 0 },
		"too high":          func(s *feature.Set) { s.Height = 65536 },
		"too many features": func(s *feature.Set) { s.Features = make([]feature.Feature, feature.MaxFeatures+1) },
		"no thumbnail":      func(s *feature.Set) { s.Thumbnail = feature.Thumbnail{} },
		"a large thumbnail": func(s *feature.Set) { s.Thumbnail.Width = feature.MaxThumbnail + 1 },
		"luma missing":      func(s *feature.Set) { s.Thumbnail.Y = nil },
		"chroma missing":    func(s *feature.Set) { s.Thumbnail.Cr = nil },
	} {
		s := good()
		change(&s)
		if err := s.Validate(); !errors.Is(err, feature.ErrEncoding) {
			t.Errorf("%s: %v, want ErrEncoding", name, err)
		}
		if _, err := s.MarshalBinary(); !errors.Is(err, feature.ErrEncoding) {
			t.Errorf("%s: written: %v, want ErrEncoding", name, err)
		}
	}
}

func TestMirroredTwice(t *testing.T) {
	for _, f := range extract(scene(200, 200, image.YCbCrSubsampleRatio420, 7), feature.Options{Side: 200, Most: 100}).Features {
		if m := f.Mirrored().Mirrored(); m != f {
			t.Fatalf("mirrored twice: got %v, want %v", m, f)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, n := range []int{1, 40, 90} {
		b, err := extract(scene(n, n, image.YCbCrSubsampleRatio420, 8), feature.Options{Side: 64, Most: 5}).MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s feature.Set
		if err := s.UnmarshalBinary(slices.Clone(b)); err != nil {
			if !errors.Is(err, feature.ErrEncoding) {
				t.Fatalf("not ErrEncoding: %v", err)
			}
			return
		}
		again, err := s.MarshalBinary()
		if err != nil || !bytes.Equal(b, again) {
			t.Fatalf("%v: read %x, wrote %x", err, b, again)
		}
	})
}
