// Package picture turns bytes that nobody vouches for into pixels: bounded, upright, opaque.
//
// It promises that a picture is recognised by its content and never by a name; that limits are checked from the header,
// before memory is spent; that no decoder's panic gets out; that all decodes of one Decoder together stay within a
// budget of memory; and that what comes out is turned as its EXIF orientation asks, flattened on white, 8 bits deep and
// in full-range BT.601, whatever went in.
//
// It does not manage colour: ICC profiles are ignored. It shows the first frame of an animation and the main picture of
// a file that has several. A decode that has begun runs to its end: the context is looked at before, not during.
//
// The caveat that bites: AVIF and HEIC are decoded by WebAssembly modules. The sizes that their files state, in the
// container and in the coded pictures, are checked before; but what a module allocates beyond is not bounded by the
// budget, only estimated, and it takes a second to start and then tens of times as long a pixel as a JPEG. A service that
// can do without these formats refuses them after Config.
package picture

import (
	"context"
	"fmt"
	"image"

	"golang.org/x/sync/semaphore"
)

// Picture is a decoded picture: upright, opaque, possibly reduced. It shares no memory with the bytes it came from nor
// with the Decoder.
type Picture struct {
	// Image holds the pixels in full-range BT.601, as image/jpeg does; its rectangle starts at the origin. Grey pictures
	// have chroma planes too, all 128. Its sides are Width and Height divided by Reduction, rounded up.
	Image *image.YCbCr
	// Width and Height are those of the original, upright, in pixels.
	Width, Height int
	// Reduction is the power of two, 1 to 64, by which Image is smaller: each of its pixels is the mean of that many by
	// that many of the original's, counted from the upper left; those of the last column and row may stand for fewer.
	Reduction int
	Format    Format
	// Warnings tell what was overlooked.
	Warnings Warnings
}

// Config is what a picture's header tells.
type Config struct {
	Format        Format
	Width, Height int // upright, in pixels
	Orientation   int // EXIF's, 1 to 8: what has to be done to the stored pixels; 1 is nothing
	Warnings      Warnings
}

// Decoder decodes pictures within limits. Make one for the whole process: its budget of memory is shared by all who
// use it. It may be used by many goroutines at once. The zero Decoder is not usable.
type Decoder struct {
	limits Limits
	memory *semaphore.Weighted // bytes
	module *semaphore.Weighted // WebAssembly instances at a time
}

// maxModules is how many AVIF and HEIC pictures are decoded at a time: each has a module instance of its own, tens of
// megabytes for a large picture, that can't be interrupted.
const maxModules = 2

// NewDecoder returns a Decoder with the given limits; fields that are zero or negative stand for the defaults. It costs
// next to nothing: what a format needs is set up when its first picture comes.
func NewDecoder(l Limits) *Decoder {
	l = l.withDefaults()
	return &Decoder{l, semaphore.NewWeighted(l.Memory), semaphore.NewWeighted(maxModules)}
}

// Limits returns the limits in force, defaults filled in.
func (d *Decoder) Limits() Limits { return d.limits }

// file is a picture of a known format whose header has been read.
type file interface {
	// memory estimates the bytes that pixels has in use at its peak, the result included.
	memory(c cells) int64
	// pixels decodes and reduces, leaving out the turn that the header asks for.
	pixels(c cells) (*image.YCbCr, Warnings, error)
}

// header is what is known of a picture before it is decoded.
type header struct {
	format        Format
	width, height int // as stored
	orientation   orientation
	warnings      Warnings
	file          file
}

// open recognises the bytes, reads the header and holds it against the limits.
func (d *Decoder) open(b []byte) (h header, err error) {
	if len(b) == 0 {
		return header{}, ErrEmpty
	}
	if len(b) > d.limits.Bytes {
		return header{}, fmt.Errorf("%w: %d bytes, at most %d are read", ErrTooLarge, len(b), d.limits.Bytes)
	}
	format, err := sniff(b)
	if err != nil {
		return header{}, err
	}
	err = guard(func() error {
		switch format {
		case JPEG:
			h, err = openJPEG(b)
		case PNG:
			h, err = openPNG(b)
		case GIF:
			h, err = openGIF(b)
		case WebP:
			h, err = openWebP(b)
		case BMP:
			h, err = openBMP(b)
		case TIFF:
			h, err = openTIFF(b)
		case AVIF, HEIC:
			h, err = openISO(b, format, d.limits)
		}
		return err
	})
	if err != nil {
		return header{}, fmt.Errorf("%v header: %w", format, err)
	}
	h.format = format
	if h.orientation == 0 {
		h.orientation = upright
	}
	return h, d.limits.size(h.width, h.height)
}

// Config reads a picture's header alone. It returns what Decode would for a picture that is refused by its header:
// ErrEmpty, ErrFormat, ErrTooLarge, ErrTooSmall, ErrTruncated, ErrCorrupt, ErrUnsupported, ErrDecoder.
func (d *Decoder) Config(b []byte) (Config, error) {
	h, err := d.open(b)
	if err != nil {
		return Config{}, err
	}
	w, ht := h.orientation.size(h.width, h.height)
	return Config{h.format, w, ht, int(h.orientation), h.warnings}, nil
}

// Decode decodes a picture and reduces it as far as its shorter side keeps at least side pixels, by a power of two up
// to 64. Where the original is smaller than that, or side is 0 or negative, it is not reduced. It is DecodeKeeping with
// that shorter side.
func (d *Decoder) Decode(ctx context.Context, b []byte, side int) (*Picture, error) {
	return d.DecodeKeeping(ctx, b, Sides{Shorter: side})
}

// DecodeKeeping decodes a picture and reduces it as far as both sides keep what they are to keep, by a power of two up to
// 64. The bytes are only read, and not after it has returned.
//
// It waits until the memory that it will need is free, or until ctx is done: then the context's error is returned.
// Other errors: ErrEmpty, ErrFormat, ErrTooLarge, ErrTooSmall, ErrTruncated, ErrCorrupt, ErrUnsupported, ErrDecoder.
func (d *Decoder) DecodeKeeping(ctx context.Context, b []byte, keep Sides) (*Picture, error) {
	h, err := d.open(b)
	if err != nil {
		return nil, err
	}
	n := keep.reduction(h.width, h.height)
	c := h.orientation.cells(n)
	need := h.file.memory(c)
	if h.orientation != upright {
		need += 3 * int64(h.width) * int64(h.height) / int64(n*n)
	}
	if need > d.limits.Memory {
		return nil, fmt.Errorf("%w: %d x %d pixels of %v need some %d MiB, at most %d MiB are given",
			ErrTooLarge, h.width, h.height, h.format, need>>20, d.limits.Memory>>20)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("decode %v: %w", h.format, err)
	}
	if h.format == AVIF || h.format == HEIC {
		if err := d.module.Acquire(ctx, 1); err != nil {
			return nil, fmt.Errorf("wait for a decoder of %v: %w", h.format, err)
		}
		defer d.module.Release(1)
	}
	if err := d.memory.Acquire(ctx, need); err != nil {
		return nil, fmt.Errorf("wait for memory to decode %v: %w", h.format, err)
	}
	defer d.memory.Release(need)

	var img *image.YCbCr
	err = guard(func() error {
		m, warnings, err := h.file.pixels(c)
		if err != nil {
			return err
		}
		h.warnings |= warnings
		img = h.orientation.turn(m)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("decode %v: %w", h.format, err)
	}
	w, ht := h.orientation.size(h.width, h.height)
	return &Picture{img, w, ht, n, h.format, h.warnings}, nil
}

// guard runs f and turns a panic into ErrDecoder.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrDecoder, r)
		}
	}()
	return f()
}
