//go:build (!amd64 && !arm64) || noasm

package inverted

func best() int { return plain }

func near(out, signatures []uint32, query, bound uint32) int {
	return nearPlain(out, signatures, query, bound)
}

func distances(out *[fan]uint64, centres *node, query *[4]uint64) {
	distancesPlain(out, centres, query)
}
