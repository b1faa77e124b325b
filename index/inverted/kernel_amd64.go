//go:build !noasm

package inverted

import "golang.org/x/sys/cpu"

func best() int {
	x := &cpu.X86
	switch {
	case !x.HasAVX2 || !x.HasBMI1 || !x.HasPOPCNT:
		return plain
	case !x.HasAVX512F || !x.HasAVX512VPOPCNTDQ:
		return avx2
	}
	return avx512
}

//go:noescape
func nearAVX512(out, signatures []uint32, query, bound uint32) int

//go:noescape
func nearAVX2(out, signatures []uint32, query, bound uint32) int

//go:noescape
func distancesAVX512(out *[fan]uint64, centres *node, query *[4]uint64)

//go:noescape
func distancesAVX2(out *[fan]uint64, centres *node, query *[4]uint64)

func near(out, signatures []uint32, query, bound uint32) int {
	if kernels == avx512 {
		return nearAVX512(out, signatures, query, bound)
	}
	return nearAVX2(out, signatures, query, bound)
}

func distances(out *[fan]uint64, centres *node, query *[4]uint64) {
	if kernels == avx512 {
		distancesAVX512(out, centres, query)
		return
	}
	distancesAVX2(out, centres, query)
}
