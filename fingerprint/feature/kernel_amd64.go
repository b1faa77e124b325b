//go:build !noasm

package feature

import "golang.org/x/sys/cpu"

func best() int {
	if cpu.X86.HasAVX2 {
		return avx2
	}
	return plain
}

// Below, what is left of a row after whole blocks is done by the plain versions.

func halveRow(to, a, b []uint8) {
	n := 0
	if m := len(to) &^ 31; kernels == avx2 && m > 0 {
		_, _ = a[2*m-1], b[2*m-1]
		halveAVX2(&to[0], &a[0], &b[0], m)
		n = m
	}
	halveRowPlain(to[n:], a[2*n:], b[2*n:])
}

func mixRows(to, a, b, c []uint8, w [3]uint8) {
	n := 0
	if m := len(to) &^ 31; kernels == avx2 && m > 0 {
		_, _, _ = a[m-1], b[m-1], c[m-1]
		mixAVX2(&to[0], &a[0], &b[0], &c[0], m, uint16(w[0])|uint16(w[1])<<8, uint16(w[2]))
		n = m
	}
	mixRowsPlain(to[n:], a[n:], b[n:], c[n:], w)
}

func acrossRow(to, from []uint8, a *across) {
	n := 0
	if m := len(to) &^ 7; kernels == avx2 && m > 0 {
		_ = from[a.reach]
		acrossAVX2(&to[0], &from[0], &a.offsets[0], &a.table[0], m)
		n = m
	}
	acrossRowPlain(to[n:], from, &across{taps: a.taps[n:]})
}

func blurDown(to []uint16, r *[7][]uint8) {
	n := 0
	if m := len(to) &^ 15; kernels == avx2 && m > 0 {
		for i := range r {
			_ = r[i][m-1]
		}
		blurDownAVX2(&to[0], &r[0][0], &r[1][0], &r[2][0], &r[3][0], &r[4][0], &r[5][0], &r[6][0], m)
		n = m
	}
	if n < len(to) {
		var rest [7][]uint8
		for i := range r {
			rest[i] = r[i][n:]
		}
		blurDownPlain(to[n:], &rest)
	}
}

func blurAcross(to []uint8, from []uint16) {
	n := 0
	if m := len(to) &^ 31; kernels == avx2 && m > 0 {
		_ = from[m+5]
		blurAcrossAVX2(&to[0], &from[0], m)
		n = m
	}
	blurAcrossPlain(to[n:], from[n:])
}

func curveRow(to []uint16, a, b, c []uint8) {
	n := 0
	if m := len(to) &^ 15; kernels == avx2 && m > 0 {
		_, _, _ = a[m+2*reach-1], b[m+2*reach-1], c[m+2*reach-1]
		curveAVX2(&to[0], &a[0], &b[0], &c[0], m)
		n = m
	}
	curveRowPlain(to[n:], a[n:], b[n:], c[n:])
}

func peakRow(out []uint32, a, b, c []uint16, least uint16) {
	m := 32 * len(out)
	if kernels != avx2 || m == 0 {
		peakRowPlain(out, a, b, c, least)
		return
	}
	_, _, _ = a[m+1], b[m+1], c[m+1]
	peakAVX2(&out[0], &a[0], &b[0], &c[0], m, least)
}
