//go:build !noasm

package inverted

import "touchstone/fingerprint/feature"

// best is what every arm64 has.
func best() int { return neon }

//go:noescape
func near(out, signatures []uint32, query, bound uint32) int

//go:noescape
func distances(out *[fan]uint64, centres *node, query *[4]uint64)

func nearest(out []uint64, centres *node, descriptors []feature.Descriptor, order []uint32) {
	var all [fan]uint64
	for i, n := range order {
		distances(&all, centres, (*[4]uint64)(&descriptors[n]))
		out[i] = least(&all)
	}
}

func signature(masks, d *[4]uint64) uint64 { return signaturePlain(masks, d) }
