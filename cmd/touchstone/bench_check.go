package main

import (
	"math/bits"

	"touchstone/index/hamming"
)

// codeDistance is the number of bits in which two codes differ.
func codeDistance[C hamming.Code](a, b C) (n int) {
	for w := range len(a) {
		n += bits.OnesCount64(a[w] ^ b[w])
	}
	return n
}
