package feature

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestKernels holds what the machine's kernels give against what the plain ones do, on noise, on extremes and on every
// length around the blocks.
func TestKernels(t *testing.T) {
	if kernels == plain {
		t.Skip("this machine has no others")
	}
	r := rand.New(rand.NewPCG(5, 6))
	fills := map[string]func() uint8{
		"noise":    func() uint8 { return uint8(r.Uint32()) },
		"extremes": func() uint8 { return uint8(r.IntN(2) * 255) },
		"white":    func() uint8 { return 255 },
		"smooth":   func() uint8 { return uint8(120 + r.IntN(3)) },
	}
	bytes := func(n int, f func() uint8) []uint8 {
		b := make([]uint8, n)
		for i := range b {
			b[i] = f()
		}
		return b
	}
	words := func(n int, f func() uint8, most uint16) []uint16 {
		w := make([]uint16, n)
		for i := range w {
			w[i] = uint16(uint32(f()) * uint32(most) / 255)
		}
		return w
	}
	for name, f := range fills {
		for n := range 140 {
			same := func(kernel string, got, want []uint8) {
				t.Helper()
				if !slices.Equal(got, want) {
					t.Fatalf("%s of %d pixels of %s: got %v, want %v", kernel, n, name, got, want)
				}
			}
			same16 := func(kernel string, got, want []uint16) {
				t.Helper()
				if !slices.Equal(got, want) {
					t.Fatalf("%s of %d pixels of %s: got %v, want %v", kernel, n, name, got, want)
				}
			}
			got, want := make([]uint8, n), make([]uint8, n)
			a, b := bytes(2*n, f), bytes(2*n, f)
			halveRow(got, a, b)
			halveRowPlain(want, a, b)
			same("halve", got, want)

			for _, w := range [][3]uint8{{127, 1, 0}, {64, 64, 0}, {43, 43, 42}, {1, 127, 0}} {
				a, b, c := bytes(n, f), bytes(n, f), bytes(n, f)
				mixRows(got, a, b, c, w)
				mixRowsPlain(want, a, b, c, w)
				same("mix", got, want)
			}

			var rows [7][]uint8
			for i := range rows {
				rows[i] = bytes(n, f)
			}
			got16, want16 := make([]uint16, n), make([]uint16, n)
			blurDown(got16, &rows)
			blurDownPlain(want16, &rows)
			same16("blurDown", got16, want16)

			line := words(n+6, f, 1020)
			blurAcross(got, line)
			blurAcrossPlain(want, line)
			same("blurAcross", got, want)

			a, b, c := bytes(n+2*reach, f), bytes(n+2*reach, f), bytes(n+2*reach, f)
			curveRow(got16, a, b, c)
			curveRowPlain(want16, a, b, c)
			same16("curve", got16, want16)

			k := n / 16
			u, v, w := words(32*k+2, f, 300), words(32*k+2, f, 65535), words(32*k+2, f, 300)
			gotBits, wantBits := make([]uint32, k), make([]uint32, k)
			peakRow(gotBits, u, v, w, least)
			peakRowPlain(wantBits, u, v, w, least)
			if !slices.Equal(gotBits, wantBits) {
				t.Fatalf("peak of %d words of %s: got %x, want %x", k, name, gotBits, wantBits)
			}
		}
		for n := 1; n < 400; n += 7 {
			for m := n/2 + 1; m <= n; m += max(1, n/11) {
				from := bytes(n+16, f)
				a := newAcross(n, m)
				got, want := make([]uint8, m), make([]uint8, m)
				acrossRow(got, from, &a)
				acrossRowPlain(want, from, &a)
				if !slices.Equal(got, want) {
					t.Fatalf("%d to %d pixels of %s: got %v, want %v", n, m, name, got, want)
				}
			}
		}
	}
}
