package jpeg

import "math"

// scale is the number of binary places of the sums, in units of a sample.
const scale = 13

// zigzag gives the place of coefficients, row by row, in the order of the file. Damaged data may lead beyond the last by
// a run of zeros, which is found out when the block is done.
var zigzag = [128]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// axisWeight returns how a frequency along a side counts in an inverse transform of fewer points, each the mean of
// those of the 8-point transform that it stands for. Of four points, frequency u counts as 8-u from the fifth on; of
// two, all odd ones count as the first.
//
// The mean over neighbours of a cosine is a cosine again: sampled at fewer points, frequencies above theirs alias to
// lower ones, so that the small transform of the weighted, folded coefficients is exact. Factors of the small transforms
// below are put into the weights as well.
func axisWeight(u, points int) float64 {
	if u == 0 {
		return 1 / (2 * math.Sqrt2)
	}
	cos := func(sixteenths int) float64 { return math.Cos(float64(sixteenths) * math.Pi / 16) }
	switch points {
	case 1:
		return 0
	case 2:
		if u%2 == 0 {
			return 0
		}
		return (cos(u) + cos(3*u) + cos(5*u) + cos(7*u)) / 8
	case 4:
		by := cos(u) / 2
		if u > 4 {
			by = -by
		}
		switch u {
		case 4:
			return 0
		case 2, 6:
			return by * cos(4)
		}
		return by * cos(2)
	}
	return cos(u) / 2 // Arai, Agui and Nakajima's
}

// weigh computes the weights of a channel from its quantisation table.
func (c *channel) weigh(quant *[64]uint16) {
	var by [8]float64
	for u := range 8 {
		by[u] = axisWeight(u, c.points)
	}
	for k, q := range quant {
		place := zigzag[k]
		c.weights[place] = int32(math.Round(float64(q) * by[place/8] * by[place%8] * (1 << scale)))
	}
}

// transform turns a block's coefficients into samples, at the offset.
func (c *channel) transform(coefs *[64]int16, at int) {
	switch c.points {
	case 1:
		c.pix[at] = sample(int32(coefs[0]) * c.weights[0])
	case 2:
		kernel2(c.pix[at:], c.stride, coefs, &c.weights)
	case 4:
		kernel4(c.pix[at:], c.stride, coefs, &c.weights)
	case 8:
		kernel8(c.pix[at:], c.stride, coefs, &c.weights)
	}
}

// inverse4 is an inverse transform of 4 points.
func inverse4(a, b, c, d int32) (p, q, r, s int32) {
	const tan = 27146 // of an eighth of pi, with 16 places
	even, odd := a+c, a-c
	outer := b + int32(int64(d)*tan>>16)
	inner := int32(int64(b)*tan>>16) - d
	return even + outer, odd + inner, odd - inner, even - outer
}

// inverse8 is an inverse transform of 8 points, so many apart. See Arai, Agui and Nakajima, 1988.
func inverse8(s []int32, step int) {
	times := func(v int32, c int64) int32 { return int32(int64(v) * c >> 16) }
	const (
		r2 = 92682  // the square root of 2, with 16 places
		c2 = 121095 // 2 cos(pi/8)
		a  = 70936  // 2 (cos(pi/8) - cos(3 pi/8))
		b  = 171254 // 2 (cos(pi/8) + cos(3 pi/8))
	)
	_ = s[7*step]
	s0, s1, s2, s3 := s[0], s[step], s[2*step], s[3*step]
	s4, s5, s6, s7 := s[4*step], s[5*step], s[6*step], s[7*step]

	sum, diff := s0+s4, s0-s4
	low := s2 + s6
	high := times(s2-s6, r2) - low
	e0, e3, e1, e2 := sum+low, sum-low, diff+high, diff-high

	z13, z10, z11, z12 := s5+s3, s5-s3, s1+s7, s1-s7
	o7 := z11 + z13
	z5 := times(z10+z12, c2)
	o6 := z5 - times(z10, b) - o7
	o5 := times(z11-z13, r2) - o6
	o4 := z5 - times(z12, a) - o5

	s[0], s[7*step] = e0+o7, e0-o7
	s[step], s[6*step] = e1+o6, e1-o6
	s[2*step], s[5*step] = e2+o5, e2-o5
	s[3*step], s[4*step] = e3+o4, e3-o4
}
