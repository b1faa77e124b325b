package picture

import (
	"bytes"
	"encoding/binary"
)

// tagOrientation is the TIFF tag, and so EXIF's, of the orientation.
const tagOrientation = 0x0112

// exifOrientation reads the orientation from an EXIF block: a TIFF file without pixels. Nothing else of it is read, and
// nothing is allocated. A block that can't be read, or that states what is not an orientation, gives a warning; one
// that has none is upright.
func exifOrientation(b []byte) (orientation, Warnings) {
	b = bytes.TrimPrefix(b, []byte("Exif\x00\x00"))
	value, found, ok := tiffShort(b, tagOrientation)
	switch {
	case !ok || found && (value < 1 || value > 8):
		return upright, BadOrientation
	case !found:
		return upright, 0
	}
	return orientation(value), 0
}

// tiffShort returns the number of a tag of the first directory: of one short, or one long. It is not ok where there is
// no directory.
func tiffShort(b []byte, tag uint16) (value uint32, found, ok bool) {
	if len(b) < 8 {
		return 0, false, false
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(b[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0, false, false
	}
	at := int64(order.Uint32(b[4:]))
	if at < 8 || at+2 > int64(len(b)) {
		return 0, false, false
	}
	entries := b[at+2:]
	for range order.Uint16(b[at:]) {
		if len(entries) < 12 {
			return 0, false, false
		}
		e := entries[:12]
		entries = entries[12:]
		if order.Uint16(e) != tag || order.Uint32(e[4:]) != 1 {
			continue
		}
		switch order.Uint16(e[2:]) {
		case 3:
			return uint32(order.Uint16(e[8:])), true, true
		case 4:
			return order.Uint32(e[8:]), true, true
		}
	}
	return 0, false, true
}
