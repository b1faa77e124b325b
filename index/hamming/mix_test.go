package hamming_test

import (
	"testing"

	"touchstone/index/hamming"
)

func TestMixIsPermutation(t *testing.T) {
	t.Run("64", testMixIsPermutation[code64])
	t.Run("256", testMixIsPermutation[code256])
}

func testMixIsPermutation[C hamming.Code](t *testing.T) {
	r := seeded(t)
	var none C
	seen := map[C]bool{}
	for i := range codeBits[C]() {
		c := hamming.Mix(unit[C](i))
		if distance(c, none) != 1 {
			t.Fatalf("bit %d becomes %d bits", i, distance(c, none))
		}
		seen[c] = true
	}
	if len(seen) != codeBits[C]() {
		t.Errorf("%d bits become %d", codeBits[C](), len(seen))
	}
	for range 1000 {
		a, b := random[C](r), random[C](r)
		if got, want := distance(hamming.Mix(a), hamming.Mix(b)), distance(a, b); got != want {
			t.Fatalf("mixing %x and %x makes a distance of %d into %d", a, b, want, got)
		}
	}
}

// The chunks that sets see must take bits from all over the hash: that is what mixing is for.
func TestMixSpreadsRows(t *testing.T) {
	chunks := map[int]bool{}
	for column := range 16 {
		c := hamming.Mix(unit[code256](5*16 + column))
		for i, w := range c {
			for k := range 4 {
				if w>>(16*k)&0xffff != 0 {
					chunks[4*i+k] = true
				}
			}
		}
	}
	if len(chunks) != 16 {
		t.Errorf("a row of 16 bits went to %d chunks, want 16", len(chunks))
	}
}

func unit[C hamming.Code](bit int) (c C) {
	c[bit/64] = 1 << (bit % 64)
	return c
}

// unmix is the code that Mix makes c of.
func unmix[C hamming.Code](c C) (u C) {
	for i := range codeBits[C]() {
		m := hamming.Mix(unit[C](i))
		for j := range len(m) {
			if m[j]&c[j] != 0 {
				u[i/64] |= 1 << (i % 64)
			}
		}
	}
	return u
}
