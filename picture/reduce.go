package picture

import "image"

// maxReduction bounds the power of two by which a picture is made smaller.
const maxReduction = 64

// reduction returns the largest power of two that leaves at least side pixels of the shorter side; 1 where side is not
// positive.
func reduction(shorter, side int) int {
	n := 1
	for side > 0 && n < maxReduction && int64(shorter) >= int64(side)*int64(2*n) {
		n *= 2
	}
	return n
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// reduce returns the picture with each n by n of its pixels made one, their mean; m itself where n is 1. Chroma is
// reduced alike and stays subsampled as it is.
func reduce(m *image.YCbCr, n int) *image.YCbCr {
	if n == 1 {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewYCbCr(image.Rect(0, 0, ceilDiv(w, n), ceilDiv(h, n)), m.SubsampleRatio)
	reducePlane(plane{out.Y, out.YStride}, plane{m.Y, m.YStride}, w, h, n)
	cw, ch := chromaSize(m.SubsampleRatio, w, h)
	reducePlane(plane{out.Cb, out.CStride}, plane{m.Cb, m.CStride}, cw, ch, n)
	reducePlane(plane{out.Cr, out.CStride}, plane{m.Cr, m.CStride}, cw, ch, n)
	return out
}

// reducePlane fills dst with the means of n by n samples of src, which is w by h samples.
func reducePlane(dst, src plane, w, h, n int) {
	var b boxes
	b.reset(ceilDiv(w, n), 1)
	for y := range h {
		b.add(src.pix[y*src.stride:][:w], n)
		if y%n != n-1 && y != h-1 {
			continue
		}
		row := dst.pix[y/n*dst.stride:]
		rows := y%n + 1
		for x, sum := range b.sums {
			count := uint32(rows * min(n, w-x*n))
			row[x] = uint8((sum + count/2) / count)
		}
		clear(b.sums)
	}
}

// boxes sums rows of samples into cells. A cell is at most 64 by 64 samples of 8 bits.
type boxes struct {
	sums     []uint32
	channels int
}

func (b *boxes) reset(cells, channels int) {
	b.sums, b.channels = make([]uint32, cells*channels), channels
}

// add adds a row of one channel, n samples to a cell.
func (b *boxes) add(row []uint8, n int) {
	if n == 1 {
		for i, v := range row {
			b.sums[i] += uint32(v)
		}
		return
	}
	for i := range b.sums {
		cell := row
		if len(cell) > n {
			cell = cell[:n]
		}
		var sum uint32
		for _, v := range cell {
			sum += uint32(v)
		}
		b.sums[i] += sum
		row = row[len(cell):]
	}
}

// addRGB adds a row of three interleaved channels, n pixels to a cell.
func (b *boxes) addRGB(row []uint8, n int) {
	for i := 0; i+2 < len(b.sums); i += 3 {
		cell := row
		if len(cell) > 3*n {
			cell = cell[:3*n]
		}
		var r, g, bl uint32
		for j := 0; j+2 < len(cell); j += 3 {
			r += uint32(cell[j])
			g += uint32(cell[j+1])
			bl += uint32(cell[j+2])
		}
		b.sums[i] += r
		b.sums[i+1] += g
		b.sums[i+2] += bl
		row = row[len(cell):]
	}
}
