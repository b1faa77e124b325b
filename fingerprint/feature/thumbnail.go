package feature

import "image"

func thumbnail(img *image.YCbCr) Thumbnail {
	luma := lumaOf(img)
	t := Thumbnail{}
	t.Width, t.Height = fit(luma.w, luma.h, MaxThumbnail)
	y, _, _ := luma.reduce(t.Width, t.Height)
	t.Y = y.grow(t.Width, t.Height)
	cb, cr := chromaOf(img)
	w, h := halved(t.Width), halved(t.Height)
	small := func(p plane) []uint8 {
		q, _, _ := p.reduce(min(w, p.w), min(h, p.h))
		return q.grow(w, h)
	}
	t.Cb, t.Cr = small(cb), small(cr)
	return t
}

func chromaOf(img *image.YCbCr) (cb, cr plane) {
	from := img.COffset(img.Rect.Min.X, img.Rect.Min.Y)
	last := img.COffset(img.Rect.Max.X-1, img.Rect.Max.Y-1)
	w, h := (last-from)%img.CStride+1, (last-from)/img.CStride+1
	return plane{img.Cb[from:], w, h, img.CStride}, plane{img.Cr[from:], w, h, img.CStride}
}

// grow is the plane's pixels, row by row, repeated where the plane is smaller.
func (p plane) grow(w, h int) []uint8 {
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
