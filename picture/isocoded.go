package picture

import (
	"bytes"
	"fmt"
)

// The modules allocate by the sizes that the coded pictures state, which needn't be those of the container. So these are
// read too, wherever the modules would find them: AV1's sequence headers in the items, HEVC's sequence parameter sets in
// the configuration and in the items.

// codedSizes holds sizes against the limits and remembers the largest.
type codedSizes struct {
	limits  Limits
	largest int64 // in pixels
}

func (c *codedSizes) fits(w, h int) error {
	c.largest = max(c.largest, int64(w)*int64(h))
	return c.limits.fits(w, h)
}

// checkCoded looks at all coded pictures.
func (it *isoItems) checkCoded(file []byte, sizes *codedSizes) error {
	for _, p := range it.properties {
		if p.kind != "hvcC" {
			continue
		}
		if err := checkHVCC(p.body, sizes); err != nil {
			return err
		}
	}
	total := 0
	for id, kind := range it.kinds {
		if kind != "av01" && kind != "hvc1" {
			continue
		}
		data := it.extents[id]
		if total += len(data); total > len(file) {
			return fmt.Errorf("%w: items overlap", ErrCorrupt)
		}
		check := checkOBUs
		if kind == "hvc1" {
			check = checkNALUs
		}
		if err := check(data, sizes); err != nil {
			return err
		}
	}
	return nil
}

// checkOBUs reads the sequence headers of AV1. See its specification, sections 5.3 and 5.5.
func checkOBUs(b []byte, sizes *codedSizes) error {
	for len(b) > 0 {
		kind, size, at := b[0]>>3&15, len(b)-1, 1
		if b[0]&4 != 0 {
			at, size = 2, size-1
		}
		if b[0]&2 != 0 {
			size = 0
			for i := 0; ; i++ {
				if at >= len(b) || i == 5 {
					return fmt.Errorf("%w: AV1 data of broken size", ErrCorrupt)
				}
				c := b[at]
				at++
				size |= int(c&0x7f) << (7 * i)
				if c < 0x80 {
					break
				}
			}
		}
		if size < 0 || size > len(b)-at {
			return fmt.Errorf("%w: AV1 data has %d of %d bytes", ErrTruncated, len(b)-at, size)
		}
		if kind == 1 {
			r := &bitReader{b: b[at : at+size]}
			w, h := sequenceSize(r)
			if r.short {
				return fmt.Errorf("%w: AV1's sequence header is short", ErrCorrupt)
			}
			if err := sizes.fits(w, h); err != nil {
				return err
			}
		}
		b = b[at+size:]
	}
	return nil
}

// sequenceSize reads the largest size of a frame from AV1's sequence header.
func sequenceSize(r *bitReader) (w, h int) {
	r.take(4) // profile, still picture
	if r.take(1) == 1 {
		r.take(5) // the header is reduced to a level
	} else {
		model := 0
		if r.take(1) == 1 { // timing
			r.take(32)
			r.take(32)
			if r.take(1) == 1 {
				r.exponential()
			}
			if r.take(1) == 1 { // of the decoder model
				model = 1 + r.take(5)
				r.take(32)
				r.take(10)
			}
		}
		delay := r.take(1)
		for range 1 + r.take(5) { // operating points
			r.take(12)
			if r.take(5) > 7 {
				r.take(1)
			}
			if model > 0 && r.take(1) == 1 {
				r.take(model)
				r.take(model)
				r.take(1)
			}
			if delay == 1 && r.take(1) == 1 {
				r.take(4)
			}
		}
	}
	bitsW, bitsH := 1+r.take(4), 1+r.take(4)
	return 1 + r.take(bitsW), 1 + r.take(bitsH)
}

// checkHVCC reads HEVC's configuration. See ISO/IEC 14496-15, 8.3.3.1.
func checkHVCC(b []byte, sizes *codedSizes) error {
	r := &reader{b: b}
	r.take(21)
	if r.number(1)&3 != 3 {
		return fmt.Errorf("%w: HEVC data with lengths of other than 4 bytes", ErrUnsupported)
	}
	for range r.number(1) {
		r.number(1)
		for range r.number(2) {
			if err := checkNALU(r.take(r.number(2)), sizes); err != nil {
				return err
			}
			if r.short {
				return fmt.Errorf("%w: HEVC's configuration is short", ErrCorrupt)
			}
		}
	}
	return nil
}

// checkNALUs reads the parameter sets among HEVC data.
func checkNALUs(b []byte, sizes *codedSizes) error {
	for r := (&reader{b: b}); len(r.b) > 0; {
		unit := r.take(r.number(4))
		if r.short {
			return fmt.Errorf("%w: HEVC data of %d bytes ends within a unit", ErrTruncated, len(b))
		}
		if err := checkNALU(unit, sizes); err != nil {
			return err
		}
	}
	return nil
}

// checkNALU reads the size from a sequence parameter set. See H.265, 7.3.2.2.1 and 7.3.3.
func checkNALU(b []byte, sizes *codedSizes) error {
	const sps = 33
	if len(b) < 2 || b[0]>>1&63 != sps {
		return nil
	}
	const profile, level = 88, 8
	// A parameter set without its extensions takes less than 1 KiB up to the size; 0x000003 stands for 0x0000.
	r := &bitReader{b: bytes.ReplaceAll(b[2:min(len(b), 1024)], []byte{0, 0, 3}, []byte{0, 0})}
	r.take(4)
	layers := r.take(3)
	r.take(1)
	r.skip(profile + level)
	var present [8][2]int
	for i := range layers {
		present[i] = [2]int{r.take(1), r.take(1)}
	}
	if layers > 0 {
		r.skip(2 * (8 - layers))
	}
	for i := range layers {
		r.skip(present[i][0]*profile + present[i][1]*level)
	}
	r.exponential()
	if r.exponential() == 3 {
		r.take(1)
	}
	w, h := r.exponential(), r.exponential()
	if r.short {
		return fmt.Errorf("%w: HEVC's parameter set is short", ErrCorrupt)
	}
	return sizes.fits(w, h)
}

// bitReader takes bits off bytes, the highest first. Once it has run short, all it gives is zero.
type bitReader struct {
	b     []byte
	at    int // in bits
	short bool
}

func (r *bitReader) skip(n int) {
	r.at += n
	r.short = r.short || r.at > 8*len(r.b)
}

// take takes up to 32 bits.
func (r *bitReader) take(n int) (v int) {
	at := r.at
	if r.skip(n); r.short {
		return 0
	}
	for ; at < r.at; at++ {
		v = v<<1 | int(r.b[at/8]>>(7-at%8)&1)
	}
	return v
}

// exponential takes an Exp-Golomb code.
func (r *bitReader) exponential() int {
	n := 0
	for r.take(1) == 0 {
		if n++; n > 31 || r.short {
			r.short = true
			return 0
		}
	}
	return 1<<n - 1 + r.take(n)
}
