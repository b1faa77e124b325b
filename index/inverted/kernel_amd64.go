//go:build !noasm

package inverted

import (
	"golang.org/x/sys/cpu"

	"touchstone/fingerprint/feature"
)

func best() int {
	x := &cpu.X86
	switch {
	case !x.HasAVX2 || !x.HasBMI1 || !x.HasBMI2 || !x.HasPOPCNT:
		return plain
	case !x.HasAVX512F || !x.HasAVX512BW || !x.HasAVX512VPOPCNTDQ:
		return avx2
	}
	return avx512
}

//go:noescape
func nearAVX512(out, signatures []uint32, query, bound uint32) int

//go:noescape
func nearAVX2(out, signatures []uint32, query, bound uint32) int

//go:noescape
func nearestAVX512(out *uint64, centres *node, descriptors *feature.Descriptor, order *uint32, n int)

//go:noescape
func nearestAVX2(out *uint64, centres *node, descriptors *feature.Descriptor, order *uint32, n int)

//go:noescape
func signatureBMI2(masks, d *[4]uint64) uint64

func signature(masks, d *[4]uint64) uint64 { return signatureBMI2(masks, d) }

func near(out, signatures []uint32, query, bound uint32) int {
	if kernels == avx512 {
		return nearAVX512(out, signatures, query, bound)
	}
	return nearAVX2(out, signatures, query, bound)
}

func nearest(out []uint64, centres *node, descriptors []feature.Descriptor, order []uint32) {
	if kernels == avx512 {
		nearestAVX512(&out[0], centres, &descriptors[0], &order[0], len(order))
		return
	}
	nearestAVX2(&out[0], centres, &descriptors[0], &order[0], len(order))
}
