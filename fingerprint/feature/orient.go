package feature

import "math"

const radius = 15 // pixels of a level around a spot that its angle looks at

// half is, for each row of the disc that the angle looks at, its half width.
var half = func() (h [radius + 1]int) {
	for y := range h {
		h[y] = int(math.Sqrt(radius*radius - float64(y*y)))
	}
	return h
}()

// angleOf is the direction from the centre of a disc to its centroid of intensity (Rublee et al. 2011, ORB).
func angleOf(p *smooth, x, y int) uint8 {
	var mx, my int
	for dy := -radius; dy <= radius; dy++ {
		w := half[max(dy, -dy)]
		r := p.pix[p.origin+(y+dy)*p.stride+x-w:][:2*w+1]
		sum, moment := 0, 0
		for i, v := range r {
			sum += int(v)
			moment += (i - w) * int(v)
		}
		mx += moment
		my += dy * sum
	}
	return direction(my, mx)
}

func direction(my, mx int) uint8 {
	return uint8(int(math.Round(math.Atan2(float64(my), float64(mx)) / (2 * math.Pi) * 256)))
}
