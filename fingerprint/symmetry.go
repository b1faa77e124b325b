package fingerprint

// Symmetry is one of the eight ways in which a rectangle maps onto a rectangle: it names what was done to a genuine
// picture to make the one at hand.
type Symmetry uint8

// The symmetries. Quarter turns are clockwise.
const (
	Identity    Symmetry = iota
	Mirrored             // left and right exchanged
	Flipped              // top and bottom exchanged
	Rotated180           //
	Transposed           // mirrored along the main diagonal
	Rotated90            //
	Rotated270           //
	Transversed          // mirrored along the other diagonal
)

// Symmetries is the number of symmetries.
const Symmetries = 8

// Part names a region of a picture that a fingerprint or a query describes.
type Part uint8

// The parts.
const (
	PartWhole   Part = iota // all of the picture
	PartContent             // without any uniform border
	PartFramed              // without the outermost border only; in queries alone
)
