// Package overlay draws the evidence of a match, for eyes: the genuine photo and the suspect image side by side, what of
// the one is in the other outlined in both, and below the photo laid over the suspect image, and where the two differ.
//
// It promises that equal pairs give equal pixels, on all machines but for the letters, whose edges may be a level lighter
// or darker elsewhere; that the sheet is at most MaxWidth by MaxHeight pixels, however large the pictures and however
// long the texts; and that a map that leads nowhere is an error.
//
// It decides nothing: what is the match, and where, are the caller's to tell.
//
// The caveat that bites: differences are those of brightness alone, so that a picture in other colours of the same
// brightness looks like a copy. What one gain and one offset for all of a region explain is left out, and so is what a
// shift by a pixel of the sheet does: the fringes that every scaling leaves at edges would hide the rest.
package overlay

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
)

// The sides of a sheet, in pixels. All are MaxWidth wide; the height is what the pictures and texts take.
const (
	MaxWidth  = 2*margin + 2*panelWidth + gutter
	MaxHeight = 1500
)

// Pair is what is drawn.
type Pair struct {
	// Genuine and Suspect are upright, and their rectangles start at the origin, as picture.Picture's do. They are only
	// read.
	Genuine, Suspect *image.YCbCr
	// Regions tell what of the genuine photo is where in the suspect image. Where regions overlap there, the first is
	// shown. Without any the sheet has no second row.
	Regions []Region
	Title   string   // one line, such as the verdict and its probability
	Notes   []string // paragraphs, such as the edits and the hashes
}

// Region is a part of the genuine photo that is in the suspect image. Coordinates are shares of a picture's width and
// height, from its upper left.
type Region struct {
	// Map is the homography, row by row, that leads from the genuine photo to the suspect image. Where its determinant
	// is negative the part is mirrored.
	Map [9]float64
	// Seen is the part's polygon in the genuine photo; nil stands for all of it. What the map leads out of the suspect
	// image is not shown.
	Seen [][2]float64
}

var (
	// ErrPicture is returned for a picture that is missing, empty, or not as Pair wants it.
	ErrPicture = errors.New("overlay: not a picture that can be drawn")
	// ErrRegion is returned for a region whose map or polygon leads nowhere; the text says which, and why.
	ErrRegion = errors.New("overlay: not a region that can be drawn")
)

// PNG draws the sheet of a pair and encodes it.
func PNG(p Pair) ([]byte, error) {
	m, err := Draw(p)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		return nil, fmt.Errorf("encode PNG: %w", err)
	}
	return b.Bytes(), nil
}

// Draw draws the sheet of a pair. It returns ErrPicture or ErrRegion where something can't be drawn.
func Draw(p Pair) (*image.RGBA, error) {
	s, err := compose(p)
	if err != nil {
		return nil, err
	}
	return s.RGBA, nil
}

// compose checks a pair, lays its sheet out, and draws it.
func compose(p Pair) (s sheet, err error) {
	genuine, err := newPyramid(p.Genuine)
	if err != nil {
		return s, fmt.Errorf("%w: the genuine photo %w", ErrPicture, err)
	}
	suspect, err := newPyramid(p.Suspect)
	if err != nil {
		return s, fmt.Errorf("%w: the suspect image %w", ErrPicture, err)
	}
	if len(p.Regions) > maxRegions {
		return s, fmt.Errorf("%w: there are %d, at most %d are shown", ErrRegion, len(p.Regions), maxRegions)
	}
	regions := make([]region, len(p.Regions))
	for i, r := range p.Regions {
		if regions[i], err = r.clip(); err != nil {
			return s, fmt.Errorf("%w: number %d: %w", ErrRegion, i+1, err)
		}
	}
	f, err := newFaces()
	if err != nil {
		return s, err
	}
	l := newLayout(genuine, suspect, len(regions) > 0, f.head(p.Title, p.Notes))
	s = sheet{image.NewRGBA(image.Rect(0, 0, MaxWidth, l.height)), l, f}
	s.fill(s.Rect, paper)
	s.head()
	s.pictures(genuine, suspect, regions)
	if len(regions) > 0 {
		s.overlay(genuine, suspect, regions)
	}
	return s, nil
}
