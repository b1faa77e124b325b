package hamming

import "encoding/binary"

// packed is an array of numbers below 1<<32 in 3 bytes each where that is enough, else 4. The least significant byte
// comes first. Its zero value holds nothing.
type packed struct {
	bytes []byte // packedPad longer than its numbers
	width int    // bytes of each
}

// packedPad is how many bytes at reads past the last number.
const packedPad = 1

// packedWidth is the width for numbers up to most.
func packedWidth(most uint32) int {
	if most < 1<<24 {
		return 3
	}
	return 4
}

func packedSize(n, width int) int { return n*width + packedPad }

func (p *packed) at(i uint32) uint32 {
	b := p.bytes[int(i)*p.width:]
	v := binary.LittleEndian.Uint32(b)
	if p.width == 3 {
		v &= 1<<24 - 1
	}
	return v
}

// set writes number i and nothing beside it, so that neighbours may be written at the same time.
func (p *packed) set(i, v uint32) {
	b := p.bytes[int(i)*p.width:]
	if p.width == 4 {
		binary.LittleEndian.PutUint32(b, v)
		return
	}
	_ = b[2]
	binary.LittleEndian.PutUint16(b, uint16(v))
	b[2] = byte(v >> 16)
}
