//go:build !noasm

package jpeg

import "golang.org/x/sys/cpu"

func best() int {
	if !cpu.X86.HasAVX2 || !cpu.X86.HasBMI2 {
		return plain
	}
	return avx2
}

//go:noescape
func inverse8AVX2(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32)

//go:noescape
func inverse4AVX2(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32)

//go:noescape
func inverse2AVX2(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32)

func kernel8(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32) {
	if kernels == avx2 {
		inverse8AVX2(pix[:7*stride+8], stride, coefs, weights)
		return
	}
	plain8(pix, stride, coefs, weights)
}

func kernel4(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32) {
	if kernels == avx2 {
		inverse4AVX2(pix[:3*stride+4], stride, coefs, weights)
		return
	}
	plain4(pix, stride, coefs, weights)
}

func kernel2(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32) {
	if kernels == avx2 {
		inverse2AVX2(pix[:stride+2], stride, coefs, weights)
		return
	}
	plain2(pix, stride, coefs, weights)
}

//go:noescape
func decodeACAVX2(r *reader, value *[1 << lookBits]uint32, block *[64]int16, k int) int

func kernelAC(r *reader, value *[1 << lookBits]uint32, block *[64]int16, k int) int {
	if kernels == avx2 {
		return decodeACAVX2(r, value, block, k)
	}
	return plainAC(r, value, block, k)
}
