package jpeg

import "fmt"

// scan is the header of a scan.
type scan struct {
	channels     []*channel
	first, last  int // coefficients
	high, low    int // bits: of the scan before, of this
	decode       func(d *decoder, c *channel, s *scan, x, y int) bool
	across, down int // MCUs
}

// readScan reads a scan's header and decodes its data, unless nothing of it is needed.
func (d *decoder) readScan(seg segment) error {
	b := seg.body
	if len(b) < 1 || b[0] < 1 || b[0] > 4 || len(b) < 4+2*int(b[0]) {
		return fmt.Errorf("%w: a scan header of %d bytes", ErrCorrupt, len(b))
	}
	n := int(b[0])
	tail := b[1+2*n:]
	s := &scan{channels: make([]*channel, 0, 4), first: int(tail[0]), last: int(tail[1]), high: int(tail[2] >> 4), low: int(tail[2] & 15)}
	blocks := 0
	for i := range n {
		c := d.channel(b[1+2*i])
		if c == nil {
			return fmt.Errorf("%w: a scan of unknown component %d", ErrCorrupt, b[1+2*i])
		}
		for _, other := range s.channels {
			if other == c {
				return fmt.Errorf("%w: a scan of component %d twice", ErrCorrupt, c.id)
			}
		}
		blocks += c.h * c.v
		s.channels = append(s.channels, c)
	}
	if n > 1 && blocks > 10 {
		return fmt.Errorf("%w: %d blocks in an MCU", ErrCorrupt, blocks)
	}
	if d.f.Progressive {
		if err := d.progress(s); err != nil {
			return err
		}
	} else {
		if s.first != 0 || s.last != 63 || s.high != 0 || s.low != 0 {
			return fmt.Errorf("%w: a part of the coefficients in a sequential picture", ErrCorrupt)
		}
		s.decode = (*decoder).sequential
	}
	for i, c := range s.channels {
		if err := d.tables(c, s, b[2+2*i]); err != nil {
			return err
		}
	}
	if d.f.Progressive && s.first > 0 && s.channels[0].coefs == nil {
		return nil // of the mean of a block, nothing
	}
	return d.run(s, seg.data)
}

func (d *decoder) channel(id uint8) *channel {
	for i := range d.channels {
		if d.channels[i].id == id {
			return &d.channels[i]
		}
	}
	return nil
}

// tables finds the tables of a channel for a scan.
func (d *decoder) tables(c *channel, s *scan, ids uint8) error {
	dc, ac := ids>>4, ids&15
	needDC := s.first == 0 && s.high == 0
	needAC := s.last > 0
	if dc > 3 || ac > 3 || needDC && !d.have[0][dc] || needAC && !d.have[1][ac] || !d.haveQ[c.quant] {
		return fmt.Errorf("%w: a table of component %d is missing", ErrCorrupt, c.id)
	}
	if c.seen && !d.f.Progressive {
		return fmt.Errorf("%w: two scans of component %d", ErrCorrupt, c.id)
	}
	if !c.seen {
		c.weigh(&d.quant[c.quant])
	}
	c.seen = c.seen || s.first == 0
	c.dc, c.ac, c.pred = &d.dc[dc&3], &d.ac[ac&3], 0
	if needDC {
		c.dc.makeValue()
	}
	switch {
	case !needAC:
	case !d.f.Progressive && c.points == 1:
		c.ac.makeStep()
	default:
		c.ac.makeValue()
	}
	return nil
}

// run decodes the blocks of a scan.
func (d *decoder) run(s *scan, data []byte) error {
	one := s.channels[0]
	s.across, s.down = one.across, one.down
	if len(s.channels) > 1 {
		s.across, s.down = one.acrossMCU/one.h, one.downMCU/one.v
	}
	rest := data
	toRestart := 0
	for y := range s.down {
		for x := 0; x < s.across; x++ {
			if toRestart == 0 {
				if d.n < 0 && (x > 0 || y > 0) {
					return d.short(y, s)
				}
				next := rest
				toRestart = s.across * s.down
				if d.interval > 0 {
					next, rest = nextInterval(next)
					toRestart = d.interval
				}
				d.data = unstuff(room(d.data, len(next))[:0], next)
				d.at, d.acc, d.n, d.eobRun = 0, 0, 0, 0
				for _, c := range s.channels {
					c.pred = 0
				}
			}
			toRestart--
			if len(s.channels) == 1 {
				if !s.decode(d, one, s, x, y) {
					return d.broken(y, s)
				}
				if s.first > 0 && s.high == 0 {
					skip := min(d.eobRun, toRestart, s.across-1-x)
					d.eobRun, toRestart, x = d.eobRun-skip, toRestart-skip, x+skip
				}
				continue
			}
			for _, c := range s.channels {
				for by := y * c.v; by < (y+1)*c.v; by++ {
					for bx := x * c.h; bx < (x+1)*c.h; bx++ {
						if !s.decode(d, c, s, bx, by) {
							return d.broken(y, s)
						}
					}
				}
			}
		}
		if d.n < 0 {
			return d.short(y, s)
		}
	}
	return nil
}

func (d *decoder) short(y int, s *scan) error {
	return fmt.Errorf("%w: the data ends in row %d of %d", ErrTruncated, y+1, s.down)
}

// broken tells a block that can't be decoded from one that isn't there: with fewer bits left than the longest code has,
// there were no more to come.
func (d *decoder) broken(y int, s *scan) error {
	if d.n < 16 {
		return d.short(y, s)
	}
	return fmt.Errorf("%w: no such code in row %d of %d", ErrCorrupt, y+1, s.down)
}

// sequential decodes a block of a sequential scan, right into samples.
func (d *decoder) sequential(c *channel, _ *scan, x, y int) bool {
	if !d.decodeDC(c) {
		return false
	}
	at := (y*c.stride + x) * c.points
	if c.points == 1 {
		c.pix[at] = sample(c.pred * c.weights[0])
		return d.stepAC(c.ac)
	}
	d.block[0] = int16(c.pred)
	if !d.decodeAC(c.ac) {
		return false
	}
	c.transform(&d.block, at)
	d.block = [64]int16{}
	return true
}

// decodeDC decodes the difference of a block's mean from the last one's.
func (d *decoder) decodeDC(c *channel) bool {
	at, acc, n := d.at, d.acc, d.n
	if n < 32 {
		at, acc, n = fill(d.data, at, acc, n)
	}
	e := c.dc.value[acc>>lookShift]
	if e < valueCoded {
		length, size := int(e&0xff), int(e>>8)
		if length == 0 {
			var symbol uint8
			if length, symbol = c.dc.long(acc); length == 0 {
				d.n = n
				return false
			}
			size = int(symbol)
		}
		if size > 15 {
			d.n = n - length
			return false
		}
		if size == 0 {
			d.at, d.acc, d.n = at, acc<<(uint(length)&63), n-length
			return true
		}
		e = coded(length, size, 0)
	}
	if e>>8&15 != 0 {
		d.n = n - int(e>>16&63)
		return false
	}
	c.pred += coefficient(acc, e)
	d.at, d.acc, d.n = at, acc<<(e&63), n-int(e&63)
	return true
}

// stepAC steps over the other coefficients of a block.
func (d *decoder) stepAC(t *huffman) bool {
	data, at, acc, n := d.data, d.at, d.acc, d.n
	for k := 1; k < 64; {
		if n < 32 {
			at, acc, n = fill(data, at, acc, n)
		}
		e := t.step[acc>>lookShift]
		if next := k + int(e>>8&127); e != 0 && next < 64 {
			acc <<= e & 63
			n -= int(e & 63)
			if e&stepEnd != 0 {
				break
			}
			k = next
			continue
		}
		// Singly: a long code, or the block's end among the symbols, after which another table holds.
		s := t.symbol[acc>>lookShift]
		length, symbol := int(s&0xff), uint8(s>>8)
		if length == 0 {
			if length, symbol = t.long(acc); length == 0 {
				d.n = n
				return false
			}
		}
		size, run := int(symbol&15), int(symbol>>4)
		acc <<= uint(length+size) & 63
		n -= length + size
		if size == 0 && run < 15 {
			break
		}
		if k += run + 1; k > 64 {
			d.n = n
			return false
		}
	}
	d.at, d.acc, d.n = at, acc, n
	return true
}

// decodeAC decodes the other coefficients of a block.
func (d *decoder) decodeAC(t *huffman) bool {
	for k := 1; ; {
		if k < 64 {
			k = kernelAC(&d.reader, &t.value, &d.block, k)
		}
		if k >= 64 {
			return k == 64
		}
		d.at, d.acc, d.n = fill(d.data, d.at, d.acc, d.n)
		e := uint32(t.symbol[d.acc>>lookShift])
		length, symbol := int(e&0xff), uint8(e>>8)
		if length == 0 {
			if length, symbol = t.long(d.acc); length == 0 {
				return false
			}
		}
		size, run := int(symbol&15), int(symbol>>4)
		switch {
		case size > 0:
			k += run
			d.block[zigzag[k&127]&63] = int16(coefficient(d.acc, coded(length, size, run)))
			k++
		case run == 15:
			k += 16
		default:
			k = 64
		}
		d.acc <<= uint(length+size) & 63
		d.n -= length + size
	}
}
