package jpeg

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// lookBits is how many bits are looked up at once. At 10, the tables of a picture fit the first-level cache.
const lookBits = 10

const lookShift = 64 - lookBits

// huffman is a Huffman table in the forms that decoding takes. All lookups are by the next lookBits bits; an entry of 0
// stands for a code that is longer, or for none.
type huffman struct {
	spec []byte // what the forms were made from: 16 counts, then the symbols

	symbol [1 << lookBits]uint16 // the code's length, and the symbol above 8 bits
	limit  [17]uint32            // for each length, the first code, left-aligned in 16 bits, that is longer
	offset [17]int32             // for each length, the index of its first symbol less its first code

	// value is for coefficients that are needed, and for the differences of means. An entry of valueCoded and more is a
	// code with a coefficient behind it; the others are symbol's.
	value     [1 << lookBits]uint32
	haveValue bool

	// step is for coefficients that are not: as many symbols as show in full, with their coefficients, of which the last
	// may reach beyond. The length of all in the lower 8 bits, the coefficients passed in the next 7, and the last
	// bit where the block's end is among them.
	step     [1 << lookBits]uint16
	haveStep bool
}

const stepEnd = 1 << 15

// set makes the table from the counts and symbols of a DHT segment.
func (t *huffman) set(spec []byte) error {
	if bytes.Equal(t.spec, spec) {
		return nil
	}
	t.spec = t.spec[:0]
	t.haveValue, t.haveStep = false, false
	clear(t.symbol[:])
	counts, symbols := spec[:16], spec[16:]
	code, i := uint32(0), 0
	for n := 1; n <= 16; n++ {
		t.offset[n] = int32(i) - int32(code)
		for range counts[n-1] {
			if code >= 1<<n {
				return fmt.Errorf("%w: a Huffman table of too many codes", ErrCorrupt)
			}
			if n <= lookBits {
				entry := uint16(symbols[i])<<8 | uint16(n)
				for j := code << (lookBits - n); j < (code+1)<<(lookBits-n); j++ {
					t.symbol[j] = entry
				}
			}
			code++
			i++
		}
		t.limit[n] = code << (16 - n)
		code <<= 1
	}
	t.spec = append(t.spec, spec...)
	return nil
}

// long decodes a code that is longer than lookBits. The length is 0 where there is none.
func (t *huffman) long(acc uint64) (length int, symbol uint8) {
	next := uint32(acc >> 48)
	for n := lookBits + 1; n <= 16; n++ {
		if next < t.limit[n] {
			i := 16 + t.offset[n] + int32(next>>(16-n))
			if i < 16 || int(i) >= len(t.spec) {
				return 0, 0
			}
			return n, t.spec[i]
		}
	}
	return 0, 0
}

// valueCoded is the least entry of a code with a coefficient behind it.
const valueCoded = 1 << 24

// coded makes such an entry: the length of code and coefficient in the lower 8 bits, the run of zeros before in the
// next, then the length of the code, and by how much 64 exceeds the size of the coefficient.
func coded(length, size, run int) uint32 {
	return uint32(64-size)<<24 | uint32(length)<<16 | uint32(run)<<8 | uint32(length+size)
}

// makeValue fills the value form.
func (t *huffman) makeValue() {
	if t.haveValue {
		return
	}
	t.haveValue = true
	for i, e := range t.symbol {
		t.value[i] = uint32(e)
		if length, size, run := int(e&0xff), int(e>>8&15), int(e>>12); size > 0 {
			t.value[i] = coded(length, size, run)
		}
	}
}

// coefficient returns the one that stands behind a code, which the accumulator starts with. See T.81, figure F.12. It
// doesn't branch: half of all coefficients are negative.
func coefficient(acc uint64, e uint32) int32 {
	bits := acc << (e >> 16 & 63)
	negative := int64(^bits) >> 63
	return int32((int64((bits^uint64(negative))>>(e>>24&63)) ^ negative) - negative)
}

// makeStep fills the step form.
func (t *huffman) makeStep() {
	if t.haveStep {
		return
	}
	t.haveStep = true
	for i := range t.step {
		length, passed, end := 0, 0, uint16(0)
		for length < lookBits && end == 0 {
			e := t.symbol[i<<length&(1<<lookBits-1)]
			n, size, run := int(e&0xff), int(e>>8&15), int(e>>12)
			if n == 0 || length+n > lookBits || passed+run+1 > 63 {
				break
			}
			length += n + size
			switch {
			case size > 0 || run == 15:
				passed += run + 1
			default:
				end = stepEnd
			}
		}
		t.step[i] = end | uint16(passed)<<8 | uint16(length)
	}
}

// reader takes bits from a scan's data, up to the next restart, without the bytes that tell it from markers.
type reader struct {
	data []byte
	at   int
	acc  uint64
	n    int
}

// fill tops the accumulator up to more than 56 bits, unless the data ends before. The accumulator holds its n bits at
// the upper end. n may be negative: more was taken than there was.
func fill(data []byte, at int, acc uint64, n int) (int, uint64, int) {
	if at+8 <= len(data) {
		return at + (63-n)>>3, acc | binary.BigEndian.Uint64(data[at:])>>(uint(n)&63), n | 56
	}
	return fillSlowly(data, at, acc, n)
}

func fillSlowly(data []byte, at int, acc uint64, n int) (int, uint64, int) {
	for n >= 0 && n <= 56 && at < len(data) {
		acc |= uint64(data[at]) << (56 - uint(n)&63)
		at++
		n += 8
	}
	return at, acc, n
}

// unstuff appends a scan's data without the bytes that follow each 0xff, which are there to tell it from a marker.
func unstuff(to, data []byte) []byte {
	for {
		i := bytes.IndexByte(data, 0xff)
		if i < 0 || i+2 > len(data) {
			return append(to, data...)
		}
		to = append(to, data[:i+1]...)
		data = data[i+2:]
	}
}
