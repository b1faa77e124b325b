//go:build !noasm

package hamming

import "golang.org/x/sys/cpu"

func best() int {
	x := &cpu.X86
	switch {
	case !x.HasAVX2 || !x.HasBMI1 || !x.HasBMI2 || !x.HasPOPCNT:
		return plain
	case !x.HasAVX512F || !x.HasAVX512BW || !x.HasAVX512DQ || !x.HasAVX512BITALG || !x.HasAVX512VPOPCNTDQ:
		return avx2
	}
	return avx512
}

//go:noescape
func nearAVX512(out []uint64, near []uint16, spans []span, count int, query uint16) int

//go:noescape
func fullAVX512(out []uint64, near []uint16, far []uint32, spans []span, count int,
	nearQuery uint16, farQuery uint32) int

//go:noescape
func wideAVX512(out []uint64, codes []uint64, spans []span, count int, query *[4]uint64) int

//go:noescape
func tile1AVX512(out []uint64, planes []uint64, n int, queries []uint64, count int, bound int) int

//go:noescape
func tile4AVX512(out []uint64, planes []uint64, n int, queries []uint64, count int, bound int) int

//go:noescape
func sumAVX512(words []uint64) uint64

//go:noescape
func nearAVX2(out []uint64, near []uint16, spans []span, count int, query uint16) int

//go:noescape
func fullAVX2(out []uint64, near []uint16, far []uint32, spans []span, count int,
	nearQuery uint16, farQuery uint32) int

//go:noescape
func wideAVX2(out []uint64, codes []uint64, spans []span, count int, query *[4]uint64) int

//go:noescape
func tile1AVX2(out []uint64, planes []uint64, n int, queries []uint64, count int, bound int) int

//go:noescape
func tile4AVX2(out []uint64, planes []uint64, n int, queries []uint64, count int, bound int) int

//go:noescape
func sumAVX2(words []uint64) uint64

func kernelNear(out []uint64, near []uint16, spans []span, count int, query uint16) int {
	switch kernels {
	case avx512:
		return nearAVX512(out, near, spans, count, query)
	case avx2:
		return nearAVX2(out, near, spans, count, query)
	}
	return nearPlain(out, near, spans, count, query)
}

func kernelFull(out []uint64, near []uint16, far []uint32, spans []span, count int, nearQuery uint16, farQuery uint32) int {
	switch kernels {
	case avx512:
		return fullAVX512(out, near, far, spans, count, nearQuery, farQuery)
	case avx2:
		return fullAVX2(out, near, far, spans, count, nearQuery, farQuery)
	}
	return fullPlain(out, near, far, spans, count, nearQuery, farQuery)
}

func kernelWide(out []uint64, codes []uint64, spans []span, count int, query *[4]uint64) int {
	switch kernels {
	case avx512:
		return wideAVX512(out, codes, spans, count, query)
	case avx2:
		return wideAVX2(out, codes, spans, count, query)
	}
	return widePlain(out, codes, spans, count, query)
}

func kernelTile(out []uint64, planes []uint64, words, n int, queries []uint64, count int, bound int) int {
	if bound < 0 {
		return 0
	}
	bound = min(bound, 64*words)
	switch {
	case kernels == avx512 && words == 1:
		return tile1AVX512(out, planes, n, queries, count, bound)
	case kernels == avx512 && words == 4:
		return tile4AVX512(out, planes, n, queries, count, bound)
	case kernels == avx2 && words == 1:
		return tile1AVX2(out, planes, n, queries, count, bound)
	case kernels == avx2 && words == 4:
		return tile4AVX2(out, planes, n, queries, count, bound)
	}
	return tilePlain(out, planes, words, n, queries, count, bound)
}

func kernelSum(words []uint64) uint64 {
	switch kernels {
	case avx512:
		return sumAVX512(words)
	case avx2:
		return sumAVX2(words)
	}
	return sumPlain(words)
}
