package feature

// The kernels do to a row of pixels what costs most. Each has a plain version, which defines what it does and serves where
// there is no faster one; kernels says which run. tools/kernels writes those in assembly.

// The levels of kernels, of which a machine has some.
const (
	plain = iota
	avx2
)

// kernels is the level of the kernels that run; but for tests it is the best that the machine has.
var kernels = best()

// halveRowPlain sets each pixel of to to the mean of four of a and b.
func halveRowPlain(to, a, b []uint8) {
	a, b = a[:2*len(to)], b[:2*len(to)]
	for x := range to {
		to[x] = uint8((uint32(a[2*x]) + uint32(a[2*x+1]) + uint32(b[2*x]) + uint32(b[2*x+1]) + 2) >> 2)
	}
}

// mixRowsPlain sets to to the weighted mean of three rows. The weights, in 128ths, make 128.
func mixRowsPlain(to, a, b, c []uint8, w [3]uint8) {
	u, v, t := uint32(w[0]), uint32(w[1]), uint32(w[2])
	a, b, c = a[:len(to)], b[:len(to)], c[:len(to)]
	for x := range to {
		to[x] = uint8((u*uint32(a[x]) + v*uint32(b[x]) + t*uint32(c[x]) + 64) >> 7)
	}
}

// blurDownPlain filters seven rows into one of 10 bits.
func blurDownPlain(to []uint16, r *[7][]uint8) {
	n := len(to)
	a, b, c, d, e, f, g := r[0][:n], r[1][:n], r[2][:n], r[3][:n], r[4][:n], r[5][:n], r[6][:n]
	for x := range to {
		to[x] = (3*(uint16(a[x])+uint16(g[x])) + 8*(uint16(b[x])+uint16(f[x])) + 13*(uint16(c[x])+uint16(e[x])) + 16*uint16(d[x]) + 8) >> 4
	}
}

// blurAcrossPlain filters a row of 10 bits, which begins 3 pixels before to and ends 3 after.
func blurAcrossPlain(to []uint8, from []uint16) {
	from = from[:len(to)+6]
	for x := range to {
		f := from[x : x+7]
		to[x] = uint8((3*(f[0]+f[6]) + 8*(f[1]+f[5]) + 13*(f[2]+f[4]) + 16*f[3] + 128) >> 8)
	}
}

// curveRowPlain sets to to the determinants of the Hessian, in quarters and 0 where they are negative, of a row: a, b
// and c are the rows reach above, at and below it, and begin reach pixels before it.
func curveRowPlain(to []uint16, a, b, c []uint8) {
	n := len(to) + 2*reach
	a, b, c = a[:n], b[:n], c[:n]
	for x := range to {
		m := 2 * int32(b[x+reach])
		xx := int32(b[x]) + int32(b[x+2*reach]) - m
		yy := int32(a[x+reach]) + int32(c[x+reach]) - m
		xy := (int32(a[x]) + int32(c[x+2*reach]) - int32(a[x+2*reach]) - int32(c[x]))
		to[x] = uint16(min(max((16*xx*yy-xy*xy)>>6, 0), 65535))
	}
}

// peakRowPlain sets the bits of out, 32 in a word, of the pixels of row b that are more than least and not less than any of
// their eight neighbours. The rows begin one pixel before the first.
func peakRowPlain(out []uint32, a, b, c []uint16, least uint16) {
	n := 32*len(out) + 2
	a, b, c = a[:n], b[:n], c[:n]
	for i := range out {
		var m uint32
		for j := range 32 {
			x := 32*i + j
			v := b[x+1]
			if v > least && v >= max(a[x], a[x+1], a[x+2], b[x], b[x+2], c[x], c[x+1], c[x+2]) {
				m |= 1 << j
			}
		}
		out[i] = m
	}
}

// acrossRowPlain makes to from a longer line, which goes on for at least 16 bytes after its last pixel.
func acrossRowPlain(to, from []uint8, a *across) {
	for x, t := range a.taps {
		f := from[t.from:][:3]
		to[x] = uint8((uint32(t.weights[0])*uint32(f[0]) + uint32(t.weights[1])*uint32(f[1]) + uint32(t.weights[2])*uint32(f[2]) + 64) >> 7)
	}
}
