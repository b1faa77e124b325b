package jpeg

import "encoding/binary"

// The kernels decode the coefficients of a block, and make samples of them. Each has a plain version, which defines what
// it does and serves where there is no faster one, and versions in assembly; kernels says which of them runs. Samples
// are the same bit for bit, also where sums overflow.
//
// Those that make samples take coefficients and weights row by row, and put the block's samples into the first places of
// pix, rows stride apart.

// The levels of kernels, of which a machine has some.
const (
	plain = iota
	avx2
)

// kernels is the level of the kernels that run; but for tests it is the best that the machine has.
var kernels = best()

// plainAC decodes coefficients of a block, from the k-th on, as long as codes are in the table and the data doesn't end
// within eight bytes. It returns the coefficient to come: 64 where the block is complete, more where it runs over.
// kernelAC may stop earlier before the data ends.
func plainAC(r *reader, value *[1 << lookBits]uint32, block *[64]int16, k int) int {
	data, at, acc, n := r.data, r.at, r.acc, r.n
	for k < 64 {
		if n < 32 {
			if at+8 > len(data) {
				break
			}
			at, acc, n = fill(data, at, acc, n)
		}
		e := value[acc>>lookShift]
		if e >= valueCoded {
			k += int(e >> 8 & 15)
			block[zigzag[k&127]&63] = int16(coefficient(acc, e))
			k++
		} else if e == 0 {
			break
		} else if e>>12 == 15 {
			k += 16
		} else {
			k = 64
		}
		acc <<= e & 63
		n -= int(e & 63)
	}
	r.at, r.acc, r.n = at, acc, n
	return k
}

// sample rounds a sum and shifts it to a sample's range.
func sample(sum int32) uint8 {
	v := (sum+1<<(scale-1))>>scale + 128
	if uint32(v) > 255 {
		v = ^(v >> 31) & 255
	}
	return uint8(v)
}

// row16 and row32 return a row of a block: eight of its 64.
func row16(coefs *[64]int16, y uint8) *[8]int16 { return (*[8]int16)(coefs[8*(y&7):]) }
func row32(sums *[64]int32, y uint8) *[8]int32  { return (*[8]int32)(sums[8*(y&7):]) }

// zero tells whether all of a row are; of most blocks most rows are.
func zero(v *[8]int16) bool { return v[0]|v[1]|v[2]|v[3]|v[4]|v[5]|v[6]|v[7] == 0 }

// flat tells whether a block has nothing but a mean.
func flat(coefs *[64]int16) bool {
	v := row16(coefs, 0)
	if v[1]|v[2]|v[3]|v[4]|v[5]|v[6]|v[7] != 0 {
		return false
	}
	for y := uint8(1); y < 8; y++ {
		if !zero(row16(coefs, y)) {
			return false
		}
	}
	return true
}

// level makes a block of as many samples along a side, all alike.
func level(pix []uint8, stride, points int, v uint8) {
	if points == 8 {
		for y := range 8 {
			binary.NativeEndian.PutUint64(pix[y*stride:], uint64(v)*0x0101010101010101)
		}
		return
	}
	for y := range points {
		row := pix[y*stride:][:points]
		for x := range row {
			row[x] = v
		}
	}
}

// plain8 makes a block of 8 by 8 samples.
func plain8(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32) {
	if flat(coefs) {
		level(pix, stride, 8, sample(int32(coefs[0])*weights[0]))
		return
	}
	var sums [64]int32
	for y := range uint8(8) {
		v, w, s := row16(coefs, y), row32(weights, y), row32(&sums, y)
		if zero(v) {
			continue
		}
		for x := range v {
			s[x] = int32(v[x]) * w[x]
		}
	}
	for x := range 8 {
		inverse8(sums[x:], 8)
	}
	for y := range uint8(8) {
		s := row32(&sums, y)
		inverse8(s[:], 1)
		row := pix[int(y)*stride:][:8]
		for x := range row {
			row[x] = sample(s[x])
		}
	}
}

// plain4 makes a block of 4 by 4 samples. See axisWeight for how frequencies are folded.
func plain4(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32) {
	if flat(coefs) {
		level(pix, stride, 4, sample(int32(coefs[0])*weights[0]))
		return
	}
	var sums [4][4]int32
	for y, to := range [8]uint8{0, 1, 2, 3, 0, 3, 2, 1} {
		v, w, s := row16(coefs, uint8(y)), row32(weights, uint8(y)), &sums[to&3]
		if y == 4 || zero(v) {
			continue
		}
		s[0] += int32(v[0]) * w[0]
		s[1] += int32(v[1])*w[1] + int32(v[7])*w[7]
		s[2] += int32(v[2])*w[2] + int32(v[6])*w[6]
		s[3] += int32(v[3])*w[3] + int32(v[5])*w[5]
	}
	for x := range 4 {
		sums[0][x], sums[1][x], sums[2][x], sums[3][x] = inverse4(sums[0][x], sums[1][x], sums[2][x], sums[3][x])
	}
	for y := range 4 {
		s := &sums[y]
		row := pix[y*stride:][:4]
		a, b, e, f := inverse4(s[0], s[1], s[2], s[3])
		row[0], row[1], row[2], row[3] = sample(a), sample(b), sample(e), sample(f)
	}
}

// plain2 makes a block of 2 by 2 samples.
func plain2(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32) {
	if flat(coefs) {
		level(pix, stride, 2, sample(int32(coefs[0])*weights[0]))
		return
	}
	var sums [2][2]int32
	for _, y := range [5]uint8{0, 1, 3, 5, 7} {
		v, w, s := row16(coefs, y), row32(weights, y), &sums[y&1]
		s[0] += int32(v[0]) * w[0]
		s[1] += int32(v[1])*w[1] + int32(v[3])*w[3] + int32(v[5])*w[5] + int32(v[7])*w[7]
	}
	a, b := sums[0][0]+sums[0][1], sums[0][0]-sums[0][1]
	e, f := sums[1][0]+sums[1][1], sums[1][0]-sums[1][1]
	upper, lower := pix[:2:2], pix[stride:stride+2]
	upper[0], upper[1] = sample(a+e), sample(b+f)
	lower[0], lower[1] = sample(a-e), sample(b-f)
}
