package jpeg_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"touchstone/picture/jpeg"
)

// seeds are small files of most forms.
func seeds() (files [][]byte) {
	one := [2]int{1, 1}
	for _, w := range []writer{
		{factors: [][2]int{one}},
		{factors: [][2]int{{2, 2}, one, one}, restart: 1},
		{factors: [][2]int{{2, 1}, one, one}, scans: script(3)},
		{factors: [][2]int{{1, 2}, one, one}, apart: true},
		{factors: [][2]int{{2, 2}, one, one, {2, 2}}, before: adobe(2)},
		{factors: [][2]int{one, {2, 1}, one}, before: adobe(0)},
	} {
		w.width, w.height, w.at = 21, 18, wave
		files = append(files, w.encode())
	}
	return files
}

// check asserts that whatever the bytes are, there is a picture of the size stated, or one of the errors named.
func check(t *testing.T, b []byte) {
	named := func(err error) {
		if !errors.Is(err, jpeg.ErrTruncated) && !errors.Is(err, jpeg.ErrCorrupt) && !errors.Is(err, jpeg.ErrUnsupported) {
			t.Fatalf("an error without a name: %v", err)
		}
	}
	p, err := jpeg.Parse(b)
	if err != nil {
		named(err)
		return
	}
	if p.Width*p.Height > 1<<18 {
		return
	}
	for _, denom := range denoms {
		m, err := p.Decode(denom)
		if err != nil {
			named(err)
			continue
		}
		if w, h := (p.Width+denom-1)/denom, (p.Height+denom-1)/denom; m.Rect.Dx() != w || m.Rect.Dy() != h {
			t.Fatalf("1/%d of %d x %d is %v", denom, p.Width, p.Height, m.Rect)
		}
		for y := range m.Rect.Dy() {
			for x := range m.Rect.Dx() {
				_ = m.YCbCrAt(x, y) // panics where a plane is short
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, b := range seeds() {
		f.Add(b)
		f.Add(b[:len(b)*3/4])
	}
	f.Fuzz(check)
}

// TestMutants damages the seeds at random, a few bytes each: what a fuzzer does, but in every run of the tests.
func TestMutants(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	files := seeds()
	for range 4000 {
		b := bytes.Clone(files[r.IntN(len(files))])
		for range 1 + r.IntN(4) {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		check(t, b)
	}
}
