package picture

import (
	"errors"
	"fmt"
	"image"
	"strings"

	"touchstone/picture/jpeg"
)

// jpegFile is a JPEG whose markers have been walked.
type jpegFile struct{ *jpeg.File }

// openJPEG walks the markers. A file that lacks its end marker is accepted with a warning if it lacks nothing else: all
// rows of all scans have to be there, and all bits of a progressive picture. Whatever else is missing or damaged in the
// scans that are needed makes it truncated or corrupt; nothing is painted grey.
func openJPEG(b []byte) (header, error) {
	f, err := jpeg.Parse(b)
	if err != nil {
		return header{}, blameJPEG(err)
	}
	h := header{width: f.Width, height: f.Height, file: jpegFile{f}}
	if f.EXIF != nil {
		h.orientation, h.warnings = exifOrientation(f.EXIF)
	}
	if !f.Ended {
		h.warnings |= NoEndMarker
	}
	if f.Trailing > 0 {
		h.warnings |= TrailingData
	}
	return h, nil
}

// blameJPEG puts this room's sentinel in the place of the decoder's.
func blameJPEG(err error) error {
	for theirs, ours := range map[error]error{
		jpeg.ErrTruncated: ErrTruncated, jpeg.ErrCorrupt: ErrCorrupt, jpeg.ErrUnsupported: ErrUnsupported,
	} {
		if errors.Is(err, theirs) {
			return fmt.Errorf("%w: %s", ours, strings.TrimPrefix(err.Error(), theirs.Error()+": "))
		}
	}
	return err
}

// jpegReduction is the most that decoding itself reduces by; box filtering does the rest.
const jpegReduction = 8

func (f jpegFile) memory(n int) int64 { return f.Memory(min(n, jpegReduction)) }

func (f jpegFile) pixels(n int) (*image.YCbCr, Warnings, error) {
	k := min(n, jpegReduction)
	m, err := f.Decode(k)
	if err != nil {
		return nil, 0, blameJPEG(err)
	}
	return reduce(m, n/k), 0, nil
}
