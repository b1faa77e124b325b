package local

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"touchstone/fingerprint"
	"touchstone/index"
)

// rich is a photo that has all there is.
func rich() index.Photo {
	p := index.Photo{
		Key: index.Key{Brand: "Acme", ID: "bags/red/1.jpg"},
		Metadata: index.Metadata{
			Product: "Tote", Variant: "red", SourceURI: "https://acme.example/1.jpg",
			Labels:    map[string]string{"season": "2026", "shop": "Zürich", "empty": ""},
			ListPrice: index.Price{Currency: "USD", Units: 795, Nanos: 990_000_000},
		},
		Original: index.Original{Bytes: 123_456, Width: 1200, Height: 900, Format: "jpeg"},
		Fingerprint: fingerprint.Fingerprint{
			Recipe: fingerprint.Current, Quality: 88, Box: fingerprint.Box{Left: 100, Top: 200, Right: 65_000, Bottom: 64_000},
		},
		Added: time.Unix(1_790_000_000, 123_456_789).UTC(),
	}
	for i := range p.Original.SHA256 {
		p.Original.SHA256[i] = byte(i)
	}
	p.Fingerprint.Whole.P, p.Fingerprint.Content.P = 1, 2
	p.Fingerprint.Whole.PDQ, p.Fingerprint.Content.PDQ = fingerprint.Hash256{3, 4, 5, 6}, fingerprint.Hash256{7, 8, 9, 10}
	p.Fingerprint.Content.Colour[47] = 11
	return p
}

func TestLayoutRoundTrip(t *testing.T) {
	want := rich()
	reference := reference{revision: 7, recipe: 8}
	got, at, err := decode(encode(&want, reference))
	if err != nil {
		t.Fatal(err)
	}
	if at != reference {
		t.Errorf("features at %+v, want %+v", at, reference)
	}
	got.Key = want.Key // the store's key has it
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is decoded (-want +got):\n%s", diff)
	}
}

// TestLayoutIsStable holds the worked example of layout.go, and the length and the parts of a value of format 1: files
// that have such values must stay readable.
func TestLayoutIsStable(t *testing.T) {
	hat := index.Photo{Metadata: index.Metadata{Product: "hat"}}
	hat.Original.SHA256[0] = 0xaa
	const example = "01" + "03686174" + "00" + "00" + "00" + "00" + "00" + "00" + "aa"
	if got := hex.EncodeToString(encode(&hat, reference{})); !strings.HasPrefix(got, example) {
		t.Errorf("a hat is encoded as %.40s..., want %s...", got, example)
	}
	p := rich()
	got := hex.EncodeToString(encode(&p, reference{}))
	text := func(s string) string { return hex.EncodeToString(append([]byte{byte(len(s))}, s...)) }
	want := "01" + text("Tote") + text("red") + text("https://acme.example/1.jpg") +
		"03" + text("empty") + "00" + text("season") + text("2026") + text("shop") + text("Zürich") +
		text("USD") + "9b06" + "80e788d803" + hex.EncodeToString(p.Original.SHA256[:]) +
		"c0c407" + "b009" + "8407" + text("jpeg") + "18d75b842b4ecd15"
	f, err := p.Fingerprint.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if want += hex.EncodeToString(f); got != want {
		t.Errorf("encoded as\n%s, want\n%s", got, want)
	}
	got = hex.EncodeToString(encode(&p, reference{0x0102, 3}))
	if want = "02" + want[2:] + "0000000000000102" + "0003"; got != want {
		t.Errorf("with features encoded as\n%s, want\n%s", got, want)
	}
}

func FuzzDecode(f *testing.F) {
	p := rich()
	b := encode(&p, reference{})
	f.Add(encode(&p, reference{1, 2}))
	f.Add(encode(&p, reference{1, 0}))
	f.Add(b)
	f.Add(b[:len(b)-1])
	f.Add(append(bytes.Clone(b), 0))
	f.Add([]byte{})
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, at, err := decode(b)
		if err != nil {
			if !errors.Is(err, index.ErrCorrupt) {
				t.Fatalf("error %v, want ErrCorrupt", err)
			}
			return
		}
		if again := encode(&p, at); !bytes.Equal(b, again) {
			t.Fatalf("%x comes back as %x", b, again)
		}
	})
}
