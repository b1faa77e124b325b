package jpeg

import (
	"bytes"
	"fmt"
	"image"
	"sync"
)

// channel is a component while it is decoded.
type channel struct {
	component
	points  int // samples that a block becomes, along a side: 8 at full size, 1 at an eighth
	seen    bool
	weights [64]int32 // of coefficients, row by row
	pix     []uint8
	stride  int
	// Of progressive pictures, per block: the mean; which of the others are not 0, a bit each in the file's order, and
	// all 64, row by row. These two are nil where points is 1; a block's coefs are clear once one of them is not 0.
	means  []int16
	filled []uint64
	coefs  []int16
	left   [64]int8 // bits of each coefficient that are yet to come

	pred   int32
	dc, ac *huffman
}

// decoder decodes one picture.
type decoder struct {
	f        *File
	channels []channel
	all      bool // no scan may be left out
	quant    [4][64]uint16
	dc, ac   [4]huffman
	have     [2][4]bool // tables of this picture
	haveQ    [4]bool
	interval int // MCUs between restarts; 0 for none

	reader
	eobRun int
	block  [64]int16 // of a sequential picture; clear between blocks

	// For all channels.
	means  []int16
	filled []uint64
	coefs  []int16
}

// decoders keep their tables, since many pictures have the same.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// What a decoder keeps between pictures at the most: as many coefficients as a picture of 4 megapixels has whose chroma
// is subsampled, 12 MiB, and 4 MiB of data.
const (
	maxKeptCoefs = 6 << 20
	maxKeptData  = 4 << 20
)

// points returns the samples that a block of a channel becomes along a side. Chroma that has luma's resolution is
// reduced twice as far, where it can be: nothing that is told from a reduced picture needs it finer.
func (f *File) points(i, denom int) int {
	n := 8 / denom
	c, y := f.components[i], f.components[0]
	if i > 0 && f.colour() == colourYCbCr && n < 8 && n > 1 && c.h == y.h && c.v == y.v &&
		f.components[1].h == f.components[2].h && f.components[1].v == f.components[2].v {
		return n / 2
	}
	return n
}

// Memory estimates the bytes that Decode takes at its peak, the result included.
func (f *File) Memory(denom int) int64 {
	need := int64(256 << 10)
	for i, c := range f.components {
		blocks, points := int64(c.acrossMCU)*int64(c.downMCU), f.points(i, denom)
		need += blocks * int64(points*points)
		switch {
		case f.Progressive && (points > 1 || !f.Ended):
			need += blocks * (2 + 8 + 128)
		case f.Progressive:
			need += blocks * 2
		}
	}
	longest := 0
	for _, s := range f.segments {
		longest = max(longest, len(s.data))
	}
	need += int64(longest)
	if f.colour() != colourYCbCr {
		n := int64(8 / denom)
		need += 3 * (int64(f.Width)*int64(f.Height)*n*n/64 + 1)
	}
	return need
}

// Decode decodes the picture at 1/denom of its size, rounded up; denom is 1, 2, 4 or 8. Its chroma may have another
// resolution than the file's. Errors: ErrTruncated, ErrCorrupt, ErrUnsupported.
func (f *File) Decode(denom int) (*image.YCbCr, error) {
	if err := f.dense(); err != nil {
		return nil, err
	}
	d := decoders.Get().(*decoder)
	defer d.release()
	d.prepare(f, denom)
	for _, s := range f.segments {
		var err error
		switch s.marker {
		case dqt:
			err = d.readQuant(s.body)
		case dht:
			err = d.readHuffman(s.body)
		case dri:
			if len(s.body) < 2 {
				return nil, fmt.Errorf("%w: a restart interval of %d bytes", ErrCorrupt, len(s.body))
			}
			d.interval = int(s.body[0])<<8 | int(s.body[1])
		case sos:
			err = d.readScan(s)
		}
		if err != nil {
			return nil, err
		}
	}
	for i := range d.channels {
		c := &d.channels[i]
		if !c.seen {
			return nil, fmt.Errorf("%w: no scan of component %d", ErrTruncated, c.id)
		}
		if !f.Progressive {
			continue
		}
		for k, left := range c.left {
			if left != 0 && !f.Ended {
				return nil, fmt.Errorf("%w: bits of coefficient %d of component %d are missing", ErrTruncated, k, c.id)
			}
		}
		d.render(c)
	}
	return d.picture(denom), nil
}

// prepare allocates the samples, and the coefficients where they are needed.
func (d *decoder) prepare(f *File, denom int) {
	d.f, d.interval, d.all = f, 0, !f.Ended
	d.have, d.haveQ = [2][4]bool{}, [4]bool{}
	d.block = [64]int16{}
	if cap(d.channels) < len(f.components) {
		d.channels = make([]channel, 4)
	}
	d.channels = d.channels[:len(f.components)]
	samples := 0
	for i := range d.channels {
		c := &d.channels[i]
		*c = channel{component: f.components[i], points: f.points(i, denom)}
		c.stride = c.acrossMCU * c.points
		samples += c.stride * c.downMCU * c.points
		for k := range c.left {
			c.left[k] = -1
		}
	}
	pix := make([]uint8, samples)
	for i := range d.channels {
		c := &d.channels[i]
		n := c.stride * c.downMCU * c.points
		c.pix, pix = pix[:n:n], pix[n:]
	}
	if f.Progressive {
		d.prepareBlocks()
	}
}

// prepareBlocks has room for the blocks of a progressive picture. Coefficients are not cleared: see channel.
func (d *decoder) prepareBlocks() {
	means, blocks := 0, 0
	for i := range d.channels {
		c := &d.channels[i]
		n := c.acrossMCU * c.downMCU
		means += n
		if c.points > 1 || d.all {
			blocks += n
		}
	}
	d.means = room(d.means, means)
	d.filled = room(d.filled, blocks)
	d.coefs = room(d.coefs, 64*blocks)
	clear(d.means)
	clear(d.filled)
	restMeans, restFilled, rest := d.means, d.filled, d.coefs
	for i := range d.channels {
		c := &d.channels[i]
		n := c.acrossMCU * c.downMCU
		c.means, restMeans = restMeans[:n:n], restMeans[n:]
		if c.points > 1 || d.all {
			c.filled, restFilled = restFilled[:n:n], restFilled[n:]
			c.coefs, rest = rest[:64*n:64*n], rest[64*n:]
		}
	}
}

// room returns n elements, those of s where they suffice, with whatever they hold.
func room[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// release gives the decoder back, without what belongs to its picture.
func (d *decoder) release() {
	d.f = nil
	clear(d.channels)
	if cap(d.coefs) > maxKeptCoefs {
		d.means, d.filled, d.coefs = nil, nil, nil
	}
	if cap(d.data) > maxKeptData {
		d.data = nil
	}
	decoders.Put(d)
}

// readQuant reads a DQT segment.
func (d *decoder) readQuant(b []byte) error {
	for len(b) > 0 {
		deep, id := b[0]>>4, b[0]&15
		size := 64 * (1 + int(deep&1))
		if deep > 1 || id > 3 || len(b) < 1+size {
			return fmt.Errorf("%w: a quantisation table", ErrCorrupt)
		}
		for k := range d.quant[id] {
			if deep == 0 {
				d.quant[id][k] = uint16(b[1+k])
			} else {
				d.quant[id][k] = uint16(b[1+2*k])<<8 | uint16(b[2+2*k])
			}
		}
		d.haveQ[id] = true
		b = b[1+size:]
	}
	return nil
}

// readHuffman reads a DHT segment.
func (d *decoder) readHuffman(b []byte) error {
	for len(b) > 0 {
		class, id, size := b[0]>>4, b[0]&15, 16
		if class > 1 || id > 3 || len(b) < 17 {
			return fmt.Errorf("%w: a Huffman table", ErrCorrupt)
		}
		for _, n := range b[1:17] {
			size += int(n)
		}
		if size > 16+256 || len(b) < 1+size {
			return fmt.Errorf("%w: a Huffman table of %d symbols", ErrCorrupt, size-16)
		}
		t := &d.dc[id]
		if class == 1 {
			t = &d.ac[id]
		}
		if err := t.set(b[1 : 1+size]); err != nil {
			return err
		}
		d.have[class][id] = true
		b = b[1+size:]
	}
	return nil
}

// nextInterval splits the data off up to the next restart marker.
func nextInterval(data []byte) (interval, rest []byte) {
	for at := 0; ; {
		i := bytes.IndexByte(data[at:], 0xff)
		if i < 0 || at+i+1 >= len(data) {
			return data, nil
		}
		at += i
		switch next := data[at+1]; {
		case next >= rst0 && next <= rst7:
			return data[:at], data[at+2:]
		case next == 0xff:
			at++
		default:
			at += 2
		}
	}
}
