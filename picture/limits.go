package picture

import "fmt"

// Limits bound what a picture may cost. Fields that are zero or negative stand for the defaults.
type Limits struct {
	Bytes   int   // of the encoded picture; default 20 MiB
	Pixels  int   // width by height; default 64 Mi
	Side    int   // of the longer side, in pixels; default 16384
	MinSide int   // of the shorter side, in pixels; default 16
	Memory  int64 // that all decodes of a Decoder may have in use at a time, in bytes, as estimated; default 1 GiB
}

// The defaults. A phone's 50-megapixel photo and a 10,000-pixel panorama pass; a 30000x30000 bomb does not. 16,384 is
// the side at which libvips' and ImageMagick's stock policies stop as well, and the most that WebP can express.
const (
	defaultBytes   = 20 << 20
	defaultPixels  = 64 << 20
	defaultSide    = 16384
	defaultMinSide = 16
	defaultMemory  = 1 << 30
)

func (l Limits) withDefaults() Limits {
	fill := func(v *int, otherwise int) {
		if *v <= 0 {
			*v = otherwise
		}
	}
	fill(&l.Bytes, defaultBytes)
	fill(&l.Pixels, defaultPixels)
	fill(&l.Side, defaultSide)
	fill(&l.MinSide, defaultMinSide)
	if l.Memory <= 0 {
		l.Memory = defaultMemory
	}
	return l
}

// fits returns ErrTooLarge where a picture, or a part of it that a decoder would allocate, exceeds the limits.
func (l Limits) fits(width, height int) error {
	if width > l.Side || height > l.Side {
		return fmt.Errorf("%w: %d x %d pixels, at most %d on a side are read", ErrTooLarge, width, height, l.Side)
	}
	if p := int64(width) * int64(height); p > int64(l.Pixels) {
		return fmt.Errorf("%w: %d x %d is %d pixels, at most %d are read", ErrTooLarge, width, height, p, l.Pixels)
	}
	return nil
}

// size returns ErrTooLarge or ErrTooSmall where a picture is outside the limits.
func (l Limits) size(width, height int) error {
	if err := l.fits(width, height); err != nil {
		return err
	}
	if width < l.MinSide || height < l.MinSide {
		return fmt.Errorf("%w: %d x %d pixels, at least %d on a side are needed", ErrTooSmall, width, height, l.MinSide)
	}
	return nil
}
