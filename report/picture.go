package report

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"

	"touchstone/fingerprint/feature"
	"touchstone/picture"
)

// quality is that of the pages' JPEGs: the sheets' lettering stays clean, in a third of the bytes that their PNGs have.
const quality = 85

// Sheet is a drawn pair as a report shows it. Errors: those of d.
func Sheet(ctx context.Context, d *picture.Decoder, png []byte) (Picture, error) {
	p, err := d.Decode(ctx, png, 0)
	if err != nil {
		return Picture{}, err
	}
	return encode(p.Image)
}

// Thumbnail is the small copy of a picture that its features hold. The zero Thumbnail gives the zero Picture.
func Thumbnail(t feature.Thumbnail) (Picture, error) {
	if t.Width == 0 || t.Height == 0 {
		return Picture{}, nil
	}
	return encode(&image.YCbCr{
		Y: t.Y, Cb: t.Cb, Cr: t.Cr,
		YStride: t.Width, CStride: (t.Width + 1) / 2,
		SubsampleRatio: image.YCbCrSubsampleRatio420,
		Rect:           image.Rect(0, 0, t.Width, t.Height),
	})
}

func encode(m *image.YCbCr) (Picture, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		return Picture{}, fmt.Errorf("encode picture: %w", err)
	}
	return Picture{b.Bytes(), m.Rect.Dx(), m.Rect.Dy()}, nil
}
