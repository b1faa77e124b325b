package feature

import "image"

const chromaSide = 128 // pixels on the longer side of the chroma that a View keeps, at most

// lumaOf is a picture's luma. The plane is the picture's memory.
func lumaOf(img *image.YCbCr) plane {
	return plane{img.Y[img.YOffset(img.Rect.Min.X, img.Rect.Min.Y):], img.Rect.Dx(), img.Rect.Dy(), img.YStride}
}

// chromaOf is a picture's chroma, whatever its subsampling.
func chromaOf(img *image.YCbCr) (cb, cr plane) {
	from := img.COffset(img.Rect.Min.X, img.Rect.Min.Y)
	last := img.COffset(img.Rect.Max.X-1, img.Rect.Max.Y-1)
	w, h := (last-from)%img.CStride+1, (last-from)/img.CStride+1
	return plane{img.Cb[from:], w, h, img.CStride}, plane{img.Cr[from:], w, h, img.CStride}
}

// thumbnail makes the thumbnail of levels and chroma of the view.
func (v *View) thumbnail() Thumbnail {
	var t Thumbnail
	full := &v.levels[0].plane
	t.Width, t.Height = fit(full.w, full.h, MaxThumbnail)
	from := full
	for i := range v.levels {
		if p := &v.levels[i].plane; p.w >= t.Width && p.h >= t.Height {
			from = p
		}
	}
	t.Y = from.resize(t.Width, t.Height).flat(t.Width, t.Height)
	w, h := halved(t.Width), halved(t.Height)
	small := func(p plane) []uint8 {
		q, _, _ := p.reduce(min(w, p.w), min(h, p.h))
		return q.flat(w, h)
	}
	t.Cb, t.Cr = small(v.cb), small(v.cr)
	return t
}

// flat is the plane's pixels, row by row, repeated where the plane is smaller than w by h.
func (p plane) flat(w, h int) []uint8 {
	out := make([]uint8, 0, w*h)
	for y := range h {
		r := p.row(y * p.h / h)
		if p.w == w {
			out = append(out, r...)
			continue
		}
		for x := range w {
			out = append(out, r[x*p.w/w])
		}
	}
	return out
}
