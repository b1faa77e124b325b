package fingerprint_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"touchstone/fingerprint"
)

func TestEncodingRoundTrip(t *testing.T) {
	want, err := fingerprint.Of(drawn(600, 400, 1))
	if err != nil {
		t.Fatal(err)
	}
	b, err := want.MarshalBinary()
	if err != nil || len(b) != fingerprint.Size {
		t.Fatalf("MarshalBinary gives %d bytes, %v, want %d", len(b), err, fingerprint.Size)
	}
	var got fingerprint.Fingerprint
	if err := got.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestEncodingIsStable holds the stored form of recipe 1: files written by it must stay readable.
func TestEncodingIsStable(t *testing.T) {
	f := fingerprint.Fingerprint{Recipe: 1, Quality: 100, Box: fingerprint.Box{Left: 1, Top: 2, Right: 3, Bottom: 0x0405}}
	f.Whole.P, f.Content.P = 0x0102030405060708, 0x1112131415161718
	f.Whole.PDQ[0], f.Content.PDQ[3] = 0xa1a2a3a4a5a6a7a8, 0xb1b2b3b4b5b6b7b8
	f.Whole.Colour[0], f.Content.Colour[47] = 0xcc, 0xdd
	b, err := f.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	zeros := func(n int) string { return hex.EncodeToString(make([]byte, n)) }
	want := "0001" + "64" + "0001000200030405" +
		"0102030405060708" + "a1a2a3a4a5a6a7a8" + zeros(24) + "cc" + zeros(47) +
		"1112131415161718" + zeros(24) + "b1b2b3b4b5b6b7b8" + zeros(47) + "dd"
	if got := hex.EncodeToString(b); got != want {
		t.Errorf("encoded as\n%s, want\n%s", got, want)
	}
}

func FuzzUnmarshal(f *testing.F) {
	p, err := fingerprint.Of(drawn(300, 300, 1))
	if err != nil {
		f.Fatal(err)
	}
	b, err := p.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[1:])
	f.Add([]byte{})
	f.Add(make([]byte, fingerprint.Size))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p fingerprint.Fingerprint
		if err := p.UnmarshalBinary(b); err != nil {
			if !errors.Is(err, fingerprint.ErrEncoding) {
				t.Fatalf("error %v, want ErrEncoding", err)
			}
			if diff := cmp.Diff(fingerprint.Fingerprint{}, p); diff != "" {
				t.Fatalf("a failed UnmarshalBinary left something: %s", diff)
			}
			return
		}
		again, err := p.MarshalBinary()
		if err != nil || !bytes.Equal(b, again) {
			t.Fatalf("%x comes back as %x, %v", b, again, err)
		}
	})
}
