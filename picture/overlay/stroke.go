package overlay

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"strconv"
)

// colours are the regions', in turns. They carry white figures, and a white seam sets them off from what is dark.
var colours = []color.RGBA{{221, 0, 112, 255}, {0, 92, 215, 255}, {0, 124, 62, 255}, {184, 80, 0, 255}}

// The halves of the widths of an outline, and of the seam around it.
type pen struct{ line, seam float64 }

var (
	bold = pen{1.5, 3}
	fine = pen{0.75, 1.75}
)

const (
	bleed       = 4  // pixels by which outlines may leave their picture
	badgeRadius = 11 // with the seam
	badgeOut    = 7  // from the corner, away from the region
	mostBadges  = 8  // of a region
	mostNumber  = 99
)

// placed returns a polygon in the sheet's pixels.
func placed(polygon []point, at image.Rectangle) []point {
	out := make([]point, len(polygon))
	for i, p := range polygon {
		out[i] = point{
			float64(at.Min.X) + float64(p[0]*float64(at.Dx())),
			float64(at.Min.Y) + float64(p[1]*float64(at.Dy())),
		}
	}
	return out
}

// outline draws the sides of a polygon over a picture.
func (s sheet) outline(at image.Rectangle, polygon []point, c color.RGBA, p pen) {
	for _, layer := range []struct {
		half   float64
		colour color.RGBA
	}{{p.seam, paper}, {p.line, c}} {
		mask := image.NewAlpha(at.Inset(-bleed))
		for i, q := range polygon {
			stroke(mask, polygon[(i+len(polygon)-1)%len(polygon)], q, layer.half)
		}
		s.through(mask, layer.colour)
	}
}

// through paints a colour where the mask is.
func (s sheet) through(mask *image.Alpha, c color.RGBA) {
	draw.DrawMask(s.RGBA, mask.Rect, image.NewUniform(c), image.Point{}, mask, mask.Rect.Min, draw.Over)
}

// stroke adds to the mask what lies within half a width of a line. A line without length is a disc.
func stroke(mask *image.Alpha, p, q point, half float64) {
	dx, dy := q[0]-p[0], q[1]-p[1]
	square := float64(dx*dx) + float64(dy*dy)
	reach := half + 1
	from := max(mask.Rect.Min.Y, int(math.Floor(min(p[1], q[1])-reach)))
	to := min(mask.Rect.Max.Y, int(math.Ceil(max(p[1], q[1])+reach)))
	for y := from; y < to; y++ {
		cy := float64(y) + 0.5
		x0, x1 := span(p, q, cy-reach, cy+reach)
		left := max(mask.Rect.Min.X, int(math.Floor(x0-reach)))
		right := min(mask.Rect.Max.X, int(math.Ceil(x1+reach)))
		for x := left; x < right; x++ {
			px, py := float64(x)+0.5-p[0], cy-p[1]
			t := 0.0
			if square > 0 {
				t = min(max((float64(px*dx)+float64(py*dy))/square, 0), 1)
			}
			ex, ey := px-float64(t*dx), py-float64(t*dy)
			cover := half + 0.5 - math.Sqrt(float64(ex*ex)+float64(ey*ey))
			a := &mask.Pix[mask.PixOffset(x, y)]
			*a = max(*a, uint8(float64(255*min(max(cover, 0), 1))+0.5))
		}
	}
}

// span returns from where to where along x a line lies between two heights.
func span(p, q point, top, bottom float64) (left, right float64) {
	if p[1] > q[1] {
		p, q = q, p
	}
	at := func(y float64) float64 {
		if !(q[1] > p[1]) {
			return p[0]
		}
		t := min(max((y-p[1])/(q[1]-p[1]), 0), 1)
		return p[0] + float64(t*(q[0]-p[0]))
	}
	a, b := at(top), at(bottom)
	if q[1]-p[1] < bottom-top { // flat: all of it is near
		a, b = p[0], q[0]
	}
	return min(a, b), max(a, b)
}

// shown returns which corners of so many are numbered: all, or some that are spread evenly.
func shown(corners int) []int {
	n := min(corners, mostBadges)
	out := make([]int, n)
	for i := range out {
		out[i] = i * corners / n
	}
	return out
}

// badges numbers corners of a polygon over a picture, from first on.
func (s sheet) badges(at image.Rectangle, polygon []point, corners []int, c color.RGBA, first int) {
	var middle point
	for _, p := range polygon {
		middle[0] += p[0] / float64(len(polygon))
		middle[1] += p[1] / float64(len(polygon))
	}
	for i, corner := range corners {
		if first+i > mostNumber {
			return
		}
		p := polygon[corner]
		dx, dy := p[0]-middle[0], p[1]-middle[1]
		if d := math.Sqrt(float64(dx*dx) + float64(dy*dy)); d > 0 {
			p[0] += float64(badgeOut * (dx / d))
			p[1] += float64(badgeOut * (dy / d))
		}
		s.badge(image.Pt(
			inside(p[0], at.Min.X, at.Max.X),
			inside(p[1], at.Min.Y, at.Max.Y),
		), c, strconv.Itoa(first+i))
	}
}

// inside returns the pixel next to v where a badge does not leave its picture.
func inside(v float64, from, to int) int {
	const keep = badgeRadius + 2
	if to-from < 2*keep {
		return (from + to) / 2
	}
	return min(max(int(math.Floor(v)), from+keep), to-keep)
}

// badge draws a number in a disc.
func (s sheet) badge(at image.Point, c color.RGBA, number string) {
	middle := point{float64(at.X), float64(at.Y)}
	box := image.Rectangle{at, at}.Inset(-badgeRadius - 2)
	for _, disc := range []struct {
		radius float64
		colour color.RGBA
	}{{badgeRadius, paper}, {badgeRadius - 1.5, c}} {
		mask := image.NewAlpha(box)
		stroke(mask, middle, middle, disc.radius)
		s.through(mask, disc.colour)
	}
	s.text(s.faces.badge, paper, at.X-(s.faces.badge.width(number)+1)/2+1, at.Y+5, number)
}
