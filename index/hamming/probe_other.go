//go:build !amd64 || noasm

package hamming

func probe(passed []uint32, t *table, chunk uint16, flips []uint16, next uint16, ring int) []uint32 {
	return probePlain(passed, t, chunk, flips, next, ring)
}
