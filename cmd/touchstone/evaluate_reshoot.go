package main

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"
)

// A photo that is photographed again from a screen or from a print, by hand. Colours are worked on as they are encoded:
// that bends glare and shadows a little, and costs half the time.

// shotSide is the longer side of what the camera gives, in pixels.
const shotSide = 1280

// shot is how a camera and a hand make a picture. Every measure is drawn by its strength.
type shot struct {
	r        *rand.Rand
	strength float64 // 1 (mild) to 3

	photo  *image.RGBA
	screen bool         // else a print
	back   [9]float64   // pixel of the shot to shares of the photo, row by row
	out    []float32    // three channels, row by row
	w, h   int          // of the shot
	size   float64      // pixels of the shot for one of the photo, about
	tint   [3]float64   // white balance and exposure
	glare  [][4]float64 // x, y, radius as a share of the longer side, and strength in levels
}

// reshot photographs a photo again.
func reshot(p *image.RGBA, strength int, r *rand.Rand) *image.RGBA {
	s := &shot{r: r, strength: float64(strength), screen: r.IntN(2) == 0, photo: reducedTo(p, shotSide)}
	s.w, s.h = shotSide, shotSide*3/4
	if p.Rect.Dy() > p.Rect.Dx() {
		s.w, s.h = s.h, s.w
	}
	s.out = make([]float32, 3*s.w*s.h)
	s.aim()
	s.clutter()
	s.light()
	s.expose()
	s.blur(0.4 + 0.35*s.strength*r.Float64())
	return s.develop()
}

// between draws evenly.
func (s *shot) between(least, most float64) float64 { return least + (most-least)*s.r.Float64() }

// either draws evenly from -most to most.
func (s *shot) either(most float64) float64 { return s.between(-most, most) }

// aim holds the camera: the photo fills most of the frame, tilted by up to some 8, 16 or 24 degrees each way, turned by up to
// 3, 6 or 9, and not in the middle.
func (s *shot) aim() {
	const far = 2.2 // distance of the camera, in longer sides of the frame: a phone held at arm's length
	pitch, yaw, roll := s.either(0.14*s.strength), s.either(0.14*s.strength), s.either(0.052*s.strength)
	long := float64(max(s.w, s.h))
	pw, ph := float64(s.photo.Rect.Dx()), float64(s.photo.Rect.Dy())
	fill := s.between(0.92-0.12*s.strength, 0.96-0.06*s.strength)
	size := fill * min(float64(s.w)/pw, float64(s.h)/ph)
	s.size = size
	cx := float64(s.w)/2 + s.either(0.1)*(float64(s.w)-pw*size)
	cy := float64(s.h)/2 + s.either(0.1)*(float64(s.h)-ph*size)
	var quad [4][2]float64
	for i, c := range [4][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
		x, y, z := c[0]*pw*size/2/long, c[1]*ph*size/2/long, 0.0
		x, y = x*math.Cos(roll)-y*math.Sin(roll), x*math.Sin(roll)+y*math.Cos(roll)
		y, z = y*math.Cos(pitch)-z*math.Sin(pitch), y*math.Sin(pitch)+z*math.Cos(pitch)
		x, z = x*math.Cos(yaw)+z*math.Sin(yaw), -x*math.Sin(yaw)+z*math.Cos(yaw)
		quad[i] = [2]float64{cx + long*x*far/(far+z), cy + long*y*far/(far+z)}
	}
	s.back = unsquare(quad)
}

// unsquare is the homography from a quadrilateral, whose corners stand clockwise from the upper left, to the unit square.
func unsquare(q [4][2]float64) [9]float64 {
	// Square to quadrilateral, after Heckbert, then its adjoint.
	dx1, dy1 := q[1][0]-q[2][0], q[1][1]-q[2][1]
	dx2, dy2 := q[3][0]-q[2][0], q[3][1]-q[2][1]
	sx, sy := q[0][0]-q[1][0]+q[2][0]-q[3][0], q[0][1]-q[1][1]+q[2][1]-q[3][1]
	det := dx1*dy2 - dx2*dy1
	g, h := (sx*dy2-dx2*sy)/det, (dx1*sy-sx*dy1)/det
	a, b, c := q[1][0]-q[0][0]+g*q[1][0], q[3][0]-q[0][0]+h*q[3][0], q[0][0]
	d, e, f := q[1][1]-q[0][1]+g*q[1][1], q[3][1]-q[0][1]+h*q[3][1], q[0][1]
	return [9]float64{
		e - f*h, c*h - b, b*f - c*e,
		f*g - d, a - c*g, c*d - a*f,
		d*h - e*g, b*g - a*h, a*e - b*d,
	}
}

// clutter lays a desk and things behind the photo.
func (s *shot) clutter() {
	m := image.NewRGBA(image.Rect(0, 0, s.w, s.h))
	shade := func() color.RGBA {
		return color.RGBA{uint8(20 + s.r.IntN(200)), uint8(20 + s.r.IntN(200)), uint8(20 + s.r.IntN(200)), 255}
	}
	draw.Draw(m, m.Rect, image.NewUniform(shade()), image.Point{}, draw.Src)
	for range 6 + s.r.IntN(20) {
		w, h := 10+s.r.IntN(s.w/3), 10+s.r.IntN(s.h/3)
		at := image.Pt(s.r.IntN(s.w)-w/2, s.r.IntN(s.h)-h/2)
		draw.Draw(m, image.Rect(0, 0, w, h).Add(at), image.NewUniform(shade()), image.Point{}, draw.Src)
	}
	grain, slope := s.between(1, 8), s.either(40)
	for y := range s.h {
		streak := s.r.NormFloat64() * grain
		for x := range s.w {
			v := streak + s.r.NormFloat64()*grain/2 + slope*float64(x)/float64(s.w)
			for c := range 3 {
				s.out[3*(y*s.w+x)+c] = float32(float64(m.Pix[m.PixOffset(x, y)+c]) + v)
			}
		}
	}
}

// light draws white balance, exposure and where lamps are mirrored.
func (s *shot) light() {
	exposure := 1 + s.either(0.06*s.strength)
	for c := range s.tint {
		s.tint[c] = exposure * (1 + s.either(0.03*s.strength))
	}
	for range s.r.IntN(2 + int(s.strength)) {
		s.glare = append(s.glare, [4]float64{
			s.r.Float64() * float64(s.w), s.r.Float64() * float64(s.h), s.between(0.08, 0.35), s.between(15, 40*s.strength),
		})
	}
}

// expose lays the photo into the shot, with what a screen or paper makes of it, then glare and dark corners over all.
func (s *shot) expose() {
	pw, ph := float64(s.photo.Rect.Dx()), float64(s.photo.Rect.Dy())
	margin := s.between(0.01, 0.08) // bezel, or white of the print
	rim := [3]float64{235, 233, 228}
	if s.screen {
		rim = [3]float64{18, 18, 20}
	}
	// A screen's pixels lie near the camera's in size: what they beat with each other is the moire. Paper's fibres don't.
	pitch := s.between(0.85, 1.2) / (s.size * pw)
	beat := s.between(3, 7) * s.strength
	black, gain := s.between(0, 12*s.strength), s.between(0.82, 0.98)
	fall, long := s.between(0.05, 0.12*s.strength), float64(max(s.w, s.h))
	sheen, slope := s.either(10*s.strength), s.r.Float64()*math.Pi
	m := s.back
	for y := range s.h {
		for x := range s.w {
			px, py := float64(x)+0.5, float64(y)+0.5
			at := s.out[3*(y*s.w+x):][:3]
			if z := m[6]*px + m[7]*py + m[8]; z != 0 {
				u, v := (m[0]*px+m[1]*py+m[2])/z, (m[3]*px+m[4]*py+m[5])/z
				switch {
				case u >= 0 && u < 1 && v >= 0 && v < 1:
					c := s.sample(u*pw-0.5, v*ph-0.5)
					fibre := 0.0
					if !s.screen {
						fibre = 3 * s.strength * speck(u*pw/3, v*ph/3)
					}
					for i := range c {
						if s.screen {
							c[i] += beat * math.Sin(2*math.Pi*(u/pitch+float64(i)/3)) * math.Sin(2*math.Pi*v*ph/pw/pitch)
						} else {
							c[i] = black + gain*c[i]*(255-black)/255 + fibre
						}
						at[i] = float32(c[i])
					}
				case u > -margin && u < 1+margin && v > -margin*pw/ph && v < 1+margin*pw/ph:
					for i := range rim {
						at[i] = float32(rim[i])
					}
				}
			}
			dx, dy := (px-float64(s.w)/2)/long, (py-float64(s.h)/2)/long
			dark := 1 - fall*4*(dx*dx+dy*dy)
			shine := sheen * (dx*math.Cos(slope) + dy*math.Sin(slope))
			for _, g := range s.glare {
				ex, ey := (px-g[0])/(g[2]*long), (py-g[1])/(g[2]*long)
				if d := ex*ex + ey*ey; d < 9 {
					shine += g[3] * math.Exp(-d)
				}
			}
			for i := range at {
				at[i] = float32(float64(at[i])*dark*s.tint[i] + shine)
			}
		}
	}
}

// sample is the photo's colour at a place, between its pixels.
func (s *shot) sample(x, y float64) (c [3]float64) {
	w, h := s.photo.Rect.Dx(), s.photo.Rect.Dy()
	x, y = min(max(x, 0), float64(w-1)), min(max(y, 0), float64(h-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, w-1), min(y0+1, h-1)
	fx, fy := x-float64(x0), y-float64(y0)
	for i := range c {
		at := func(x, y int) float64 { return float64(s.photo.Pix[s.photo.PixOffset(x, y)+i]) }
		c[i] = (1-fy)*((1-fx)*at(x0, y0)+fx*at(x1, y0)) + fy*((1-fx)*at(x0, y1)+fx*at(x1, y1))
	}
	return c
}

// speck is noise that belongs to a place of the paper: -1 to 1.
func speck(x, y float64) float64 {
	n := uint64(int64(math.Floor(x)))*0x9e3779b97f4a7c15 ^ uint64(int64(math.Floor(y)))*0xc2b2ae3d27d4eb4f
	n ^= n >> 29
	n *= 0xbf58476d1ce4e5b9
	n ^= n >> 32
	return float64(n&0xffff)/0x7fff - 1
}

// blur is what focus and the lens take, in pixels of standard deviation.
func (s *shot) blur(sigma float64) {
	radius := int(math.Ceil(2.5 * sigma))
	kernel, sum := make([]float32, 2*radius+1), float32(0)
	for i := range kernel {
		d := float64(i - radius)
		kernel[i] = float32(math.Exp(-d * d / (2 * sigma * sigma)))
		sum += kernel[i]
	}
	pass := func(n, lines, step, stride int) {
		line := make([]float32, n)
		for l := range lines {
			for c := range 3 {
				base := l*stride + c
				for i := range line {
					line[i] = s.out[base+i*step]
				}
				for i := range line {
					v := float32(0)
					for k, weight := range kernel {
						v += weight * line[min(max(i+k-radius, 0), n-1)]
					}
					s.out[base+i*step] = v / sum
				}
			}
		}
	}
	pass(s.w, s.h, 3, 3*s.w)
	pass(s.h, s.w, 3*s.w, 3)
}

// develop adds the sensor's noise.
func (s *shot) develop() *image.RGBA {
	noise := s.between(1, 2.2*s.strength)
	m := image.NewRGBA(image.Rect(0, 0, s.w, s.h))
	for i := range s.w * s.h {
		luma := s.r.NormFloat64() * noise
		for c := range 3 {
			m.Pix[4*i+c] = uint8(min(max(float64(s.out[3*i+c])+luma+s.r.NormFloat64()*noise/2+0.5, 0), 255))
		}
		m.Pix[4*i+3] = 255
	}
	return m
}

// reducedTo is a picture whose longer side is no longer than so many pixels: each of its pixels is the mean of those that
// it stands for.
func reducedTo(p *image.RGBA, side int) *image.RGBA {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	long := max(w, h)
	if long <= side {
		return p
	}
	out := image.NewRGBA(image.Rect(0, 0, max(w*side/long, 1), max(h*side/long, 1)))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			from := image.Rect(x*w/out.Rect.Dx(), y*h/out.Rect.Dy(), (x+1)*w/out.Rect.Dx(), (y+1)*h/out.Rect.Dy())
			var sum [4]int
			for v := from.Min.Y; v < from.Max.Y; v++ {
				for u := from.Min.X; u < from.Max.X; u++ {
					for c := range sum {
						sum[c] += int(p.Pix[p.PixOffset(u, v)+c])
					}
				}
			}
			for c := range sum {
				out.Pix[out.PixOffset(x, y)+c] = uint8(sum[c] / (from.Dx() * from.Dy()))
			}
		}
	}
	return out
}
