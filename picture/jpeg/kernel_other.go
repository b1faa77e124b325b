//go:build !amd64 || noasm

package jpeg

func best() int { return plain }

func kernel8(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32) {
	plain8(pix, stride, coefs, weights)
}

func kernel4(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32) {
	plain4(pix, stride, coefs, weights)
}

func kernel2(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32) {
	plain2(pix, stride, coefs, weights)
}

func kernelAC(r *reader, value *[1 << lookBits]uint32, block *[64]int16, k int) int {
	return plainAC(r, value, block, k)
}
