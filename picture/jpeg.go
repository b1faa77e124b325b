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

// reduction returns by how much decoding itself reduces: up to 8, and so that cells which count from the far side are
// made of whole blocks. Box filtering does the rest.
func (f jpegFile) reduction(c cells) int {
	k := min(c.side, 8)
	for c.fromRight && f.Width%k != 0 || c.fromBottom && f.Height%k != 0 {
		k /= 2
	}
	return k
}

func (f jpegFile) memory(c cells) int64 {
	k := f.reduction(c)
	need := f.Memory(k)
	if k < c.side {
		need += 3 * int64(f.Width) * int64(f.Height) / int64(c.side*c.side)
	}
	return need
}

func (f jpegFile) pixels(c cells) (*image.YCbCr, Warnings, error) {
	k := f.reduction(c)
	m, err := f.Decode(k)
	if err != nil {
		return nil, 0, blameJPEG(err)
	}
	c.side /= k
	return reduce(m, c), 0, nil
}
