//go:build (!amd64 && !arm64) || noasm

package hamming

func best() int { return plain }

func kernelNear(out []uint64, near []uint16, spans []span, count int, query uint16) int {
	return nearPlain(out, near, spans, count, query)
}

func kernelFull(out []uint64, near []uint16, far []uint32, spans []span, count int, nearQuery uint16, farQuery uint32) int {
	return fullPlain(out, near, far, spans, count, nearQuery, farQuery)
}

func kernelWide(out []uint64, codes []uint64, spans []span, count int, query *[4]uint64) int {
	return widePlain(out, codes, spans, count, query)
}

func kernelTile(out []uint64, planes []uint64, words, n int, queries []uint64, count int, bound int) int {
	return tilePlain(out, planes, words, n, queries, count, bound)
}

func kernelSum(words []uint64) uint64 { return sumPlain(words) }
