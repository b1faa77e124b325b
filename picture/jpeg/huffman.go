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

	// value is for coefficients that are needed, and for the differences of means. An entry of which the upper 16 bits are a coefficient, not 0, has the
	// length of code and coefficient in the lower 8 and the run of zeros before in the next. Other entries are symbol's.
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

// makeValue fills the value form.
func (t *huffman) makeValue() {
	if t.haveValue {
		return
	}
	t.haveValue = true
	for i, e := range t.symbol {
		length, size, run := int(e&0xff), int(e>>8&15), uint32(e>>12)
		t.value[i] = uint32(e)
		if e == 0 || size == 0 || length+size > lookBits {
			continue
		}
		bits := uint64(i) << (lookShift + length)
		v := extend(bits, size)
		t.value[i] = uint32(v)<<16 | run<<8 | uint32(length+size)
	}
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

// extend returns the coefficient, of size bits, that the accumulator starts with. See T.81, figure F.12.
func extend(acc uint64, size int) int32 {
	v := int32(acc >> (64 - uint(size)&63))
	if int64(acc) >= 0 {
		v -= 1<<(uint(size)&31) - 1
	}
	return v
}

// fill tops the accumulator up to more than 56 bits, unless the data ends before. The accumulator holds its n bits at
// the upper end. n may be negative: more was taken than there was.
//
// The data has no markers: where it has 0xff, 0x00 follows and is dropped.
func fill(data []byte, at int, acc uint64, n int) (int, uint64, int) {
	if at+8 <= len(data) {
		next := binary.BigEndian.Uint64(data[at:])
		if inv := ^next; (inv-0x0101010101010101)&next&0x8080808080808080 == 0 { // none is 0xff
			return at + (63-n)>>3, acc | next>>(uint(n)&63), n | 56
		}
	}
	return fillSlowly(data, at, acc, n)
}

func fillSlowly(data []byte, at int, acc uint64, n int) (int, uint64, int) {
	for n >= 0 && n <= 56 && at < len(data) {
		c := data[at]
		at++
		if c == 0xff {
			at++
		}
		acc |= uint64(c) << (56 - uint(n)&63)
		n += 8
	}
	return at, acc, n
}
