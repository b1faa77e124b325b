package picture

import "strings"

// Format is a format of pictures. The zero Format is none.
type Format uint8

// The formats that are read.
const (
	JPEG Format = 1 + iota
	PNG
	GIF
	WebP
	BMP
	TIFF
	AVIF
	HEIC
)

var formatNames = [...]string{"unknown", "jpeg", "png", "gif", "webp", "bmp", "tiff", "avif", "heic"}

// accepted lists the formats for messages.
const accepted = "jpeg, png, gif, webp, bmp, tiff, avif and heic are read"

// String is the format in one lower-case word.
func (f Format) String() string {
	if int(f) < len(formatNames) {
		return formatNames[f]
	}
	return formatNames[0]
}

// Warnings is a set of things that were overlooked in a picture. The zero Warnings is none.
type Warnings uint8

// The warnings.
const (
	// Animated: the picture is the first of several frames; the others were not looked at.
	Animated Warnings = 1 << iota
	// TrailingData: bytes follow the picture's end.
	TrailingData
	// NoEndMarker: the end marker is missing or damaged, but all rows are there.
	NoEndMarker
	// BadOrientation: the EXIF block could not be read, or states an orientation that does not exist; the picture was
	// left as it is stored.
	BadOrientation
)

var warningNames = [...]string{"animated", "trailing data", "no end marker", "bad orientation"}

// Has tells whether all of v are in w.
func (w Warnings) Has(v Warnings) bool { return w&v == v }

// Names lists the warnings, in lower case; nil where there is none.
func (w Warnings) Names() (names []string) {
	for i, name := range warningNames {
		if w&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// String is the names with commas between; it is empty where there is none.
func (w Warnings) String() string { return strings.Join(w.Names(), ", ") }
