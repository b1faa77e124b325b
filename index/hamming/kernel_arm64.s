//go:build !noasm

#include "textflag.h"

// A bit for each of eight lanes: what passes is put together by adding those up.
DATA weights<>+0(SB)/8, $0x8040201008040201
DATA weights<>+8(SB)/8, $0x8040201008040201
GLOBL weights<>(SB), RODATA|NOPTR, $16

DATA weights8<>+0(SB)/8, $0x0008000400020001
DATA weights8<>+8(SB)/8, $0x0080004000200010
GLOBL weights8<>(SB), RODATA|NOPTR, $16

// AHEAD fetches the next line of those that NEAR is still to come by: R10 is the line, R13 the end of its span, R15 the
// span after it.
#define AHEAD \
	ADD $64, R10 \
	MOVWU (R15), R19 \
	MOVWU 4(R15), R20 \
	ADD $16, R15, R21 \
	ADD R19<<1, R1, R19 \
	ADD R20<<1, R1, R20 \
	AND $~63, R19 \
	CMP R13, R10 \
	CSEL HS, R19, R10, R10 \
	CSEL HS, R20, R13, R13 \
	CSEL HS, R21, R15, R15 \
	PRFM (R10), PLDL1KEEP

// PASSED32 leaves in R11 a bit for each of 32 counts, in V4 and V5, that is V1 at most. Lanes are compared by taking
// the smaller of the two.
#define PASSED32 \
	VUMIN V1.B16, V4.B16, V6.B16 \
	VUMIN V1.B16, V5.B16, V7.B16 \
	VCMEQ V6.B16, V4.B16, V4.B16 \
	VCMEQ V7.B16, V5.B16, V5.B16 \
	VAND V2.B16, V4.B16, V4.B16 \
	VAND V2.B16, V5.B16, V5.B16 \
	VADDP V5.B16, V4.B16, V4.B16 \
	VADDP V4.B16, V4.B16, V4.B16 \
	VADDP V4.B16, V4.B16, V4.B16 \
	VMOV V4.S[0], R11

// NEAR32 counts the bits by which 32 entries at R5 differ, into the bytes of V4 and V5.
#define NEAR32 \
	VLD1 (R5), [V4.B16, V5.B16, V6.B16, V7.B16] \
	VEOR V0.B16, V4.B16, V4.B16 \
	VEOR V0.B16, V5.B16, V5.B16 \
	VEOR V0.B16, V6.B16, V6.B16 \
	VEOR V0.B16, V7.B16, V7.B16 \
	VCNT V4.B16, V4.B16 \
	VCNT V5.B16, V5.B16 \
	VCNT V6.B16, V6.B16 \
	VCNT V7.B16, V7.B16 \
	VADDP V5.B16, V4.B16, V4.B16 \
	VADDP V7.B16, V6.B16, V5.B16

// FIRST writes down the first entry of those in R11, if there is one, and clears its bit. Most often there is none or
// one, and no telling which: a branch would be mispredicted.
#define FIRST \
	RBITW R11, R12 \
	CLZW R12, R12 \
	ADD R9, R12, R12 \
	MOVD R12, (R0) \
	CMPW $0, R11 \
	CSET NE, R12 \
	ADD R12<<3, R0, R0 \
	SUBW $1, R11, R12 \
	ANDW R12, R11, R11

// WRITE writes down the entries in R11, of which there is one at least.
#define WRITE(loop) \
loop: \
	RBIT R11, R12 \
	CLZ R12, R12 \
	ADD R9, R12, R12 \
	MOVD.P R12, 8(R0) \
	SUB $1, R11, R12 \
	ANDS R12, R11, R11 \
	BNE loop

// BOUND sets R19 to the bound of the span at R2, but to most where it is more, and goes to skip where it is less than
// 0.
#define BOUND(most, skip) \
	MOVW 8(R2), R19 \
	TBNZ $63, R19, skip \
	MOVD $most, R20 \
	CMP R20, R19 \
	CSEL GT, R20, R19, R19

// func nearNEON(out []uint64, near []uint16, spans []span, count int, query uint16) int
//
// A line of the cache at a time, which is 32 entries; those that don't belong to the span are masked out. A cursor runs
// lines ahead over the same spans, a step for each line, and fetches: entries come from far away, and spans are too
// short for the machine to see what follows.
TEXT ·nearNEON(SB), NOSPLIT, $0-96
	MOVD out_base+0(FP), R0
	MOVD near_base+24(FP), R1
	MOVD spans_base+48(FP), R2
	MOVD count+72(FP), R3
	MOVHU query+80(FP), R4
	VDUP R4, V0.H8
	MOVD $weights<>(SB), R4
	VLD1 (R4), [V2.B16]
	ADD R3<<4, R2, R3
	MOVD ZR, R8
	MOVD ZR, R10
	MOVD ZR, R13
	MOVD R2, R15
	MOVD $64, R14
	MOVD $1, R22
	LSL $32, R22

prime:
	AHEAD
	SUBS $1, R14
	BNE  prime

next:
	CMP R3, R2
	BEQ done
	MOVWU (R2), R9
	MOVWU 4(R2), R14
	SUBS R9, R14
	BEQ none
	BOUND(255, none)
	VDUP R19, V1.B16
	ADD R9<<1, R1, R5
	AND $63, R5, R6
	AND $~63, R5
	LSR $1, R6
	SUB R6, R9
	ADD R6, R14
	ADD R8, R9
	MOVD $-1, R7
	LSL R6, R7, R7
	CMP $32, R14
	BLE last

line:
	NEAR32
	PASSED32
	ANDW R7, R11
	FIRST
	CBNZW R11, more

stepped:
	MOVD $-1, R7
	AHEAD
	ADD $64, R5
	ADD $32, R9
	SUB $32, R14
	CMP $32, R14
	BGT line

last:
	NEAR32
	PASSED32
	// Of the last line, R14 entries, of which there is one at least.
	MOVD $64, R12
	SUB R14, R12
	MOVD $-1, R19
	LSR R12, R19, R19
	AND R7, R11
	AND R19, R11
	FIRST
	CBNZW R11, lastMore

ended:
	AHEAD

none:
	ADD $16, R2
	ADD R22, R8
	B next

more:
	FIRST
	CBNZW R11, more
	B stepped

lastMore:
	FIRST
	CBNZW R11, lastMore
	B ended

done:
	MOVD out_base+0(FP), R1
	SUB R1, R0
	LSR $3, R0
	MOVD R0, ret+88(FP)
	RET

// FAR16 counts the bits by which sixteen entries of far at R6 differ, into the bytes of x, and steps on.
#define FAR16(x) \
	VLD1.P 64(R6), [V16.B16, V17.B16, V18.B16, V19.B16] \
	VEOR V3.B16, V16.B16, V16.B16 \
	VEOR V3.B16, V17.B16, V17.B16 \
	VEOR V3.B16, V18.B16, V18.B16 \
	VEOR V3.B16, V19.B16, V19.B16 \
	VCNT V16.B16, V16.B16 \
	VCNT V17.B16, V17.B16 \
	VCNT V18.B16, V18.B16 \
	VCNT V19.B16, V19.B16 \
	VADDP V17.B16, V16.B16, V16.B16 \
	VADDP V19.B16, V18.B16, V18.B16 \
	VADDP V18.B16, V16.B16, x

// func fullNEON(out []uint64, near []uint16, far []uint32, spans []span, count int,
//	nearQuery uint16, farQuery uint32) int
//
// Thirty-two entries at a time. What is left of a span is taken as its last thirty-two entries, less those done before;
// short spans are taken entry by entry.
TEXT ·fullNEON(SB), NOSPLIT, $0-120
	MOVD out_base+0(FP), R0
	MOVD near_base+24(FP), R1
	MOVD far_base+48(FP), R4
	MOVD spans_base+72(FP), R2
	MOVD count+96(FP), R3
	MOVHU nearQuery+104(FP), R23
	MOVWU farQuery+108(FP), R24
	VDUP R23, V0.H8
	VDUP R24, V3.S4
	MOVD $weights<>(SB), R5
	VLD1 (R5), [V2.B16]
	ADD R3<<4, R2, R3
	MOVD ZR, R8
	MOVD $1, R22
	LSL $32, R22

next:
	CMP R3, R2
	BEQ done
	BOUND(255, skip)
	VDUP R19, V1.B16
	MOVWU (R2), R9
	MOVWU 4(R2), R14
	ADD R9<<1, R1, R5
	ADD R9<<2, R4, R6
	SUB R9, R14
	ADD R8, R9
	ADD $16, R2
	ADD R22, R8
	MOVD $-1, R7
	SUBS $32, R14
	BLT short

loop:
	NEAR32
	FAR16(V20.B16)
	FAR16(V21.B16)
	VADD V20.B16, V4.B16, V4.B16
	VADD V21.B16, V5.B16, V5.B16
	PASSED32
	AND R7, R11
	CBNZ R11, pass

none:
	ADD $64, R5
	ADD $32, R9
	SUBS $32, R14
	BGE loop
	CMN $32, R14
	BEQ next
	// Back by as many as are missing, which is -R14.
	ADD R14<<1, R5, R5
	ADD R14<<2, R6, R6
	ADD R14, R9
	NEG R14, R14
	MOVD $-1, R7
	LSL R14, R7, R7
	MOVD ZR, R14
	B loop

pass:
	WRITE(write)
	B none

skip:
	ADD $16, R2
	ADD R22, R8
	B next

short:
	ADDS $32, R14
	BEQ next

single:
	MOVHU.P 2(R5), R20
	MOVWU.P 4(R6), R21
	EOR R23, R20
	EOR R24, R21
	ORR R21<<16, R20, R20
	FMOVD R20, F4
	VCNT V4.B8, V4.B8
	VUADDLV V4.B8, V4
	VMOV V4.H[0], R20
	MOVD R9, (R0)
	CMP R19, R20
	CSET LE, R20
	ADD R20<<3, R0, R0
	ADD $1, R9
	SUBS $1, R14
	BNE single
	B next

done:
	MOVD out_base+0(FP), R1
	SUB R1, R0
	LSR $3, R0
	MOVD R0, ret+112(FP)
	RET

// WIDE2 counts the bits by which two entries at R5 differ, by bytes and then pairs of them, into x, and steps on.
#define WIDE2(x) \
	VLD1.P 64(R5), [V16.B16, V17.B16, V18.B16, V19.B16] \
	VEOR V4.B16, V16.B16, V16.B16 \
	VEOR V5.B16, V17.B16, V17.B16 \
	VEOR V4.B16, V18.B16, V18.B16 \
	VEOR V5.B16, V19.B16, V19.B16 \
	VCNT V16.B16, V16.B16 \
	VCNT V17.B16, V17.B16 \
	VCNT V18.B16, V18.B16 \
	VCNT V19.B16, V19.B16 \
	VADD V17.B16, V16.B16, V16.B16 \
	VADD V19.B16, V18.B16, V18.B16 \
	VADDP V18.B16, V16.B16, x

// func wideNEON(out []uint64, codes []uint64, spans []span, count int, query *[4]uint64) int
//
// Eight entries at a time, two counts of 128 bits each for an entry to the end, as 256 is no byte. What is left of a
// span is taken as its last eight, less those done before; short spans are taken entry by entry.
TEXT ·wideNEON(SB), NOSPLIT, $0-96
	MOVD out_base+0(FP), R0
	MOVD codes_base+24(FP), R1
	MOVD spans_base+48(FP), R2
	MOVD count+72(FP), R3
	MOVD query+80(FP), R4
	VLD1 (R4), [V4.B16, V5.B16]
	MOVD $weights8<>(SB), R5
	VLD1 (R5), [V2.B16]
	MOVD $0xff, R5
	VDUP R5, V3.H8
	ADD R3<<4, R2, R3
	MOVD ZR, R8
	MOVD $1, R22
	LSL $32, R22

next:
	CMP R3, R2
	BEQ done
	// The first lines of a span to come, as far as it goes.
	MOVWU 128(R2), R10
	MOVWU 132(R2), R11
	ADD R10<<5, R1, R10
	ADD R11<<5, R1, R11
	SUB $1, R11
	PRFM (R10), PLDL1KEEP
	ADD $64, R10, R12
	ADD $128, R10, R13
	ADD $192, R10, R14
	CMP R11, R12
	CSEL HI, R11, R12, R12
	CMP R11, R13
	CSEL HI, R11, R13, R13
	CMP R11, R14
	CSEL HI, R11, R14, R14
	PRFM (R12), PLDL1KEEP
	PRFM (R13), PLDL1KEEP
	PRFM (R14), PLDL1KEEP
	BOUND(65535, skip)
	VDUP R19, V1.H8
	MOVWU (R2), R9
	MOVWU 4(R2), R14
	ADD R9<<5, R1, R5
	SUB R9, R14
	ADD R8, R9
	ADD $16, R2
	ADD R22, R8
	MOVD $-1, R7
	SUBS $8, R14
	BLT short

loop:
	WIDE2(V20.B16)
	WIDE2(V21.B16)
	WIDE2(V22.B16)
	WIDE2(V23.B16)
	VADDP V21.B16, V20.B16, V20.B16
	VADDP V23.B16, V22.B16, V22.B16
	VADDP V22.B16, V20.B16, V20.B16
	VUSHR $8, V20.H8, V21.H8
	VAND V3.B16, V20.B16, V20.B16
	VADD V21.H8, V20.H8, V20.H8
	VUMIN V1.H8, V20.H8, V21.H8
	VCMEQ V21.H8, V20.H8, V20.H8
	VAND V2.B16, V20.B16, V20.B16
	VADDV V20.H8, V20
	VMOV V20.H[0], R11
	AND R7, R11
	CBNZ R11, pass

none:
	ADD $8, R9
	SUBS $8, R14
	BGE loop
	CMN $8, R14
	BEQ next
	// Back by as many as are missing, which is -R14.
	ADD R14<<5, R5, R5
	ADD R14, R9
	NEG R14, R14
	MOVD $-1, R7
	LSL R14, R7, R7
	MOVD ZR, R14
	B loop

pass:
	WRITE(write)
	B none

skip:
	ADD $16, R2
	ADD R22, R8
	B next

short:
	ADDS $8, R14
	BEQ next

single:
	VLD1.P 32(R5), [V16.B16, V17.B16]
	VEOR V4.B16, V16.B16, V16.B16
	VEOR V5.B16, V17.B16, V17.B16
	VCNT V16.B16, V16.B16
	VCNT V17.B16, V17.B16
	VADD V17.B16, V16.B16, V16.B16
	VUADDLV V16.B16, V16
	VMOV V16.H[0], R20
	MOVD R9, (R0)
	CMP R19, R20
	CSET LE, R20
	ADD R20<<3, R0, R0
	ADD $1, R9
	SUBS $1, R14
	BNE single
	B next

done:
	MOVD out_base+0(FP), R1
	SUB R1, R0
	LSR $3, R0
	MOVD R0, ret+88(FP)
	RET

// TILE8 counts the bits by which the eight codes in V16 to V19 differ from query, by bytes and then fours of them, into
// x.
#define TILE8(query, x) \
	VEOR query, V16.B16, V20.B16 \
	VEOR query, V17.B16, V21.B16 \
	VEOR query, V18.B16, V22.B16 \
	VEOR query, V19.B16, V23.B16 \
	VCNT V20.B16, V20.B16 \
	VCNT V21.B16, V21.B16 \
	VCNT V22.B16, V22.B16 \
	VCNT V23.B16, V23.B16 \
	VADDP V21.B16, V20.B16, V20.B16 \
	VADDP V23.B16, V22.B16, V22.B16 \
	VADDP V22.B16, V20.B16, x

// LANES writes down, for the query and first code in R9, the lanes of 1<<shift bits in R11 that are all ones.
#define LANES(shift, low, loop, end) \
	ANDS low, R11, R11 \
	BEQ end \
loop: \
	RBIT R11, R12 \
	CLZ R12, R12 \
	LSR $shift, R12 \
	ADD R9, R12, R12 \
	MOVD.P R12, 8(R0) \
	SUB $1, R11, R12 \
	ANDS R12, R11, R11 \
	BNE loop \
end:

// func tile1NEON(out []uint64, planes []uint64, n int, queries []uint64, count int, bound int) int
//
// Four queries at a time, each in a register, and eight codes; only the smallest of two counts is compared with bound
// at first. Where less than four are left, the last stands in for those that are missing, and what it finds is left
// out.
TEXT ·tile1NEON(SB), NOSPLIT, $0-104
	MOVD out_base+0(FP), R0
	MOVD planes_base+24(FP), R1
	MOVD n+48(FP), R2
	MOVD queries_base+56(FP), R3
	MOVD count+80(FP), R4
	MOVD bound+88(FP), R5
	VDUP R5, V4.B16
	ADD R2<<3, R1, R2
	MOVD $0x0101010101010101, R23
	MOVD ZR, R8
	MOVD $1, R22
	LSL $32, R22
	CMP R1, R2
	BEQ done

four:
	CMP $0, R4
	BLE done
	// R10 to R13 are the queries, and those from the last on are the last.
	SUB $1, R4, R14
	ADD R14<<3, R3, R14
	MOVD R3, R10
	ADD $8, R3, R11
	ADD $16, R3, R12
	ADD $24, R3, R13
	CMP R14, R11
	CSEL HI, R14, R11, R11
	CMP R14, R12
	CSEL HI, R14, R12, R12
	CMP R14, R13
	CSEL HI, R14, R13, R13
	VLD1R (R10), [V0.D2]
	VLD1R (R11), [V1.D2]
	VLD1R (R12), [V2.D2]
	VLD1R (R13), [V3.D2]
	MOVD R1, R5

codes:
	VLD1.P 64(R5), [V16.B16, V17.B16, V18.B16, V19.B16]
	TILE8(V0.B16, V5.B16)
	TILE8(V1.B16, V6.B16)
	TILE8(V2.B16, V7.B16)
	TILE8(V3.B16, V24.B16)
	VADDP V6.B16, V5.B16, V5.B16
	VADDP V24.B16, V7.B16, V7.B16
	VUMIN V5.B16, V7.B16, V6.B16
	VUMIN V4.B16, V6.B16, V24.B16
	VCMEQ V6.B16, V24.B16, V6.B16
	VMOV V6.D[0], R10
	VMOV V6.D[1], R11
	ORR R11, R10
	CBNZ R10, pass

none:
	CMP R2, R5
	BNE codes
	ADD $32, R3
	SUB $4, R4
	ADD R22<<2, R8, R8
	B four

pass:
	SUB R1, R5, R9
	LSR $3, R9
	SUB $8, R9
	ADD R8, R9
	VUMIN V4.B16, V5.B16, V6.B16
	VCMEQ V6.B16, V5.B16, V5.B16
	VUMIN V4.B16, V7.B16, V6.B16
	VCMEQ V6.B16, V7.B16, V7.B16
	VMOV V5.D[0], R11
	LANES(3, R23, write0, end0)
	CMP $2, R4
	BLT none
	ADD R22, R9
	VMOV V5.D[1], R11
	LANES(3, R23, write1, end1)
	CMP $3, R4
	BLT none
	ADD R22, R9
	VMOV V7.D[0], R11
	LANES(3, R23, write2, end2)
	CMP $4, R4
	BLT none
	ADD R22, R9
	VMOV V7.D[1], R11
	LANES(3, R23, write3, end3)
	B none

done:
	MOVD out_base+0(FP), R1
	SUB R1, R0
	LSR $3, R0
	MOVD R0, ret+96(FP)
	RET

// START4 counts the bits by which the first two words of the eight codes in V16 to V23 differ from a query's, by bytes,
// into a, b, c and d; ADD4 adds those of the last two to them.
#define START4(first, second, a, b, c, d) \
	VEOR first, V16.B16, a \
	VEOR first, V17.B16, b \
	VEOR first, V18.B16, c \
	VEOR first, V19.B16, d \
	VCNT a, a \
	VCNT b, b \
	VCNT c, c \
	VCNT d, d \
	ADD4(V20.B16, V21.B16, V22.B16, V23.B16, second, a, b, c, d)

#define ADD4(v, w, x, y, word, a, b, c, d) \
	VEOR word, v, V10.B16 \
	VEOR word, w, V11.B16 \
	VEOR word, x, V12.B16 \
	VEOR word, y, V13.B16 \
	VCNT V10.B16, V10.B16 \
	VCNT V11.B16, V11.B16 \
	VCNT V12.B16, V12.B16 \
	VCNT V13.B16, V13.B16 \
	VADD V10.B16, a, a \
	VADD V11.B16, b, b \
	VADD V12.B16, c, c \
	VADD V13.B16, d, d

// CODES4 loads a word of eight codes from R6 into each of V16 to V19 and V20 to V23: two planes, which lie R7 bytes
// apart.
#define CODES4 \
	VLD1 (R6), [V16.B16, V17.B16, V18.B16, V19.B16] \
	ADD R7, R6 \
	VLD1 (R6), [V20.B16, V21.B16, V22.B16, V23.B16] \
	ADD R7, R6

// func tile4NEON(out []uint64, planes []uint64, n int, queries []uint64, count int, bound int) int
//
// Two queries at a time, a word in a register, and eight codes. Where the first two words differ in more than bound
// bits already, for all those pairs, the others are not looked at. A query that is left over is taken as two, once.
TEXT ·tile4NEON(SB), NOSPLIT, $0-104
	MOVD out_base+0(FP), R0
	MOVD planes_base+24(FP), R1
	MOVD n+48(FP), R7
	MOVD queries_base+56(FP), R3
	MOVD count+80(FP), R4
	MOVD bound+88(FP), R5
	VDUP R5, V8.H8
	MOVD $128, R6
	CMP R6, R5
	CSEL GT, R6, R5, R5
	VDUP R5, V9.B16
	MOVD $0xff, R5
	VDUP R5, V14.H8
	LSL $3, R7
	ADD R7, R1, R2
	MOVD $0x0001000100010001, R23
	MOVD ZR, R8
	MOVD $1, R22
	LSL $32, R22
	CMP R1, R2
	BEQ done

two:
	CMP $0, R4
	BLE done
	ADD $32, R3, R10
	CMP $2, R4
	CSEL LT, R3, R10, R10
	MOVD R3, R11
	VLD1R.P 8(R11), [V0.D2]
	VLD1R.P 8(R11), [V1.D2]
	VLD1R.P 8(R11), [V2.D2]
	VLD1R.P 8(R11), [V3.D2]
	VLD1R.P 8(R10), [V4.D2]
	VLD1R.P 8(R10), [V5.D2]
	VLD1R.P 8(R10), [V6.D2]
	VLD1R.P 8(R10), [V7.D2]
	MOVD R1, R5

codes:
	MOVD R5, R6
	CODES4
	START4(V0.B16, V1.B16, V24.B16, V25.B16, V26.B16, V27.B16)
	START4(V4.B16, V5.B16, V28.B16, V29.B16, V30.B16, V31.B16)
	VADDP V25.B16, V24.B16, V10.B16
	VADDP V27.B16, V26.B16, V11.B16
	VADDP V29.B16, V28.B16, V12.B16
	VADDP V31.B16, V30.B16, V13.B16
	VADDP V11.B16, V10.B16, V10.B16
	VADDP V13.B16, V12.B16, V12.B16
	VADDP V12.B16, V10.B16, V10.B16
	VUMIN V9.B16, V10.B16, V11.B16
	VCMEQ V10.B16, V11.B16, V10.B16
	VMOV V10.D[0], R10
	VMOV V10.D[1], R11
	ORR R11, R10
	CBNZ R10, whole

none:
	ADD $64, R5
	CMP R2, R5
	BNE codes
	ADD $64, R3
	SUB $2, R4
	ADD R22<<1, R8, R8
	B two

whole:
	CODES4
	ADD4(V16.B16, V17.B16, V18.B16, V19.B16, V2.B16, V24.B16, V25.B16, V26.B16, V27.B16)
	ADD4(V20.B16, V21.B16, V22.B16, V23.B16, V3.B16, V24.B16, V25.B16, V26.B16, V27.B16)
	ADD4(V16.B16, V17.B16, V18.B16, V19.B16, V6.B16, V28.B16, V29.B16, V30.B16, V31.B16)
	ADD4(V20.B16, V21.B16, V22.B16, V23.B16, V7.B16, V28.B16, V29.B16, V30.B16, V31.B16)
	VADDP V25.B16, V24.B16, V10.B16
	VADDP V27.B16, V26.B16, V11.B16
	VADDP V29.B16, V28.B16, V12.B16
	VADDP V31.B16, V30.B16, V13.B16
	VADDP V11.B16, V10.B16, V10.B16
	VADDP V13.B16, V12.B16, V12.B16
	// The two halves of a code may have 128 bits each: they are added up as words.
	VUSHR $8, V10.H8, V11.H8
	VUSHR $8, V12.H8, V13.H8
	VAND V14.B16, V10.B16, V10.B16
	VAND V14.B16, V12.B16, V12.B16
	VADD V11.H8, V10.H8, V10.H8
	VADD V13.H8, V12.H8, V12.H8
	VUMIN V8.H8, V10.H8, V11.H8
	VUMIN V8.H8, V12.H8, V13.H8
	VCMEQ V11.H8, V10.H8, V10.H8
	VCMEQ V13.H8, V12.H8, V12.H8
	VORR V10.B16, V12.B16, V11.B16
	VMOV V11.D[0], R10
	VMOV V11.D[1], R11
	ORR R11, R10
	CBZ R10, none
	SUB R1, R5, R9
	LSR $3, R9
	ADD R8, R9
	VMOV V10.D[0], R11
	LANES(4, R23, write0, end0)
	ADD $4, R9
	VMOV V10.D[1], R11
	LANES(4, R23, write1, end1)
	CMP $2, R4
	BLT none
	SUB $4, R9
	ADD R22, R9
	VMOV V12.D[0], R11
	LANES(4, R23, write2, end2)
	ADD $4, R9
	VMOV V12.D[1], R11
	LANES(4, R23, write3, end3)
	B none

done:
	MOVD out_base+0(FP), R1
	SUB R1, R0
	LSR $3, R0
	MOVD R0, ret+96(FP)
	RET

// func sumNEON(words []uint64) uint64
TEXT ·sumNEON(SB), NOSPLIT, $0-32
	MOVD words_base+0(FP), R0
	MOVD words_len+8(FP), R1
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16
	VEOR V2.B16, V2.B16, V2.B16
	VEOR V3.B16, V3.B16, V3.B16
	SUBS $16, R1
	BLT rest

loop:
	VLD1.P 64(R0), [V4.D2, V5.D2, V6.D2, V7.D2]
	VLD1.P 64(R0), [V16.D2, V17.D2, V18.D2, V19.D2]
	VADD V4.D2, V0.D2, V0.D2
	VADD V5.D2, V1.D2, V1.D2
	VADD V6.D2, V2.D2, V2.D2
	VADD V7.D2, V3.D2, V3.D2
	VADD V16.D2, V0.D2, V0.D2
	VADD V17.D2, V1.D2, V1.D2
	VADD V18.D2, V2.D2, V2.D2
	VADD V19.D2, V3.D2, V3.D2
	SUBS $16, R1
	BGE loop

rest:
	VADD V1.D2, V0.D2, V0.D2
	VADD V3.D2, V2.D2, V2.D2
	VADD V2.D2, V0.D2, V0.D2
	VMOV V0.D[0], R2
	VMOV V0.D[1], R3
	ADD R3, R2
	ADDS $16, R1
	BEQ done

single:
	MOVD.P 8(R0), R3
	ADD R3, R2
	SUBS $1, R1
	BNE single

done:
	MOVD R2, ret+24(FP)
	RET
