// Package fingerprint turns pixels into a Fingerprint: what is kept of a genuine photo, and what a suspect image is
// compared by. One recipe makes both; fingerprints of different recipes can't be compared.
//
// A fingerprint tells whether two pictures are the same photo, edited or not. It does not tell whether they show the
// same article photographed twice, and it can't be turned back into a picture.
//
// The caveat that bites: a plain picture (flat, or split into flat parts) has hashes as well, and they lie near those of
// every other plain picture. Of refuses such pictures; hashes made elsewhere need the same care.
package fingerprint

import "errors"

// Recipe numbers the pipeline that makes a fingerprint: reduction, transform, trimming, colour. It is raised by every
// change that moves a bit.
type Recipe uint16

// Current is the recipe of this package. Recipes so far:
//
//	1  2026-11: 64x64 luma by PDQ's two box passes; P and PDQ from one DCT; content box; 4x4 colour grid
const Current Recipe = 1

// Region is what describes one rectangle of a picture.
type Region struct {
	P      Hash64  // goimagehash's PerceptionHash
	PDQ    Hash256 // PDQ
	Colour Colour
}

// Box is a rectangle in a picture, its sides as shares of the picture's width and height, 0 to 65535: the zero Box is
// empty; 0, 0, 65535, 65535 is all of it. Left < Right and Top < Bottom in a valid Box.
type Box struct{ Left, Top, Right, Bottom uint16 }

// wholeBox covers the picture.
var wholeBox = Box{0, 0, 65535, 65535}

// WholeBox returns the Box that covers a picture.
func WholeBox() Box { return wholeBox }

// Fingerprint describes a picture. The zero Fingerprint is invalid.
type Fingerprint struct {
	Recipe  Recipe
	Quality uint8  // 0 to 100, texture enough to be telling: PDQ's word and measure, of the whole picture
	Whole   Region // all of the picture
	Content Region // what remains without a uniform border; equal to Whole where there is none
	Box     Box    // where Content lies
}

// Trimmed tells whether the content box is less than the picture.
func (f Fingerprint) Trimmed() bool { return f.Box != wholeBox }

// Plain tells that the picture is too plain to be told from others by its hashes, which are all 0 then.
func (f Fingerprint) Plain() bool { return f.Whole.PDQ == Hash256{} && f.Content.PDQ == Hash256{} }

// ErrPlain is returned when a picture has too little structure to be told from others; the text says what it lacks.
var ErrPlain = errors.New("picture is too plain to describe")

// ErrEncoding is returned when bytes or text are not an encoded fingerprint or hash.
var ErrEncoding = errors.New("not a fingerprint")

// Part names a region of a picture.
type Part uint8

// The parts.
const (
	PartWhole   Part = iota // all of the picture
	PartContent             // what remains without any uniform border
	PartFramed              // what remains without the outermost border alone; of queries, not kept of photos
)

// String is the part in one lower-case word.
func (p Part) String() string {
	switch p {
	case PartWhole:
		return "whole"
	case PartContent:
		return "content"
	case PartFramed:
		return "framed"
	}
	return "invalid"
}
