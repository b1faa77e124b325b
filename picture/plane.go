package picture

import "image"

// plane is a rectangle of samples.
type plane struct {
	pix    []uint8
	stride int
}

// chromaSize returns the sides of a chroma plane of a picture that starts at the origin.
func chromaSize(ratio image.YCbCrSubsampleRatio, w, h int) (int, int) {
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		return (w + 1) / 2, h
	case image.YCbCrSubsampleRatio420:
		return (w + 1) / 2, (h + 1) / 2
	case image.YCbCrSubsampleRatio440:
		return w, (h + 1) / 2
	case image.YCbCrSubsampleRatio411:
		return (w + 3) / 4, h
	case image.YCbCrSubsampleRatio410:
		return (w + 3) / 4, (h + 1) / 2
	}
	return w, h
}

// neutral fills a picture's chroma planes: no colour.
func neutral(m *image.YCbCr) {
	for i := range m.Cb {
		m.Cb[i] = 128
	}
	for i := range m.Cr {
		m.Cr[i] = 128
	}
}
