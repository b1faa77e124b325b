package fingerprint

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
)

// Hash64 is a 64-bit perceptual hash: goimagehash's PerceptionHash, most significant bit first.
type Hash64 uint64

// Distance is the number of bits, 0 to 64, in which two hashes differ.
func (h Hash64) Distance(o Hash64) int { return bits.OnesCount64(uint64(h ^ o)) }

// String is the hash in 16 hexadecimal digits.
func (h Hash64) String() string { return fmt.Sprintf("%016x", uint64(h)) }

// ParseHash64 reads 16 hexadecimal digits of either case. Errors: ErrEncoding.
func ParseHash64(s string) (Hash64, error) {
	b, err := parseHex(s, 8)
	if err != nil {
		return 0, err
	}
	return Hash64(binary.BigEndian.Uint64(b)), nil
}

// Hash256 is a PDQ hash. Word 0 holds the first 64 bits of PDQ's text form, most significant bit first.
type Hash256 [4]uint64

// Distance is the number of bits, 0 to 256, in which two hashes differ.
func (h Hash256) Distance(o Hash256) int {
	return bits.OnesCount64(h[0]^o[0]) + bits.OnesCount64(h[1]^o[1]) +
		bits.OnesCount64(h[2]^o[2]) + bits.OnesCount64(h[3]^o[3])
}

// String is the hash in 64 hexadecimal digits, as other users of PDQ write it.
func (h Hash256) String() string { return hex.EncodeToString(h.append(nil)) }

// ParseHash256 reads 64 hexadecimal digits of either case. Errors: ErrEncoding.
func ParseHash256(s string) (Hash256, error) {
	b, err := parseHex(s, 32)
	if err != nil {
		return Hash256{}, err
	}
	return hash256(b), nil
}

func (h Hash256) append(b []byte) []byte {
	for _, w := range h {
		b = binary.BigEndian.AppendUint64(b, w)
	}
	return b
}

// hash256 reads the first 32 bytes of b.
func hash256(b []byte) (h Hash256) {
	for i := range h {
		h[i] = binary.BigEndian.Uint64(b[8*i:])
	}
	return h
}

func parseHex(s string, size int) ([]byte, error) {
	if len(s) != 2*size {
		return nil, fmt.Errorf("%w: want %d hexadecimal digits, got %d characters", ErrEncoding, 2*size, len(s))
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("%w: want %d hexadecimal digits: %w", ErrEncoding, 2*size, err)
	}
	return b, nil
}
