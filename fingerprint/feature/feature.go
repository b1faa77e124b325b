// Package feature finds distinctive spots of a picture and describes each by 256 bits that hardly change when the picture
// is turned, scaled, cropped, recoloured or partly covered: what tells a part of a photo inside another picture.
//
// It promises that the same pixels give the same set on every machine, whichever kernels it runs. It does not tell
// whether two pictures are the same: single spots agree by chance, and what agrees together has to be verified.
package feature

import (
	"errors"
	"math"
	"math/bits"
)

// Recipe numbers the pipeline that makes features. It is raised by every change that moves a bit.
type Recipe uint16

// Current is the recipe of this package. Recipes so far:
//
//	1  2026-11
const Current Recipe = 1

// Descriptor tells what the surroundings of a spot look like, turned to the spot's angle and scaled to its size. Bits
// 2i and 2i+1 are each other's mirror images.
type Descriptor [4]uint64

// Distance is the number of bits that differ, 0 to 256. Those of unrelated spots differ in about 128.
func (d Descriptor) Distance(o Descriptor) int {
	return bits.OnesCount64(d[0]^o[0]) + bits.OnesCount64(d[1]^o[1]) + bits.OnesCount64(d[2]^o[2]) + bits.OnesCount64(d[3]^o[3])
}

// Mirrored is the descriptor of the same spot in the mirrored picture.
func (d Descriptor) Mirrored() Descriptor {
	const even = 0x5555555555555555
	for i, v := range d {
		d[i] = v&even<<1 | v>>1&even
	}
	return d
}

// Feature is a spot of a picture.
type Feature struct {
	X, Y       uint16 // centre, as shares of the picture's width and height: 0 to 65535
	Size       uint8  // sixteenths of an octave: the spot's diameter is Set.side * 2^(-Size/16)
	Angle      uint8  // 256ths of a turn, clockwise from the right
	Descriptor Descriptor
}

// Mirrored is the same spot of the picture with left and right exchanged.
func (f Feature) Mirrored() Feature {
	f.X = math.MaxUint16 - f.X
	f.Angle = 128 - f.Angle
	f.Descriptor = f.Descriptor.Mirrored()
	return f
}

// Set is what is kept of a picture beyond its fingerprint. The zero Set is that of a picture of which nothing is known.
type Set struct {
	Recipe        Recipe
	Width, Height int // of the picture, in pixels, upright: its shape, to which the shares of Feature refer; 1 to 65535
	Features      []Feature
	Thumbnail     Thumbnail
}

// Thumbnail is a small copy of a picture in full-range BT.601: enough to hold an alignment against, and no more.
type Thumbnail struct {
	Width, Height int     // of Y, in pixels, 1 to MaxThumbnail each
	Y             []uint8 // row by row
	Cb, Cr        []uint8 // of half that width and height, rounded up
}

// Limits of a Set.
const (
	MaxFeatures  = 4096
	MaxThumbnail = 64 // pixels on a side
)

// ErrEncoding is returned when bytes are not an encoded Set.
var ErrEncoding = errors.New("not a set of features")
