package fingerprint_test

import (
	"bufio"
	"bytes"
	"context"
	"image"
	_ "image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/corona10/goimagehash"

	"touchstone/fingerprint"
	"touchstone/picture"
)

// reference is what PDQ's reference implementation says of a photo.
type reference struct {
	path    string
	pdq     fingerprint.Hash256
	quality int
}

// references reads the table of the reference implementation, which lies beside the photos.
func references(t testing.TB) []reference {
	t.Helper()
	dir := os.Getenv("TOUCHSTONE_DATA")
	if dir == "" {
		t.Skip("TOUCHSTONE_DATA names no folder of photos")
	}
	f, err := os.Open(filepath.Join(dir, "..", "bench", "pdq_reference.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	var all []reference
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 3 || fields[0] == "path" {
			continue
		}
		h, err := fingerprint.ParseHash256(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		q, err := strconv.Atoi(fields[2])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, reference{filepath.Join(dir, fields[0]), h, q})
	}
	if len(all) == 0 {
		t.Fatal("the table of the reference implementation is empty")
	}
	return all
}

// analyse describes a photo as match does: reduced, and from more pixels where that leaves its hash unsure.
func analyse(t testing.TB, d *picture.Decoder, photo []byte) (fingerprint.Fingerprint, error) {
	t.Helper()
	for _, side := range []int{fingerprint.ReducedSide, 600} {
		p, err := d.Decode(context.Background(), photo, side)
		if err != nil {
			t.Fatal(err)
		}
		a, err := fingerprint.Analyse(fingerprint.Picture{Image: p.Image, Width: p.Width, Height: p.Height, Reduction: p.Reduction})
		if err != nil {
			return fingerprint.Fingerprint{}, err
		}
		if !a.Unsure() || side == 600 {
			return a.Fingerprint(), nil
		}
	}
	panic("unreachable")
}

// TestRealPhotos holds both hashes to their references on photos: PDQ to its own C++ code, P to goimagehash on the full
// picture as the standard library decodes it.
func TestRealPhotos(t *testing.T) {
	t.Parallel()
	every := 15
	if os.Getenv("TOUCHSTONE_LONG") != "" {
		every = 1
	}
	d := picture.NewDecoder(picture.Limits{})
	var pdq, p, quality []int
	refused := 0
	for i, r := range references(t) {
		if i%every != 0 {
			continue
		}
		photo, err := os.ReadFile(r.path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := analyse(t, d, photo)
		if err != nil {
			refused++
			continue
		}
		quality = append(quality, abs(int(f.Quality)-r.quality))
		if r.quality < 80 {
			continue
		}
		pdq = append(pdq, f.Whole.PDQ.Distance(r.pdq))
		if i%(6*every) != 0 { // the full picture takes a hundred times as long
			continue
		}
		img, _, err := image.Decode(bytes.NewReader(photo))
		if err != nil {
			t.Fatal(err)
		}
		want, err := goimagehash.PerceptionHash(img)
		if err != nil {
			t.Fatal(err)
		}
		p = append(p, f.Whole.P.Distance(fingerprint.Hash64(want.GetHash())))
	}
	at := func(v []int, percent int) int {
		slices.Sort(v)
		return v[(len(v)-1)*percent/100]
	}
	if len(pdq) < 20 || len(p) < 5 {
		t.Fatalf("%d photos compared with PDQ, %d with P", len(pdq), len(p))
	}
	t.Logf("%d photos: PDQ median %d, 99%% within %d, at most %d; P (%d photos) median %d, 90%% within %d; quality 99%% within %d; %d refused",
		len(pdq), at(pdq, 50), at(pdq, 99), at(pdq, 100), len(p), at(p, 50), at(p, 90), at(quality, 99), refused)
	if at(pdq, 50) > 2 || at(pdq, 99) > 10 {
		t.Errorf("PDQ: median %d bits, want 2 at most; 99%% within %d, want 10", at(pdq, 50), at(pdq, 99))
	}
	if at(p, 50) > 2 {
		t.Errorf("P: median %d bits, want 2 at most", at(p, 50))
	}
	if at(quality, 99) > 5 {
		t.Errorf("quality: 99%% within %d, want 5", at(quality, 99))
	}
	if refused*50 > len(quality) {
		t.Errorf("%d of %d photos are refused as plain, want 2%% at most", refused, refused+len(quality))
	}
}

func abs(n int) int { return max(n, -n) }
