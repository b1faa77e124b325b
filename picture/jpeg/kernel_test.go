package jpeg

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// blockOf draws coefficients and weights: few and small as photos have them, only a mean, or anything at all.
func blockOf(r *rand.Rand, c *channel) (coefs [64]int16) {
	var quant [64]uint16
	switch r.IntN(4) {
	case 0:
		for i := range coefs {
			coefs[i] = int16(r.Uint32())
		}
		for k := range quant {
			quant[k] = uint16(r.Uint32())
		}
	case 1:
		coefs[0] = int16(r.Uint32()) >> r.IntN(16)
		quant[0] = uint16(r.Uint32()) >> r.IntN(16)
	default:
		for range 1 + r.IntN(20) {
			coefs[r.IntN(64)] = int16(r.IntN(64) - 32)
		}
		coefs[0] = int16(r.IntN(400) - 200)
		for k := range quant {
			quant[k] = 1 + uint16(r.IntN(20))
		}
	}
	c.weigh(&quant)
	return coefs
}

// The kernels give what the plain versions give, bit for bit, and write nowhere else.
func TestKernelsGiveWhatPlainGives(t *testing.T) {
	if best() == plain {
		t.Skip("this machine has the plain kernels alone")
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for _, k := range []struct {
		points        int
		plain, kernel func(pix []uint8, stride int, coefs *[64]int16, weights *[64]int32)
	}{{8, plain8, kernel8}, {4, plain4, kernel4}, {2, plain2, kernel2}} {
		for i := range 20_000 {
			c := &channel{points: k.points}
			coefs := blockOf(r, c)
			stride := k.points + r.IntN(40)
			want := bytes.Repeat([]byte{0xa5}, stride*k.points+8)
			got := bytes.Clone(want)
			// The last row is cut behind the last sample.
			end := stride*(k.points-1) + k.points
			k.plain(want[:end:end], stride, &coefs, &c.weights)
			k.kernel(got[:end:end], stride, &coefs, &c.weights)
			if !bytes.Equal(got, want) {
				t.Fatalf("block %d of %d points, rows %d apart: plain gives %v, the kernel %v; coefficients %v, weights %v",
					i, k.points, stride, want, got, coefs, c.weights)
			}
		}
	}
}

// specOf draws a Huffman table of codes of all lengths, with symbols of all kinds.
func specOf(r *rand.Rand) []byte {
	var counts [16]byte
	var symbols []byte
	space := 1 << 16 // of codes of 16 bits, still to be given away
	for n := 1; n <= 16; n++ {
		most := min(space>>(16-n), 255-len(symbols))
		count := r.IntN(most/2 + 1)
		counts[n-1] = byte(count)
		space -= count << (16 - n)
		for range count {
			symbol := byte(r.IntN(256))
			if r.IntN(2) == 0 {
				symbol &= 0x1f // as photos have them
			}
			symbols = append(symbols, symbol)
		}
	}
	return append(counts[:], symbols...)
}

// Coefficients, what remains of the data, and what is wrong are the same with all kernels, up to the last bit.
func TestCoefficientsAreThoseOfPlain(t *testing.T) {
	if best() == plain {
		t.Skip("this machine has the plain kernels alone")
	}
	defer func(l int) { kernels = l }(kernels)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	whole, broken := 0, 0
	for range 2000 {
		var table huffman
		if err := table.set(specOf(r)); err != nil {
			t.Fatal(err)
		}
		table.makeValue()
		data := make([]byte, r.IntN(200))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		var a, b decoder
		a.data, b.data = data, data
		for i := 0; ; i++ {
			kernels = plain
			okA := a.decodeAC(&table)
			kernels = best()
			okB := b.decodeAC(&table)
			if okA != okB || a.block != b.block || 8*a.at-a.n != 8*b.at-b.n {
				t.Fatalf("block %d: plain gives %v, %v at bit %d, the kernel %v, %v at bit %d",
					i, okA, a.block, 8*a.at-a.n, okB, b.block, 8*b.at-b.n)
			}
			if !okA || a.n < 0 {
				broken++
				break
			}
			a.block, b.block = [64]int16{}, [64]int16{}
			whole++
		}
	}
	if whole < 1000 || broken < 1000 {
		t.Errorf("%d blocks were whole and %d broken: too few", whole, broken)
	}
}
