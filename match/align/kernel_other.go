//go:build noasm || !amd64

package align

func bestKernel() int { return plain }

func nearestFast(*[3 * lanes]uint64, *uint64, int, *[4]uint64) {
	panic("align: no kernel for this machine")
}
