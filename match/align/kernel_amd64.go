//go:build !noasm

package align

import "golang.org/x/sys/cpu"

func bestKernel() int {
	x := &cpu.X86
	switch {
	case !x.HasAVX2:
		return plain
	case !x.HasAVX512F || !x.HasAVX512VPOPCNTDQ:
		return avx2
	}
	return avx512
}

//go:noescape
func nearestAVX512(best *[3 * lanes]uint64, columns *uint64, n int, query *[4]uint64)

//go:noescape
func nearestAVX2(best *[3 * lanes]uint64, columns *uint64, n int, query *[4]uint64)

func nearestFast(best *[3 * lanes]uint64, columns *uint64, n int, query *[4]uint64) {
	if kernels == avx512 {
		nearestAVX512(best, columns, n, query)
		return
	}
	nearestAVX2(best, columns, n, query)
}
