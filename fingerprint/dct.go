package fingerprint

import "math"

const (
	side  = 64 // of the square of luma that both hashes are made from
	freqs = 17 // frequencies kept along each side: P uses 0 to 7, PDQ 1 to 16
)

// block is the square of luma, row by row, 0 to 255.
type block [side * side]float32

// spectrum holds the low frequencies of a block's two-dimensional DCT-II, unscaled: coefficient (v, h) at v*freqs+h is
// the sum over rows y and columns x of block(y,x) * cos(pi/64*(y+1/2)*v) * cos(pi/64*(x+1/2)*h).
type spectrum [freqs * freqs]float32

// cosines[k][n] is cos(pi/64*(n+1/2)*k) for the first half of the samples: the second half follows by symmetry, with
// the same sign for even k and the other for odd k.
var cosines = func() (c [freqs][side / 2]float32) {
	for k := range c {
		for n := range c[k] {
			c[k][n] = float32(math.Cos(math.Pi / side * (float64(n) + 0.5) * float64(k)))
		}
	}
	return c
}()

// transform computes the spectrum: 17 of 64 frequencies each way, with the samples folded at the middle, which halves
// the products.
func (b *block) transform() *spectrum {
	// rows holds, transposed, each row's horizontal frequencies: rows[h][y].
	var rows [freqs][side]float32
	var out [freqs]float32
	for y := range side {
		dct((*[side]float32)(b[y*side:]), &out)
		for h, v := range out {
			rows[h][y] = v
		}
	}
	s := new(spectrum)
	for h := range freqs {
		dct(&rows[h], &out)
		for v, c := range out {
			s[v*freqs+h] = c
		}
	}
	return s
}

// dct is the one-dimensional transform.
func dct(in *[side]float32, out *[freqs]float32) {
	var even, odd [side / 2]float32
	for n := range even {
		a, b := in[n], in[side-1-n]
		even[n], odd[n] = a+b, a-b
	}
	var sum float32
	for _, v := range even {
		sum += v
	}
	out[0] = sum
	for k := 1; k < freqs-1; k += 2 {
		// Four sums of a row and a column at once keep the processor's adders busy.
		c0, c1 := &cosines[k], &cosines[k+1]
		var a, b, c, d float32
		for n := 0; n < side/2; n += 2 {
			a += odd[n] * c0[n]
			b += odd[n+1] * c0[n+1]
			c += even[n] * c1[n]
			d += even[n+1] * c1[n+1]
		}
		out[k], out[k+1] = a+b, c+d
	}
}

// turned returns the spectrum of the picture after the symmetry. Mirroring a picture changes the sign of its odd
// frequencies along that axis; transposing it transposes its spectrum.
func (s *spectrum) turned(y Symmetry) *spectrum {
	if y == Identity {
		return s
	}
	h, v, swap := y.parts()
	t := new(spectrum)
	for i := range freqs {
		for j := range freqs {
			c := s[i*freqs+j]
			if h && j&1 == 1 {
				c = -c
			}
			if v && i&1 == 1 {
				c = -c
			}
			if swap {
				t[j*freqs+i] = c
			} else {
				t[i*freqs+j] = c
			}
		}
	}
	return t
}
