package feature

const (
	orientRadius = 12 // pixels of a level around a spot whose gradients make its angle, of every second one
	orientBins   = 64
	wideBin      = 256 / orientBins
)

// window weighs the gradients around a spot, by row and column of every second pixel: a Gaussian of a standard deviation
// of 5 pixels, 64 at the centre and 0 outside of the disc.
var window = makeWindow()

// makeWindow uses no exponential, whose last bit may differ between machines.
func makeWindow() (w [orientRadius + 1][orientRadius + 1]int32) {
	weights := [...]int32{64, 63, 59, 53, 46, 39, 31, 24, 18, 13, 9, 6, 4} // by distance in pixels
	for y := range w {
		for x := range w {
			dx, dy := 2*x-orientRadius, 2*y-orientRadius
			r := dx*dx + dy*dy
			if r > orientRadius*orientRadius {
				continue
			}
			d := 0
			for (2*d+1)*(2*d+1) < 4*r { // d is the rounded root of r
				d++
			}
			w[y][x] = weights[d]
		}
	}
	return w
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

// angleOf is the direction that most of the gradients around a spot have (Lowe 2004).
func angleOf(p *smooth, x, y int) uint8 {
	const across = 2*orientRadius + 3 // pixels of a row, with a neighbour on either side
	var bins [orientBins]int32
	at := p.origin + (y-orientRadius)*p.stride + x - orientRadius - 1
	for row := range window {
		up, mid, down := p.pix[at-p.stride:][:across], p.pix[at:][:across], p.pix[at+p.stride:][:across]
		at += 2 * p.stride
		for i, weight := range window[row] {
			c := 2*i + 1
			gx, gy := int32(mid[c+1])-int32(mid[c-1]), int32(down[c])-int32(up[c])
			if gx|gy == 0 || weight == 0 {
				continue
			}
			u, v := max(gx, -gx), max(gy, -gy)
			length := 8*max(u, v) + 3*min(u, v) // within 7% of 8 lengths
			a := uint32(quadrants(gx, gy, first[u<<8|v]))
			k, part := a/wideBin, int32(a%wideBin)
			bins[k] += length * weight * (wideBin - part)
			bins[(k+1)%orientBins] += length * weight * part
		}
	}
	return peakOf(&bins)
}

// first are the angles of vectors to the right and down, by 256 x + y.
var first = makeFirst()

func makeFirst() *[1 << 16]uint8 {
	var f [1 << 16]uint8
	for u := range 256 {
		for v := range 256 {
			switch {
			case u == 0 && v == 0:
			case u >= v:
				f[u<<8|v] = arc[(128*v+u)/(2*u)]
			default:
				f[u<<8|v] = 64 - arc[(128*u+v)/(2*v)]
			}
		}
	}
	return &f
}

// quadrants is the angle of a vector, of which a is that of its absolute value.
func quadrants(x, y int32, a uint8) uint8 {
	if x < 0 {
		a = 128 - a
	}
	if y < 0 {
		a = -a
	}
	return a
}

// peakOf smooths a histogram of angles and finds its maximum.
func peakOf(bins *[orientBins]int32) uint8 {
	const wide = 2
	for range 3 {
		var next [orientBins]int32
		sum := int32(0)
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
	a, b, c := int(bins[(best-1)&(orientBins-1)]), int(bins[best]), int(bins[(best+1)&(orientBins-1)])
	part := 0
	if d := 2*b - a - c; d > 0 {
		part = (wideBin*max(c-a, a-c) + d) / (2 * d)
	}
	if c < a {
		part = -part
	}
	return uint8(best*wideBin + part)
}
