//go:build !noasm

package hamming

// best is what every arm64 has.
func best() int { return neon }

//go:noescape
func nearNEON(out []uint64, near []uint16, spans []span, count int, query uint16) int

//go:noescape
func fullNEON(out []uint64, near []uint16, far []uint32, spans []span, count int,
	nearQuery uint16, farQuery uint32) int

//go:noescape
func wideNEON(out []uint64, codes []uint64, spans []span, count int, query *[4]uint64) int

//go:noescape
func tile1NEON(out []uint64, planes []uint64, n int, queries []uint64, count int, bound int) int

//go:noescape
func tile4NEON(out []uint64, planes []uint64, n int, queries []uint64, count int, bound int) int

//go:noescape
func sumNEON(words []uint64) uint64

func kernelNear(out []uint64, near []uint16, spans []span, count int, query uint16) int {
	if kernels == neon {
		return nearNEON(out, near, spans, count, query)
	}
	return nearPlain(out, near, spans, count, query)
}

func kernelFull(out []uint64, near []uint16, far []uint32, spans []span, count int, nearQuery uint16, farQuery uint32) int {
	if kernels == neon {
		return fullNEON(out, near, far, spans, count, nearQuery, farQuery)
	}
	return fullPlain(out, near, far, spans, count, nearQuery, farQuery)
}

func kernelWide(out []uint64, codes []uint64, spans []span, count int, query *[4]uint64) int {
	if kernels == neon {
		return wideNEON(out, codes, spans, count, query)
	}
	return widePlain(out, codes, spans, count, query)
}

func kernelTile(out []uint64, planes []uint64, words, n int, queries []uint64, count int, bound int) int {
	if bound < 0 {
		return 0
	}
	bound = min(bound, 64*words)
	switch {
	case kernels == neon && words == 1:
		return tile1NEON(out, planes, n, queries, count, bound)
	case kernels == neon && words == 4:
		return tile4NEON(out, planes, n, queries, count, bound)
	}
	return tilePlain(out, planes, words, n, queries, count, bound)
}

func kernelSum(words []uint64) uint64 {
	if kernels == neon {
		return sumNEON(words)
	}
	return sumPlain(words)
}
