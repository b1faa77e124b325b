package feature

const (
	orientRadius = 12 // pixels of a level around a spot whose gradients make its angle
	orientStep   = 2  // pixels between those that are looked at
	orientBins   = 64
	wideBin      = 256 / orientBins
)

// gradientSample is a pixel near a spot whose gradient counts towards its angle.
type gradientSample struct {
	dx, dy int
	weight int // a Gaussian of a standard deviation of 5 pixels, 64 at the centre
}

var gradientSamples = makeGradientSamples()

// makeGradientSamples uses no exponential, whose last bit may differ between machines.
func makeGradientSamples() (s []gradientSample) {
	weights := [...]int{64, 63, 59, 53, 46, 39, 31, 24, 18, 13, 9, 6, 4} // by distance
	for dy := -orientRadius; dy <= orientRadius; dy += orientStep {
		for dx := -orientRadius; dx <= orientRadius; dx += orientStep {
			r := dx*dx + dy*dy
			if r > orientRadius*orientRadius {
				continue
			}
			d := 0
			for (2*d+1)*(2*d+1) < 4*r { // d is the rounded root of r
				d++
			}
			s = append(s, gradientSample{dx, dy, weights[d]})
		}
	}
	return s
}

// arc[i] is the angle whose tangent is i/64, in 256ths of a turn: 0 to 32.
var arc = makeArc()

func makeArc() (a [65]uint8) {
	// tan(pi/128 * (2k-1)/2): between these and the next lies what rounds to k. In 64ths of 1/64.
	for i := range a {
		n := 0
		for n < 32 && float64(i) > 64*tangents[n] {
			n++
		}
		a[i] = uint8(n)
	}
	return a
}

// tangents[k] is the tangent of k+1/2 256ths of a turn.
var tangents = [32]float64{
	0.01227246, 0.03683218, 0.06143635, 0.08611485, 0.11089791, 0.13581628, 0.16090136, 0.18618540,
	0.21170162, 0.23748445, 0.26356966, 0.28999463, 0.31679853, 0.34402260, 0.37171042, 0.39990820,
	0.42866511, 0.45803368, 0.48807021, 0.51883523, 0.55039406, 0.58281737, 0.61618193, 0.65057136,
	0.68607707, 0.72279925, 0.76084816, 0.80034545, 0.84142588, 0.88423922, 0.92895247, 0.97575265,
}

// direction is the angle of a vector in 256ths of a turn, clockwise from the right where y grows downwards.
func direction(x, y int) uint8 {
	u, v := max(x, -x), max(y, -y)
	var a uint8
	switch {
	case u == 0 && v == 0:
		return 0
	case u >= v:
		a = arc[(128*v+u)/(2*u)]
	default:
		a = 64 - arc[(128*u+v)/(2*v)]
	}
	if x < 0 {
		a = 128 - a
	}
	if y < 0 {
		a = -a
	}
	return a
}

// angleOf is the direction that most of the gradients around a spot have (Lowe 2004).
func angleOf(p *smooth, x, y int) uint8 {
	var bins [orientBins]int
	at := p.origin + y*p.stride + x
	for i := range gradientSamples {
		s := &gradientSamples[i]
		c := at + s.dy*p.stride + s.dx
		gx, gy := int(p.pix[c+1])-int(p.pix[c-1]), int(p.pix[c+p.stride])-int(p.pix[c-p.stride])
		u, v := max(gx, -gx), max(gy, -gy)
		length := 8*max(u, v) + 3*min(u, v) // within 7% of 8 lengths
		a := int(direction(gx, gy))
		k, part := a/wideBin, a%wideBin
		bins[k] += length * s.weight * (wideBin - part)
		bins[(k+1)%orientBins] += length * s.weight * part
	}
	return peakOf(&bins)
}

// peakOf smooths a histogram of angles and finds its maximum.
func peakOf(bins *[orientBins]int) uint8 {
	const wide = 2
	for range 3 {
		var next [orientBins]int
		sum := 0
		for i := -wide; i <= wide; i++ {
			sum += bins[i&(orientBins-1)]
		}
		for i := range next {
			next[i] = sum
			sum += bins[(i+wide+1)&(orientBins-1)] - bins[(i-wide)&(orientBins-1)]
		}
		*bins = next
	}
	best := 0
	for i, v := range bins {
		if v > bins[best] {
			best = i
		}
	}
	a, b, c := bins[(best-1)&(orientBins-1)], bins[best], bins[(best+1)&(orientBins-1)]
	part := 0
	if d := 2*b - a - c; d > 0 {
		part = (wideBin*max(c-a, a-c) + d) / (2 * d)
	}
	if c < a {
		part = -part
	}
	return uint8(best*wideBin + part)
}
