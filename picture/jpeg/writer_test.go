package jpeg_test

import (
	"bytes"
	"math"
)

// writer makes JPEGs in the ways that no encoder at hand does: any sampling and number of components, restarts,
// components in scans of their own, spectral selection and successive approximation.
type writer struct {
	width, height int
	factors       [][2]int                  // of the components
	ids           string                    // of the components; 1, 2, 3... where empty
	at            func(c, x, y int) float64 // the picture, per component, at full resolution
	before        []byte                    // segments behind the start marker
	restart       int                       // interval in MCUs; 0 for none
	scans         []writerScan              // of a progressive picture; sequential otherwise
	apart         bool                      // sequential, a scan for each component
	quant         uint8                     // all steps alike; 0 is 4

	coefs  [][][64]int // per component and block, in zigzag order
	across []int       // blocks, with padding
	out    bytes.Buffer
	acc    uint64
	n      uint
}

type writerScan struct{ component, first, last, high, low int } // component -1 is all

// script is what libjpeg's default progression does, for any number of components.
func script(components int) []writerScan {
	s := []writerScan{{-1, 0, 0, 0, 1}}
	for c := range components {
		s = append(s, writerScan{c, 1, 5, 0, 2}, writerScan{c, 6, 63, 0, 2}, writerScan{c, 1, 63, 2, 1})
	}
	s = append(s, writerScan{-1, 0, 0, 1, 0})
	for c := range components {
		s = append(s, writerScan{c, 1, 63, 1, 0})
	}
	return s
}

var zigzagOrder = func() (z [64]int) {
	i := 0
	for d := range 15 {
		for k := range 8 {
			x, y := k, d-k
			if d%2 == 1 {
				x, y = y, x
			}
			if x >= 0 && y >= 0 && x < 8 && y < 8 {
				z[i] = 8*y + x
				i++
			}
		}
	}
	return z
}()

// huffmanTable has a code for each symbol.
type huffmanTable struct {
	counts  [16]byte
	symbols []byte
	codes   [256]uint32
	lengths [256]uint
}

// allSymbols has codes of 8, 9 and 12 bits, spread over the symbols.
var allSymbols = func() (t huffmanTable) {
	t.counts[7], t.counts[8], t.counts[11] = 100, 100, 56
	code, n := uint32(0), 0
	for length := 1; length <= 16; length++ {
		for range t.counts[length-1] {
			s := byte(n * 7) // 7 and 256 are coprime: no symbol is left out
			t.symbols = append(t.symbols, s)
			t.codes[s], t.lengths[s] = code, uint(length)
			code++
			n++
		}
		code <<= 1
	}
	return t
}()

func (w *writer) segment(marker byte, body ...byte) {
	n := len(body) + 2
	w.out.Write([]byte{0xff, marker, byte(n >> 8), byte(n)})
	w.out.Write(body)
}

// encode returns the file.
func (w *writer) encode() []byte {
	w.out.Write([]byte{0xff, 0xd8})
	w.out.Write(w.before)
	step := w.quant
	if step == 0 {
		step = 4
	}
	w.segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{step}, 64)...)...)
	frame := []byte{8, byte(w.height >> 8), byte(w.height), byte(w.width >> 8), byte(w.width), byte(len(w.factors))}
	for i, f := range w.factors {
		frame = append(frame, w.id(i), byte(f[0]<<4|f[1]), 0)
	}
	kind := byte(0xc0)
	if w.scans != nil {
		kind = 0xc2
	}
	w.segment(kind, frame...)
	for _, class := range []byte{0x00, 0x10} {
		w.segment(0xc4, append(append([]byte{class}, allSymbols.counts[:]...), allSymbols.symbols...)...)
	}
	if w.restart > 0 {
		w.segment(0xdd, byte(w.restart>>8), byte(w.restart))
	}
	w.transform(float64(step))
	switch {
	case w.scans != nil:
		for _, s := range w.scans {
			w.scan(s)
		}
	case w.apart:
		for c := range w.factors {
			w.scan(writerScan{c, 0, 63, 0, 0})
		}
	default:
		w.scan(writerScan{-1, 0, 63, 0, 0})
	}
	w.out.Write([]byte{0xff, 0xd9})
	return w.out.Bytes()
}

func (w *writer) id(i int) byte {
	if w.ids != "" {
		return w.ids[i]
	}
	return byte(i + 1)
}

func (w *writer) most() (h, v int) {
	for _, f := range w.factors {
		h, v = max(h, f[0]), max(v, f[1])
	}
	return h, v
}

// transform computes the coefficients.
func (w *writer) transform(step float64) {
	maxH, maxV := w.most()
	for c, f := range w.factors {
		across := (w.width + 8*maxH - 1) / (8 * maxH) * f[0]
		down := (w.height + 8*maxV - 1) / (8 * maxV) * f[1]
		w.across = append(w.across, across)
		blocks := make([][64]int, across*down)
		for i := range blocks {
			var samples [64]float64
			for k := range samples {
				// The mean of the pixels that the sample stands for.
				x, y := i%across*8+k%8, i/across*8+k/8
				x0, x1 := x*maxH/f[0], max((x+1)*maxH/f[0], x*maxH/f[0]+1)
				y0, y1 := y*maxV/f[1], max((y+1)*maxV/f[1], y*maxV/f[1]+1)
				for py := y0; py < y1; py++ {
					for px := x0; px < x1; px++ {
						samples[k] += w.at(c, min(px, w.width-1), min(py, w.height-1)) / float64((x1-x0)*(y1-y0))
					}
				}
			}
			blocks[i] = forward(samples, step)
		}
		w.coefs = append(w.coefs, blocks)
	}
}

// cosines has the DCT's basis: for each frequency, the samples.
var cosines = func() (c [8][8]float64) {
	for u := range 8 {
		for x := range 8 {
			c[u][x] = math.Cos(float64(2*x+1)*float64(u)*math.Pi/16) / 2
			if u == 0 {
				c[u][x] /= math.Sqrt2
			}
		}
	}
	return c
}()

func forward(samples [64]float64, step float64) (coefs [64]int) {
	var rows [64]float64
	for i := range rows {
		for x := range 8 {
			rows[i] += (samples[i/8*8+x] - 128) * cosines[i%8][x]
		}
	}
	for k, place := range zigzagOrder {
		sum := 0.0
		for y := range 8 {
			sum += rows[8*y+place%8] * cosines[place/8][y]
		}
		coefs[k] = int(math.Round(sum / step))
	}
	return coefs
}

// scan writes a scan.
func (w *writer) scan(s writerScan) {
	components := []int{s.component}
	if s.component < 0 {
		components = nil
		for c := range w.factors {
			components = append(components, c)
		}
	}
	head := []byte{byte(len(components))}
	for _, c := range components {
		head = append(head, w.id(c), 0)
	}
	w.segment(0xda, append(head, byte(s.first), byte(s.last), byte(s.high<<4|s.low))...)

	maxH, maxV := w.most()
	pred := make([]int, len(w.factors))
	var units [][][2]int // per MCU: component, block
	if len(components) == 1 {
		c, f := components[0], w.factors[components[0]]
		if len(w.factors) == 1 {
			f, maxH, maxV = [2]int{1, 1}, 1, 1
		}
		across := ((w.width*f[0]+maxH-1)/maxH + 7) / 8
		down := ((w.height*f[1]+maxV-1)/maxV + 7) / 8
		for i := range across * down {
			units = append(units, [][2]int{{c, i/across*w.across[c] + i%across}})
		}
	} else {
		across, down := (w.width+8*maxH-1)/(8*maxH), (w.height+8*maxV-1)/(8*maxV)
		for i := range across * down {
			var unit [][2]int
			for _, c := range components {
				f := w.factors[c]
				for j := range f[0] * f[1] {
					unit = append(unit, [2]int{c, (i/across*f[1]+j/f[0])*w.across[c] + i%across*f[0] + j%f[0]})
				}
			}
			units = append(units, unit)
		}
	}
	for i, unit := range units {
		if w.restart > 0 && i > 0 && i%w.restart == 0 {
			w.flush()
			w.out.Write([]byte{0xff, 0xd0 + byte(i/w.restart-1)%8})
			clear(pred)
		}
		for _, u := range unit {
			w.block(s, &w.coefs[u[0]][u[1]], &pred[u[0]])
		}
	}
	w.flush()
}

func (w *writer) block(s writerScan, coefs *[64]int, pred *int) {
	if s.first == 0 && s.high > 0 {
		w.bits(uint64(coefs[0]>>s.low&1), 1)
		return
	}
	if s.first == 0 {
		dc := coefs[0] >> s.low
		w.coefficient(0, dc-*pred)
		*pred = dc
	}
	if s.high > 0 {
		w.refine(s, coefs)
		return
	}
	run := 0
	for k := max(1, s.first); k <= s.last; k++ {
		v := coefs[k] / (1 << s.low) // toward zero
		if v == 0 {
			run++
			continue
		}
		for ; run > 15; run -= 16 {
			w.symbol(0xf0)
		}
		w.coefficient(run, v)
		run = 0
	}
	if run > 0 {
		w.symbol(0)
	}
}

// refine writes a bit more of coefficients. See T.81, figure G.7.
func (w *writer) refine(s writerScan, coefs *[64]int) {
	size := func(k int) int {
		if coefs[k] < 0 {
			return -coefs[k] >> s.low
		}
		return coefs[k] >> s.low
	}
	end := 0
	for k := s.first; k <= s.last; k++ {
		if size(k) == 1 {
			end = k
		}
	}
	run := 0
	var pending []uint64
	send := func() {
		for _, b := range pending {
			w.bits(b, 1)
		}
		pending = nil
	}
	for k := s.first; k <= s.last; k++ {
		if size(k) == 0 {
			run++
			continue
		}
		for ; run > 15 && k <= end; run -= 16 {
			w.symbol(0xf0)
			send()
		}
		if size(k) > 1 {
			pending = append(pending, uint64(size(k)&1))
			continue
		}
		w.symbol(byte(run<<4 | 1))
		sign := uint64(1)
		if coefs[k] < 0 {
			sign = 0
		}
		w.bits(sign, 1)
		send()
		run = 0
	}
	if run > 0 || len(pending) > 0 {
		w.symbol(0)
		send()
	}
}

func (w *writer) coefficient(run, v int) {
	size, magnitude := uint(0), max(v, -v)
	for magnitude>>size > 0 {
		size++
	}
	w.symbol(byte(run<<4) | byte(size))
	if v < 0 {
		v += 1<<size - 1
	}
	w.bits(uint64(v), size)
}

func (w *writer) symbol(s byte) {
	w.bits(uint64(allSymbols.codes[s]), allSymbols.lengths[s])
}

func (w *writer) bits(v uint64, n uint) {
	w.acc, w.n = w.acc<<n|v, w.n+n
	for w.n >= 8 {
		w.n -= 8
		c := byte(w.acc >> w.n)
		w.out.WriteByte(c)
		if c == 0xff {
			w.out.WriteByte(0)
		}
	}
}

func (w *writer) flush() {
	if w.n > 0 {
		w.bits(1<<(8-w.n)-1, 8-w.n)
	}
}
