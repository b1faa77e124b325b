package picture

import "image"

// orientation is EXIF's: what was done to the upright picture to store it, 1 to 8.
type orientation uint8

const upright orientation = 1

// The three moves that make the orientations, in this order: swap the axes, then mirror.
func (o orientation) transposes() bool { return o >= 5 }
func (o orientation) flipsX() bool     { return o == 2 || o == 3 || o == 6 || o == 7 } // in the upright picture
func (o orientation) flipsY() bool     { return o == 3 || o == 4 || o == 7 || o == 8 }

// then returns the orientation that undoes o first and p afterwards.
func (o orientation) then(p orientation) orientation {
	// With T the transposition and F the mirrorings, p's T carries o's mirrorings to the other axis.
	t, x, y := o.transposes(), o.flipsX(), o.flipsY()
	if p.transposes() {
		t, x, y = !t, y, x
	}
	x, y = x != p.flipsX(), y != p.flipsY()
	for q := upright; q <= 8; q++ {
		if q.transposes() == t && q.flipsX() == x && q.flipsY() == y {
			return q
		}
	}
	return upright // not reached: the eight are a group
}

// size returns the sides of the upright picture from those of the stored one.
func (o orientation) size(width, height int) (int, int) {
	if o.transposes() {
		return height, width
	}
	return width, height
}

// cells returns the cells of a stored picture that is reduced by n before it is turned.
func (o orientation) cells(n int) cells {
	if o.transposes() {
		return cells{n, o.flipsY(), o.flipsX()}
	}
	return cells{n, o.flipsX(), o.flipsY()}
}

// turn makes the stored picture upright. Samples are moved, not changed; but where chroma is subsampled along a side of
// odd length, mirroring moves it by half a pixel against luma.
func (o orientation) turn(m *image.YCbCr) *image.YCbCr {
	if o == upright {
		return m
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	cw, ch := chromaSize(m.SubsampleRatio, w, h)
	ratio := m.SubsampleRatio
	again := 1 // rows for one of the source's columns, for ratios whose transposition has no name
	if o.transposes() {
		switch ratio {
		case image.YCbCrSubsampleRatio422:
			ratio = image.YCbCrSubsampleRatio440
		case image.YCbCrSubsampleRatio440:
			ratio = image.YCbCrSubsampleRatio422
		case image.YCbCrSubsampleRatio411:
			ratio, again = image.YCbCrSubsampleRatio440, 2
		case image.YCbCrSubsampleRatio410:
			ratio, again = image.YCbCrSubsampleRatio420, 2
		}
	}
	w, h = o.size(w, h)
	cw, ch = o.size(cw, ch)
	out := image.NewYCbCr(image.Rect(0, 0, w, h), ratio)
	o.turnPlane(plane{out.Y, out.YStride}, plane{m.Y, m.YStride}, w, h)
	if again == 1 {
		o.turnPlane(plane{out.Cb, out.CStride}, plane{m.Cb, m.CStride}, cw, ch)
		o.turnPlane(plane{out.Cr, out.CStride}, plane{m.Cr, m.CStride}, cw, ch)
		return out
	}
	scratch := plane{make([]uint8, cw*ch), cw}
	o.turnPlane(scratch, plane{m.Cb, m.CStride}, cw, ch)
	scratch.repeatRows(plane{out.Cb, out.CStride}, out, again)
	o.turnPlane(scratch, plane{m.Cr, m.CStride}, cw, ch)
	scratch.repeatRows(plane{out.Cr, out.CStride}, out, again)
	return out
}

// turnPlane fills dst, w by h samples, with src turned.
func (o orientation) turnPlane(dst, src plane, w, h int) {
	// A step right and a step down in dst are these steps in src.
	right, down := 1, src.stride
	if o.transposes() {
		right, down = down, right
	}
	start := 0
	if o.flipsX() {
		start += (w - 1) * right
		right = -right
	}
	if o.flipsY() {
		start += (h - 1) * down
		down = -down
	}
	for y := range h {
		row, s := dst.pix[y*dst.stride:][:w], start+y*down
		if right == 1 {
			copy(row, src.pix[s:])
			continue
		}
		for x := range row {
			row[x] = src.pix[s]
			s += right
		}
	}
}

// repeatRows fills dst, a chroma plane of m, with each row of p so many times.
func (p plane) repeatRows(dst plane, m *image.YCbCr, times int) {
	w, h := chromaSize(m.SubsampleRatio, m.Rect.Dx(), m.Rect.Dy())
	for y := range h {
		copy(dst.pix[y*dst.stride:][:w], p.pix[y/times*p.stride:])
	}
}
