//go:build (!amd64 && !arm64) || noasm

package inverted

import "touchstone/fingerprint/feature"

func best() int { return plain }

func near(out, signatures []uint32, query, bound uint32) int {
	return nearPlain(out, signatures, query, bound)
}

func nearest(out []uint64, centres *node, descriptors []feature.Descriptor, order []uint32) {
	nearestPlain(out, centres, descriptors, order)
}

func signature(masks, d *[4]uint64) uint64 { return signaturePlain(masks, d) }
