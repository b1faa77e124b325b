package fingerprint

// colourGrid is the number of cells along each side of a Colour.
const colourGrid = 4

// Colour is the small colour signature of a region: its mean colour in each cell of a 4x4 grid, row by row from the top
// left, three bytes a cell: Y, Cb, Cr of full-range BT.601, as in JPEG. The hashes see grey alone; this tells colour
// variants of one product apart.
type Colour [colourGrid * colourGrid * 3]uint8
