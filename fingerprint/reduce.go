package fingerprint

import "image"

// maxUnreduced is the longest side that PDQ's reference filters as it is, in pixels.
const maxUnreduced = 512

// taps are the input samples that an output sample is made of.
type taps struct {
	first   int // index of the first input sample
	weights []float32
}

// window returns the range of samples, within n, that PDQ's box filter of the given width averages for output o. The
// window is off centre by half a sample where its width is even.
func window(o, n, width int) (from, to int) {
	half := (width + 2) / 2
	return max(0, o-(width-half)), min(n, o+half)
}

// axis is one side of a rectangle of a picture.
type axis struct {
	start, length int // in samples of the original, within the picture's side
	denom, count  int // the picture's side is given as count cells, each the mean of denom samples
}

// kernel computes the weights that take an axis to 64 samples as PDQ's reference does. Where the rectangle exceeds 512
// on either side (long), the axis is first brought to 512 samples, each a copy of the original's at or before its
// place. Then come two passes of a box filter, 1/128 of the axis wide, rounded up, and of the outcome the sample nearest
// to the middle of each 64th.
func (a axis) kernel(long bool) *[side]taps {
	n := a.length
	if long {
		n = maxUnreduced
	}
	width := (n + 2*side - 1) / (2 * side)
	var ts [side]taps
	sums := make([]float32, n)
	// One allocation for all weights: an output sample's reach into at most so many cells.
	all := make([]float32, 0, side*(2*width*a.length/(n*a.denom)+6))
	for i := range ts {
		o := (2*i + 1) * n / (2 * side)
		from, to := window(o, n, width)
		lo, _ := window(from, n, width)
		_, hi := window(to-1, n, width)
		clear(sums[lo:hi])
		for m := from; m < to; m++ {
			first, end := window(m, n, width)
			share := 1 / (float32(to-from) * float32(end-first))
			for j := first; j < end; j++ {
				sums[j] += share
			}
		}
		ts[i], all = a.cells(all, sums, lo, hi, n)
	}
	return &ts
}

// cells turns weights of n samples along the axis, of which those from lo to hi count, into weights of cells. Within a
// cell the samples are taken to lie on the parabola that keeps the means of the cell and of both its neighbours.
// The cells' weights are appended to all, which is returned as well.
func (a axis) cells(all, weights []float32, lo, hi, n int) (taps, []float32) {
	sample := func(j int) int { return a.start + j*a.length/n }
	cell := func(s int) int { return min(s/a.denom, a.count-1) }
	first, last := cell(sample(lo)), cell(sample(hi-1))
	if a.denom > 1 {
		first, last = max(first-1, 0), min(last+1, a.count-1)
	}
	size := last - first + 1
	all = append(all, make([]float32, size)...)
	t := taps{first, all[len(all)-size:]}
	for j := lo; j < hi; j++ {
		s := sample(j)
		c := cell(s)
		if a.denom == 1 {
			t.weights[c-first] += weights[j]
			continue
		}
		x := (float32(s-c*a.denom)+0.5)/float32(a.denom) - 0.5
		slope, bend := x/2, (x*x-1.0/12)/2
		t.weights[max(c-1, 0)-first] += weights[j] * (bend - slope)
		t.weights[c-first] += weights[j] * (1 - 2*bend)
		t.weights[min(c+1, a.count-1)-first] += weights[j] * (bend + slope)
	}
	return t, all
}

// reduce takes a rectangle of a picture's luma, in samples of the original, to a block.
func (p Picture) reduce(r image.Rectangle) *block {
	d := p.Reduction
	size := p.Image.Rect.Size()
	long := r.Dx() > maxUnreduced || r.Dy() > maxUnreduced
	across := axis{r.Min.X, r.Dx(), d, size.X}.kernel(long)
	down := axis{r.Min.Y, r.Dy(), d, size.Y}.kernel(long)

	// Down first: its inner loop runs along whole lines.
	left := across[0].first
	right := across[side-1].first + len(across[side-1].weights)
	sums := make([]float32, right-left)
	line := func(y int) []uint8 {
		at := p.Image.YOffset(p.Image.Rect.Min.X+left, p.Image.Rect.Min.Y+y)
		return p.Image.Y[at : at+len(sums)]
	}
	b := new(block)
	for i := range down {
		t := &down[i]
		clear(sums)
		k := 0
		for ; k+1 < len(t.weights); k += 2 {
			addTwo(sums, line(t.first+k), line(t.first+k+1), t.weights[k], t.weights[k+1])
		}
		if k < len(t.weights) {
			addTwo(sums, line(t.first+k), line(t.first+k), t.weights[k], 0)
		}
		out := b[i*side : i*side+side]
		for j := range out {
			t := &across[j]
			in := sums[t.first-left:]
			in = in[:len(t.weights)]
			var sum float32
			for k, w := range t.weights {
				sum += w * in[k]
			}
			out[j] = sum
		}
	}
	return b
}

// addTwo adds two weighted lines to sums.
func addTwo(sums []float32, a, b []uint8, wa, wb float32) {
	a, b = a[:len(sums)], b[:len(sums)]
	for x := range sums {
		sums[x] += wa*float32(a[x]) + wb*float32(b[x])
	}
}
