// Kernels writes the assembly of fingerprint/feature: make generate-kernels. What each does is defined by its twin in
// plain Go, in fingerprint/feature/kernel.go.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!noasm")
	halve()
	mix()
	across()
	blurDown()
	blurAcross()
	curve()
	peak()
	Generate()
}

// words is a register of 16 equal words.
func words(v uint16) reg.VecVirtual {
	r, x, y := GP32(), XMM(), YMM()
	MOVL(U32(v), r)
	MOVD(r, x)
	VPBROADCASTW(x, y)
	return y
}

// word widens 16 bytes of memory.
func word(m Mem) reg.VecVirtual {
	y := YMM()
	VPMOVZXBW(m, y)
	return y
}

// loop runs body for at = 0, step... while it is less than n, which is at least 1.
func loop(n reg.Register, step uint32, body func(at reg.GPVirtual)) {
	at := GP64()
	XORQ(at, at)
	Label("loop")
	body(at)
	ADDQ(U32(step), at)
	CMPQ(at, n)
	JL(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func mem(base reg.Register, at reg.Register, scale uint8, disp int) Mem {
	return Mem{Base: base, Index: at, Scale: scale, Disp: disp}
}

func load(name string) reg.Register { return Load(Param(name), GP64()) }

func halve() {
	TEXT("halveAVX2", NOSPLIT, "func(to, a, b *uint8, n int)")
	Pragma("noescape")
	Doc("halveAVX2 is halveRowPlain of n pixels, a multiple of 32 and more than 0.")
	to, a, b, n := load("to"), load("a"), load("b"), load("n")
	one, two := YMM(), words(2)
	r, x := GP32(), XMM()
	MOVL(U32(0x0101), r)
	MOVD(r, x)
	VPBROADCASTW(x, one)
	loop(n, 32, func(at reg.GPVirtual) {
		var half [2]reg.VecVirtual
		for i := range half {
			u, v := YMM(), YMM()
			VMOVDQU(mem(a, at, 2, 32*i), u)
			VMOVDQU(mem(b, at, 2, 32*i), v)
			VPMADDUBSW(one, u, u)
			VPMADDUBSW(one, v, v)
			VPADDW(u, v, u)
			VPADDW(two, u, u)
			VPSRLW(U8(2), u, u)
			half[i] = u
		}
		VPACKUSWB(half[1], half[0], half[0])
		VPERMQ(U8(0xd8), half[0], half[0])
		VMOVDQU(half[0], mem(to, at, 1, 0))
	})
}

func mix() {
	TEXT("mixAVX2", NOSPLIT, "func(to, a, b, c *uint8, n int, ab, c0 uint16)")
	Pragma("noescape")
	Doc("mixAVX2 is mixRowsPlain of n pixels, a multiple of 32 and more than 0. Its last arguments are the weights, as pairs of bytes.")
	to, a, b, c, n := load("to"), load("a"), load("b"), load("c"), load("n")
	pair := func(name string) reg.VecVirtual {
		r, x, y := GP32(), XMM(), YMM()
		MOVWLZX(NewParamAddr(name, map[string]int{"ab": 40, "c0": 42}[name]), r)
		MOVD(r, x)
		VPBROADCASTW(x, y)
		return y
	}
	ab, c0, half, zero := pair("ab"), pair("c0"), words(64), YMM()
	VPXOR(zero, zero, zero)
	loop(n, 32, func(at reg.GPVirtual) {
		u, v, w := YMM(), YMM(), YMM()
		VMOVDQU(mem(a, at, 1, 0), u)
		VMOVDQU(mem(b, at, 1, 0), v)
		VMOVDQU(mem(c, at, 1, 0), w)
		part := func(unpack func(...Op)) reg.VecVirtual {
			p, q := YMM(), YMM()
			unpack(v, u, p)
			unpack(zero, w, q)
			VPMADDUBSW(ab, p, p)
			VPMADDUBSW(c0, q, q)
			VPADDW(q, p, p)
			VPADDW(half, p, p)
			VPSRLW(U8(7), p, p)
			return p
		}
		lo, hi := part(VPUNPCKLBW), part(VPUNPCKHBW)
		VPACKUSWB(hi, lo, lo)
		VMOVDQU(lo, mem(to, at, 1, 0))
	})
}

func across() {
	TEXT("acrossAVX2", NOSPLIT, "func(to, from *uint8, offsets *uint32, table *uint8, n int)")
	Pragma("noescape")
	Doc("acrossAVX2 makes n pixels, a multiple of 8 and more than 0: see across.")
	to, from, offsets, table, n := load("to"), load("from"), load("offsets"), load("table"), load("n")
	ones, half, r, x := words(1), YMM(), GP32(), XMM()
	MOVL(U32(64), r)
	MOVD(r, x)
	VPBROADCASTD(x, half)
	loop(n, 8, func(at reg.GPVirtual) {
		i, j, y, x := GP32(), GP32(), YMM(), XMM()
		MOVL(mem(offsets, at, 1, 0), i)
		MOVL(mem(offsets, at, 1, 4), j)
		VMOVDQU(mem(from, i.As64(), 1, 0), y.AsX())
		VINSERTI128(U8(1), mem(from, j.As64(), 1, 0), y, y)
		VPSHUFB(mem(table, at, 8, 0), y, y)
		VPMADDUBSW(mem(table, at, 8, 32), y, y)
		VPMADDWD(ones, y, y)
		VPADDD(half, y, y)
		VPSRLD(U8(7), y, y)
		VEXTRACTI128(U8(1), y, x)
		VPACKUSDW(x, y.AsX(), x)
		VPACKUSWB(x, x, x)
		VMOVQ(x, mem(to, at, 1, 0))
	})
}

// filter7 is the weighted sum of seven rows of words.
func filter7(r [7]reg.VecVirtual, three, eight, thirteen, round reg.VecVirtual) reg.VecVirtual {
	VPADDW(r[6], r[0], r[0])
	VPADDW(r[5], r[1], r[1])
	VPADDW(r[4], r[2], r[2])
	VPMULLW(three, r[0], r[0])
	VPSLLW(U8(3), r[1], r[1])
	VPMULLW(thirteen, r[2], r[2])
	VPSLLW(U8(4), r[3], r[3])
	VPADDW(r[1], r[0], r[0])
	VPADDW(r[3], r[2], r[2])
	VPADDW(round, r[0], r[0])
	VPADDW(r[2], r[0], r[0])
	return r[0]
}

func blurDown() {
	TEXT("blurDownAVX2", NOSPLIT, "func(to *uint16, r0, r1, r2, r3, r4, r5, r6 *uint8, n int)")
	Pragma("noescape")
	Doc("blurDownAVX2 is blurDownPlain of n pixels, a multiple of 16 and more than 0.")
	to := load("to")
	var rows [7]reg.Register
	for i := range rows {
		rows[i] = load("r" + string(rune('0'+i)))
	}
	n := load("n")
	three, thirteen, round := words(3), words(13), words(8)
	loop(n, 16, func(at reg.GPVirtual) {
		var r [7]reg.VecVirtual
		for i := range r {
			r[i] = word(mem(rows[i], at, 1, 0))
		}
		v := filter7(r, three, nil, thirteen, round)
		VPSRLW(U8(4), v, v)
		VMOVDQU(v, mem(to, at, 2, 0))
	})
}

func blurAcross() {
	TEXT("blurAcrossAVX2", NOSPLIT, "func(to *uint8, from *uint16, n int)")
	Pragma("noescape")
	Doc("blurAcrossAVX2 is blurAcrossPlain of n pixels, a multiple of 32 and more than 0.")
	to, from, n := load("to"), load("from"), load("n")
	three, thirteen, round := words(3), words(13), words(128)
	loop(n, 32, func(at reg.GPVirtual) {
		var half [2]reg.VecVirtual
		for k := range half {
			var r [7]reg.VecVirtual
			for i := range r {
				r[i] = YMM()
				VMOVDQU(mem(from, at, 2, 32*k+2*i), r[i])
			}
			half[k] = filter7(r, three, nil, thirteen, round)
			VPSRLW(U8(8), half[k], half[k])
		}
		VPACKUSWB(half[1], half[0], half[0])
		VPERMQ(U8(0xd8), half[0], half[0])
		VMOVDQU(half[0], mem(to, at, 1, 0))
	})
}

func curve() {
	const reach = 2
	TEXT("curveAVX2", NOSPLIT, "func(to *uint16, a, b, c *uint8, n int)")
	Pragma("noescape")
	Doc("curveAVX2 is curveRowPlain of n pixels, a multiple of 16 and more than 0.")
	to, a, b, c, n := load("to"), load("a"), load("b"), load("c"), load("n")
	loop(n, 16, func(at reg.GPVirtual) {
		m := word(mem(b, at, 1, reach))
		VPADDW(m, m, m)
		xx, yy, xy := word(mem(b, at, 1, 0)), word(mem(a, at, 1, reach)), word(mem(a, at, 1, 0))
		VPADDW(word(mem(b, at, 1, 2*reach)), xx, xx)
		VPSUBW(m, xx, xx)
		VPADDW(word(mem(c, at, 1, reach)), yy, yy)
		VPSUBW(m, yy, yy)
		VPSLLW(U8(4), yy, yy)
		VPADDW(word(mem(c, at, 1, 2*reach)), xy, xy)
		VPSUBW(word(mem(a, at, 1, 2*reach)), xy, xy)
		VPSUBW(word(mem(c, at, 1, 0)), xy, xy)
		minus := YMM()
		VPXOR(minus, minus, minus)
		VPSUBW(xy, minus, minus)
		part := func(unpack func(...Op)) reg.VecVirtual {
			p, q := YMM(), YMM()
			unpack(xy, xx, p)
			unpack(minus, yy, q)
			VPMADDWD(q, p, p)
			VPSRAD(U8(6), p, p)
			return p
		}
		lo, hi := part(VPUNPCKLWD), part(VPUNPCKHWD)
		VPACKUSDW(hi, lo, lo)
		VMOVDQU(lo, mem(to, at, 2, 0))
	})
}

func peak() {
	TEXT("peakAVX2", NOSPLIT, "func(out *uint32, a, b, c *uint16, n int, least uint16)")
	Pragma("noescape")
	Doc("peakAVX2 is peakRowPlain of n pixels, a multiple of 32 and more than 0.")
	out, a, b, c, n := load("out"), load("a"), load("b"), load("c"), load("n")
	r, x, least, zero := GP32(), XMM(), YMM(), YMM()
	MOVWLZX(NewParamAddr("least", 40), r)
	MOVD(r, x)
	VPBROADCASTW(x, least)
	VPXOR(zero, zero, zero)
	loop(n, 32, func(at reg.GPVirtual) {
		var half [2]reg.VecVirtual
		for k := range half {
			v, most, low := YMM(), YMM(), YMM()
			VMOVDQU(mem(b, at, 2, 32*k+2), v)
			VMOVDQU(mem(b, at, 2, 32*k), most)
			VPMAXUW(mem(b, at, 2, 32*k+4), most, most)
			for i := range 3 {
				VPMAXUW(mem(a, at, 2, 32*k+2*i), most, most)
				VPMAXUW(mem(c, at, 2, 32*k+2*i), most, most)
			}
			VPMAXUW(v, most, most)
			VPCMPEQW(v, most, most)
			VPSUBUSW(least, v, low)
			VPCMPEQW(zero, low, low)
			VPANDN(most, low, low)
			half[k] = low
		}
		VPACKSSWB(half[1], half[0], half[0])
		VPERMQ(U8(0xd8), half[0], half[0])
		m, word := GP32(), GP64()
		VPMOVMSKB(half[0], m)
		MOVQ(at, word)
		SHRQ(U8(3), word)
		MOVL(m, mem(out, word, 1, 0))
	})
}
