package fingerprint_test

import (
	"image"
	"math"
	"math/rand/v2"

	"touchstone/fingerprint"
)

// drawn is a framed picture with structure at several scales, reduced by denom as a decoder would.
func drawn(w, h, denom int) fingerprint.Picture {
	return reduced(framed(scene(1, w*3/4, h*7/10), w, h, w/8, h/10, 250, 120, 130), denom)
}

// scene is a random picture of soft blobs and a few hard edges; the seed tells it from others.
func scene(seed uint64, w, h int) *image.YCbCr {
	r := rand.New(rand.NewPCG(seed, 7))
	type blob struct {
		across, down []float64 // what of it falls on a column and on a row: their product on a pixel
		l, b, r      float64
		disc         bool
	}
	bell := func(at, s float64, n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			d := (float64(i)/float64(n) - at) / s
			v[i] = math.Exp(-d * d)
		}
		return v
	}
	blobs := make([]blob, 24)
	for i := range blobs {
		x, y, s := r.Float64(), r.Float64(), 0.03+0.2*r.Float64()
		blobs[i] = blob{bell(x, s, w), bell(y, s, h), 240*r.Float64() - 120, 80*r.Float64() - 40, 80*r.Float64() - 40, i%4 == 0}
	}
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio444)
	for y := range h {
		for x := range w {
			l, b, c := 128.0, 128.0, 128.0
			for i := range blobs {
				v := &blobs[i]
				k := v.across[x] * v.down[y]
				if v.disc { // with a hard edge
					if k < 0.6 {
						continue
					}
					k = 1
				}
				l, b, c = l+k*v.l, b+k*v.b, c+k*v.r
			}
			at := y*img.YStride + x
			img.Y[at], img.Cb[at], img.Cr[at] = level(l), level(b), level(c)
		}
	}
	return img
}

// textured is a scene with a fine pattern all over, up to its edges.
func textured(seed uint64, w, h int) *image.YCbCr {
	img := scene(seed, w, h)
	for y := range h {
		for x := range w {
			if (x/6+y/6)%2 == 0 {
				at := y*img.YStride + x
				img.Y[at] = level(float64(img.Y[at])*0.6 + 10)
			}
		}
	}
	return img
}

func level(v float64) uint8 { return uint8(min(max(math.Round(v), 0), 255)) }

// flat is a picture of one colour.
func flat(w, h int, y, cb, cr uint8) *image.YCbCr {
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio444)
	for i := range img.Y {
		img.Y[i], img.Cb[i], img.Cr[i] = y, cb, cr
	}
	return img
}

// framed puts a picture at a place on a flat sheet.
func framed(img *image.YCbCr, w, h, left, top int, y, cb, cr uint8) *image.YCbCr {
	out := flat(w, h, y, cb, cr)
	for row := range img.Rect.Dy() {
		from, to := row*img.YStride, (row+top)*out.YStride+left
		n := img.Rect.Dx()
		copy(out.Y[to:to+n], img.Y[from:])
		copy(out.Cb[to:to+n], img.Cb[from:])
		copy(out.Cr[to:to+n], img.Cr[from:])
	}
	return out
}

// turned is the picture after a symmetry, made pixel by pixel.
func turned(img *image.YCbCr, y fingerprint.Symmetry) *image.YCbCr {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	W, H := w, h
	if y.Swaps() {
		W, H = h, w
	}
	out := image.NewYCbCr(image.Rect(0, 0, W, H), image.YCbCrSubsampleRatio444)
	for r := range h {
		for c := range w {
			x, z := c, r
			switch y {
			case fingerprint.Mirrored:
				x = w - 1 - c
			case fingerprint.Flipped:
				z = h - 1 - r
			case fingerprint.Rotated180:
				x, z = w-1-c, h-1-r
			case fingerprint.Transposed:
				x, z = r, c
			case fingerprint.Rotated90:
				x, z = h-1-r, c
			case fingerprint.Rotated270:
				x, z = r, w-1-c
			case fingerprint.Transversed:
				x, z = h-1-r, w-1-c
			}
			from, to := r*img.YStride+c, z*out.YStride+x
			out.Y[to], out.Cb[to], out.Cr[to] = img.Y[from], img.Cb[from], img.Cr[from]
		}
	}
	return out
}

// whole is a picture that is not reduced.
func whole(img *image.YCbCr) fingerprint.Picture {
	return fingerprint.Picture{Image: img, Width: img.Rect.Dx(), Height: img.Rect.Dy(), Reduction: 1}
}

// reduced averages squares of denom by denom pixels.
func reduced(img *image.YCbCr, denom int) fingerprint.Picture {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewYCbCr(image.Rect(0, 0, (w+denom-1)/denom, (h+denom-1)/denom), image.YCbCrSubsampleRatio444)
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			var sum [3]int
			n := 0
			for r := y * denom; r < min((y+1)*denom, h); r++ {
				for c := x * denom; c < min((x+1)*denom, w); c++ {
					at := r*img.YStride + c
					sum[0] += int(img.Y[at])
					sum[1] += int(img.Cb[at])
					sum[2] += int(img.Cr[at])
					n++
				}
			}
			at := y*out.YStride + x
			out.Y[at], out.Cb[at], out.Cr[at] = uint8((sum[0]+n/2)/n), uint8((sum[1]+n/2)/n), uint8((sum[2]+n/2)/n)
		}
	}
	return fingerprint.Picture{Image: out, Width: w, Height: h, Reduction: denom}
}
