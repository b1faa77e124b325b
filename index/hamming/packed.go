package hamming

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
	_ = b[3]
	v := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
	if p.width == 3 {
		v &= 1<<24 - 1
	}
	return v
}

// set writes number i, byte by byte, so that neighbours may be written at the same time.
func (p *packed) set(i, v uint32) {
	b := p.bytes[int(i)*p.width:]
	b[0], b[1], b[2] = byte(v), byte(v>>8), byte(v>>16)
	if p.width == 4 {
		b[3] = byte(v >> 24)
	}
}
