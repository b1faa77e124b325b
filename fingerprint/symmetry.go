package fingerprint

// Symmetry is one of the eight ways in which a rectangle maps onto a rectangle.
type Symmetry uint8

// The symmetries. Turns are clockwise.
const (
	Identity    Symmetry = iota
	Mirrored             // left and right exchanged
	Flipped              // top and bottom exchanged
	Rotated180           // half a turn
	Transposed           // rows and columns exchanged: mirrored along the main diagonal
	Rotated90            // a quarter turn
	Rotated270           // three quarter turns
	Transversed          // mirrored along the other diagonal
)

// Symmetries is the number of symmetries.
const Symmetries = 8

// String is the symmetry as an edit that a person would name; the identity's is empty.
func (y Symmetry) String() string {
	switch y {
	case Identity:
		return ""
	case Mirrored:
		return "mirrored"
	case Flipped:
		return "flipped"
	case Rotated180:
		return "rotated 180"
	case Transposed:
		return "mirrored and rotated 270"
	case Rotated90:
		return "rotated 90"
	case Rotated270:
		return "rotated 270"
	case Transversed:
		return "mirrored and rotated 90"
	}
	return "invalid"
}

// Inverse undoes the symmetry.
func (y Symmetry) Inverse() Symmetry {
	switch y {
	case Rotated90:
		return Rotated270
	case Rotated270:
		return Rotated90
	}
	return y
}

// Swaps tells whether the symmetry exchanges width and height.
func (y Symmetry) Swaps() bool { return y >= Transposed }

// Box returns where a box of a picture lies after the symmetry.
func (y Symmetry) Box(b Box) Box {
	h, v, swap := y.parts()
	if h {
		b.Left, b.Right = full-b.Right, full-b.Left
	}
	if v {
		b.Top, b.Bottom = full-b.Bottom, full-b.Top
	}
	if swap {
		b.Left, b.Top, b.Right, b.Bottom = b.Top, b.Left, b.Bottom, b.Right
	}
	return b
}

// full is the far side of a Box.
const full = 65535

// parts takes the symmetry apart: exchange left and right, exchange top and bottom, then exchange rows and columns.
func (y Symmetry) parts() (horizontal, vertical, swap bool) {
	switch y {
	case Mirrored:
		return true, false, false
	case Flipped:
		return false, true, false
	case Rotated180:
		return true, true, false
	case Transposed:
		return false, false, true
	case Rotated90: // the bottom row becomes the left column
		return false, true, true
	case Rotated270: // the right column becomes the top row
		return true, false, true
	case Transversed:
		return true, true, true
	}
	return false, false, false
}

// source returns where in an n by n grid cell (row, column) of the turned grid comes from.
func (y Symmetry) source(row, column, n int) (int, int) {
	h, v, swap := y.parts()
	if swap {
		row, column = column, row
	}
	if v {
		row = n - 1 - row
	}
	if h {
		column = n - 1 - column
	}
	return row, column
}

// Turn returns the hashes and colours of the region after the symmetry, from the hashes alone. PDQ and P compare each
// coefficient with the median of all; here the median is taken to be 0, as it nearly is, so that a few bits of either
// hash may differ from those of the turned picture itself: Analysis.Probes has these exactly.
func (r Region) Turn(y Symmetry) Region {
	if y == Identity {
		return r
	}
	return Region{P: r.P.turn(y), PDQ: r.PDQ.turn(y), Colour: r.Colour.turn(y)}
}

func (h Hash64) turn(y Symmetry) (t Hash64) {
	mirror, flip, swap := y.parts()
	for i := range 8 {
		for j := range 8 {
			bit := h >> (63 - (8*i + j)) & 1
			if (mirror && j&1 == 1) != (flip && i&1 == 1) {
				bit ^= 1
			}
			to := 8*i + j
			if swap {
				to = 8*j + i
			}
			t |= bit << (63 - to)
		}
	}
	return t
}

func (h Hash256) turn(y Symmetry) (t Hash256) {
	mirror, flip, swap := y.parts()
	for i := range 16 {
		for j := range 16 {
			bit := h.bit(16*i + j)
			// Bit (i, j) stands for frequencies i+1 and j+1: even indices are the odd frequencies.
			if (mirror && j&1 == 0) != (flip && i&1 == 0) {
				bit ^= 1
			}
			to := 16*i + j
			if swap {
				to = 16*j + i
			}
			t.setBit(to, bit)
		}
	}
	return t
}

func (c Colour) turn(y Symmetry) (t Colour) {
	for i := range colourGrid {
		for j := range colourGrid {
			si, sj := y.source(i, j, colourGrid)
			copy(t[3*(colourGrid*i+j):][:3], c[3*(colourGrid*si+sj):][:3])
		}
	}
	return t
}
