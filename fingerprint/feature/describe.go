package feature

import (
	"math"
	"math/rand/v2"
)

// angles is the number of directions to which the pattern is turned.
const angles = 64

// test compares two pixels of the smoothed level.
type test struct{ ax, ay, bx, by int8 }

// pattern are the tests by angle.
var pattern = makePattern()

func makePattern() (p [angles][256]test) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func() (float64, float64) {
		for {
			x, y := r.NormFloat64()*31/5, r.NormFloat64()*31/5
			if x*x+y*y <= 13.5*13.5 {
				return x, y
			}
		}
	}
	var base [256][4]float64
	for i := 0; i < 256; i += 2 {
		ax, ay := pick()
		bx, by := pick()
		base[i] = [4]float64{ax, ay, bx, by}
		base[i+1] = [4]float64{ax, -ay, bx, -by}
	}
	for a := range p {
		s, c := math.Sincos(2 * math.Pi * float64(a) / angles)
		for i, b := range base {
			turn := func(x, y float64) (int8, int8) {
				return int8(math.Round(c*x - s*y)), int8(math.Round(s*x + c*y))
			}
			t := &p[a][i]
			t.ax, t.ay = turn(b[0], b[1])
			t.bx, t.by = turn(b[2], b[3])
		}
	}
	return p
}

// describe compares pixels of the smoothed level around a spot.
func describe(p *smooth, x, y int, angle uint8) (d Descriptor) {
	tests := &pattern[(int(angle)+256/angles/2)*angles/256%angles]
	at := p.origin + y*p.stride + x
	for i := range d {
		var v uint64
		for j := range 64 {
			t := &tests[64*i+j]
			a, b := p.pix[at+int(t.ay)*p.stride+int(t.ax)], p.pix[at+int(t.by)*p.stride+int(t.bx)]
			if a < b {
				v |= 1 << j
			}
		}
		d[i] = v
	}
	return d
}
