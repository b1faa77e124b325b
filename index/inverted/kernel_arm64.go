//go:build !noasm

package inverted

// best is what every arm64 has.
func best() int { return neon }

//go:noescape
func near(out, signatures []uint32, query, bound uint32) int

//go:noescape
func distances(out *[fan]uint64, centres *node, query *[4]uint64)
