package jpeg

import (
	"fmt"
	"math/bits"
)

// progress checks which bits of which coefficients a scan of a progressive picture brings, and picks how to decode it.
func (d *decoder) progress(s *scan) error {
	switch {
	case s.first > s.last, s.last > 63, s.first == 0 && s.last != 0, s.first > 0 && len(s.channels) > 1,
		s.low > 13, s.high != 0 && s.high != s.low+1:
		return fmt.Errorf("%w: a scan of coefficients %d to %d, bits %d to %d", ErrCorrupt, s.first, s.last, s.high, s.low)
	}
	for _, c := range s.channels {
		for k := s.first; k <= s.last; k++ {
			if before := c.left[k]; s.high == 0 && before >= 0 || s.high != 0 && before != int8(s.high) {
				return fmt.Errorf("%w: a scan of bit %d of coefficient %d, of which %d were left", ErrCorrupt, s.low, k, before)
			}
			c.left[k] = int8(s.low)
		}
	}
	switch {
	case s.first == 0 && s.high == 0:
		s.decode = (*decoder).firstDC
	case s.first == 0:
		s.decode = (*decoder).refineDC
	case s.high == 0:
		s.decode = (*decoder).firstAC
	default:
		s.decode = (*decoder).refineAC
	}
	return nil
}

// block returns the coefficients of a block, and which of them are not 0.
func (c *channel) block(x, y int) (*[64]int16, *uint64) {
	i := y*c.acrossMCU + x
	return (*[64]int16)(c.coefs[64*i:]), &c.filled[i]
}

func (d *decoder) firstDC(c *channel, s *scan, x, y int) bool {
	if !d.decodeDC(c) {
		return false
	}
	c.means[y*c.acrossMCU+x] = int16(c.pred << uint(s.low&15))
	return true
}

func (d *decoder) refineDC(c *channel, s *scan, x, y int) bool {
	if d.bit() {
		c.means[y*c.acrossMCU+x] |= 1 << uint(s.low&15)
	}
	return true
}

// bit takes a bit.
func (d *decoder) bit() bool {
	if d.n < 1 {
		d.at, d.acc, d.n = fill(d.data, d.at, d.acc, d.n)
	}
	set := int64(d.acc) < 0
	d.acc <<= 1
	d.n--
	return set
}

// firstAC decodes the first bits of coefficients.
func (d *decoder) firstAC(c *channel, s *scan, x, y int) bool {
	if d.eobRun > 0 {
		d.eobRun--
		return true
	}
	data, at, acc, n := d.data, d.at, d.acc, d.n
	t := c.ac
	coefs, filled := c.block(x, y)
	for k := s.first; k <= s.last; k++ {
		if n < 32 {
			at, acc, n = fill(data, at, acc, n)
		}
		e := t.value[acc>>lookShift]
		if e < valueCoded {
			length, symbol := int(e&0xff), uint8(e>>8)
			if length == 0 {
				if length, symbol = t.long(acc); length == 0 {
					d.n = n
					return false
				}
			}
			size, run := int(symbol&15), int(symbol>>4)
			if size == 0 {
				acc <<= uint(length) & 63
				n -= length
				if run == 15 {
					k += 15
					continue
				}
				d.eobRun = 1<<run - 1
				if run > 0 {
					d.eobRun += int(acc >> (64 - uint(run)&63))
					acc <<= uint(run) & 63
					n -= run
				}
				break
			}
			e = coded(length, size, run)
		}
		if k += int(e >> 8 & 15); k > s.last {
			d.n = n - int(e&63)
			return false
		}
		if *filled == 0 {
			*coefs = [64]int16{}
		}
		*filled |= 1 << (k & 63)
		coefs[zigzag[k&63]&63] = int16(coefficient(acc, e) << uint(s.low&15))
		acc <<= e & 63
		n -= int(e & 63)
	}
	d.at, d.acc, d.n = at, acc, n
	return true
}

// refineAC decodes another bit of coefficients. See T.81, G.1.2.3.
func (d *decoder) refineAC(c *channel, s *scan, x, y int) bool {
	coefs, filled := c.block(x, y)
	k := s.first
	delta := int16(1) << uint(s.low&15)
	for d.eobRun == 0 && k <= s.last {
		d.at, d.acc, d.n = fill(d.data, d.at, d.acc, d.n)
		e := c.ac.symbol[d.acc>>lookShift]
		length, symbol := int(e&0xff), uint8(e>>8)
		if length == 0 {
			if length, symbol = c.ac.long(d.acc); length == 0 {
				return false
			}
		}
		d.acc <<= uint(length) & 63
		d.n -= length
		size, run := int(symbol&15), int(symbol>>4)
		var v int16
		switch {
		case size > 1:
			return false
		case size == 1:
			v = -delta
			if d.bit() {
				v = delta
			}
		case run < 15:
			d.eobRun = 1 << run
			if run > 0 {
				d.eobRun += int(d.acc >> (64 - uint(run)&63))
				d.acc <<= uint(run) & 63
				d.n -= run
			}
			continue
		}
		k = d.refine(coefs, *filled, k, s.last, run, delta)
		if v != 0 {
			if k > s.last {
				return false
			}
			if *filled == 0 {
				*coefs = [64]int16{}
			}
			*filled |= 1 << (k & 63)
			coefs[zigzag[k&63]&63] = v
		}
		k++
	}
	if d.eobRun > 0 {
		d.refine(coefs, *filled, k, s.last, 64, delta)
		d.eobRun--
	}
	return true
}

// refine adds a bit to the coefficients that are not zero, from k up to the zero that comes after so many others, and
// returns its index.
func (d *decoder) refine(coefs *[64]int16, filled uint64, k, last, zeros int, delta int16) int {
	at, acc, n := d.at, d.acc, d.n
	for k <= last {
		gap := bits.TrailingZeros64(filled >> (k & 63))
		if gap > zeros || k+gap > last {
			k = min(k+zeros, last+1)
			break
		}
		k += gap
		zeros -= gap
		if n < 1 {
			at, acc, n = fill(d.data, at, acc, n)
		}
		if int64(acc) < 0 {
			if v := &coefs[zigzag[k&63]&63]; *v > 0 {
				*v += delta
			} else {
				*v -= delta
			}
		}
		acc <<= 1
		n--
		k++
	}
	d.at, d.acc, d.n = at, acc, n
	return k
}

// render turns the coefficients of a channel into samples.
func (d *decoder) render(c *channel) {
	for y := range c.down {
		means, filled := c.means[y*c.acrossMCU:][:c.across], c.filled
		if filled != nil {
			filled = filled[y*c.acrossMCU:][:c.across]
			// Some time before they are read, for what has just been written can't be read in larger pieces.
			for x, mean := range means {
				if filled[x] != 0 {
					coefs, _ := c.block(x, y)
					coefs[0] = mean
				}
			}
		}
		for x, mean := range means {
			at := (y*c.stride + x) * c.points
			if c.points == 1 || filled[x] == 0 {
				level(c.pix[at:], c.stride, c.points, sample(int32(mean)*c.weights[0]))
				continue
			}
			coefs, _ := c.block(x, y)
			c.transform(coefs, at)
		}
	}
}
