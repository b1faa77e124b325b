package overlay

import (
	"image"
	"math"
	"slices"
)

// cover says which region each pixel of the suspect image, as shown, belongs to: its number from 1, or 0.
type cover struct {
	at     image.Rectangle
	region []uint8
	back   []matrix // for each region, from the pixels to the genuine photo's
}

func newCover(at image.Rectangle, genuine pyramid, regions []region) cover {
	w, h := at.Dx(), at.Dy()
	c := cover{at, make([]uint8, w*h), make([]matrix, len(regions))}
	for i, r := range regions {
		c.back[i] = scaling(float64(genuine.width), float64(genuine.height)).times(r.back).
			times(scaling(1/float64(w), 1/float64(h)))
		polygon := placed(r.suspect, image.Rect(0, 0, w, h))
		for y := range h {
			for crossed := crossings(polygon, float64(y)+0.5); len(crossed) >= 2; crossed = crossed[2:] {
				for x := max(0, rounded(crossed[0])); x < min(w, rounded(crossed[1])); x++ {
					if _, ok := c.back[i].spot(centre(x, y)); ok && c.region[y*w+x] == 0 {
						c.region[y*w+x] = uint8(i + 1)
					}
				}
			}
		}
	}
	return c
}

// crossings returns where a polygon's sides cross a row, from left to right.
func crossings(polygon []point, y float64) (out []float64) {
	for i, q := range polygon {
		p := polygon[(i+len(polygon)-1)%len(polygon)]
		if (p[1] <= y) != (q[1] <= y) {
			t := (y - p[1]) / (q[1] - p[1])
			out = append(out, p[0]+float64(t*(q[0]-p[0])))
		}
	}
	slices.Sort(out)
	return out
}

// rounded returns the first pixel whose middle is not before x.
func rounded(x float64) int { return int(math.Ceil(x - 0.5)) }

// spot returns where a pixel lies in the genuine photo; false where it is in no region.
func (c cover) spot(x, y int) (spot, bool) {
	n := c.region[y*c.at.Dx()+x]
	if n == 0 {
		return spot{}, false
	}
	return c.back[n-1].spot(centre(x, y))
}

// difference is how much of a region's luma differs.
type difference struct {
	cover
	levels []int32 // for each pixel, in 256ths
	tones  []tone  // for each region, what was left out
}

const (
	coarse    = 2  // pixels of the sheet, along a side, that are compared as one at least
	coarseMax = 64 // and at most, where a picture is small
)

// compare compares luma wherever the genuine photo covers the suspect image: as sharp as the less sharp of both is there.
func (c cover) compare(genuine, suspect pyramid) difference {
	w, h := c.at.Dx(), c.at.Dy()
	ours, theirs := make([]int32, w*h), make([]int32, w*h)
	in := suspect.in(c.at)
	for y := range h {
		for x := range w {
			there, ok := c.spot(x, y)
			if !ok {
				continue
			}
			here, _ := in.spot(centre(x, y))
			pixel := min(max(coarse, 1/here.shorter(), 1/there.shorter()), coarseMax)
			ours[y*w+x] = int32(genuine.luma(there.grown(pixel)))
			theirs[y*w+x] = int32(suspect.luma(here.grown(pixel)))
		}
	}
	d := difference{c, make([]int32, w*h), make([]tone, len(c.back))}
	for i := range d.tones {
		d.tones[i] = fitTone(ours, theirs, c.region, uint8(i+1))
	}
	for i, n := range c.region {
		if n > 0 {
			ours[i] = d.tones[n-1].apply(ours[i])
		}
	}
	for y := range h {
		for x := range w {
			if i := y*w + x; c.region[i] > 0 {
				low, high := c.around(ours, x, y)
				d.levels[i] = max(0, theirs[i]-high, low-theirs[i])
			}
		}
	}
	return d
}

// around returns the least and the largest of a pixel's value and those of its neighbours in the same region.
func (c cover) around(values []int32, x, y int) (low, high int32) {
	w, h := c.at.Dx(), c.at.Dy()
	n := c.region[y*w+x]
	low, high = math.MaxInt32, math.MinInt32
	for v := max(0, y-1); v < min(h, y+2); v++ {
		for u := max(0, x-1); u < min(w, x+2); u++ {
			if i := v*w + u; c.region[i] == n {
				low, high = min(low, values[i]), max(high, values[i])
			}
		}
	}
	return low, high
}

// tone is a change of luma: a gain, in 4096ths, and an offset, in 256ths of a level.
type tone struct{ gain, offset int }

const one = 4096

func (t tone) apply(v int32) int32 { return int32((int(v)*t.gain+one/2)>>12 + t.offset) }

// fitTone returns the change that brings ours next to theirs, over a region's pixels, by least squares. What differs
// much more than most does has no say in the end: it is what the heat map is to show.
func fitTone(ours, theirs []int32, regions []uint8, region uint8) tone {
	const (
		rounds = 5
		spare  = 3 * 256           // what differs by less always has a say
		times  = 3                 // as does what differs by less than so many medians
		bucket = 64                // of the differences' histogram
		most   = 4 * one           // gain
		flat   = 2 * 2 * 256 * 256 // variance that tells of no gain
	)
	t := tone{one, 0}
	limit := int32(math.MaxInt32)
	for range rounds {
		var n, sumOurs, sumTheirs int
		each := func(f func(a, b int)) {
			for i, r := range regions {
				if r == region && abs(theirs[i]-t.apply(ours[i])) <= limit {
					f(int(ours[i]), int(theirs[i]))
				}
			}
		}
		each(func(a, b int) { n, sumOurs, sumTheirs = n+1, sumOurs+a, sumTheirs+b })
		if n == 0 {
			return t
		}
		meanOurs, meanTheirs := sumOurs/n, sumTheirs/n
		var square, product int
		each(func(a, b int) {
			square += (a - meanOurs) * (a - meanOurs)
			product += (a - meanOurs) * (b - meanTheirs)
		})
		fitted := tone{gain: one}
		if square/n > flat {
			fitted.gain = min(max(int(math.Round(float64(product)/float64(square)*one)), one*one/most), most)
		}
		fitted.offset = meanTheirs - (meanOurs*fitted.gain)>>12
		t = fitted
		var histogram [1024]int
		total := 0
		for i, r := range regions {
			if r == region {
				total++
				histogram[min(int(abs(theirs[i]-t.apply(ours[i])))/bucket, len(histogram)-1)]++
			}
		}
		median := 0
		for seen := histogram[0]; 2*seen < total; seen += histogram[median] {
			median++
		}
		limit = int32(max(spare, times*(median+1)*bucket))
	}
	return t
}

func abs(v int32) int32 { return max(v, -v) }
